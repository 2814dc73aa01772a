# SPDX-License-Identifier: MIT
"""The cache folder: whole entries or none, whoever is stopped in the middle."""

import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "vm"))

import cache  # noqa: E402 (the path comes first)


class Filling(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.target = self.folder / "kernels" / "6.1"

    def left(self):
        return sorted(path.name for path in self.target.parent.iterdir())

    def test_an_entry_appears_whole(self):
        with cache.filling(self.target) as temporary:
            (temporary / "file").write_text("new")
            self.assertFalse(self.target.exists())
        self.assertEqual((self.target / "file").read_text(), "new")
        self.assertEqual(self.left(), ["6.1"])

    def test_one_that_fails_leaves_the_old_one(self):
        with cache.filling(self.target) as temporary:
            (temporary / "file").write_text("old")
        with self.assertRaises(KeyboardInterrupt):
            with cache.filling(self.target) as temporary:
                (temporary / "file").write_text("half")
                raise KeyboardInterrupt
        self.assertEqual((self.target / "file").read_text(), "old")
        self.assertEqual(self.left(), ["6.1"])

    def test_what_one_that_was_killed_left_is_cleared_away(self):
        child = os.fork()
        if child == 0:
            with cache.filling(self.target) as temporary:
                (temporary / "file").write_text("half")
                os.kill(os.getpid(), 9)
        os.waitpid(child, 0)
        self.assertEqual(len(self.left()), 1)
        with cache.filling(self.target):
            pass
        self.assertEqual(self.left(), ["6.1"])


class Locks(unittest.TestCase):
    def test_a_lock_lasts_as_long_as_its_descriptor(self):
        with tempfile.TemporaryDirectory() as folder:
            held = cache.try_lock(folder)
            self.assertIsNotNone(held)
            self.assertIsNone(cache.try_lock(folder))
            os.close(held)
            again = cache.try_lock(folder)
            self.assertIsNotNone(again)
            os.close(again)
