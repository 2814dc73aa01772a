# SPDX-License-Identifier: MIT
"""Who may follow whom: what counts is who opened the device, and what the target is by then."""

import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from classic import NOBODY, Faulter, sleeper, wait_until
from records import DENIED, LIBC, Exec, Exit, Fork, Left, Sample, Target, of
from session import (PROCESS, RING_MIN, THREAD, TREE, Session, SessionTest, error_of, opened,
                     opened_by_nobody, set_up)
from test_access import CAP_PERFMON, CAP_SYS_PTRACE, as_nobody, nobodys

CLONE_NEWPID = 0x20000000
PYTHON = "/usr/bin/python3"
ORDINARY = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
NOT_DUMPABLE = "import ctypes, os, time; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); "


def refusal(pid, kind=PROCESS):
    """What the calling user is told, with a session of his own."""
    with Session(ring=RING_MIN) as session:
        return error_of(session.add, kind, pid)


@contextlib.contextmanager
def running(script):
    """The PID of an ordinary user's Python that said that it is ready; then it gets a line."""
    with subprocess.Popen([PYTHON, "-S", "-c", script], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, **ORDINARY) as process:
        try:
            process.stdout.readline()
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def privileged(program):
    """A copy of a program that is set-user-ID root."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        path = Path(folder, "privileged")
        shutil.copy(program, path)
        os.chmod(folder, 0o755)
        os.chmod(path, 0o4755)
        yield path


class OrdinaryUser(SessionTest):
    def check(self, pid, name, keep=None):
        for kind in (PROCESS, THREAD, TREE):
            with self.subTest(kind=kind):
                self.assertEqual(as_nobody(lambda: refusal(pid, kind), keep), str(name))

    def test_may_follow_its_own(self):
        with nobodys() as pid:
            self.check(pid, None)

    def test_may_follow_itself(self):
        self.assertEqual(as_nobody(lambda: refusal(os.getpid())), "None")

    def test_may_not_follow_others(self):
        with sleeper() as pid:
            self.check(pid, "EPERM")
        self.check(1, "EPERM")
        self.check(2, "EPERM")

    def test_may_not_follow_one_with_another_group(self):
        with sleeper(user=NOBODY, group=0, extra_groups=[]) as pid:
            self.check(pid, "EPERM")

    def test_may_not_follow_one_that_is_not_dumpable(self):
        with running(NOT_DUMPABLE + "print('ready', flush=True); time.sleep(1000)") as process:
            self.check(process.pid, "EPERM")
            self.assertEqual(refusal(process.pid), None)

    def test_with_a_capability_may_follow_anyone(self):
        with sleeper() as pid:
            for capability in (CAP_SYS_PTRACE, CAP_PERFMON):
                self.check(pid, None, keep=capability)
            self.check(pid, "EPERM", keep=0)

    def test_a_refusal_leaves_nothing(self):
        session = self.session(fd=opened_by_nobody())
        with sleeper() as pid:
            for kind in (PROCESS, THREAD, TREE):
                self.refused("EPERM", session.add, kind, pid)
        self.assertEqual((session.header.targets, session.ring.head), (0, 0))


class Opener(SessionTest):
    def test_an_ordinary_users_descriptor_lends_nothing(self):
        """Root sets it up, maps it and asks: it has the rights of its opener."""
        session = self.session(fd=opened_by_nobody())
        with sleeper() as roots, nobodys() as nobodys_own:
            self.refused("EPERM", session.process, roots)
            session.process(nobodys_own)
            self.assertEqual(len(session.sample()), 1)

    def test_roots_descriptor_has_roots_rights(self):
        session = self.session()
        with sleeper() as pid:
            self.assertEqual(as_nobody(lambda: session.process(pid) > 0), "True")
            self.assertEqual(session.read()[0].pid, pid)

    def test_handed_over_and_used_by_both(self):
        ours, theirs = socket.socketpair()
        with ours, theirs, self.session() as session, sleeper() as pid:
            child = os.fork()
            if not child:
                status = 1
                try:
                    fd = socket.recv_fds(theirs, 1, 1)[1][0]
                    other = Session.__new__(Session)
                    other.fd = fd
                    status = not other.process(pid)
                finally:
                    os._exit(status)
            socket.send_fds(ours, [b"x"], [session.fd])
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            self.assertEqual(session.read()[0].pid, pid)


class Changes(SessionTest):
    """What a target executes may put it out of its follower's sight."""

    def become(self, program):
        child = Faulter("become", program, **ORDINARY)
        self.addCleanup(child.kill)
        comm = Path(f"/proc/{child.pid}/comm")
        wait_until(lambda: comm.read_text() == "faulter\n")

        def go():
            child.go()
            wait_until(lambda: comm.read_text() == f"{Path(program).name}\n")
        child.begin = go
        return child

    def test_a_set_user_id_program(self):
        with privileged("/bin/sleep") as program:
            for sampled in (False, True):
                session = self.session(fd=opened_by_nobody())
                child = self.become(program)
                target = session.process(child.pid)
                if sampled:
                    session.sample()
                child.begin()
                left = session.wait_for(Left)[0]
                self.assertEqual(left[2:], (target, DENIED, (0,) * 8))
                session.wait_for_targets(0)
                self.refused("EPERM", session.process, child.pid)
                self.refused("ENOENT", session.remove, target)
                child.kill()
                self.assertEqual(session.sample(), {})
                self.assertEqual(of(session.records, Exit), [])

    def test_to_those_who_may_look_at_it_it_is_just_a_program(self):
        session = self.session()
        with privileged("/bin/sleep") as program:
            child = self.become(program)
            target = session.process(child.pid)
            child.begin()
            self.assertEqual(session.wait_for(Exec)[0].comm, "privileged")
            self.assertIn(target, session.sample())
            child.kill()
            session.exit_of(target)
            self.assertEqual(of(session.records, Left), [])

    def test_another_program_of_its_own(self):
        session = self.session(fd=opened_by_nobody())
        child = self.become("/bin/sleep")
        target = session.process(child.pid)
        child.begin()
        session.wait_for(Exec)
        self.assertIn(target, session.sample())

    def test_a_program_that_may_not_be_read(self):
        """Executable, but no more: not dumpable then."""
        session = self.session(fd=opened_by_nobody())
        with privileged("/bin/sleep") as program:
            os.chmod(program, 0o711)
            child = self.become(program)
            target = session.process(child.pid)
            child.begin()
            self.assertEqual(session.wait_for(Left)[0][2:4], (target, DENIED))

    def test_in_a_tree_only_that_one_leaves(self):
        session = self.session(fd=opened_by_nobody())
        with privileged("/bin/sleep") as program:
            script = f"read go; {program} 0; {program} 0 & wait; exec /bin/sleep 0"
            shell = subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE, **ORDINARY)
            root = session.tree(shell.pid)
            shell.communicate(b"go\n")
            end = session.exit_of(root)
            self.assertEqual(end.status, 0)
            left = session.wait_for(Left, count=2)
            forks = of(session.records, Fork)
            self.assertEqual([fork.parent for fork in forks], [root, root])
            self.assertEqual({record.target for record in left}, {fork.target for fork in forks})
            self.assertEqual({record.reason for record in left}, {DENIED})
            self.assertEqual(of(session.records, Exit), [end])

    def test_a_child_that_is_not_his_to_look_at(self):
        """A process that made itself undumpable stays; its children are never followed."""
        session = self.session(fd=opened_by_nobody())
        script = ("import os, sys; print('ready', flush=True); sys.stdin.readline()\n"
                  + NOT_DUMPABLE + "os.waitpid(os.fork() or os._exit(0), 0)\n"
                  "print('done', flush=True); time.sleep(1000)")
        with running(script) as process:
            root = session.tree(process.pid)
            process.stdin.write(b"go\n")
            process.stdin.flush()
            process.stdout.readline()
            time.sleep(0.1)
            self.assertIn(root, session.sample())
            self.assertEqual({type(record) for record in session.records}, {Target, Sample})
            self.assertEqual(session.header.targets, 1)


