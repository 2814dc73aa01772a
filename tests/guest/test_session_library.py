# SPDX-License-Identifier: MIT
"""libfaultline, with the module under it: recorder.c, and the manual's own programs."""

import os
import re
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

from classic import NOBODY, TOP, Faulter, sleeper
from records import OVERWRITE
from session import (SESSIONS_MAX, SessionTest, Teller, opened_by_nobody, own_faults,
                     stat_field, wait_asleep)
from test_access import nobodys

BUILT = TOP / "build/tests"
VERSION = (TOP / "VERSION").read_text().strip()
ORDINARY = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
RING_USUAL, RING_SMALL = 0, 4096
NAP_MS = 480    # of the recorder, in which twice as much is written as a small ring holds
# Of blocks, in faultline-recording(5).
SEGMENT, RECORDS, END = 1, 2, 3


def lock_at_most(limit):
    """Of memory, in bytes: what an ordinary user's rings count as."""
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (limit, resource.RLIM_INFINITY))


class LibraryTest(SessionTest):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(dir="/dev/shm")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.folder.chmod(0o755)
        self.recording = self.folder / "recording"

    def record(self, child, *, flags=0, ring=RING_USUAL, nap=0):
        """What the recorder says of a child that is let go when it is followed; its usage."""
        self.addCleanup(lambda: child.process.returncode is None and child.kill())
        words = [BUILT / "recorder", child.pid, self.recording, flags, ring, nap]
        with subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE,
                              text=True) as recorder:
            self.assertEqual(recorder.stdout.readline(), "ready\n")
            child.go()
            usage = child.usage()
            figures = dict(line.split() for line in recorder.stdout)
        self.assertEqual(recorder.returncode, 0)
        self.assertEqual(figures.pop("kernel"), os.uname().release)
        return {name: int(value) for name, value in figures.items()}, usage

    def check(self, figures, usage, ends):
        """Nothing is wrong with the counts, whatever samples were lost, or with the recording."""
        self.assertEqual((figures["minor"], figures["major"]), own_faults(usage))
        self.assertEqual(figures["ends"], ends)
        self.assertEqual(figures["read"] + figures["skipped"], figures["written"])
        self.assertEqual(figures["gaps"], figures["lost"] + figures["skipped"])
        self.assertEqual((figures["same"], figures["faulty"]), (1, 0))
        self.assertEqual([figures[f"file_{name}"] for name in ("records", "lost", "skipped")],
                         [figures[name] for name in ("read", "lost", "skipped")])
        self.assertEqual(figures["period"], 5000000)

    def example(self, page, number, *words, **options):
        """A program of the manual, where everyone may run it."""
        program = self.folder / f"{page}-{number}"
        shutil.copy(BUILT / "manual" / page / str(number), program)
        return subprocess.Popen([program, *map(str, words)], stdout=subprocess.PIPE, text=True,
                                stderr=subprocess.PIPE, **options)

    def said(self, status, page, number, *words, **options):
        """What it says, on both outputs; it ends with that status."""
        with self.example(page, number, *words, **options) as program:
            out, err = program.communicate()
        self.assertEqual(program.returncode, status, err)
        return out, err


class Recorder(LibraryTest):
    def test_a_process_and_its_children(self):
        figures, usage = self.record(Faulter("children", 500, stdout=subprocess.DEVNULL))
        self.check(figures, usage, 5)
        self.assertGreater(figures["minor"], 2500)
        self.assertEqual((figures["gaps"], figures["overwritten"]), (0, 0))
        self.assertGreater(figures["passes"], 0)

    def test_a_storm(self):
        """Children's children, too: all that wait4 adds up."""
        figures, usage = self.record(Faulter("storm", 40, stdout=subprocess.DEVNULL))
        self.check(figures, usage, 1 + 40 + 10)
        self.assertEqual(figures["gaps"], 0)

    def test_a_reader_that_is_too_slow(self):
        """New samples are lost, the end is not."""
        figures, usage = self.record(Faulter("cpu", 1500), ring=RING_SMALL, nap=NAP_MS)
        self.check(figures, usage, 1)
        self.assertGreater(figures["lost"], 0)
        self.assertEqual((figures["skipped"], figures["overwritten"]), (0, 0))

    def test_a_reader_that_is_overtaken(self):
        """What was written over is never given, and known."""
        figures, usage = self.record(Faulter("cpu", 1500), flags=OVERWRITE, ring=RING_SMALL,
                                     nap=NAP_MS)
        self.check(figures, usage, 1)
        self.assertGreater(figures["skipped"], 0)
        self.assertEqual(figures["lost"], 0)


