# SPDX-License-Identifier: MIT
"""What tests of `faultline record` share: a folder to record in, with /proc alone."""

import contextlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import tree

sys.path.insert(0, str(tree.ROOT / "tests/guest"))

TOOL = tree.ROOT / "build/faultline"
SECONDS = 60    # for what takes none, on a machine that is busy
LAST = re.compile(r"faultline record: (?P<time>[^,]+), (?P<processes>[\d,]+) process(?:es)?, "
                  r"(?P<samples>[\d,]+) samples?, (?P<minor>[\d,]+) minor and (?P<major>[\d,]+) "
                  r"major faults with /proc, (?P<lost>[^;]+); cost (?P<cost>[\d.]+) % of a CPU; "
                  r"(?P<file>\S+) \((?P<bytes>[\d.]+ \S+)\): faultline report(?P<more> \S+)?")
NOISE = "head -c 20000000 /dev/zero | tail -c 10000000 >/dev/null"


def number(text):
    return int(text.replace(",", ""))


class RecordTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.file = self.folder / "faultline.data"

    @staticmethod
    def words(*words):
        return [TOOL, "record", "--source", "proc", *words]

    def record(self, *words, **options):
        return subprocess.run(self.words(*words), cwd=self.folder, text=True, capture_output=True,
                              timeout=SECONDS, **options)

    @contextlib.contextmanager
    def recorder(self, *words, **options):
        with subprocess.Popen(self.words(*words), cwd=self.folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as it:
            # Who waits for a line that never comes reads the end instead.
            watchdog = threading.Timer(SECONDS, it.kill)
            watchdog.start()
            try:
                yield it
            finally:
                watchdog.cancel()
                it.kill()

    def shell(self, script, *words, **options):
        return self.record(*words, "--", "sh", "-c", script, **options)

    def last(self, said):
        found = LAST.fullmatch(said.splitlines()[-1])
        self.assertTrue(found, said)
        return found

    def wait_for_line(self, recorder, text):
        """Until it says that."""
        for line in recorder.stderr:
            if text in line:
                return
        self.fail(f"it never said {text!r}")

    def wait(self, condition):
        end = time.monotonic() + SECONDS
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())
