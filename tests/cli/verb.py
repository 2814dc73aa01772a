# SPDX-License-Identifier: MIT
"""A verb of the tool in a folder of its own: its refusals, and what it must say word for word.

Golden files are what it said once; after a change that is meant, FAULTLINE_GOLDEN=write writes them
anew, to be looked at.
"""

import os
import tempfile
import unittest
from pathlib import Path

import tree

TOOL = tree.ROOT / "build/faultline"
GOLDEN = Path(__file__).resolve().parent / "golden"


class VerbCase(unittest.TestCase):
    verb = None
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def refused(self, done, status, *texts):
        """It failed with that status and said so; with status 1 in one line."""
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertTrue(done.stderr.startswith(f"faultline {self.verb}: "), done.stderr)
        for text in texts:
            self.assertIn(text, done.stderr)
        if status == 1:
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def golden(self, name, text):
        path = GOLDEN / name
        if os.environ.get("FAULTLINE_GOLDEN") == "write":
            path.write_text(text)
        self.assertEqual(text, path.read_text())
