# SPDX-License-Identifier: MIT
"""Every check of every study, just inside its limit and just outside."""

import unittest
from dataclasses import replace

from sample_data import BASE, good_runs, measured
from definition import RUNS, STUDIES
from judgement import exactly, judge, noted, within


class Limits(unittest.TestCase):
    def test_within(self):
        for value, held in ((97.9, False), (98, True), (100, True), (204, True), (204.1, False)):
            self.assertEqual(within("x", "", value, 100, 200, 0.02).held, held, value)

    def test_how_far_outside(self):
        self.assertAlmostEqual(within("x", "", 90, 100, 200, 0.02).miss, 8)
        self.assertAlmostEqual(within("x", "", 210, 100, 200, 0.02).miss, 6)
        self.assertEqual(within("x", "", 150, 100, 200, 0.02).miss, 0)

    def test_exactly(self):
        self.assertTrue(exactly("x", "", 0, 0).held)
        self.assertFalse(exactly("x", "", 1, 0).held)

    def test_noted_is_not_judged(self):
        check = noted("x", "jiffies", 1, "2")
        self.assertFalse(check.judged)
        self.assertTrue(check.held)

    def test_an_interval_shows_both_ends_and_a_point_one(self):
        self.assertEqual(within("x", "", 1, 1000, 2000, 0.1).expected, "1,000 to 2,000")
        self.assertEqual(within("x", "", 1, 1000, 1000, 0.1).expected, "1,000")


class Studies(unittest.TestCase):
    def missed(self, study, **changed):
        runs = good_runs()
        runs.update({run.run.name: run for run in changed.values()})
        return [check.what for check in judge(STUDIES[study], runs, BASE) if not check.held]

    def test_good_runs_hold(self):
        for study in STUDIES:
            self.assertEqual(self.missed(study), [], study)

    def assertEdge(self, study, what, inside, outside):
        """Holds with the run `inside`, and misses exactly `what` with `outside`."""
        self.assertEqual(self.missed(study, run=inside), [])
        self.assertEqual(self.missed(study, run=outside), [what])

    def test_minor_faults_of_1a_and_1b(self):
        for name in ("1a", "1b"):
            low, high = (end + 2 * BASE for end in RUNS[name].faults())
            for edge, step in ((low * 0.98, -2), (high * 1.02, 2)):
                with self.subTest(name=name, edge=edge):
                    self.assertEdge(name, "minor faults",
                                    measured(name, round(edge) - step),
                                    measured(name, round(edge) + step))

    def test_the_tool_must_have_recorded_the_same_faults(self):
        run = good_runs()["1a"]
        for what in ("minor", "major"):
            other = replace(run, recorded={**run.recorded, what: run.recorded[what] + 1})
            self.assertEqual(self.missed("1a", run=other), [f"{what} faults of 1a recorded"])

    def test_one_major_fault_is_one_too_many(self):
        for study, name, what in (("1a", "1a", "major faults"), ("1b", "1b", "major faults"),
                                  ("2", "2-1", "N=1: major faults"),
                                  ("2", "2-5", "N=5: major faults"),
                                  ("2", "2-11", "N=11: major faults")):
            good = good_runs()[name]
            bad = measured(name, good.total("minor"), major=1, cpu=good.total("cpu"))
            self.assertEqual(self.missed(study, run=bad), [what])

    def test_completion_of_1b_beside_1a(self):
        minor = good_runs()["1b"].total("minor")
        for inside, outside in ((4750, 4749), (5250, 5251)):
            self.assertEdge("1b", "completion beside 1a's",
                            measured("1b", minor, completion=inside),
                            measured("1b", minor, completion=outside))

    def test_faults_a_process_in_study_2(self):
        for number, name in ((1, "2-1"), (5, "2-5"), (11, "2-11")):
            expected = RUNS[name].faults()[0] + number * BASE
            for factor, step in ((0.98, -number), (1.02, number)):
                edge = round(expected * factor)
                self.assertEdge("2", f"N={number}: minor faults a process",
                                measured(name, edge - step, cpu=100 * number),
                                measured(name, edge + step, cpu=100 * number))

    def test_cpu_time_in_study_2(self):
        for number, name in ((5, "2-5"), (11, "2-11")):
            minor = good_runs()[name].total("minor")
            for edge, step in ((60 * number, -1), (140 * number, 1)):
                self.assertEdge("2", f"N={number}: CPU time",
                                measured(name, minor, cpu=edge),
                                measured(name, minor, cpu=edge + step))

    def test_fault_rate_in_study_2(self):
        minor = good_runs()["2-11"].total("minor")
        # 5,000 jiffies give the rate of N=1: a tolerance of 20 % ends at 1/0.8 and 1/1.2 of them.
        for inside, outside in ((6250, 6260), (4170, 4160)):
            self.assertEdge("2", "N=11: fault rate",
                            measured("2-11", minor, cpu=1100, completion=inside),
                            measured("2-11", minor, cpu=1100, completion=outside))

    def test_thrashing_needs_a_thousand_major_faults(self):
        self.assertEdge("2t", "major faults",
                        measured("2t", 600_000, major=1000, cpu=1500, completion=20_000),
                        measured("2t", 600_000, major=999, cpu=1500, completion=20_000))

    def test_thrashing_lowers_cpu_use(self):
        # 1,100 jiffies in 20.05 s beside 80.05 s: 0.8 of that use is 3,513 jiffies.
        self.assertEdge("2t", "mean CPU use",
                        measured("2t", 600_000, major=9000, cpu=3510, completion=20_000),
                        measured("2t", 600_000, major=9000, cpu=3520, completion=20_000))

    def test_thrashing_stretches_completion(self):
        self.assertEdge("2t", "completion",
                        measured("2t", 600_000, major=9000, cpu=500, completion=5500),
                        measured("2t", 600_000, major=9000, cpu=500, completion=5499))

    def test_the_originals_completion_stands_beside(self):
        said = {check.what: check.expected
                for study in ("1a", "2") for check in judge(STUDIES[study], good_runs(), BASE)}
        self.assertIn("5,127", said["completion"])
        for number, jiffies in ((1, "4,992"), (5, "5,019"), (11, "5,032")):
            self.assertIn(jiffies, said[f"N={number}: completion"])


if __name__ == "__main__":
    unittest.main()
