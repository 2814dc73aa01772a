# SPDX-License-Identifier: MIT
"""The arithmetic of the studies against the figures that the studies must show."""

import re
import unittest

import sample_data
from definition import (BASE, ITERATIONS, MACHINES, PERIOD, RUNS, STUDIES, Process, base_faults,
                        distinct_pages, runs_of)


class Arithmetic(unittest.TestCase):
    def test_pages_of_a_buffer(self):
        self.assertEqual(Process(1024, "R", 1).pages, 262144)
        self.assertEqual(Process(200, "R", 1).pages, 51200)

    def test_no_access_touches_no_page_and_the_first_touches_one(self):
        self.assertEqual(distinct_pages(1000, 0), 0)
        self.assertAlmostEqual(distinct_pages(1000, 1), 1, places=2)

    def test_many_accesses_touch_every_page_and_no_more(self):
        self.assertAlmostEqual(distinct_pages(1000, 100_000), 1000)

    def test_study_1a(self):
        busy, calm = RUNS["1a"].processes
        self.assertAlmostEqual(busy.faults()[0] / 1000, 256.4, delta=0.05)
        self.assertAlmostEqual(calm.faults()[0] / 1000, 139.9, delta=0.05)
        low, high = RUNS["1a"].faults()
        self.assertEqual(low, high)
        self.assertAlmostEqual(low / 1000, 396, delta=0.5)

    def test_study_1b(self):
        local = RUNS["1b"].processes[1]
        low, high = local.faults()
        self.assertAlmostEqual(low / 1000, 37.1, delta=0.05)
        self.assertAlmostEqual((high - low) / 1000, 5.8, delta=0.05)
        low, high = RUNS["1b"].faults()
        self.assertAlmostEqual(low / 1000, 294, delta=0.6)
        self.assertAlmostEqual(high / 1000, 299, delta=0.6)

    def test_study_2(self):
        for name, number in (("2-1", 1), ("2-5", 5), ("2-11", 11)):
            low, high = RUNS[name].faults()
            self.assertEqual(low, high)
            self.assertAlmostEqual(low / number / 1000, 50.2, delta=0.05)

    def test_before_the_first_iteration_nothing_is_touched(self):
        self.assertEqual(RUNS["1b"].faults(0), (0, 0))

    def test_base_cost_leaves_out_the_buffer(self):
        self.assertAlmostEqual(base_faults(150), 150 - 256 * (1 - 2.718281828 ** (-20 / 256)),
                               places=3)


class Contract(unittest.TestCase):
    def test_the_period_is_that_of_the_module(self):
        header = (sample_data.ROOT / "include/uapi/faultline_classic.h").read_text()
        found = re.search(r"#define FL_CLASSIC_PERIOD_MS (\d+)", header)
        self.assertEqual(int(found.group(1)), round(PERIOD * 1000))

    def test_the_commands_are_those_of_the_original(self):
        commands = {name: [process.command for process in run.processes]
                    for name, run in RUNS.items()}
        self.assertEqual(commands["1a"], ["work 1024 R 50000", "work 1024 R 10000"])
        self.assertEqual(commands["1b"], ["work 1024 R 50000", "work 1024 L 10000"])
        for name, number in (("2-1", 1), ("2-5", 5), ("2-11", 11), ("2t-4G", 11),
                             ("2t", 11)):
            self.assertEqual(commands[name], ["work 200 R 10000"] * number)
        self.assertEqual(ITERATIONS, 20)

    def test_machines(self):
        self.assertEqual(MACHINES["roomy"].options(2)[:2], ["--memory", "4G"])
        self.assertNotIn("--swap", MACHINES["roomy"].options(2))
        self.assertEqual(MACHINES["cramped"].options(1)[:2], ["--memory", "1G"])
        self.assertIn("--swap", MACHINES["cramped"].options(1))

    def test_more_runs_get_more_time(self):
        limits = [int(MACHINES["roomy"].options(runs)[-1]) for runs in (1, 2, 6)]
        self.assertEqual(limits, sorted(set(limits)))


class Selection(unittest.TestCase):
    def names(self, *studies):
        return [run.name for run in runs_of([STUDIES[name] for name in studies])]

    def test_a_study_brings_what_it_is_compared_with(self):
        self.assertEqual(self.names("1a"), [BASE, "1a"])
        self.assertEqual(self.names("1b"), [BASE, "1a", "1b"])
        self.assertEqual(self.names("2"), [BASE, "2-1", "2-5", "2-11"])
        self.assertEqual(self.names("2t"), [BASE, "2t-4G", "2t"])

    def test_a_run_that_several_need_is_recorded_once(self):
        self.assertEqual(self.names("2t", "2", "1b", "1a"), list(RUNS))


if __name__ == "__main__":
    unittest.main()
