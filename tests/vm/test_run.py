# SPDX-License-Identifier: MIT
"""vm/run by hand: its statuses, its output, its refusals, and that nothing stays behind."""

import os
import pty
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
RUN = str(TOP / "vm/run")


def vm(*words, **options):
    return subprocess.run([RUN, *words], capture_output=True, text=True, timeout=180, **options)


def qemus_of(pid):
    """The PIDs of QEMUs that descend from pid or that outlived it with its run folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"qemu-system" in words[0] and any(f"/runs/{pid}.".encode() in word for word in words):
            found.append(int(path.parent.name))
    return found


class Usage(unittest.TestCase):
    def test_one_line_and_status_2(self):
        for words in ([], ["--"], ["--memory", "lots", "--", "true"], ["--memory", "0G", "--", "x"],
                      ["--cpus", "0", "--", "true"], ["--kernel", "2.4", "--", "true"],
                      ["--timeout", "-1", "--", "true"], ["--swap", "1", "--", "true"],
                      ["--shell", "--", "true"], ["--shell"], ["--nonsense", "--", "true"]):
            with self.subTest(words=words):
                done = vm(*words)
                self.assertEqual(done.returncode, 2)
                self.assertEqual(done.stdout, "")
                self.assertTrue(done.stderr.strip().splitlines()[-1].startswith("vm/run: error: "))

    def test_help(self):
        done = vm("--help")
        self.assertEqual(done.returncode, 0)
        for word in ("--shell", "--memory", "--swap", "125", "examples"):
            self.assertIn(word, done.stdout)

    def test_a_writable_folder_that_is_none(self):
        done = vm("--quiet", "--writable", "/nonexistent", "--", "true")
        self.assertEqual(done.returncode, 125)
        self.assertIn("make it first", done.stderr)

    def test_paths_that_make_cannot_carry(self):
        done = vm("--", "true", env={**os.environ, "FAULTLINE_CACHE": "/tmp/with a blank"})
        self.assertEqual(done.returncode, 125)
        self.assertIn("set FAULTLINE_CACHE", done.stderr)
        self.assertFalse(Path("/tmp/with a blank").exists())

    def test_a_cache_that_cannot_be(self):
        done = vm("--", "true", env={**os.environ, "FAULTLINE_CACHE": "/proc/nowhere"})
        self.assertEqual(done.returncode, 125)
        self.assertIn("FAULTLINE_CACHE", done.stderr)


class Boots(unittest.TestCase):
    def test_status_output_and_writable_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            done = vm("--quiet", "--memory", "512M", "--writable", folder, "--", "sh", "-c",
                      "echo to stdout; echo to stderr >&2; cat /proc/mp3/status; pwd >\"$0/pwd\"; "
                      "test -t 0 && echo a terminal; ls /sys/module/faultline >/dev/null; "
                      "echo lost >/etc/faultline-lost; exit 7", folder, cwd=folder)
            said = [line for line in done.stderr.splitlines() if "starting it again" not in line]
            self.assertEqual((done.returncode, done.stdout, said),
                             (7, "to stdout\n", ["to stderr"]))
            self.assertEqual(Path(folder, "pwd").read_text(), f"{folder}\n")
        self.assertFalse(Path("/etc/faultline-lost").exists())

    def test_a_guest_that_panics(self):
        done = vm("--quiet", "--", "sh", "-c", "echo c >/proc/sysrq-trigger; sleep 60")
        self.assertEqual(done.returncode, 125)
        self.assertIn("Kernel panic", done.stderr)
        self.assertIn("kernel log is in", done.stderr)

    def test_a_command_that_does_not_end(self):
        process = subprocess.Popen([RUN, "--timeout", "15", "--", "sleep", "1000"],
                                   stderr=subprocess.PIPE, text=True)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 125)
        self.assertIn("not finished after 15 s", errors)
        self.assertEqual(qemus_of(process.pid), [])

    def test_a_module_that_cannot_be_loaded(self):
        done = vm("--quiet", "--module-options", "nonsense=1 major=1", "--", "true")
        self.assertEqual(done.returncode, 125)
        self.assertIn("the module cannot be loaded", done.stderr)

    def test_stopping_it_leaves_nothing(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            with self.subTest(signal=number):
                process = subprocess.Popen([RUN, "--", "sleep", "1000"], stderr=subprocess.PIPE,
                                           text=True)
                while "booting" not in process.stderr.readline():
                    pass
                time.sleep(2)
                self.assertEqual(len(qemus_of(process.pid)), 1)
                process.send_signal(number)
                process.wait(timeout=30)
                process.stderr.close()
                end = time.monotonic() + 10
                while qemus_of(process.pid) and time.monotonic() < end:
                    time.sleep(0.1)
                self.assertEqual(qemus_of(process.pid), [])

    def test_a_shell(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(RUN, [RUN, "--shell"])
        text = b""
        sent = False
        end = time.monotonic() + 90
        while time.monotonic() < end:
            try:
                text += os.read(terminal, 4096)
            except OSError:
                break
            if not sent and b"#" in text.split(b"booting", 1)[-1]:
                os.write(terminal, b"cat /sys/module/faultline/initstate; tty; exit 5\n")
                sent = True
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(status), 5, text.decode(errors="replace"))
        self.assertIn(b"live", text)
        self.assertIn(b"/dev/hvc0", text)
