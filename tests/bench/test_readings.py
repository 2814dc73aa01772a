# SPDX-License-Identifier: MIT
"""The lines of the guest's programs, and what is worked out of them."""

import re
import unittest

from made_up import ROOT, good_readings
from readings import FIGURES, PEERS, Missing, Readings


class Lines(unittest.TestCase):
    def test_a_reading(self):
        text = "bench full-processes-10 1234\nbench late 1.5e+06\nbench below -0.25\n"
        self.assertEqual(Readings.parse(text),
                         {"full-processes-10": 1234, "late": 1.5e6, "below": -0.25})

    def test_what_others_say_is_left_out(self):
        self.assertEqual(Readings.parse("hello\n\nthe bench 1 2\nbench a 1\n"), {"a": 1})

    def test_what_is_no_number(self):
        for bad in ("bench a", "bench a b", "bench a nan", "bench a inf", "bench a 1 2",
                    "bench A.b 1", "bench a 1."):
            with self.subTest(bad), self.assertRaisesRegex(ValueError, "not a reading"):
                Readings.parse(f"{bad}\n")

    def test_twice(self):
        with self.assertRaisesRegex(ValueError, "a was read twice"):
            Readings.parse("bench a 1\nbench a 1\n")

    def test_there_and_back(self):
        readings = good_readings()
        self.assertEqual(Readings.parse(readings.text()), readings)


class Arithmetic(unittest.TestCase):
    def setUp(self):
        self.readings = good_readings()
        self.value = {figure.name: figure.value(self.readings) for figure in FIGURES}

    def test_one_more(self):
        """The cost of the call is in none of them."""
        self.assertEqual(self.value["sample.process"], 60)
        self.assertEqual(self.value["sample.process-of-5000"], 60)
        self.assertEqual(self.value["sample.thread"], 5)
        self.assertEqual(self.value["sample.ran"], 1)

    def test_one_of_many(self):
        """Here it is."""
        self.assertEqual(self.value["sample.read"], 81)
        self.assertEqual(self.value["sample.alone"], 1060)

    def test_added_to_a_switch(self):
        self.assertEqual(self.value["switch.loaded"], 0)
        self.assertEqual(self.value["switch.others"], 30)
        self.assertEqual(self.value["switch.followed"], 36)
        self.assertEqual(self.value["switch.followed-ran"], 38)

    def test_each_figure_has_a_reading_of_its_own(self):
        """A slip of the pen would have two figures tell the same reading."""
        readings = {name: 7 ** number for number, name in enumerate(good_readings())}
        values = [figure.value(Readings(readings)) for figure in FIGURES]
        self.assertEqual(len(set(values)), len(FIGURES))
        self.assertEqual(len({figure.name for figure in FIGURES}), len(FIGURES))
        self.assertEqual(len({figure.what for figure in FIGURES}), len(FIGURES))

    def test_without_a_reading(self):
        del self.readings["switch-bare"]
        missing = {figure.name for figure in FIGURES if figure.value(self.readings) is None}
        self.assertEqual(missing, {name for name in self.value if name.startswith("switch.")})
        with self.assertRaisesRegex(Missing, "switch-bare"):
            self.readings.added("others")

    def test_points(self):
        self.assertEqual(self.readings.points("full", "threads")[:2], [(1, 1060), (2, 1065)])
        numbers = [many for many, _ in self.readings.points("taskstats", "processes")]
        self.assertEqual(numbers, [1, 10, 100, 1000, 5000])


class Names(unittest.TestCase):
    def test_peers_stand_beside_a_figure(self):
        names = {figure.name for figure in FIGURES}
        for peer in PEERS:
            self.assertIn(peer.ours, names)

    def test_methods_are_those_of_the_programs(self):
        sources = "".join(path.read_text() for path in (ROOT / "bench").glob("*.c"))
        found = re.findall(r'const struct method method_\w+ = \{\s*"([\w-]+)"', sources)
        told = {name.rpartition("-processes-")[0] for name in good_readings()
                if "-processes-" in name}
        self.assertEqual(set(found), told)
