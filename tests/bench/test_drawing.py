# SPDX-License-Identifier: MIT
"""The pictures, drawn by the real gnuplot."""

import struct
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

from made_up import good_readings
import drawing
import gnuplot

ODD = drawing.Picture(
    "odd", "A_title with {markup}, & <'quotes'> \"too\" \\n", "processes", (1, 10),
    (drawing.Curve("first_curve", drawing.OURS[0], [(1, 20), (10, 200)]),
     drawing.Curve("second", drawing.OTHERS[0], [(1, 300)], sketched=False)))


class Drawing(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def drawn(self, name):
        """The words in a picture that was drawn."""
        png = (self.folder / f"{name}.png").read_bytes()
        self.assertEqual(png[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(struct.unpack(">II", png[16:24]), (1000, 640))
        return "".join(xml.parse(self.folder / f"{name}.svg").getroot().itertext())

    def test_words_mean_themselves(self):
        drawing.draw(ODD, self.folder)
        text = self.drawn("odd")
        for words in (ODD.title, "first_curve", "second", "processes", ODD.ylabel):
            self.assertIn(words, text)

    def test_the_script_draws_again_by_itself(self):
        drawing.draw(ODD, self.folder)
        for kind in ("png", "svg"):
            (self.folder / f"odd.{kind}").unlink()
        subprocess.run(["gnuplot", "odd.gp"], cwd=self.folder, check=True, capture_output=True)
        self.drawn("odd")

    def test_all_of_them(self):
        found = drawing.pictures(good_readings())
        for picture in found:
            with self.subTest(picture.name):
                drawing.draw(picture, self.folder)
                text = self.drawn(picture.name)
                for curve in picture.curves:
                    self.assertIn(curve.title, text)
                    self.assertTrue(curve.points)
        self.assertEqual([picture.name for picture in found], ["processes", "threads"])

    def test_a_sketch_has_what_there_is_room_for(self):
        for picture in (ODD, *drawing.pictures(good_readings())):
            text = drawing.sketch(picture)
            self.assertLessEqual(max(map(len, text.splitlines())), 80)
            for curve in picture.curves:
                self.assertEqual(curve.title in text, curve.sketched, curve.title)

    def test_not_without_a_curve(self):
        readings = good_readings()
        for name in [name for name in readings if name.startswith("perf-threads-")]:
            del readings[name]
        self.assertEqual([each.name for each in drawing.pictures(readings)], ["processes"])

    def test_nothing_to_draw(self):
        empty = drawing.Picture("empty", "t", "x", (1, 10), (drawing.Curve("c", "", []),))
        with self.assertRaisesRegex(gnuplot.Failed, "gnuplot failed: "):
            drawing.draw(empty, self.folder)
