# SPDX-License-Identifier: MIT
"""When samples are taken. How exactly, icount_session.py says: here a clock may tick every 4 ms."""

import contextlib
import os
import time
from pathlib import Path

from classic import sleeper, wait_until
from records import RAN, Missed, Sample, of
from session import MS, PERIOD_MIN, SessionTest


@contextlib.contextmanager
def held_up(seconds):
    """Every CPU is taken by somebody with a higher priority for so long."""
    children = []
    for cpu in os.sched_getaffinity(0):
        child = os.fork()
        if not child:
            try:
                os.sched_setaffinity(0, {cpu})
                os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
                end = time.monotonic() + seconds
                while time.monotonic() < end:
                    pass
            finally:
                os._exit(0)
        children.append(child)
    try:
        yield
    finally:
        for child in children:
            os.waitpid(child, 0)


class Grid(SessionTest):
    def check(self, session, seconds=0.6, wait=time.sleep):
        """Starts it, stops it; each deadline has a pass, or is missed, and never two."""
        period = session.header.period_ns
        before = time.monotonic_ns()
        session.start()
        start = session.header.start_ns
        self.assertTrue(before <= start <= time.monotonic_ns())
        wait(seconds)
        session.stop()
        after = time.monotonic_ns()
        time.sleep(0.05)
        session.read()
        times = sorted({sample.time for sample in of(session.records, Sample)})
        header = session.header
        self.assertEqual(header.passes, len(times))
        self.assertGreater(times[0], start + period - 1)
        # One that had begun when it was stopped is finished.
        self.assertLess(times[-1], after + 50 * MS)
        deadlines = [(at - start) // period for at in times]
        self.assertEqual(len(set(deadlines)), len(deadlines), "two passes for one deadline")
        # What the last pass missed while it began, only a next one would tell.
        gaps = sum(later - sooner - 1 for sooner, later in zip([0] + deadlines, deadlines[:-1]))
        self.assertTrue(gaps <= header.missed <= (after - start) // period - len(times), header)
        told = sum(record.deadlines for record in of(session.records, Missed))
        self.assertTrue(gaps <= told <= header.missed, (gaps, told, header))
        return times

    def test_20_ms(self):
        session = self.session(period=20 * MS)
        with sleeper() as pid:
            session.process(pid)
            self.assertGreater(len(self.check(session)), 5)

    def test_the_shortest(self):
        session = self.session(period=PERIOD_MIN)
        with sleeper() as pid:
            session.process(pid)
            self.assertGreater(len(self.check(session, 0.2)), 3)

    def test_held_up(self):
        """Passes that could not be made are told, and the grid stays where it was."""
        session = self.session(period=10 * MS)

        def wait(seconds):
            time.sleep(seconds)
            with held_up(0.3):
                pass
            time.sleep(seconds)

        with sleeper() as pid:
            session.process(pid)
            self.check(session, 0.1, wait)
        self.assertGreater(session.header.missed, 3)
        self.assertGreater(max(record.deadlines for record in of(session.records, Missed)), 3)
        for record in of(session.records, Missed):
            self.assertIn(record.time, {sample.time for sample in of(session.records, Sample)})

    def test_all_targets_at_once(self):
        session = self.session(period=20 * MS)
        with sleeper() as one, sleeper() as two, sleeper() as three:
            for pid in (one, two, three):
                session.process(pid)
            times = self.check(session, 0.3)
        samples = of(session.records, Sample)
        self.assertEqual(len(samples), 3 * len(times))


class StartAndStop(SessionTest):
    def test_nothing_ticks_before_and_after(self):
        session = self.session(period=10 * MS)
        with sleeper() as pid:
            session.process(pid)
            time.sleep(0.1)
            self.assertEqual(session.header.passes, 0)
            session.start()
            wait_until(lambda: session.header.passes > 2)
            session.stop()
            time.sleep(0.05)
            passes = session.header.passes
            time.sleep(0.1)
            self.assertEqual(session.header.passes, passes)

    def test_only_when_asked(self):
        session = self.session()
        with sleeper() as pid:
            target = session.process(pid)
            time.sleep(0.1)
            self.assertEqual(session.header.passes, 0)
            for number in range(1, 6):
                session.sample()
                self.assertEqual(session.header.passes, number)
            self.assertEqual(len(of(session.records, Sample, target)), 5)

    def test_asked_while_it_runs(self):
        session = self.session(period=10000 * MS)
        with sleeper() as pid:
            target = session.process(pid)
            session.start()
            self.assertIn(target, session.sample())
            session.stop()
        self.assertEqual((session.header.passes, session.header.missed), (1, 0))

    def test_again(self):
        """The grid of a second start is its own."""
        session = self.session(period=20 * MS)
        with sleeper() as pid:
            session.process(pid)
            for _ in range(2):
                known = len(session.find(Sample))
                session.start()
                session.wait_for(Sample, count=known + 2)
                session.stop()
                time.sleep(0.03)
                first = session.header.start_ns
                self.assertGreaterEqual(min(sample.time for sample in session.find(Sample)[known:]),
                                        first + 20 * MS)

    def test_without_targets(self):
        session = self.session(period=10 * MS)
        session.start()
        time.sleep(0.1)
        self.assertEqual((session.sample(), session.ring.records), ({}, len(session.records)))
        wait_until(lambda: session.header.passes > 2)

    def test_sessions_have_their_own(self):
        slow, fast, never = (self.session(period=period) for period in (80 * MS, 10 * MS, 0))
        with sleeper() as pid:
            for session in (slow, fast, never):
                session.process(pid)
            start = time.monotonic()
            for session in (slow, fast):
                session.start()
            wait_until(lambda: slow.header.passes >= 4)
            passes = [session.header.passes for session in (slow, fast, never)]
            periods = (time.monotonic() - start) / 0.08
        self.assertTrue(passes[0] <= periods + 1 and passes[1] > 2 * passes[0] and not passes[2],
                        (passes, periods))


class Cost(SessionTest):
    def test_is_in_the_header(self):
        """No more than the time that there was."""
        session = self.session(period=10 * MS)
        start = time.monotonic_ns()
        with sleeper() as pid:
            session.process(pid)
            session.start()
            time.sleep(0.3)
            session.stop()
        self.assertLess(session.header.pass_ns, time.monotonic_ns() - start)

    def test_idle_sessions_cost_nothing(self):
        """A session that is not started, and one that is stopped, have nothing that runs."""
        session = self.session(period=10 * MS)
        with sleeper() as pid:
            session.process(pid)
            session.start()
            time.sleep(0.05)
            session.stop()
            time.sleep(0.1)
            before = switches()
            self.assertTrue(before)
            time.sleep(0.3)
            self.assertEqual(switches(), before)

    def test_with_ran_idle_targets_have_no_records(self):
        session = self.session(period=10 * MS, flags=RAN)
        with sleeper() as pid:
            session.process(pid)
            session.start()
            time.sleep(0.1)
            session.read()
            time.sleep(0.2)
            self.assertEqual(of(session.read(), Sample), [])
            wait_until(lambda: session.header.passes > 10)
            self.assertEqual(of(session.read(), Sample), [])


def switches():
    """How often the sessions' threads ran: {pid: counts}"""
    found = {}
    for path in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if path.read_text().startswith("faultline") and path.read_text() != "faultline/mp3\n":
                lines = path.with_name("status").read_text().splitlines()
                found[path.parent.name] = [line for line in lines if "ctxt_switches" in line]
    return found