class Manual(LibraryTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(resource.setrlimit, resource.RLIMIT_MEMLOCK,
                        resource.getrlimit(resource.RLIMIT_MEMLOCK))
        # As systemd has it; before 5.16 the kernel itself gives less than a usual ring.
        lock_at_most(8 << 20)

    def test_a_sample_every_10_ms(self):
        """What it prints of one that waits is what /proc has, time after time."""
        child = Teller("steps", 3)
        self.addCleanup(child.kill)
        times = []
        with self.example("libfaultline.3", 1, child.pid) as program:
            for _ in range(3):
                self.assertEqual(child.line(), "touched")
                wait_asleep(child.pid)
                counts = stat_field(child.pid, 10), stat_field(child.pid, 12)
                same = 0
                while same < 3:
                    line = program.stdout.readline()
                    at, *printed = map(int, re.fullmatch(
                        r"(\d+) ns: (\d+) minor, (\d+) major\n", line).groups())
                    times.append(at)
                    self.assertLessEqual(printed, list(counts))
                    same += tuple(printed) == counts
                child.step()
            usage = child.usage()
            rest = program.stdout.read()
            self.assertEqual(program.stderr.read(), "")
        self.assertEqual(program.returncode, 0)
        self.assertEqual(times, sorted(set(times)))
        for minor in re.findall(r" (\d+) minor", rest):
            self.assertLessEqual(int(minor), usage.ru_minflt)

    def refuses(self, why, *words, **options):
        """The first program, with one line that says so."""
        out, err = self.said(1, "libfaultline.3", 1, *words, **options)
        self.assertEqual(out, "")
        self.assertRegex(err, rf"\A[^\n]*{why}[^\n]*\n\Z")

    def test_refusals_say_why(self):
        with sleeper() as roots, nobodys() as own:
            self.refuses("it is not yours to look at", roots, **ORDINARY)
            self.refuses("a number that can be none", 0)
            self.refuses("no such process", 4194304)
            held = [opened_by_nobody() for _ in range(SESSIONS_MAX)]
            self.refuses("too many sessions", own, **ORDINARY)
            for fd in held:
                os.close(fd)
            lock_at_most(0)
            self.refuses("raise `ulimit -l`", own, **ORDINARY)

    def test_an_ordinary_user_is_served(self):
        child = Teller("steps", 1, **ORDINARY)
        self.addCleanup(child.kill)
        self.assertEqual(child.line(), "touched")
        with self.example("libfaultline.3", 1, child.pid, **ORDINARY) as program:
            self.assertRegex(program.stdout.readline(), r"^\d+ ns: \d+ minor, \d+ major\n$")
            child.step()
            child.usage()
            self.assertEqual(program.communicate()[1], "")
        self.assertEqual(program.returncode, 0)

    def test_what_the_module_speaks(self):
        self.assertEqual(self.said(0, "faultline.4", 1),
                         (f"faultline {VERSION}, ABI 1.1\n", ""))

    def test_the_records_of_a_recording(self):
        figures, _ = self.record(Faulter("touch", 1000))
        out, err = self.said(0, "libfaultline.3", 2, self.recording)
        self.assertEqual((out, err), (f"{figures['read']} records in 1 segments, "
                                      "0 bytes at the end ignored\n", ""))
        # One that was cut off says so.
        with open(self.recording, "r+b") as file:
            file.truncate(self.recording.stat().st_size - 1)
        out, err = self.said(1, "libfaultline.3", 2, self.recording)
        self.assertRegex(out, rf"^{figures['read']} records in 1 segments, [1-9]\d* bytes at")

    def test_the_blocks_of_a_recording(self):
        self.record(Faulter("touch", 1000))
        out, _ = self.said(0, "faultline-recording.5", 1, self.recording)
        blocks = [tuple(map(int, words)) for words in
                  re.findall(r"^kind (\d+) of segment (\d+), (\d+) bytes$", out, re.M)]
        self.assertEqual(len(blocks), len(out.splitlines()))
        self.assertEqual([kind for kind, _, _ in blocks if kind != RECORDS], [SEGMENT, END])
        self.assertEqual(16 * len(blocks) + sum(length for _, _, length in blocks),
                         self.recording.stat().st_size)
