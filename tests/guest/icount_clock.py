# SPDX-License-Identifier: MIT
"""What needs exact time, or ten minutes of it: run where guest time is counted instructions."""

import time

from classic import (BYTES, ClassicTest, drain, drain_all, mapped, send, sleeper)

SAMPLES = 12000


class Exact(ClassicTest):
    def run_for(self, seconds):
        with sleeper() as pid:
            send(f"R {pid}")
            time.sleep(seconds)
            send(f"U {pid}")
        time.sleep(0.2)

    def test_no_drift(self):
        """50 ms are 12.5 jiffies: never more than half a jiffy off the line, from first to last."""
        self.run_for(60)
        samples = drain_all()
        self.assertIn(len(samples), (1200, 1201))
        first = samples[0][0]
        offsets = [sample[0] - first - 12.5 * number for number, sample in enumerate(samples)]
        self.assertLessEqual(max(offsets) - min(offsets), 1, (min(offsets), max(offsets)))

    def test_round_the_buffers_end(self):
        with mapped() as buffer:
            # Wherever the writer stands, after this run it has gone round once and a bit.
            self.run_for(SAMPLES * 0.05 + 30)
            samples = drain(buffer)
            self.assertEqual(len(samples), SAMPLES)
            jiffies = [sample[0] for sample in samples]
            turns = [n for n in range(1, SAMPLES) if jiffies[n] < jiffies[n - 1]]
            self.assertEqual(len(turns), 1, "one seam between the newest and the oldest sample")
            in_order = jiffies[turns[0]:] + jiffies[:turns[0]]
            steps = {after - before for before, after in zip(in_order, in_order[1:])}
            self.assertLessEqual(steps, {12, 13}, "a sample is missing or twice")
            self.assertEqual(buffer[:], b"\xff" * BYTES)

            # An unread stretch over the end: the protocol finds its newer part first, at slot 0.
            self.run_for((SAMPLES - turns[0]) * 0.05 + 2)
            newer, older = drain(buffer), drain(buffer)
            self.assertEqual(len(older), SAMPLES - turns[0])
            self.assertIn(newer[0][0] - older[-1][0], (12, 13))
            self.assertEqual(buffer[:], b"\xff" * BYTES)
