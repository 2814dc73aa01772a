# SPDX-License-Identifier: MIT
"""bench/run as it is called, on readings that were made before: nothing boots."""

import subprocess
import tempfile
import unittest
from pathlib import Path

from made_up import ROOT, good_readings, good_values
from judgement import committed, written
from readings import FIGURES


class Run(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.readings = self.folder / "readings.txt"
        self.figures = self.folder / "figures.tsv"
        self.readings.write_text(good_readings().text())
        self.figures.write_text(written(good_values()))

    def run_bench(self, *words):
        command = [ROOT / "bench/run", "--readings", self.readings, "--figures", self.figures,
                   "--output", self.folder / "out", *words]
        return subprocess.run(command, text=True, capture_output=True, cwd=self.folder)

    def assertUnusable(self, done, why):
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertRegex(done.stderr, rf"^bench/run: .*{why}")
        self.assertEqual(done.stderr.count("\n"), 1, "one line")

    def test_good(self):
        done = self.run_bench()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        good = [line for line in done.stdout.splitlines() if line.startswith("ok bench: ")]
        self.assertEqual(len(good), len(FIGURES))
        for name in ("processes", "threads"):
            self.assertTrue((self.folder / f"out/{name}.png").exists())

    def test_worse(self):
        readings = good_readings()
        readings["record-ours"] *= 1.04
        self.readings.write_text(readings.text())
        done = self.run_bench()
        self.assertEqual(done.returncode, 1)
        bad = [line for line in done.stdout.splitlines() if line.startswith("not ok bench: ")]
        self.assertEqual(len(bad), 1)

    def test_accepting(self):
        readings = good_readings()
        readings["record-ours"] *= 1.04
        self.readings.write_text(readings.text())
        self.assertEqual(self.run_bench("--accept").returncode, 0)
        self.assertEqual(committed(self.figures.read_text())["record"], 20.8)
        self.assertEqual(self.run_bench().returncode, 0)

    def test_accepting_mends_a_file(self):
        self.figures.write_text("nonsense\n")
        self.assertEqual(self.run_bench("--accept").returncode, 0)
        self.assertEqual(committed(self.figures.read_text()), good_values())

    def test_half_a_run_is_not_accepted(self):
        before = self.figures.read_text()
        readings = good_readings()
        del readings["record-ours"]
        self.readings.write_text(readings.text())
        self.assertUnusable(self.run_bench("--accept"), "record was not measured")
        self.assertEqual(self.figures.read_text(), before)

    def test_no_file_of_figures(self):
        self.figures.unlink()
        done = self.run_bench()
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("\nok bench: ", f"\n{done.stdout}")

    def test_a_file_of_figures_that_is_of_no_use(self):
        self.figures.write_text("nonsense\n")
        self.assertUnusable(self.run_bench(), r"figures\.tsv:1: not four columns.*--accept")

    def test_readings_of_no_use(self):
        self.readings.write_text("bench a b\n")
        self.assertUnusable(self.run_bench(), "not a reading: 'bench a b'")
        self.readings.unlink()
        self.assertUnusable(self.run_bench(), "readings.txt")

    def test_no_readings_at_all(self):
        """All figures are missing, and so says a line of each."""
        self.readings.write_text("")
        done = self.run_bench()
        bad = [line for line in done.stdout.splitlines() if line.startswith("not ok bench: ")]
        self.assertEqual((done.returncode, done.stderr, len(bad)), (1, "", len(FIGURES)))
        self.assertEqual(list((self.folder / "out").iterdir()), [])

    def test_wrong_usage(self):
        done = self.run_bench("--speed")
        self.assertEqual(done.returncode, 2)
        self.assertIn("usage: bench/run", done.stderr)
