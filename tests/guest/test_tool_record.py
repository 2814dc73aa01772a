# SPDX-License-Identifier: MIT
"""faultline record with the module: exact to the fault, for root and for an ordinary user."""

import contextlib
import json
import mmap
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import recording
from classic import FAULTER, NOBODY, TOP, WATCHFUL, Faulter, sleeper, wait_until
from records import Exit, Fork, Left, Lost, Target, of
from session import SessionTest, Threads, faults, own_faults, wait_asleep

# A copy that an ordinary user may run too, as of the faulter.
TOOL = shutil.copy(TOP / "build/faultline", "/dev/shm/faultline")
SECONDS = 300   # of a guest that is emulated, on a kernel that watches over itself
ORDINARY = {"user": NOBODY, "group": NOBODY, "extra_groups": []}

# Ends with what wait4 tells of its children: [[PID, status, KiB at most, minor, major]...]
PARENT = """
import json, os, sys
ends = []
for words in json.loads(sys.argv[1]):
    pid = os.posix_spawn(words[0], words, os.environ)
    _, status, usage = os.wait4(pid, 0)
    ends.append((pid, status, usage.ru_maxrss, usage.ru_minflt, usage.ru_majflt))
print(json.dumps(ends))
"""


def with_children(segment, last):
    """The faults of a process and of all it waited for, as wait4 adds them up."""
    found = [faults(last.counts)]
    for child in segment.targets().values():
        if isinstance(child, Fork) and child.parent == last.target:
            found.append(with_children(segment, segment.exit_of(child.pid)))
    return [sum(column) for column in zip(*found)]


def peak_with_children(segment, last):
    """The most memory that one of them had, in KiB, as wait4 tells it."""
    peaks = [last.peak * mmap.PAGESIZE // 1024]
    for child in segment.targets().values():
        if isinstance(child, Fork) and child.parent == last.target:
            peaks.append(peak_with_children(segment, segment.exit_of(child.pid)))
    return max(peaks)


class RecordTest(SessionTest):
    def setUp(self):
        super().setUp()
        self.folder = Path(tempfile.mkdtemp(prefix="record.", dir="/dev/shm"))
        self.addCleanup(shutil.rmtree, self.folder)
        os.chown(self.folder, NOBODY, NOBODY)
        self.file = self.folder / "faultline.data"

    def record(self, *words, **options):
        """What it prints; it has said nothing but its last line."""
        done = subprocess.run([TOOL, "record", *words], cwd=self.folder, text=True,
                              capture_output=True, timeout=SECONDS, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"\Afaultline record: [^\n]* faults, [^\n]*\n\Z")
        return done.stdout

    @contextlib.contextmanager
    def recorder(self, *words, **options):
        """One of processes that are there; in the end it is asked to end."""
        with subprocess.Popen([TOOL, "record", *words], cwd=self.folder, text=True,
                              stderr=subprocess.PIPE, **options) as it:
            try:
                wait_until(self.has_begun)
                yield it
                it.send_signal(signal.SIGINT)
                said = it.communicate(timeout=SECONDS)[1]
            finally:
                it.kill()
        self.assertEqual(it.returncode, 0, said)

    def so_far(self):
        """The segments that are there already."""
        return recording.read(self.file, growing=True) if self.file.exists() else []

    def has_begun(self):
        """A segment's head is there before anyone is followed, records up to a second later."""
        return any(segment.records for segment in self.so_far())

    def check_exact(self, *options, commands, **more):
        """Each child of a command, as wait4 tells the command."""
        ends = json.loads(self.record(*options, "--", sys.executable, "-c", PARENT,
                                      json.dumps(commands), **more))
        segment = recording.read_one(self.file)
        self.assertEqual(segment.source, recording.MODULE)
        self.assertEqual(segment.blind, "")
        self.assertEqual(len(ends), len(commands))
        for pid, status, peak, *counted in ends:
            last = segment.exit_of(pid)
            self.assertEqual(with_children(segment, last), counted)
            self.assertEqual(peak_with_children(segment, last), peak)
            self.assertEqual(last.status, status)
        self.assertEqual((segment.end.lost, of(segment.records, Lost)), (0, []))
        self.assertEqual(segment.end.records, len(segment.records))
        return segment


class Exact(RecordTest):
    COMMANDS = [["/bin/true"]] * 5 + [["/bin/sh", "-c", "kill -9 $$"]] + \
               [[FAULTER, "touch-now", str(pages)] for pages in (1, 10, 1000)] + \
               [["/bin/sh", "-c", "/bin/true; /bin/true"]]

    def test_as_root(self):
        segment = self.check_exact(commands=self.COMMANDS)
        # How long they took an emulated clock that goes by ticks does not show.
        self.assertGreater(segment.end.passes, 0)
        self.assertGreater(segment.end.own_cpu_ns, 0)

    def test_as_an_ordinary_user(self):
        self.check_exact(commands=self.COMMANDS, **ORDINARY)

    def test_at_once_and_often(self):
        self.check_exact("-I", "1ms", commands=self.COMMANDS)

    def test_is_what_the_last_line_says_of_a_command_that_forks_nobody(self):
        with subprocess.Popen([TOOL, "record", "--", FAULTER, "touch-now", "1000"], cwd=self.folder,
                              stderr=subprocess.PIPE, text=True) as it:
            said = it.communicate(timeout=SECONDS)[1]
        segment = recording.read_one(self.file)
        last = of(segment.records, Exit)[0]
        self.assertGreater(last.counts.minor, 1000)
        self.assertIn(f" {last.counts.minor:,} minor and {last.counts.major:,} major faults, ",
                      said)

    def test_flight_has_those_of_its_window(self):
        seconds = 3 if WATCHFUL else 1
        self.record("--flight", f"{seconds}s", "--", "sh", "-c",
                    f"{FAULTER} touch-now 3000; sleep {3 * seconds}; {FAULTER} touch-now 500")
        segment = recording.read_one(self.file)
        born = [record for record in of(segment.records, Fork)
                if record.birth >= segment.start_ns]
        ends = {record.target: record.counts for record in of(segment.records, Exit)}
        self.assertTrue(born)
        self.assertTrue(all(500 < ends[record.target].minor < 3000 for record in born), ends)
        self.assertFalse([counts for counts in ends.values() if counts.minor > 3000])


class Others(RecordTest):
    def check_process(self, **options):
        faulter = Faulter("touch", 500, **options)
        self.addCleanup(faulter.kill)
        wait_asleep(faulter.pid)
        with self.recorder("-p", str(faulter.pid), **options):
            before = self.so_far()[0].samples_of(faulter.pid)[0].counts
            faulter.go()
            usage = faulter.usage()
        segment = recording.read_one(self.file)
        last = segment.exit_of(faulter.pid)
        self.assertIsInstance(segment.targets()[last.target], Target)
        self.assertLess(segment.targets()[last.target].birth, segment.start_ns)
        self.assertEqual(faults(last.counts), own_faults(usage))
        self.assertGreaterEqual(last.counts.minor - before.minor, 500)

    def test_a_process(self):
        self.check_process()

    def test_a_process_of_an_ordinary_user_s(self):
        self.check_process(**ORDINARY)

    def test_not_what_is_another_s(self):
        with sleeper() as pid:
            done = subprocess.run([TOOL, "record", "-p", str(pid)], cwd=self.folder, text=True,
                                  capture_output=True, timeout=SECONDS, **ORDINARY)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, rf"\Afaultline record: cannot follow {pid}: [^\n]+\n\Z")
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_thread(self):
        threads = Threads(300)
        self.addCleanup(threads.kill)
        with self.recorder("-t", str(threads.tid)):
            pass
        segment = recording.read_one(self.file)
        self.assertEqual([(record.pid, record.tid) for record in segment.targets().values()],
                         [(threads.pid, threads.tid)])

    def test_ends_when_nobody_is_left(self):
        with sleeper() as pid, sleeper() as other:
            it = subprocess.Popen([TOOL, "record", "-p", f"{pid},{other}"], cwd=self.folder,
                                  stderr=subprocess.DEVNULL)
            self.addCleanup(it.wait)
            self.addCleanup(it.kill)
            wait_until(self.has_begun)
            os.kill(pid, signal.SIGKILL)
            os.kill(other, signal.SIGKILL)
            self.assertEqual(it.wait(SECONDS), 0)
        self.assertEqual(recording.read_one(self.file).exit_of(pid).status, signal.SIGKILL)


