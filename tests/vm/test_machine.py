# SPDX-License-Identifier: MIT
"""Looking for KVM, with stand-ins for QEMU."""

import os
import signal
import sys
import tempfile
import time
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "vm"))

import boot  # noqa: E402 (the path comes first)
import machine  # noqa: E402


def end(number, _frame):
    raise boot.Ended(number)


class Probe(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.pid = Path(folder, "pid")
        self.qemu = Path(folder, "qemu")

    def answers(self, script):
        self.qemu.write_text(f"#!/bin/sh\necho $$ >{self.pid}\n{script}\n")
        self.qemu.chmod(0o755)
        with (mock.patch.object(machine, "PROBE_SECONDS", 2),
              mock.patch.object(machine.qemu, "NAME", str(self.qemu))):
            return machine.kvm_answers(SimpleNamespace(image="image"), "initramfs")

    def gone(self):
        return not Path("/proc", self.pid.read_text().strip()).exists()

    def test_a_guest_that_answers(self):
        self.assertTrue(self.answers("exit 11"))

    def test_one_that_does_not(self):
        for script in ("exit 0", "exit 1", "kill -9 $$"):
            self.assertFalse(self.answers(script), script)

    def test_one_that_hangs(self):
        self.assertFalse(self.answers("exec sleep 60"))
        self.assertTrue(self.gone())

    def test_a_signal_meanwhile_leaves_no_guest(self):
        before = signal.signal(signal.SIGTERM, end)
        if os.fork() == 0:
            while not self.pid.exists():
                time.sleep(0.01)
            time.sleep(0.1)
            os.kill(os.getppid(), signal.SIGTERM)
            os._exit(0)
        try:
            with self.assertRaises(boot.Ended):
                self.answers("exec sleep 60")
        finally:
            signal.signal(signal.SIGTERM, before)
            os.wait()
        self.assertTrue(self.gone())
