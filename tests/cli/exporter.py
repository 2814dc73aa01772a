# SPDX-License-Identifier: MIT
"""What tests of `faultline export` share: a folder with recordings to export."""

import subprocess
import tempfile
import unittest
from pathlib import Path

import tree

TOOL = tree.ROOT / "build/faultline"


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, data, name="faultline.data"):
        (self.folder / name).write_bytes(data)
        return name

    def run_tool(self, *words, **more):
        return subprocess.run([TOOL, "export", *words], cwd=self.folder, timeout=60,
                              capture_output=True, **more)

    def export(self, *words, says=""):
        done = self.run_tool(*words)
        self.assertEqual((done.returncode, done.stderr.decode()), (0, says))
        return done.stdout.decode()

    def refused(self, done, status, text):
        self.assertEqual(done.returncode, status, done.stderr)
        lines = done.stderr.decode().splitlines()
        self.assertTrue(lines[0].startswith("faultline export: "), lines)
        self.assertIn(text, lines[0])
        hint = " ".join(lines[1:])
        self.assertEqual(hint.startswith("Try `faultline export --help'"), status == 2, lines)
        self.assertEqual(bool(hint), status == 2, lines)
        self.assertFalse(done.stdout)


LOSSES = ("faultline export: faultline.data: 4 records lost, 1 deadline missed, 2 visits shed: "
          "totals are right all the same\n")
