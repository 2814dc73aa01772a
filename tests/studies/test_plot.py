# SPDX-License-Identifier: MIT
"""The pictures, drawn by the real gnuplot."""

import struct
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

import sample_data
import gnuplot
import plot
from definition import STUDIES

TINY = plot.Plot("tiny", "A_title with {markup}, & <'quotes'> \"too\" \\n", "faults (thousands)",
                 (plot.Curve("first_curve", [(0, 0), (1, 2), (2, 3)]),
                  plot.Curve("second", [(0, 0), (2, 1)], 1)))


class Drawing(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def assertDrawn(self, name):
        png = (self.folder / f"{name}.png").read_bytes()
        self.assertEqual(png[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(struct.unpack(">II", png[16:24]), (1000, 600))
        text = "".join(xml.parse(self.folder / f"{name}.svg").getroot().itertext())
        self.assertIn("time (s)", text)
        return text

    def test_png_and_svg(self):
        plot.draw(TINY, self.folder)
        text = self.assertDrawn("tiny")
        self.assertIn(TINY.title, text)
        self.assertIn("first_curve", text)

    def test_the_script_draws_again_by_itself(self):
        plot.draw(TINY, self.folder)
        for kind in ("png", "svg"):
            (self.folder / f"tiny.{kind}").unlink()
        subprocess.run(["gnuplot", "tiny.gp"], cwd=self.folder, check=True, capture_output=True)
        self.assertDrawn("tiny")

    def test_every_picture_of_every_study(self):
        runs = sample_data.good_runs()
        names = []
        for study in STUDIES.values():
            for picture in plot.plots(study, runs, sample_data.BASE):
                names.append(picture.name)
                plot.draw(picture, self.folder)
                text = self.assertDrawn(picture.name)
                self.assertIn(picture.ylabel, text)
                for curve in picture.curves:
                    self.assertIn(curve.title.split()[0], text)
                styles = [curve.style for curve in picture.curves]
                self.assertEqual(len(styles), len(set(styles)), "two curves that look the same")
        self.assertEqual(len(names), len(set(names)))

    def test_sketch_fits_a_terminal(self):
        text = plot.sketch(TINY)
        self.assertIn("time (s)", text)
        self.assertIn("faults (thousands)", text)
        self.assertNotIn("\f", text)
        self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_a_script_that_gnuplot_refuses(self):
        broken = plot.Plot("broken", "t", "y", ())
        with self.assertRaises(gnuplot.Failed):
            plot.draw(broken, self.folder)

    def test_curves_that_stay_at_nothing(self):
        plot.draw(plot.Plot("flat", "t", "y", (plot.Curve("c", [(0, 0), (1, 0)]),)), self.folder)
        self.assertDrawn("flat")


class Missing(unittest.TestCase):
    def test_gnuplot_missing(self):
        before = gnuplot.GNUPLOT
        self.addCleanup(setattr, gnuplot, "GNUPLOT", before)
        gnuplot.GNUPLOT = "gnuplot-that-is-not-there"
        with self.assertRaisesRegex(gnuplot.Failed, "install"):
            plot.sketch(TINY)


if __name__ == "__main__":
    unittest.main()
