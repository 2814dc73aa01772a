# SPDX-License-Identifier: MIT
"""faultline doctor where the module is loaded: what it finds there, as root and as anybody."""

import os
import resource
import subprocess
import unittest
from pathlib import Path

TOOL = Path(__file__).resolve().parent.parent.parent / "build/faultline"
NOBODY = 65534


def findings(text):
    return {line[7:20].strip(): (line[:5].strip(), line[22:]) for line in text.splitlines()
            if line[:5].strip() in ("ok", "note", "WRONG")}


class Doctor(unittest.TestCase):
    def run_tool(self, *words, **more):
        return subprocess.run([TOOL, "doctor", *words], text=True, capture_output=True, timeout=60,
                              **more)

    def test_the_module_works(self):
        done = self.run_tool()
        found = findings(done.stdout)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        for about in ("kernel", "modules", "loaded", "device", "version", "rights"):
            self.assertEqual(found[about][0], "ok", found)
        self.assertTrue(done.stdout.endswith("\nThe module is used: it sees all.\n"))

    def test_for_anybody_it_works_for_his_own_processes(self):
        done = self.run_tool(preexec_fn=lambda: os.setuid(NOBODY))
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertEqual(findings(done.stdout)["rights"][0], "note")

    def run_with_locked_memory(self, most):
        def limit():
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (most, most))
            os.setuid(NOBODY)

        done = self.run_tool(preexec_fn=limit)
        self.assertEqual(done.stderr, "")
        return done, findings(done.stdout)["locked memory"][0]

    def test_with_little_locked_memory_it_works_in_a_small_ring(self):
        done, found = self.run_with_locked_memory(65536)
        self.assertEqual((done.returncode, found), (0, "note"), done.stdout)
        self.assertTrue(done.stdout.endswith("\nThe module is used: it sees all.\n"))

    def test_without_locked_memory_a_stand_in_works(self):
        done, found = self.run_with_locked_memory(0)
        self.assertEqual((done.returncode, found), (1, "WRONG"), done.stdout)
        self.assertIn("\nThe stand-in ", done.stdout)

    def test_below_another_root_the_device_is_asked_all_the_same(self):
        done = self.run_tool("--root", "/")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)


if __name__ == "__main__":
    unittest.main()
