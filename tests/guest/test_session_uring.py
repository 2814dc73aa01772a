# SPDX-License-Identifier: MIT
"""The threads that io_uring makes are the process's: what they do counts, to the fault."""

import os
import subprocess
import unittest
from pathlib import Path

from classic import TOP, Faulter, wait_until
from records import Exit, of
from session import MS, SessionTest, cpu_clock, faults, own_faults, seconds, wait_asleep

URING = TOP / "build/tests/uring"
ENTRIES = 4     # requests of a step, each for a worker
# An account by ticks of 4 ms, and what runs after the last reading of it.
TICKS_NS = 12 * MS


def load_tests(_loader, tests, _pattern):
    """The kernels that are built here have no io_uring; all of Debian's do."""
    built_here = os.uname().release.endswith(("-debug", "-races"))
    return unittest.TestSuite() if built_here else tests


class Uring(Faulter):
    """A uring, led step by step."""

    def __init__(self, *words):
        self.process = subprocess.Popen([URING, *map(str, words)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.pid = self.process.pid

    def step(self):
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != b"done\n":
            raise AssertionError("the program failed: see above")

    def made(self, name):
        """The numbers of the threads that the kernel made for it."""
        tasks = Path(f"/proc/{self.pid}/task")
        return [int(task.name) for task in tasks.iterdir()
                if (task / "comm").read_text().startswith(name)]

    def usage(self):
        self.process.stdin.close()
        with self.process.stdout:
            return super().usage()

    def kill(self):
        if self.process.returncode is None:
            super().kill()
            self.process.stdout.close()


class IoUring(SessionTest):
    def uring(self, *words):
        child = Uring(*words)
        self.addCleanup(child.kill)
        return child

    def test_faults_of_workers(self):
        """Buffers that they read into: faults that the process's own thread did not take."""
        pages = 300
        for kind in ("process", "tree"):
            session = self.session()
            child = self.uring("read", pages)
            whole, own = getattr(session, kind)(child.pid), session.thread(child.pid)
            for step in (1, 2):
                child.step()
                samples = session.sample()
                theirs = samples[whole].counts.minor - samples[own].counts.minor
                self.assertGreaterEqual(theirs, step * ENTRIES * pages)
            usage = child.usage()
            self.assertEqual(faults(session.exit_of(whole).counts), own_faults(usage))
            self.assertLess(session.exit_of(own).counts.minor, ENTRIES * pages)

    def test_workers_alone(self):
        """They can be followed like any thread: they and the first are all there is."""
        session = self.session()
        child = self.uring("read", 100)
        child.step()
        workers = child.made("iou-wrk")
        self.assertTrue(workers)
        whole = session.process(child.pid)
        before = {session.thread(tid): tid for tid in (child.pid, *workers)}
        start = session.sample()
        child.step()
        now = session.sample()
        grown = {target: now[target].counts.minor - start[target].counts.minor for target in now}
        if sorted(child.made("iou-wrk")) == sorted(workers):
            self.assertEqual(grown[whole], sum(grown[target] for target in before))
        self.assertGreaterEqual(sum(grown[target] for target, tid in before.items()
                                    if tid != child.pid), 100)
        usage = child.usage()
        self.assertEqual(faults(session.exit_of(whole).counts), own_faults(usage))
        session.wait_for_targets(0)
        self.assertEqual({end.target for end in of(session.records, Exit)}, {whole, *before})

    def test_workers_that_die_with_it(self):
        """Killed while they are at it, and while it is sampled."""
        session = self.session(MS)
        session.start()
        for _ in range(5):
            child = self.uring("read", 5000)
            target = session.process(child.pid)
            child.process.stdin.write(b"go\n")
            child.process.stdin.flush()
            wait_until(lambda: session.find(Exit, target) or child.made("iou-wrk"))
            child.process.kill()
            usage = child.usage()
            self.assertEqual(faults(session.exit_of(target).counts), own_faults(usage))

    def test_cpu_time_of_a_thread_that_polls(self):
        """All others sleep, and time passes."""
        session = self.session()
        child = self.uring("poll", 5000)
        target, own = session.process(child.pid), session.thread(child.pid)
        child.step()
        wait_asleep(child.pid)
        self.assertTrue(child.made("iou-sqp"))
        start = session.sample()
        before = start[target].counts.cpu_ns
        wait_until(lambda: cpu_clock(child.pid) > before + 200 * MS)

        def is_the_clocks():
            before, now = cpu_clock(child.pid), session.sample()
            cpu_ns = now[target].counts.cpu_ns
            self.assertLessEqual(before, cpu_ns)
            self.assertEqual(now[own].counts.cpu_ns, start[own].counts.cpu_ns)
            return cpu_ns <= cpu_clock(child.pid) + TICKS_NS

        # The clock has another's time up to its last tick, which is long ago if its CPU was held.
        wait_until(is_the_clocks, 3)
        usage = child.usage()
        end = session.exit_of(target).counts
        self.assertEqual(faults(end), own_faults(usage))
        self.assertAlmostEqual(end.cpu_ns, seconds(usage) * 1e9,
                               delta=TICKS_NS / 10 + 0.02 * end.cpu_ns)
