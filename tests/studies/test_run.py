# SPDX-License-Identifier: MIT
"""studies/run as a user calls it, as far as that needs no machine."""

import subprocess
import tempfile
import unittest
from pathlib import Path

import sample_data
from definition import STUDIES

RUN = sample_data.STUDIES / "run"


def call(*words, **options):
    return subprocess.run([RUN, *words], capture_output=True, text=True, timeout=60, **options)


class Usage(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def refused(self, *words):
        done = call(*words, cwd=self.folder)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(list(self.folder.glob("*/")), [])
        return done.stderr

    def test_unknown_study(self):
        said = self.refused("3")
        self.assertIn("'3'", said)
        for study in STUDIES:
            self.assertIn(study, said)

    def test_unknown_option(self):
        self.assertIn("--fast", self.refused("--fast"))

    def test_output_that_is_a_file(self):
        (self.folder / "taken").write_text("mine")
        self.assertIn("taken", self.refused("--output", "taken", "1a"))
        self.assertEqual((self.folder / "taken").read_text(), "mine")

    def test_output_in_a_folder_that_does_not_exist(self):
        self.assertIn("nowhere", self.refused("--output", "nowhere/results", "1a"))

    def test_help_names_every_study(self):
        done = call("--help", cwd=self.folder)
        self.assertEqual(done.returncode, 0)
        for study in STUDIES.values():
            self.assertIn(study.title, done.stdout)

    def test_without_gnuplot_it_says_what_to_install(self):
        done = call("1a", cwd=self.folder, env={"PATH": str(self.folder)})
        self.assertEqual(done.returncode, 3)
        self.assertIn("gnuplot-nox", done.stderr)


if __name__ == "__main__":
    unittest.main()
