#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""faultline record with perf events: children that are buried before anyone can look at them.

Who may hear of ends has them to the fault, but for one that the ending itself may take after the
kernel told of it; anyone else is told how many are missing.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import tree

sys.path.insert(0, str(tree.ROOT / "tests/guest"))

import recording  # noqa: E402 (the path comes first)
from records import Exit, Fork, of  # noqa: E402

SECONDS = 120
NUMBER = 200
NOBODY = 65534
ORDINARY = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
PARANOID = Path("/proc/sys/kernel/perf_event_paranoid")
CAP_NET_ADMIN = 1 << 12
FIRST_USERS, FIRST_PIDS = "user:[4026531837]", "pid:[4026531836]"
OLD_KERNEL = "if they had several threads"
TOO_LATE = "what processes did after their last reading if"

# What wait4 tells of children who end in all the ways there are, and of their orphans nothing.
PARENT = """
import json, mmap, os, signal, sys, threading
def touch(pages):
    memory = mmap.mmap(-1, pages * 4096)
    for page in range(pages):
        memory[page * 4096] = 1
def threads(number):
    thread = threading.Thread(target=touch, args=(100,))
    thread.start()
    thread.join()
def orphan(number):
    if os.fork():
        os._exit(number)
    touch(50)
    os._exit(99)
def killed(number):
    os.kill(os.getpid(), signal.SIGKILL)
def program(number):
    os.execv("/bin/sh", ["sh", "-c", f"exit {number}"])
ways = [threads, orphan, killed, program, lambda number: None]
ends = []
for number in range(int(sys.argv[1])):
    child = os.fork()
    if not child:
        touch(number)
        ways[number % len(ways)](number % 100)
        os._exit(number % 100)
    pid, status, usage = os.wait4(child, 0)
    ends.append((pid, status, usage.ru_minflt, usage.ru_majflt))
print(json.dumps(ends))
"""


def same_network_as_the_first():
    """The first process of some machines lets nobody ask."""
    try:
        return os.readlink("/proc/self/ns/net") == os.readlink("/proc/1/ns/net")
    except PermissionError:
        return True


def hears_ends():
    """Does the kernel tell us what ended? Only in the first namespaces, and not just anyone."""
    status = dict(line.split(":", 1) for line in
                  Path("/proc/self/status").read_text().splitlines())
    return int(status["CapEff"], 16) & CAP_NET_ADMIN != 0 and \
        (os.readlink("/proc/self/ns/user"), os.readlink("/proc/self/ns/pid")) == \
        (FIRST_USERS, FIRST_PIDS) and same_network_as_the_first()


class ShortLives(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.tool = shutil.copy(tree.ROOT / "build/faultline", self.folder)
        self.file = self.folder / "faultline.data"

    def record(self, *before, words=(), **options):
        return subprocess.run([*before, self.tool, "record", "--source", "perf", *words, "--",
                               sys.executable, "-c", PARENT, str(NUMBER)], cwd=self.folder,
                              text=True, capture_output=True, timeout=SECONDS, **options)

    def recorded(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        segment = recording.read_one(self.file)
        by_pid = {record.pid: record for record in segment.targets().values()}
        ends = {record.target: record for record in of(segment.records, Exit)}
        wanted = json.loads(done.stdout)
        self.assertEqual(len(wanted), NUMBER)
        return segment, [(end, by_pid.get(end[0]) and ends[by_pid[end[0]].target])
                         for end in wanted]

    def check_all(self, done):
        segment, ends = self.recorded(done)
        old = OLD_KERNEL in segment.blind
        self.assertLessEqual(segment.end.lost, NUMBER // 5 if old else 0, done.stderr)
        self.assertEqual(segment.end.unfollowed, 0, done.stderr)
        self.assertNotIn(TOO_LATE, segment.blind)
        self.assertIn("CPU time of the last milliseconds", segment.blind)
        self.assertIn("a fault of the ending itself", segment.blind)
        inexact = 0
        for number, ((pid, status, minor, major), end) in enumerate(ends):
            self.assertIsNotNone(end, pid)
            self.assertEqual(end.status, status)
            self.assertGreater(end.peak, 0)
            counted = end.counts.minor, end.counts.major
            if old and number % 5 == 0:
                self.assertLessEqual(counted, (minor, major))
            else:
                self.assertIn((minor - counted[0], major - counted[1]), ((0, 0), (1, 0)), pid)
                inexact += counted != (minor, major)
        self.assertLessEqual(inexact, NUMBER // 50)
        born = of(segment.records, Fork)
        self.assertEqual(len(born), NUMBER + NUMBER // 5)
        orphans = [end for end in of(segment.records, Exit) if end.status == 99 << 8]
        self.assertGreaterEqual(len(orphans), NUMBER // 5)
        self.assertTrue(all(end.counts.minor >= 50 for end in orphans))

    def check_some(self, done):
        segment, ends = self.recorded(done)
        self.assertIn(TOO_LATE, segment.blind)
        born = of(segment.records, Fork)
        self.assertLessEqual(len(born) + segment.end.unfollowed, NUMBER + NUMBER // 5)
        self.assertGreaterEqual(len(born) + segment.end.unfollowed + segment.end.lost, NUMBER)
        for (_, _, minor, major), end in ends:
            if end:
                self.assertLessEqual((end.counts.minor, end.counts.major), (minor, major))
                self.assertEqual(end.peak, 0)

    def check_some_or_refused(self, done):
        """As it is of who has no rights: the administrator may forbid perf events to them."""
        if done.returncode and int(PARANOID.read_text()) > 2:
            self.assertIn("perf_event_open(2) is not permitted", done.stderr)
        else:
            self.check_some(done)

    def test_of_who_may_hear_of_their_ends(self):
        if hears_ends():
            self.check_all(self.record())
        else:
            self.check_some(self.record())

    def test_however_seldom_it_looks(self):
        if hears_ends():
            self.check_all(self.record(words=("-I", "10s")))
        else:
            self.check_some(self.record(words=("-I", "10s")))

    def test_in_other_namespaces_are_as_they_were(self):
        for words in (["unshare", "-Ur"], ["unshare", "-n"], ["unshare", "-pf", "--mount-proc"]):
            # Not everywhere one may make them: below a chroot there are none of users.
            if subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
                continue
            with self.subTest(words=words):
                done = self.record(*words)
                if words[1] == "-Ur":
                    self.check_some_or_refused(done)
                else:
                    self.check_some(done)

    def test_of_an_ordinary_user(self):
        options = {}
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
            options = ORDINARY
        self.check_some_or_refused(self.record(**options))


if __name__ == "__main__":
    unittest.main()
