# SPDX-License-Identifier: MIT
"""What is no everyday load: many threads, many that are gone, more than the budget, the kernel."""

import os
import time

from classic import WATCHFUL, Sleepers
from records import RAN, Missed, Sample, of
from session import PERIOD_MIN, SessionTest, Teller, children_of


class Load(SessionTest):
    def test_a_process_of_many_threads(self):
        """It is read apart; so it is when it sleeps, and when it may have run."""
        child = Sleepers(40)
        self.addCleanup(child.kill)
        for flags in (0, RAN):
            session = self.session(flags=flags)
            target = session.process(child.pid)
            for _ in range(3):
                session.sample()
            samples = of(session.records, Sample)
            self.assertEqual(len(samples), 3 if not flags else 1, flags)
            self.assertEqual({sample.target for sample in samples}, {target})
            self.assertEqual(len({sample.counts.minor for sample in samples}), 1)
            self.assertGreater(samples[0].counts.minor, 40)

    def test_a_thread_of_the_kernel(self):
        """It has no memory of its own, and root may follow it."""
        session = self.session()
        session.process(2)
        session.sample()
        counts = of(session.records, Sample)[-1].counts
        self.assertEqual((counts.resident, counts.swapped), (0, 0))
        self.assertGreater(counts.cpu_ns, 0)

    def test_many_that_are_gone_before_a_pass(self):
        """They are not kept for it."""
        session = self.session(flags=RAN, ring=1 << 22)
        root = session.tree(os.getpid())
        # So many take the debug kernel minutes.
        for _ in range(50 if WATCHFUL else 1040):
            child = os.fork()
            if not child:
                os._exit(0)
            os.waitpid(child, 0)
        session.remove(root)
        session.wait_for_targets(0)
        session.sample()
        self.assertEqual(of(session.read(), Sample), [])

    def test_more_than_the_budget(self):
        """All get their turn, and what was left out is told."""
        for flags in (0, RAN):
            session = self.session(period=PERIOD_MIN, ring=1 << 24, flags=flags)
            parent = Teller("crowd", 250)
            parent.line()
            targets = {session.process(pid) for pid in children_of(parent.pid)}
            session.start()
            time.sleep(1)
            session.stop()
            time.sleep(0.1)
            session.read()
            self.assertEqual({sample.target for sample in of(session.records, Sample)}, targets)
            told = of(session.records, Missed)
            self.assertEqual(sum(record.shed for record in told), session.header.shed)
            self.assertEqual(sum(record.deadlines for record in told), session.header.missed)
            session.close()
            parent.kill()
