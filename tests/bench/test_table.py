# SPDX-License-Identifier: MIT
"""What the terminal sees."""

import unittest

from made_up import good_readings, good_values
import table
from judgement import Verdict, judge
from readings import FIGURES, PEERS

RECORD = next(figure for figure in FIGURES if figure.name == "record")
LATEST = next(figure for figure in FIGURES if figure.tolerance is None)


class Lines(unittest.TestCase):
    def test_as_good_as_committed(self):
        self.assertEqual(table.line(Verdict(RECORD, 20.4, 20)),
                         f"ok bench: {RECORD.what}: 20.4 instructions (committed 20, +2.0 %)")

    def test_a_goal_that_is_not_met_is_no_failure(self):
        self.assertTrue(table.line(Verdict(RECORD, 30, 30)).startswith("ok bench: "))

    def test_worse(self):
        line = table.line(Verdict(RECORD, 21, 20))
        self.assertTrue(line.startswith(f"not ok bench: {RECORD.what}: 21 instructions"), line)
        self.assertIn("(committed 20, +5.0 %): worse", line)

    def test_of_nothing_there_is_no_share(self):
        self.assertIn("(committed 0)", table.line(Verdict(RECORD, 0, 0)))

    def test_missing(self):
        self.assertEqual(table.line(Verdict(RECORD, None, 20)),
                         f"not ok bench: {RECORD.what}: not measured")
        self.assertRegex(table.line(Verdict(RECORD, 20, None)), "^not ok bench: .*--accept")

    def test_not_judged(self):
        self.assertRegex(table.line(Verdict(LATEST, 9999, 1)), "^ok bench: .*, not judged$")


class Table(unittest.TestCase):
    def rows(self, readings, values):
        text = table.table(judge(readings, values), readings)
        return [line for line in text.splitlines() if line]

    def row(self, start, values):
        found = [row for row in self.rows(good_readings(), values) if row.startswith(start)]
        self.assertEqual(len(found), 1, start)
        return found[0].removeprefix(start).split()

    def test_a_row_each(self):
        rows = self.rows(good_readings(), good_values())
        self.assertEqual(len(rows), len(FIGURES) + len(PEERS) + 2)

    def test_beside_the_goal(self):
        self.assertEqual(self.row(RECORD.what, good_values()),
                         ["20", "instructions", "21", "yes", "20", "+0.0", "%"])
        taken = self.row("taken of the CPU: 1 at 10 kHz", good_values())
        self.assertEqual(taken[3:6], ["-", "-", "30"])

    def test_failed_and_better(self):
        values = good_values()
        values["record"] = 10
        self.assertEqual(self.row(RECORD.what, values)[-1], "FAILED")
        values["record"] = 30
        self.assertEqual(self.row(RECORD.what, values)[-3:], ["better:", "accept", "it"])

    def test_not_measured(self):
        readings = good_readings()
        del readings["record-ours"]
        row = next(row for row in self.rows(readings, good_values())
                   if row.startswith(RECORD.what))
        self.assertEqual(row.split()[-1], "FAILED")

    def test_peers_beside_ours(self):
        self.assertEqual(self.row("perf's ring, a record", good_values()),
                         ["50", "instructions", "2.5"])
        self.assertEqual(self.row("BPF task iterator", good_values())[-1], "9.9")

    def test_the_last_line(self):
        values = good_values()
        self.assertEqual(table.verdict_line(judge(good_readings(), values)),
                         f"{len(FIGURES)} of {len(FIGURES)} figures are as committed or better")
        values["record"], values["sample.alone"] = 10, 9999
        readings = good_readings()
        readings["record-ours"] = 22
        line = table.verdict_line(judge(readings, values))
        self.assertIn(f"{len(FIGURES) - 1} of {len(FIGURES)} ", line)
        self.assertIn("1 goal is not met", line)
        self.assertIn("1 is better", line)
