# SPDX-License-Identifier: MIT
"""Samples in, totals and curves out."""

import unittest

import sample_data
from analysis import Clock, Measured, Sample, parse, tick_rate
from definition import RUNS


class Parsing(unittest.TestCase):
    def test_what_monitor_prints(self):
        text = "4300073608 30121 0 15\n4300073621 19405 0 8\n"
        self.assertEqual(parse(text, "x.data"), [Sample(4300073608, 30121, 0, 15),
                                                 Sample(4300073621, 19405, 0, 8)])

    def test_two_samples_in_one_jiffy(self):
        self.assertEqual(len(parse("7 1 0 0\n7 1 0 0\n", "x.data")), 2)

    def refused(self, text, *parts):
        with self.assertRaises(ValueError) as caught:
            parse(text, "x.data")
        for part in parts:
            self.assertIn(part, str(caught.exception))

    def test_lines_that_are_no_sample(self):
        for line in ("1 2 3", "1 2 3 4 5", "1 2 x 4", "1 2 -1 4", "", "1 2 3.0 4", "1 2 ٣ 4"):
            with self.subTest(line=line):
                self.refused(f"1 2 3 4\n{line}\n5 5 5 5\n", "x.data, line 2")

    def test_time_that_runs_backwards(self):
        self.refused("10 1 0 0\n9 1 0 0\n", "line 2", "10", "9")

    def test_no_samples(self):
        self.refused("", "x.data", "no samples")


class TickRate(unittest.TestCase):
    def test_debian(self):
        self.assertEqual(tick_rate(Clock(10**9, 1000), Clock(21 * 10**9, 6003)), 250)

    def test_every_rate_is_told_apart(self):
        for rate in (100, 250, 300, 1000):
            self.assertEqual(tick_rate(Clock(0, 0), Clock(10**10, 10 * rate)), rate)

    def test_a_rate_that_no_kernel_has(self):
        with self.assertRaises(ValueError):
            tick_rate(Clock(0, 0), Clock(10**10, 2000))

    def test_a_clock_that_stands(self):
        with self.assertRaises(ValueError):
            tick_rate(Clock(5, 0), Clock(5, 100))


class Totals(unittest.TestCase):
    def setUp(self):
        samples = [Sample(1000, 10, 0, 5), Sample(1012, 20, 1, 6), Sample(1025, 0, 2, 0),
                   Sample(1250, 5, 0, 4)]
        self.run = Measured(RUNS["2-1"], 250, samples, {})

    def test_sums(self):
        self.assertEqual([self.run.total(what) for what in ("minor", "major", "cpu")], [35, 3, 15])

    def test_completion_is_last_minus_first(self):
        self.assertEqual(self.run.completion, 250)

    def test_rates_count_the_first_samples_period_too(self):
        self.assertAlmostEqual(self.run.seconds, 1.05)
        self.assertAlmostEqual(self.run.cpu_use, 100 * 0.06 / 1.05)
        self.assertAlmostEqual(self.run.fault_rate, 35 / 1.05)

    def test_accumulated_starts_at_nothing_and_ends_at_the_total(self):
        curve = self.run.accumulated("minor")
        self.assertEqual(curve[0], (0, 0))
        self.assertEqual([total for _, total in curve], [0, 10, 30, 30, 35])
        self.assertAlmostEqual(curve[1][0], 0.05)
        self.assertAlmostEqual(curve[-1][0], 1.05)

    def test_reached(self):
        self.assertAlmostEqual(self.run.reached("minor", 0.5), 0.098)

    def test_one_busy_process_uses_one_cpu(self):
        samples = [Sample(1000 + 25 * k // 2, 0, 0, 25 * (k + 1) // 2 - 25 * k // 2)
                   for k in range(100)]
        use = Measured(RUNS["2-1"], 250, samples, {}).use()
        for _, percent in use[1:]:
            self.assertAlmostEqual(percent, 100, delta=4)

    def test_use_forgets_what_is_older_than_its_window(self):
        samples = [Sample(1000, 0, 0, 12)] + [Sample(1000 + 25 * k // 2, 0, 0, 0)
                                              for k in range(1, 60)]
        use = Measured(RUNS["2-1"], 250, samples, {}).use(1.0)
        self.assertGreater(use[10][1], 0)
        self.assertEqual(use[-1][1], 0)

    def test_use_survives_two_samples_in_one_jiffy(self):
        samples = [Sample(1000, 0, 0, 1), Sample(1000, 0, 0, 1), Sample(1012, 0, 0, 1)]
        self.assertTrue(Measured(RUNS["2-1"], 250, samples, {}).use())


class MadeUp(unittest.TestCase):
    def test_the_tests_own_samples_add_up(self):
        run = sample_data.measured("1a", 7, major=3, cpu=5, completion=123)
        self.assertEqual([run.total(what) for what in ("minor", "major", "cpu")], [7, 3, 5])
        self.assertEqual(run.completion, 123)


if __name__ == "__main__":
    unittest.main()
