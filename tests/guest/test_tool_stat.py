# SPDX-License-Identifier: MIT
"""faultline stat and top with the module: what wait4 says, to the fault."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from classic import FAULTER, NOBODY, WATCHFUL, sleeper, wait_until
from session import REFERENCES, SessionTest
from test_tool_record import PARENT, SECONDS, TOOL

ORDINARY = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
# A process that waits for nothing, one with children of its own, one that is killed.
COMMANDS = [[FAULTER, "touch-now", "3000"], ["/bin/sh", "-c", f"{FAULTER} touch-now 50; true"],
            ["/bin/sh", "-c", "kill -9 $$"], ["/bin/true"]] * 3


class StatTest(SessionTest):
    def setUp(self):
        super().setUp()
        self.folder = Path(tempfile.mkdtemp(prefix="stat.", dir="/dev/shm"))
        self.addCleanup(shutil.rmtree, self.folder)
        os.chown(self.folder, NOBODY, NOBODY)

    def stat(self, *words, status=0, **options):
        """What the command printed, and the objects of the account."""
        done = subprocess.run([TOOL, "stat", "--json", "-o", "account", *words], cwd=self.folder,
                              text=True, capture_output=True, timeout=SECONDS, **options)
        self.assertEqual((done.returncode, done.stderr), (status, ""))
        return done.stdout, list(map(json.loads,
                                     (self.folder / "account").read_text().splitlines()))

    def check_exact(self, *options, **more):
        said, (*intervals, account) = self.stat(
            *options, "--", sys.executable, "-c", PARENT, json.dumps(COMMANDS), **more)
        of_pid = {process["pid"]: process for process in account["processes"]}
        ends = json.loads(said)
        self.assertEqual(len(ends), len(COMMANDS))
        for (pid, status, *_), words in zip(ends, COMMANDS):
            self.assertEqual(of_pid[pid]["end"], "exited")
            self.assertEqual(of_pid[pid]["signal"], status & 127 or None, words)
        for key in ("minor_faults", "major_faults"):
            self.assertEqual(account["total"][key], account["wait4"][key])
        for (pid, _, peak, *counted), words in zip(ends, COMMANDS):
            if len(words) < 3 or FAULTER not in words[2]:   # not those with children, too
                self.assertEqual([of_pid[pid][key] for key in ("minor_faults", "major_faults")],
                                 counted)
                self.assertEqual(of_pid[pid]["peak_resident_bytes"], peak * 1024)
        self.assertEqual(account["source"]["kind"], "module")
        self.assertEqual(account["source"]["cannot_see"], "")
        # A pass that is held up sheds visits, and the totals are right all the same.
        for what in ("records", "processes"):
            self.assertEqual(account["lost"][what], 0, what)
        return intervals, account

    def test_all_and_each_are_what_wait4_says(self):
        _, account = self.check_exact()
        self.assertGreater(account["cost"]["own_cpu_ns"], 0)
        usage = account["wait4"]
        self.assertAlmostEqual(account["total"]["cpu_ns"], usage["user_ns"] + usage["system_ns"],
                               delta=len(account["processes"]) * 1e6)

    def test_for_an_ordinary_user(self):
        self.check_exact(**ORDINARY)

    def test_intervals_add_up(self):
        intervals, account = self.check_exact("-I", "5ms")
        self.assertGreater(len(intervals), 3)
        for key in ("minor_faults", "major_faults", "cpu_ns", "voluntary_switches"):
            self.assertEqual(sum(line[key] for line in intervals), account["total"][key])

    def test_a_process_that_is_there(self):
        with sleeper() as child, \
                subprocess.Popen([TOOL, "stat", "--json", "-p", str(child)], text=True,
                                 stderr=subprocess.PIPE) as stat:
            wait_until(lambda: int(REFERENCES.read_text()))
            time.sleep(5 if WATCHFUL else 1)
            stat.send_signal(signal.SIGINT)
            account = json.loads(stat.communicate(timeout=SECONDS)[1])
        self.assertEqual(stat.returncode, 0)
        process, = account["processes"]
        self.assertEqual((process["pid"], process["end"]), (child, "alive"))
        self.assertEqual(process["minor_faults"], 0)
        self.assertGreater(process["peak_resident_bytes"], 0)


class TopTest(SessionTest):
    def top(self, *words, **options):
        done = subprocess.run([TOOL, "top", "--batch", *words], text=True, capture_output=True,
                              timeout=SECONDS, **options)
        self.assertEqual(done.stderr, "")
        return done

    def test_a_command_that_ended_between_two_pictures(self):
        done = self.top("-d", "4s", "--", FAULTER, "touch-now", "12000")
        self.assertEqual(done.returncode, 0)
        self.assertIn("source      module", done.stdout)
        self.assertRegex(done.stdout, r"\n +\d+ +3\.\d\dk +0 .* faulter \(ended\)")

    def test_everybody(self):
        for options in ({}, ORDINARY):
            with subprocess.Popen(["sleep", "60"], **options) as child:
                done = self.top("-n", "2", "-d", "500ms", **options)
                child.kill()
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout, rf"\n +{child.pid} .* sleep\n")
            self.assertIn("module", done.stdout)


if __name__ == "__main__":
    unittest.main()
