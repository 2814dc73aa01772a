# SPDX-License-Identifier: MIT
"""The judge: what is worse, what is missing, and a file of figures that is of no use."""

import math
import unittest

from made_up import ROOT, good_readings, good_values
from judgement import Malformed, Verdict, committed, judge, number, written
from readings import FIGURES, Figure

PLAIN = Figure("plain", "plain", "instructions", 100, None)
SLACK = Figure("slack", "slack", "instructions", None, None, slack=1)
TOLD = Figure("told", "told", "ns", 100, None, tolerance=None)


class Tolerance(unittest.TestCase):
    def assertJudged(self, figure, committed_value, measured, fault, better=False):
        verdict = Verdict(figure, measured, committed_value)
        self.assertEqual((bool(verdict.fault), verdict.better), (fault, better),
                         (figure.name, committed_value, measured))

    def test_three_percent(self):
        self.assertJudged(PLAIN, 200, 206, False)
        self.assertJudged(PLAIN, 200, 206.01, True)
        self.assertJudged(PLAIN, 200, 194, False)
        self.assertJudged(PLAIN, 200, 193.99, False, better=True)

    def test_of_nothing_is_nothing(self):
        self.assertJudged(PLAIN, 0, 0, False)
        self.assertJudged(PLAIN, 0, 0.01, True)

    def test_below_nothing(self):
        """What is added may be measured as slightly less than nothing."""
        self.assertJudged(PLAIN, -2, -2, False)
        self.assertJudged(PLAIN, -2, -1.95, False)
        self.assertJudged(PLAIN, -2, -1.9, True)

    def test_slack_is_for_what_is_small(self):
        self.assertJudged(SLACK, 0, 1, False)
        self.assertJudged(SLACK, 0, 1.01, True)
        self.assertJudged(SLACK, 100, 103, False)
        self.assertJudged(SLACK, 100, 103.1, True)
        self.assertJudged(SLACK, 10, 8.9, False, better=True)

    def test_what_is_told_only_is_not_judged(self):
        self.assertJudged(TOLD, 10, 1e9, False)
        self.assertJudged(TOLD, 1e9, 10, False)

    def test_what_is_told_only_must_be_there(self):
        self.assertEqual(Verdict(TOLD, None, 10).fault, "not measured")
        self.assertIn("--accept", Verdict(TOLD, 10, None).fault)

    def test_change(self):
        self.assertAlmostEqual(Verdict(PLAIN, 110, 100).change, 0.1)
        self.assertIsNone(Verdict(PLAIN, 1, 0).change)
        self.assertIsNone(Verdict(PLAIN, None, 1).change)

    def test_a_goal_that_is_not_met_is_told_and_no_failure(self):
        for value, met in ((100, True), (100.1, False)):
            verdict = Verdict(PLAIN, value, 100)
            self.assertEqual((verdict.met, verdict.fault), (met, ""))
        self.assertIsNone(Verdict(SLACK, 5, 5).met)
        self.assertIsNone(Verdict(PLAIN, None, 5).met)


class AllFigures(unittest.TestCase):
    def faults(self, readings, values):
        return {verdict.figure.name: verdict.fault for verdict in judge(readings, values)
                if verdict.fault}

    def test_the_same_again(self):
        self.assertEqual(self.faults(good_readings(), good_values()), {})

    def test_each_one_that_is_worse(self):
        for figure in FIGURES:
            if figure.tolerance is None:
                continue
            values = good_values()
            leeway = max(figure.tolerance * values[figure.name], figure.slack)
            values[figure.name] -= leeway / (1 - figure.tolerance) + 0.01
            with self.subTest(figure.name):
                self.assertEqual(list(self.faults(good_readings(), values)), [figure.name])

    def test_each_one_that_is_not_committed(self):
        for figure in FIGURES:
            values = good_values()
            del values[figure.name]
            with self.subTest(figure.name):
                self.assertEqual(list(self.faults(good_readings(), values)), [figure.name])

    def test_a_reading_is_missing(self):
        readings = good_readings()
        del readings["record-ours"]
        self.assertEqual(self.faults(readings, good_values()), {"record": "not measured"})


class File(unittest.TestCase):
    def test_there_and_back(self):
        values = good_values()
        self.assertEqual(committed(written(values)), values)

    def test_four_digits(self):
        for value, text in ((68.0234, "68.02"), (0.912345, "0.9123"), (1139, "1139"),
                            (123456.7, "123457"), (0, "0")):
            self.assertEqual(number(value), text)

    def test_the_committed_one(self):
        """It has all figures, and they have the goals that the bench has."""
        text = (ROOT / "bench/figures.tsv").read_text()
        self.assertEqual(set(committed(text)), {figure.name for figure in FIGURES})

    def assertRefused(self, text, why):
        with self.assertRaises(Malformed) as caught:
            committed(text, "figures.tsv")
        self.assertRegex(str(caught.exception), rf"^figures\.tsv:\d+: {why}.*--accept")

    def change(self, name, column, to):
        """The text of good values with another word in one place."""
        rows = []
        for row in written(good_values()).splitlines():
            cells = row.split("\t")
            if cells[0] == name:
                cells[column] = to
            rows.append("\t".join(cells))
        return "\n".join(rows)

    def test_columns(self):
        self.assertRefused("record\t20\tinstructions\n", "not four columns")
        self.assertRefused("record 20 instructions <= 21\n", "not four columns")
        self.assertRefused("record\t20\tinstructions\t<= 21\tx\n", "not four columns")

    def test_a_figure_that_the_bench_has_not(self):
        self.assertRefused("speed\t20\tinstructions\t-\n", "no figure is called speed")

    def test_another_unit_or_goal(self):
        self.assertRefused(self.change("record", 2, "ns"), "record is in instructions")
        self.assertRefused(self.change("record", 3, "<= 22"), "record is in .* goal <= 21")
        self.assertRefused(self.change("record", 3, "-"), "record is in")

    def test_what_is_no_number(self):
        for bad in ("", "x", "nan", "inf", "2 0"):
            self.assertRefused(self.change("record", 1, bad), f"{bad} is no number")

    def test_twice(self):
        text = written(good_values())
        line = next(row for row in text.splitlines() if row.startswith("record\t"))
        self.assertRefused(f"{text}{line}\n", "record stands here twice")

    def test_the_line_is_told(self):
        with self.assertRaisesRegex(Malformed, "^f:3: "):
            committed("# a\n\nx\n", "f")

    def test_nothing_in_it(self):
        self.assertEqual(committed(""), {})
        self.assertTrue(all(verdict.fault for verdict in judge(good_readings(), {})))

    def test_infinite_leeway_is_for_what_is_told(self):
        self.assertEqual(Verdict(TOLD, 1, 1).leeway, math.inf)
