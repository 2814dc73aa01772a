#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs the unittest files of a folder and prints one line a test: "ok NAME" or "not ok NAME".

usage: tests/tap.py FOLDER [PATTERN]

A test that is skipped has not shown anything: it counts as failed. So does a folder without tests.
"""

import signal
import sys
import time
import unittest
from pathlib import Path


class Lines(unittest.TestResult):
    """Prints each result when it is there."""

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()
        self.failed = False

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.complain(test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.complain(test, self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.complain(subtest, self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.complain(test, f"skipped: {reason}")

    def complain(self, test, text):
        self.failed = True
        print(f"not ok {test.id()}")
        print("".join(f"    {line}\n" for line in text.splitlines()), end="", flush=True)

    def stopTest(self, test):
        if not self.failed:
            print(f"ok {test.id()} ({time.monotonic() - self.started:.1f} s)", flush=True)
        super().stopTest(test)


def main():
    if len(sys.argv) not in (2, 3) or not Path(sys.argv[1]).is_dir():
        print("usage: tests/tap.py FOLDER [PATTERN]", file=sys.stderr)
        return 2
    pattern = sys.argv[2] if len(sys.argv) == 3 else "test_*.py"
    sys.dont_write_bytecode = True
    # Programs that are tested may heed them: under nohup or in a script's background they would be
    # born to ignore them.
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    suite = unittest.defaultTestLoader.discover(sys.argv[1], pattern=pattern)
    result = Lines()
    suite.run(result)
    if not result.testsRun:
        print(f"not ok {sys.argv[1]}: no tests found")
    return 0 if result.testsRun and result.wasSuccessful() and not result.skipped else 1


if __name__ == "__main__":
    sys.exit(main())
