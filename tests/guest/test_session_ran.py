# SPDX-License-Identifier: MIT
"""With FL_SETUP_RAN a pass visits those that ran, and misses nothing that the full walk sees."""

import os
import random
import time

from classic import WATCHFUL, Faulter, sleeper
from records import RAN, Exit, Sample, of
from session import MS, SessionTest, Teller, burner, faults, own_faults, wait_asleep

STEPPERS = 8 if WATCHFUL else 24
ROUNDS = 6 if WATCHFUL else 15


def same(counts):
    """What cannot change while nothing runs: what is in memory, the kernel may take away."""
    return counts[:4] + counts[6:]


class BothWalks(SessionTest):
    """Two sessions over the same processes, each sampled while nothing of them runs."""

    def setUp(self):
        super().setUp()
        self.full, self.ran = self.session(), self.session(flags=RAN)
        self.steppers = [Teller("steps", 1000) for _ in range(STEPPERS)]
        for child in self.steppers:
            self.addCleanup(child.kill)
        self.ids = {}
        for child in self.steppers:
            target = self.full.process(child.pid)
            self.assertEqual(self.ran.process(child.pid), target)
            self.ids[child] = target
            self.stepped(child)

    def stepped(self, child):
        self.assertEqual(child.line(), "touched")
        wait_asleep(child.pid)

    def compare(self):
        """The newest that each session has of each process."""
        self.ran.sample()
        self.full.sample()
        newest = [{record.target: same(record.counts) for record in of(session.records, Sample)}
                  for session in (self.full, self.ran)]
        self.assertEqual(len(newest[0]), STEPPERS)
        self.assertEqual(*newest)

    def test_some_run(self):
        dice = random.Random(4)
        self.compare()
        for _ in range(ROUNDS):
            chosen = dice.sample(self.steppers, dice.randint(0, STEPPERS // 2))
            for child in chosen:
                child.step()
            for child in chosen:
                self.stepped(child)
            sampled = self.ran.sample()
            self.assertLessEqual({self.ids[child] for child in chosen}, set(sampled))
            self.compare()

    def test_nobody_runs(self):
        self.compare()
        self.ran.sample()
        self.assertEqual(self.ran.sample(), {})
        self.assertEqual(len(self.full.sample()), STEPPERS)

    def test_one_runs(self):
        self.ran.sample()
        self.ran.sample()
        for child in self.steppers[:3]:
            child.step()
            self.stepped(child)
            self.assertEqual(set(self.ran.sample()), {self.ids[child]})

    def test_they_end(self):
        self.compare()
        for child in self.steppers[::2]:
            child.kill()
        for child in self.steppers[::2]:
            for session in (self.full, self.ran):
                session.exit_of(self.ids[child])
        ends = [{end.target: same(end.counts) for end in of(session.records, Exit)}
                for session in (self.full, self.ran)]
        self.assertEqual(*ends)


class Running(SessionTest):
    def test_one_that_never_waits(self):
        """It is never switched in, and is in every pass all the same."""
        session = self.session(flags=RAN)
        with burner() as pid:
            target = session.process(pid)
            seen = [session.counts(target).cpu_ns for _ in range(20)]
            self.assertEqual(seen, sorted(seen))
            time.sleep(0.02)
            self.assertGreater(session.counts(target).cpu_ns, seen[-1] + 5 * MS)

    def test_it_stops(self):
        session = self.session(flags=RAN)
        child = Faulter("cpu", 50)
        target = session.process(child.pid)
        child.go()
        usage = child.usage()
        end = session.exit_of(target).counts
        self.assertEqual(faults(end), own_faults(usage))
        self.assertEqual(session.sample(), {})

    def test_a_thread(self):
        session = self.session(flags=RAN)
        target = session.thread(os.getpid())
        for _ in range(5):
            self.assertIn(target, session.sample(), "it asks, so it runs")

    def test_a_thread_wakes_its_process(self):
        """Whichever of its threads ran."""
        session = self.session(flags=RAN)
        child = Faulter("leader", 10)
        target = session.process(child.pid)
        child.go()
        usage = child.usage()
        self.assertEqual(faults(session.exit_of(target).counts), own_faults(usage))

    def test_exact_at_the_end(self):
        session = self.session(period=5 * MS, flags=RAN)
        children = [Faulter("touch", 1000), Faulter("threads", 100), Faulter("exec", 100),
                    Faulter("kernel", 1000)]
        targets = [session.process(child.pid) for child in children]
        with sleeper() as pid:
            idle = session.process(pid)
            session.start()
            for child in children:
                child.go()
            usages = [child.usage() for child in children]
            for target, usage in zip(targets, usages):
                self.assertEqual(faults(session.exit_of(target).counts), own_faults(usage))
            self.assertLessEqual(len(of(session.records, Sample, idle)), 3)
