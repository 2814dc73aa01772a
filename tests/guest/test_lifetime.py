# SPDX-License-Identifier: MIT
"""Loading and unloading at any moment."""

import ctypes
import errno
import mmap
import os
import re
import subprocess
import threading
import time
from pathlib import Path

from classic import (BYTES, DEVICE, MODULE, PERIOD, STATUS, WATCHFUL, ClassicTest, Faulter,
                     Sleepers, drain_all, mapped, send, sleeper, wait_until)

LOADED = ["faultline: MP3 MODULE LOADING", "faultline: MP3 MODULE LOADED"]
UNLOADED = ["faultline: MP3 MODULE UNLOADING", "faultline: MP3 MODULE UNLOADED"]


def load(*options):
    subprocess.run(["insmod", MODULE, *options], check=True)


def unload():
    """The error's name, or None if the module went."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(176, b"faultline", os.O_NONBLOCK) == 0:
        return None
    return errno.errorcode[ctypes.get_errno()]


def log():
    shown = subprocess.run(["dmesg", "--notime"], check=True, capture_output=True, text=True)
    return [line for line in shown.stdout.splitlines() if line.startswith("faultline: MP3")]


class Lifetime(ClassicTest):
    def setUp(self):
        super().setUp()
        subprocess.run(["dmesg", "--clear"], check=True)

    def gone(self):
        self.assertFalse(os.path.exists("/proc/mp3"))
        self.assertFalse(os.path.exists(DEVICE))
        self.assertNotIn("mp3_chrdev", Path("/proc/devices").read_text())

    def test_log_lines(self):
        self.assertIsNone(unload())
        self.assertEqual(log(), UNLOADED)
        self.gone()
        load()
        self.assertEqual(log(), UNLOADED + LOADED)

    def test_a_fixed_major_number(self):
        unload()
        taken = re.findall(r"^ *(\d+) ", Path("/proc/devices").read_text(), re.M)
        number = next(number for number in range(240, 255) if str(number) not in taken)
        load(f"major={number}")
        self.assertEqual(os.stat(DEVICE).st_rdev, os.makedev(number, 0))
        unload()
        load()

    def test_a_major_number_that_is_taken_or_impossible(self):
        unload()
        for number in ("1", "4095", "4000000000", "abc"):
            with self.subTest(major=number):
                done = subprocess.run(["insmod", MODULE, f"major={number}"], capture_output=True)
                self.assertNotEqual(done.returncode, 0)
                self.gone()
        load()

    def test_unload_while_registered(self):
        with sleeper() as one, sleeper() as two:
            send(f"R {one}\nR {two}\n")
            time.sleep(3 * PERIOD)
            self.assertIsNone(unload())
            self.gone()
            os.kill(one, 0)
        load()
        self.assertEqual(Path(STATUS).read_text(), "")

    def test_unload_while_mapped_is_refused(self):
        """The kernel's word for a module in use is EWOULDBLOCK; rmmod makes it "is in use"."""
        fd = os.open(DEVICE, os.O_RDWR)
        buffer = mmap.mmap(fd, BYTES)
        os.close(fd)
        try:
            self.assertIn(unload(), ("EAGAIN", "EBUSY"))
            done = subprocess.run(["rmmod", "faultline"], capture_output=True, text=True)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("in use", done.stderr)
            self.assertEqual(log(), [])
            self.assertEqual(buffer[:], b"\xff" * BYTES)
        finally:
            buffer.close()
        self.assertIsNone(unload())
        load()

    def test_unload_after_the_reader_was_killed(self):
        script = (f"import mmap, os, time; fd = os.open('{DEVICE}', os.O_RDWR); "
                  f"m = mmap.mmap(fd, {BYTES}); print('mapped', flush=True); time.sleep(1000)")
        with subprocess.Popen(["/usr/bin/python3", "-c", script], stdout=subprocess.PIPE) as reader:
            reader.stdout.readline()
            self.assertIsNotNone(unload())
            reader.kill()
        self.assertIsNone(unload())
        load()

    def test_unload_with_the_status_file_open(self):
        with open(STATUS) as status:
            self.assertIsNone(unload())
            with self.assertRaises(OSError):
                status.read()
        load()

    def test_unload_right_after_an_exit(self):
        for _ in range(5):
            child = Faulter("touch", 100)
            send(f"R {child.pid}")
            child.go()
            child.usage()
            self.assertIsNone(unload())
            load()

    def test_unload_in_the_middle_of_a_sample(self):
        """Many threads make a sample last; the moments to unload sweep over one."""
        child = Sleepers(200 if WATCHFUL else 1000)
        for step in range(12):
            registered = time.monotonic()
            send(f"R {child.pid}")
            moment = registered + 2 * PERIOD + (step - 2) * 0.0004
            while time.monotonic() < moment:
                pass
            self.assertIsNone(unload())
            load()
        child.kill()

    def test_unload_against_registrations_and_readers(self):
        """Writers, readers and a monitor run against a module that comes and goes."""
        stop = threading.Event()
        seen = {"written": 0, "read": 0, "mapped": 0}

        def keep(name, action):
            while not stop.is_set():
                try:
                    action()
                    seen[name] += 1
                except OSError:
                    pass

        def look():
            with mapped() as buffer:
                buffer[:8]

        with sleeper() as pid:
            actions = {"written": lambda: send(f"R {pid}\nU {pid}\nR {pid}\n"),
                       "read": lambda: Path(STATUS).read_text(), "mapped": look}
            threads = [threading.Thread(target=keep, args=pair) for pair in actions.items()]
            for thread in threads:
                thread.start()
            for _ in range(3 if WATCHFUL else 6):
                time.sleep(0.1)
                wait_until(lambda: unload() is None)
                load()
            stop.set()
            for thread in threads:
                thread.join()
        self.assertTrue(all(seen.values()), seen)

    def tearDown(self):
        if not os.path.exists(STATUS):
            load()
        super().tearDown()
        drain_all()
