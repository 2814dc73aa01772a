# SPDX-License-Identifier: MIT
"""Which QEMU is chosen, with stand-ins for the installed one and for the suite's."""

import contextlib
import os
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "vm"))

import qemu  # noqa: E402 (the path comes first)
from cache import Problem  # noqa: E402

OLD = "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)"
NEW = "QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2+deb13u1~bpo12+1)"


def program(path, says):
    """A QEMU that says that."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


class Version(unittest.TestCase):
    def test_of_what_it_says_of_itself(self):
        for text, version in ((OLD, (7, 2, 22)), (NEW, (10, 0, 2)),
                              ("QEMU emulator version 8.1\nCopyright", (8, 1)),
                              ("QEMU emulator version 9.0.50 (v9.0.0-1-gabc)", (9, 0, 50)),
                              ("", (0,)), ("qemu: cannot open shared object", (0,))):
            self.assertEqual(qemu.parse(text), version, text)

    def test_before_and_after_the_cure(self):
        for text, cured in (("7.2.22", False), ("8.0.5", False), ("8.1.0", True), ("8.1", True),
                            ("10.0.2", True)):
            self.assertEqual(qemu.parse(f"QEMU emulator version {text}") >= qemu.CURED, cured, text)

    def test_of_one_that_is_not_there_or_does_not_run(self):
        self.assertEqual(qemu.version(["/nonexistent/qemu"]), (0,))
        self.assertEqual(qemu.version(["false"]), (0,))


class Choice(unittest.TestCase):
    def setUp(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.cache = folder / "cache"
        self.installed = folder / "bin" / qemu.NAME
        self.offered = NEW          # by the suite; or why it offers nothing
        self.said = []
        self.asked = 0
        path = f"{self.installed.parent}:{os.environ['PATH']}"
        self.enterContext(mock.patch.dict(os.environ, PATH=path, FAULTLINE_CACHE=str(self.cache)))
        self.enterContext(mock.patch.object(qemu.apt, "suite", self.suite))

    @contextlib.contextmanager
    def suite(self, name):
        self.assertEqual(name, "bookworm-backports")
        self.asked += 1
        if isinstance(self.offered, Problem):
            raise self.offered
        suite = mock.Mock()
        suite.unpack = lambda _, folder: program(folder / "usr/bin" / qemu.NAME, self.offered)
        yield suite

    def choose(self, installed=OLD, accel="tcg"):
        program(self.installed, installed)
        self.said.clear()
        return qemu.choose(accel, self.said.append)

    def assert_fetched(self, words):
        self.assertEqual(words, [str(self.cache / "qemu/usr/bin" / qemu.NAME),
                                 "-L", str(self.cache / "qemu/usr/share/qemu")])
        self.assertEqual(qemu.version(words), (10, 0, 2))

    def assert_fallen_back(self, words, why):
        self.assertEqual(words, [qemu.NAME])
        self.assertRegex(self.said[-1], f"QEMU 7.2.22, in which .* may hang.*{why}")
        self.assertNotIn("\n", self.said[-1])
        self.assertFalse((self.cache / "qemu").exists())

    def test_an_installed_one_that_is_cured(self):
        self.assertEqual(self.choose("QEMU emulator version 8.1.0"), [qemu.NAME])
        self.assertEqual((self.said, self.asked, self.cache.exists()), ([], 0, False))

    def test_an_older_one_will_do_where_no_two_cpus_are_emulated_at_once(self):
        for accel in ("kvm", "icount"):
            self.assertEqual(self.choose(accel=accel), [qemu.NAME])
        self.assertEqual((self.said, self.asked, self.cache.exists()), ([], 0, False))

    def test_an_older_one_is_replaced_by_one_that_is_fetched_once(self):
        self.assert_fetched(self.choose())
        self.assertEqual(len(self.said), 1)
        self.assert_fetched(self.choose())
        self.assertEqual((self.said, self.asked), ([], 1))

    def test_an_emptied_cache_is_filled_again(self):
        self.choose()
        (self.cache / "qemu").rename(self.cache / "lost")
        self.assert_fetched(self.choose())
        self.assertEqual(self.asked, 2)

    def test_package_sources_without_it(self):
        self.offered = Problem("no such suite")
        self.assert_fallen_back(self.choose(), "no such suite")

    def test_one_that_is_too_old_or_does_not_run_here(self):
        for self.offered in (OLD, "libc.so.6: version not found"):
            self.assert_fallen_back(self.choose(), "too old or does not run here")
            (self.cache / "qemu-missed").unlink()

    def test_package_sources_that_failed_are_left_alone_for_a_while(self):
        self.offered = Problem("no such suite")
        self.choose()
        self.offered = NEW
        self.assert_fallen_back(self.choose(), "no such suite")
        self.assertEqual(self.asked, 1)
        then = time.time() - qemu.RETRY_SECONDS
        os.utime(self.cache / "qemu-missed", (then, then))
        self.assert_fetched(self.choose())


if __name__ == "__main__":
    unittest.main()