class Group(RecordTest):
    def setUp(self):
        super().setUp()
        self.mount = Path(tempfile.mkdtemp(prefix="cgroup.", dir="/dev/shm"))
        self.addCleanup(self.mount.rmdir)
        subprocess.run(["mount", "-t", "cgroup2", "none", self.mount], check=True)
        self.addCleanup(subprocess.run, ["umount", self.mount], check=True)
        self.group = self.mount / "recorded"
        self.group.mkdir()
        self.addCleanup(self.leave)

    def leave(self):
        wait_until(lambda: not (self.group / "cgroup.procs").read_text())
        self.group.rmdir()

    def move(self, pid, group):
        (group / "cgroup.procs").write_text(str(pid))

    def check_group(self, name):
        faulter = Faulter("touch", 500)
        with sleeper() as gone:
            self.move(faulter.pid, self.group)
            with self.recorder("--cgroup", name):
                self.move(gone, self.group)
                self.move(gone, self.mount)
                faulter.go()
                usage = faulter.usage()
        segment = recording.read_one(self.file)
        self.assertEqual(faults(segment.exit_of(faulter.pid).counts), own_faults(usage))
        self.assertEqual({record.pid for record in segment.targets().values()},
                         {faulter.pid, gone})
        self.assertEqual(len(of(segment.records, Left)), 1)

    def test_by_its_folder(self):
        self.check_group(str(self.group))

    def test_by_its_name_below_the_mount(self):
        self.check_group("recorded")

    def test_by_its_name_as_proc_has_it(self):
        self.check_group("/recorded")

    def test_with_a_command_that_moves_into_it(self):
        """Both are exact: the command since its birth, and once, though it is there by two ways."""
        faulter = Faulter("touch", 500)
        self.addCleanup(faulter.kill)
        wait_asleep(faulter.pid)
        self.move(faulter.pid, self.group)
        script = f"echo $$ >{self.group}/cgroup.procs && echo go >/proc/{faulter.pid}/fd/0; " \
                 f"until grep -q '^State:.Z' /proc/{faulter.pid}/status; do sleep 0.1; done; " \
                 f"{FAULTER} touch-now 400"
        segment = self.check_exact("--cgroup", "recorded", commands=[["/bin/sh", "-c", script]])
        usage = faulter.usage()
        pids = [record.pid for record in segment.targets().values()]
        self.assertEqual(len(pids), len(set(pids)), segment.targets())
        self.assertEqual(faults(segment.exit_of(faulter.pid).counts), own_faults(usage))


if __name__ == "__main__":
    unittest.main()
