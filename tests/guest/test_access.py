# SPDX-License-Identifier: MIT
"""Who may register whom, and what an ordinary user is refused."""

import ctypes
import errno
import os
import shutil
import socket
import stat
import subprocess
import tempfile
from pathlib import Path

from classic import (DEVICE, FAULTER, NOBODY, STATUS, ClassicTest, Faulter, listed, refusal, send,
                     sleeper, wait_until)

CAP_SYS_PTRACE, CAP_PERFMON = 19, 38
PR_SET_KEEPCAPS = 8


def as_nobody(action, keep=None):
    """Runs action in a child that is an ordinary user; returns what it returned, as text.

    keep: the number of a capability that the child keeps.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            if keep is not None:
                ctypes.CDLL(None).prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            if keep is not None:
                set_capabilities(1 << keep)
            text = str(action())
        except BaseException as error:
            text = repr(error)
        os.write(writer, text.encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


def set_capabilities(mask):
    class Header(ctypes.Structure):
        _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]

    low, high = mask & 0xffffffff, mask >> 32
    data = (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0)
    if ctypes.CDLL(None).capset(ctypes.byref(Header(0x20080522, 0)), data):
        raise OSError("capset failed")


def nobodys():
    return sleeper(user=NOBODY, group=NOBODY, extra_groups=[])


class OrdinaryUser(ClassicTest):
    def test_may_register_its_own(self):
        with nobodys() as pid:
            self.assertEqual(as_nobody(lambda: refusal(f"R {pid}")), "None")
            self.assertEqual(listed(), [pid])
            self.assertEqual(as_nobody(listed), f"[{pid}]")
            self.assertEqual(as_nobody(lambda: refusal(f"R {pid}")), "EEXIST")
            self.assertEqual(as_nobody(lambda: refusal(f"U {pid}")), "None")
            self.assertEqual(as_nobody(lambda: refusal(f"U {pid}")), "ENOENT")

    def test_may_register_itself_though_not_dumpable(self):
        self.assertEqual(as_nobody(lambda: refusal(f"R {os.getpid()}")), "None")

    def test_may_not_touch_another_users(self):
        with sleeper() as pid:
            self.assertEqual(as_nobody(lambda: refusal(f"R {pid}")), "EPERM")
            self.assertEqual(as_nobody(lambda: refusal(f"U {pid}")), "EPERM")
            send(f"R {pid}")
            self.assertEqual(as_nobody(lambda: refusal(f"R {pid}")), "EPERM")
            self.assertEqual(as_nobody(lambda: refusal(f"U {pid}")), "EPERM")
            self.assertEqual(listed(), [pid])
            send(f"U {pid}")
        self.assertEqual(as_nobody(lambda: refusal("R 1")), "EPERM")
        self.assertEqual(as_nobody(lambda: refusal("R 2")), "EPERM")

    def test_may_not_touch_one_with_another_group(self):
        with sleeper(user=NOBODY, group=0, extra_groups=[]) as pid:
            self.assertEqual(as_nobody(lambda: refusal(f"R {pid}")), "EPERM")

    def test_may_not_touch_one_that_is_not_dumpable(self):
        script = ("import ctypes, time; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); "
                  "print('ready', flush=True); time.sleep(1000)")
        with subprocess.Popen(["/usr/bin/python3", "-c", script], stdout=subprocess.PIPE,
                              user=NOBODY, group=NOBODY, extra_groups=[]) as process:
            try:
                process.stdout.readline()
                self.assertEqual(as_nobody(lambda: refusal(f"R {process.pid}")), "EPERM")
                self.assertEqual(refusal(f"R {process.pid}"), None)
                send(f"U {process.pid}")
            finally:
                process.kill()

    def test_may_not_touch_one_whose_leader_left_undumpable_threads(self):
        child = Faulter("hidden", 1, user=NOBODY, group=NOBODY, extra_groups=[])
        stat = Path(f"/proc/{child.pid}/stat")
        try:
            self.assertEqual(as_nobody(lambda: refusal(f"R {child.pid}\nU {child.pid}")), "None")
            child.go()
            wait_until(lambda: ") Z " in stat.read_text())
            self.assertEqual(as_nobody(lambda: refusal(f"R {child.pid}")), "EPERM")
            self.assertEqual(refusal(f"R {child.pid}\nU {child.pid}"), None)
        finally:
            child.kill()

    def test_one_that_becomes_set_uid_stays_and_is_root_s_to_unregister(self):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            program = Path(folder, "privileged")
            shutil.copy("/bin/sleep", program)
            os.chmod(folder, 0o755)
            os.chmod(program, 0o4755)
            child = Faulter("become", program, user=NOBODY, group=NOBODY, extra_groups=[])
            try:
                self.assertEqual(as_nobody(lambda: refusal(f"R {child.pid}")), "None")
                child.go()
                comm = Path(f"/proc/{child.pid}/comm")
                wait_until(lambda: comm.read_text() == "privileged\n")
                self.assertIn("\nUid:\t65534\t0\t0\t0\n",
                              Path(f"/proc/{child.pid}/status").read_text())
                self.assertEqual(listed(), [child.pid])
                self.assertEqual(as_nobody(lambda: refusal(f"U {child.pid}")), "EPERM")
                self.assertEqual(listed(), [child.pid])
                send(f"U {child.pid}")
            finally:
                child.kill()

    def test_with_a_capability_may_register_anyone(self):
        with sleeper() as pid:
            for capability in (CAP_SYS_PTRACE, CAP_PERFMON):
                with self.subTest(capability=capability):
                    self.assertEqual(as_nobody(lambda: refusal(f"R {pid}"), keep=capability),
                                     "None")
                    send(f"U {pid}")
            self.assertEqual(as_nobody(lambda: refusal(f"R {pid}"), keep=0), "EPERM")

    def test_a_file_it_opened_lends_it_nothing(self):
        """A privileged program that is handed the file writes with the rights of its opener."""
        ours, theirs = socket.socketpair()

        def hand_over():
            fd = os.open(STATUS, os.O_WRONLY)
            socket.send_fds(theirs, [b"x"], [fd])

        self.assertEqual(as_nobody(hand_over), "None")
        _, fds, _, _ = socket.recv_fds(ours, 1, 1)
        with sleeper() as pid, ours, theirs:
            with self.assertRaises(PermissionError):
                os.write(fds[0], f"R {pid}".encode())
            os.close(fds[0])

    def test_the_device_is_closed_to_it(self):
        self.assertEqual(stat.S_IMODE(os.stat(DEVICE).st_mode), 0o600)
        self.assertEqual(as_nobody(self.open_device), "EACCES")

    @staticmethod
    def open_device():
        try:
            os.close(os.open(DEVICE, os.O_RDWR))
        except OSError as error:
            return errno.errorcode[error.errno]
        return "opened"

    def test_the_file_is_open_to_all(self):
        self.assertEqual(stat.S_IMODE(os.stat(STATUS).st_mode), 0o666)


class OtherPidNamespace(ClassicTest):
    def test_numbers_are_the_callers(self):
        script = (f"echo R 1 >{STATUS} && cat {STATUS} && echo ready && read -r line && "
                  f"(! echo R $OUTSIDE >{STATUS}) && echo U 1 >{STATUS} && echo left && "
                  "read -r line")
        with sleeper() as outside:
            send(f"R {outside}")
            with subprocess.Popen(["unshare", "--pid", "--fork", "bash", "-c", script], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE,
                                  env={**os.environ, "OUTSIDE": str(outside)}) as process:
                inside = [process.stdout.readline() for _ in range(2)]
                # Its own number for itself, and no number for one it cannot see.
                self.assertEqual(inside, ["1\n", "ready\n"])
                children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
                self.assertEqual(listed(), [outside, int(children)])
                process.stdin.write("\n")
                process.stdin.flush()
                self.assertEqual(process.stdout.readline(), "left\n")
                self.assertEqual(listed(), [outside])
                process.stdin.write("\n")
                process.stdin.close()
                self.assertIn("No such process", process.stderr.read())
            send(f"U {outside}")

    def test_leaves_when_its_namespace_dies(self):
        with subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", FAULTER, "touch",
                               "10"], stdin=subprocess.PIPE) as process:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            wait_until(children.read_text)
            send(f"R {int(children.read_text())}")
            process.kill()
        wait_until(lambda: listed() == [])
