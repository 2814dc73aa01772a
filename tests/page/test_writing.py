# SPDX-License-Identifier: MIT
"""How `faultline report --html` writes its page, and what it is made of."""

import re
import resource
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import pages
import recordings


class Writing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.recording = self.folder / "some.data"
        self.recording.write_bytes(recordings.whole())
        self.page = self.folder / "page.html"

    def report(self, page=None, tool=pages.TOOL, **how):
        return subprocess.run([tool, "report", f"--html={page or self.page}", self.recording],
                              text=True, capture_output=True, timeout=60, **how)

    def refuses(self, done, why):
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertRegex(done.stderr, why)

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    def test_one_file_that_needs_nothing_else(self):
        self.assertEqual(self.report(umask=0o027).returncode, 0)
        self.assertEqual(self.names(), ["page.html", "some.data"])
        self.assertEqual(self.page.stat().st_mode & 0o777, 0o640)
        text = self.page.read_text()
        self.assertIn("default-src 'none'", text)
        self.assertEqual(re.findall(r'<(?:script|link|img)[^>]* (?:src|href)="(?!data:)', text), [])

    def test_an_old_page_is_replaced_whole(self):
        self.page.write_text("old" * 10**6)
        self.assertEqual(self.report().returncode, 0)
        self.assertNotIn("oldold", self.page.read_text())

    def test_without_the_page_it_says_how_to_get_it(self):
        tool = self.folder / "faultline"
        shutil.copy2(pages.TOOL, tool)
        self.refuses(self.report(tool=tool), r"built without the page: `make page` \(needs npm\)")
        self.assertEqual(self.names(), ["faultline", "some.data"])

    def test_it_is_found_below_the_prefix_as_well(self):
        (self.folder / "bin").mkdir()
        (self.folder / "share/faultline").mkdir(parents=True)
        tool = self.folder / "bin/faultline"
        shutil.copy2(pages.TOOL, tool)
        shutil.copy2(pages.ROOT / "build/report.html", self.folder / "share/faultline")
        self.assertEqual(self.report(tool=tool).returncode, 0)

    def test_the_recording_stays(self):
        self.refuses(self.report(page=self.recording), "is the recording itself")
        self.assertEqual(self.recording.read_bytes(), recordings.whole())

    def test_what_is_no_file_is_refused(self):
        self.refuses(self.report(page=self.folder), "no regular file")
        self.refuses(self.report(page=self.folder / "missing/page.html"), "No such file")
        self.assertEqual(self.names(), ["some.data"])

    def test_half_a_page_is_not_left(self):
        def small():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

        self.page.write_text("old")
        self.refuses(self.report(preexec_fn=small), "cannot write .*: File too large")
        self.assertEqual(self.names(), ["page.html", "some.data"])
        self.assertEqual(self.page.read_text(), "old")


class Parts(unittest.TestCase):
    def test_the_lock_names_versions_and_hashes_but_no_hosts(self):
        lock = (pages.ROOT / "page/package-lock.json").read_text()
        self.assertIn('"node_modules/uplot"', lock)
        self.assertGreater(lock.count('"integrity": "sha512-'), 2)
        self.assertNotIn("://", re.sub(r'"(url|funding)": "[^"]*"', "", lock))
        self.assertNotIn('"resolved"', lock)

    def test_the_licence_of_what_draws_is_in_the_page(self):
        self.assertIn("Leon Sorokin", (pages.ROOT / "build/report.html").read_text()[:2000])
