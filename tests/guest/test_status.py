# SPDX-License-Identifier: MIT
"""The proc file: commands, errors, the list."""

import os
import subprocess
import threading
import unittest
from pathlib import Path

from classic import (STATUS, ClassicTest, Faulter, listed, refusal, send, sleeper, wait_until)

NO_PID = 4194303  # the kernel's highest possible PID; the guest never comes that far


class Commands(ClassicTest):
    def test_register_list_unregister(self):
        with sleeper() as one, sleeper() as two:
            for text in (f"R {one}\n", f"R {two}"):
                self.assertEqual(send(text), len(text))
            self.assertEqual(listed(), [one, two])
            self.assertEqual(Path(STATUS).read_text(), f"{one}\n{two}\n")
            send(f"U {one}\n")
            self.assertEqual(listed(), [two])
            send(f"U {two}\n")
            self.assertEqual(listed(), [])

    def test_blanks_are_fine(self):
        with sleeper() as pid:
            for text in (f"  R {pid}  \n", f"\tR\t{pid}\r\n", f"\n\nR  {pid}\n\n\n"):
                self.assertEqual(send(text), len(text))
                self.assertEqual(listed(), [pid])
                send(f"U {pid}")

    def test_several_commands_in_one_write(self):
        with sleeper() as one, sleeper() as two:
            text = f"R {one}\nR {two}\nU {one}\n"
            self.assertEqual(send(text), len(text))
            self.assertEqual(listed(), [two])
            send(f"U {two}")

    def test_a_refused_line_ends_the_write_and_changes_nothing(self):
        with sleeper() as one, sleeper() as two:
            good = f"R {one}\n"
            self.assertEqual(send(f"{good}R {NO_PID}\nR {two}\n"), len(good))
            self.assertEqual(listed(), [one])
            self.assertEqual(refusal(f"R {NO_PID}\nR {two}\n"), "ESRCH")
            self.assertEqual(listed(), [one])
            send(f"U {one}")

    def test_a_shell_sees_the_error_of_a_later_line(self):
        with sleeper() as pid:
            done = subprocess.run(["bash", "-c", f"printf 'R {pid}\\nX\\n' >{STATUS}"],
                                  capture_output=True, text=True)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("Invalid argument", done.stderr)
            self.assertEqual(listed(), [pid])
            send(f"U {pid}")

    def test_a_full_write(self):
        with sleeper() as pid:
            pair = f"R {pid}\nU {pid}\n"
            text = pair * (4096 // len(pair))
            self.assertEqual(send(text), len(text))
            self.assertEqual(listed(), [])

    def test_an_empty_write_is_nothing(self):
        self.assertEqual(send(b""), 0)


class Errors(ClassicTest):
    def test_malformed(self):
        for text in ("X 1", "R", "U", "R ", "R1", "r 1", "R one", "R 1x", "R 1 2", "R -1", "R +1",
                     "R 0x1", "R 2147483648", "R 99999999999999999999", "1", "RR 1", "\n", "   ",
                     "R 1\0", "\0", "R\n1", "R " + "0" * 70 + "1", "R 1" + " " * 70):
            with self.subTest(text=text):
                self.assertEqual(refusal(text), "EINVAL")
        self.assertEqual(listed(), [])

    def test_oversized(self):
        self.assertEqual(refusal("R 1\n" + "\n" * 4093), "EINVAL")
        self.assertEqual(refusal(b"R" * 1000000), "EINVAL")
        self.assertEqual(listed(), [])

    def test_no_such_process(self):
        for verb in "RU":
            self.assertEqual(refusal(f"{verb} {NO_PID}"), "ESRCH")
            self.assertEqual(refusal(f"{verb} 0"), "ESRCH")

    def test_a_zombie_is_no_process(self):
        process = subprocess.Popen(["true"])
        wait_until(lambda: ") Z " in Path(f"/proc/{process.pid}/stat").read_text())
        # It is one before it leaves its CPU, and until then a process.
        wait_until(lambda: refusal(f"R {process.pid}") == "ESRCH")
        process.wait()
        self.assertEqual(refusal(f"R {process.pid}"), "ESRCH")

    def test_a_single_thread_is_no_process(self):
        stop = threading.Event()
        thread = threading.Thread(target=stop.wait)
        thread.start()
        try:
            self.assertNotEqual(thread.native_id, os.getpid())
            self.assertEqual(refusal(f"R {thread.native_id}"), "ESRCH")
        finally:
            stop.set()
            thread.join()

    def test_registered_already(self):
        with sleeper() as pid:
            send(f"R {pid}")
            self.assertEqual(refusal(f"R {pid}"), "EEXIST")
            self.assertEqual(listed(), [pid])
            send(f"U {pid}")

    def test_not_registered(self):
        with sleeper() as pid:
            self.assertEqual(refusal(f"U {pid}"), "ENOENT")
            send(f"R {pid}")
            send(f"U {pid}")
            self.assertEqual(refusal(f"U {pid}"), "ENOENT")

    def test_a_pointer_to_nowhere(self):
        script = ("import ctypes, os, sys; libc = ctypes.CDLL(None, use_errno=True); "
                  f"fd = os.open('{STATUS}', os.O_WRONLY); "
                  "sys.exit(libc.write(fd, ctypes.c_void_p(8), 10) != -1 "
                  "or ctypes.get_errno() != 14)")
        self.assertEqual(subprocess.run(["/usr/bin/python3", "-c", script]).returncode, 0)


class Departure(ClassicTest):
    def test_exit_without_unregister(self):
        child = Faulter("touch", 10)
        send(f"R {child.pid}")
        self.assertEqual(listed(), [child.pid])
        child.go()
        child.usage()
        wait_until(lambda: listed() == [])

    def test_a_zombie_departs_before_it_is_reaped(self):
        child = Faulter("touch", 10)
        send(f"R {child.pid}")
        child.go()
        wait_until(lambda: listed() == [])
        self.assertEqual(refusal(f"U {child.pid}"), "ENOENT")
        child.usage()

    def test_killed(self):
        child = Faulter("touch", 10)
        send(f"R {child.pid}")
        child.kill()
        wait_until(lambda: listed() == [])

    def test_a_reused_number_is_another_process(self):
        """The next process gets the number at once, while the dead one is still waiting to go."""
        old = Faulter("touch", 10)
        send(f"R {old.pid}")
        old.kill()
        Path("/proc/sys/kernel/ns_last_pid").write_text(str(old.pid - 1))
        with sleeper() as pid:
            self.assertEqual(pid, old.pid, "the number was not given again")
            self.assertEqual(refusal(f"U {pid}"), "ENOENT")
            send(f"R {pid}")
            wait_until(lambda: listed() == [pid])
            send(f"U {pid}")


if __name__ == "__main__":
    unittest.main()