class Namespaces(SessionTest):
    """PIDs are the caller's, and in records the opener's."""

    def setUp(self):
        super().setUp()
        self.ours, theirs = socket.socketpair()
        self.addCleanup(self.ours.close)
        maker = os.fork()
        if not maker:
            try:
                self.become_first(theirs)
            finally:
                os._exit(1)
        theirs.close()
        os.waitpid(maker, 0)
        said, fds, _, _ = socket.recv_fds(self.ours, 100, 1)
        self.first = int(said)
        self.fd = fds[0]

    def become_first(self, theirs):
        """Of a new namespace, in which the session is opened."""
        if LIBC.unshare(CLONE_NEWPID):
            raise OSError(ctypes.get_errno(), "unshare")
        reader, writer = os.pipe()
        child = os.fork()
        if child:
            os.write(writer, str(child).encode())
            os._exit(0)
        socket.send_fds(theirs, [os.read(reader, 100)], [opened()])
        theirs.recv(1)
        os._exit(0)

    def test_numbers_in_records(self):
        session = self.session(fd=self.fd)
        with sleeper() as outside:
            session.process(outside)
            session.process(self.first)
            self.assertEqual([record.pid for record in session.read()], [0, 1])
        self.ours.send(b"x")

    def test_numbers_in_requests(self):
        """Of whoever asks, whoever opened it."""
        set_up(self.fd)
        os.close(self.fd)
        with self.session() as session:
            target = session.process(self.first)
            [record] = session.read()
            self.assertEqual((record.pid, record.target), (self.first, target))
            self.ours.send(b"x")
            session.exit_of(target)
