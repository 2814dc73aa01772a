# SPDX-License-Identifier: MIT
"""Watching over a boot, with stand-ins for QEMU that do what a sick guest does."""

import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "vm"))

import boot  # noqa: E402 (the path comes first)

# A stand-in's ports are the descriptors out, err, control, log, in this order.
HEALTHY = "echo faultline-vm: ready >&$4; echo start 1 >&$3; echo status 4 >&$3; " \
          "echo success >&$3; echo 'faultline-vm: end of log' >&$4; exit 11"


class Sick(unittest.TestCase):
    def watch(self, script, seconds=20):
        """What boot() makes of a shell script in QEMU's place, and what it said meanwhile."""
        self.said = []
        machine = mock.Mock(shell=False)

        def stand_in(_machine, ports, _seconds):
            return ["bash", "-c", script, "qemu", *(str(ports[name]) for name in boot.PORTS)]

        with tempfile.NamedTemporaryFile() as log, \
                mock.patch.multiple(boot, command_line=stand_in, STUCK_SECONDS=1):
            return boot.boot(machine, boot.Terms(log.name, seconds, 3), self.said.append)

    def test_a_healthy_one(self):
        self.assertEqual(self.watch(HEALTHY), (4, None))

    def test_one_that_says_nothing_is_started_again_and_then_given_up(self):
        status, failure = self.watch("exec sleep 60")
        self.assertIsNone(status)
        self.assertIn("3 attempts", failure)
        self.assertEqual(len(self.said), 2)

    def test_one_that_gets_going_the_second_time(self):
        with tempfile.TemporaryDirectory() as folder:
            script = f"mkdir {folder}/second && exec sleep 60; {HEALTHY}"
            self.assertEqual(self.watch(script), (4, None))
            self.assertEqual(len(self.said), 1)

    def test_one_that_was_ill_before_it_was_ready_is_started_again(self):
        for script in ("echo 'BUG: soft lockup' >&$4; exec sleep 60",
                       f"echo 'BUG: soft lockup' >&$4; {HEALTHY}"):
            status, failure = self.watch(script)
            self.assertIsNone(status)
            self.assertIn("3 attempts: the kernel said: BUG: soft lockup", failure)
            self.assertEqual(len(self.said), 2)

    def test_one_that_falls_silent_later_is_not_started_again(self):
        status, failure = self.watch("echo faultline-vm: ready >&$4; exec sleep 60")
        self.assertIn("silent for 3 s", failure)
        self.assertEqual(self.said, [])

    def test_one_that_complains_later_is_not_started_again(self):
        script = "printf 'faultline-vm: ready\\nBUG: soft lockup\\n' >&$4; exec sleep 60"
        status, failure = self.watch(script)
        self.assertIn("soft lockup", failure)
        self.assertEqual(self.said, [])

    def test_one_whose_init_gives_up_is_not_started_again(self):
        status, failure = self.watch("echo fail no tree >&$3; echo 'WARNING:' >&$4; exit 11")
        self.assertIn("WARNING", failure)
        self.assertEqual(self.said, [])

    def test_one_that_is_alive_but_does_not_end(self):
        status, failure = self.watch("while sleep 0.2; do echo alive >&$3; done", 2)
        self.assertIn("not finished after 2 s", failure)

    def test_one_that_dies(self):
        for script in ("exit 11", "exit 0", "kill -9 $$", "echo success >&$3; exit 11"):
            status, failure = self.watch(script)
            self.assertIsNotNone(failure, script)
