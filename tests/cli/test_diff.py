#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""faultline diff: what it says of two recordings and of sets of them, and how it refuses."""

import json
import os
import re
import shutil
import subprocess
import unittest

import recordings
import tree
from recordings import MS, START, Records
from verb import TOOL, VerbCase

REAL = tree.ROOT / "tests/recordings"


def run(minor=1000, number=0, major=0, name="job", sampled=True, **head):
    """A recording of a process that lived for 1 s."""
    records = Records()
    records.join(0, 1, 100, name)
    if sampled:
        records.sample(500 * MS, 1, 0, 0, 0, 0, 100)
    records.exit(1000 * MS, 1, 0, minor, major, 500 * MS, 100 * MS)
    return (recordings.segment_block(number, **head) +
            recordings.block(recordings.RECORDS, number, records.bytes) +
            recordings.end_block(number, records.count, START + 1000 * MS))


class Case(VerbCase):
    verb = "diff"

    def write(self, name, data):
        (self.folder / name).write_bytes(data)
        return name

    def diff(self, *words, locale="C.UTF-8", **more):
        return subprocess.run([TOOL, "diff", *map(str, words)], cwd=self.folder, text=True,
                              env={**os.environ, "LC_ALL": locale}, stdin=subprocess.DEVNULL,
                              **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more})

    def text(self, *words, **more):
        done = self.diff(*words, **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout


class Real(Case):
    """Three runs before and after: 20 and 24 MiB are touched."""

    def setUp(self):
        super().setUp()
        for name in ("before.data", "after.data", "job.data"):
            shutil.copy(REAL / name, self.folder)

    def test_sets(self):
        text = self.text("before.data", "after.data")
        self.golden("diff_sets.txt", text)
        self.assertRegex(text, r"minor faults +6,001 ± 2 +7,028 .*beyond noise")

    def test_ascii(self):
        text = self.text("before.data", "after.data", locale="C")
        self.assertTrue(text.isascii())
        self.golden("diff_sets_ascii.txt", text)

    def test_different_commands(self):
        self.golden("diff_names.txt", self.text("before.data", "job.data", "-n", 0))

    def test_json(self):
        text = self.text("before.data", "after.data", "--json")
        self.golden("diff_sets.json", text)
        minor = json.loads(text)["all"]["figures"]["minor_faults"]
        self.assertTrue(minor["beyond_noise"])
        self.assertLess(minor["p"], 0.01)


class MadeUp(Case):
    def test_single_runs(self):
        text = self.text(self.write("a", run(1000)), self.write("b", run(1500)))
        self.assertRegex(text, r"\n  minor faults +1,000 +1,500  \+500 +\+50 %\n")
        self.assertRegex(text, r"\n  CPU time +500 ms +500 ms   0 ns +0 %\n")
        self.assertIn("One run on a side: how much of this is noise is not known.", text)
        self.assertNotIn("noise (p", text)

    def test_files_of_record_if_none_is_named(self):
        self.write("faultline.data.old", run(1000))
        self.write("faultline.data", run(900))
        self.assertRegex(self.text(), r"minor faults +1,000 +900  -100 +-10 %\n")
        self.write("other", run(1800))
        self.assertRegex(self.text("other"), r"minor faults +1,800 +900  -900 +-50 %\n")

    def test_sets_of_files_and_of_segments(self):
        for i in range(3):
            self.write(f"a{i}", run(1000 + i))
            self.write(f"b{i}", run(1100 + i))
        files = self.text("a0", "a1", "a2", "--after", "b0", "b1", "b2")
        self.write("a", b"".join(run(1000 + i, i) for i in range(3)))
        self.write("b", b"".join(run(1100 + i, i) for i in range(3)))
        segments = self.text("a", "b")
        self.assertEqual(files.splitlines()[2:], segments.splitlines()[2:])
        self.assertIn("1,001 ± 1", files)
        self.assertRegex(files, r"minor faults .* beyond noise \(p < 0.0001\)\n")
        self.assertRegex(files, r"elapsed .*  same\n")

    def test_noise(self):
        a = b"".join(run(1000 + 100 * i, i) for i in range(3))
        b = b"".join(run(1010 + 100 * i, i) for i in range(3))
        self.assertRegex(self.text(self.write("a", a), self.write("b", b)),
                         r"minor faults .* within noise \(p = 0.91\)\n")

    def test_what_was_not_there_before(self):
        text = self.text(self.write("a", run()), self.write("b", run(major=3, name="jobs")))
        self.assertRegex(text, r"major faults +0 +3  \+3 +new\n")
        self.assertRegex(text, r"\njobs\n")

    def test_what_is_not_known_on_a_side(self):
        self.write("a", run(sampled=False))
        self.write("b", run())
        text = self.text("a", "b", "--fail-above", "0")
        self.assertEqual(len(re.findall(r"\n  peak resident +- +400 KiB   - +-\n", text)), 2)
        self.assertRegex(text, r"\n  peak swapped +- +0 B   - +-\n")
        self.assertEqual(text.count("peak swapped"), 1)
        self.refused(self.diff("a", "b", "--fail-above", "0", "-f", "resident"), 1,
                     "peak resident: not known before, so nobody can tell whether it grew")
        self.refused(self.diff("b", "a", "--fail-above", "0", "-f", "swapped"), 1,
                     "peak swapped: not known after, so nobody can tell whether it grew")
        self.text("a", "b", "-f", "resident")
        all_of = json.loads(self.text("a", "b", "--json"))["all"]["figures"]
        peak = all_of["peak_resident_bytes"]
        self.assertEqual(peak, {"before": {"mean": None, "deviation": None},
                                "after": {"mean": 409600, "deviation": None}, "difference": None,
                                "percent": None, "p": None, "beyond_noise": None})
        self.assertRegex(self.text("a", "a"), r"\n  peak resident +- +-   - +-\n")

    def test_each(self):
        text = self.text(self.write("a", run()), self.write("b", run()), "--each")
        self.assertIn("\njob, number 1 of that name\n", text)

    def test_figures_that_are_asked_for(self):
        text = self.text(self.write("a", run()), self.write("b", run()), "-f", "minor", "-f", "cpu")
        self.assertEqual(re.findall(r"^  (\w+)", text, re.M), ["minor", "CPU"] * 2)

    def test_failing_above(self):
        self.write("a", run(1000))
        self.write("b", run(1100))
        self.text("a", "b", "--fail-above", "10")
        self.refused(self.diff("a", "b", "--fail-above", "9.9"), 1,
                     "minor faults: grew by 10 %, more than --fail-above 9.9 %")
        self.text("a", "b", "--fail-above", "5%", "-f", "cpu")
        self.text("b", "a", "--fail-above", "0")
        self.write("c", run(1000, major=1))
        self.refused(self.diff("a", "c", "--fail-above", "50"), 1,
                     "major faults: grew from nothing, more than --fail-above 50 %")

    def test_noise_does_not_fail(self):
        self.write("a", b"".join(run(1000 + 300 * i, i) for i in range(3)))
        self.write("b", b"".join(run(1200 + 300 * i, i) for i in range(3)))
        self.text("a", "b", "--fail-above", "5")

    def test_what_makes_sides_hard_to_compare(self):
        self.write("a", run())
        self.write("b", run(source=recordings.PROC, kernel="6.12.0", cpus=8, period_ns=50 * MS))
        text = self.text("a", "b")
        for line in ("Careful: the sources differ, and do not see the same.\n",
                     "Careful: the kernels differ: 6.1.0 and 6.12.0.\n",
                     "Careful: the machines differ: 2 and 8 CPUs.\n",
                     "Careful: the periods differ: 10.0 ms and 50.0 ms; peaks may, too.\n"):
            self.assertIn(line, text)
        self.write("c", run()[:-50])
        self.assertIn("Careful: a recording is damaged or was cut off", self.text("a", "c"))
        self.assertNotIn("Careful", self.text("a", "a"))
        done = self.diff("a", "c", "--json")
        self.assertIn("Careful: a recording is damaged", done.stderr)
        json.loads(done.stdout)

    def test_json_of_single_runs(self):
        whole = json.loads(self.text(self.write("a", run(0)), self.write("b", run(5)), "--json"))
        minor = whole["all"]["figures"]["minor_faults"]
        self.assertEqual((minor["before"]["mean"], minor["after"]["mean"]), (0, 5))
        for key in ("p", "beyond_noise", "percent"):
            self.assertIsNone(minor[key])
        self.assertIsNone(minor["before"]["deviation"])
        self.assertEqual(whole["names"][0]["figures"]["elapsed_s"]["before"]["mean"], 1)


class Refusals(Case):
    def test_no_such_file(self):
        self.refused(self.diff(), 1, "faultline.data.old")
        self.write("a", run())
        self.refused(self.diff("a"), 1, "faultline.data")
        self.refused(self.diff("a", "b"), 1, "b")

    def test_no_recording(self):
        self.refused(self.diff(self.write("a", run()), self.write("b", b"x" * 500)), 1, "b")

    def test_bad_options(self):
        for words, text in ((["a", "b", "c"], "Put --after before those"),
                            (["--after", "b"], "--after needs recordings before it and behind it"),
                            (["a", "--after"], "--after needs recordings before it and behind it"),
                            (["a", "--after", "b", "--after", "c"], "takes --after once"),
                            (["-f", "speed"], "-f takes elapsed, minor, major"),
                            (["-n", "x"], "-n must be a whole number from 0 on, not x"),
                            (["--fail-above", "much"], "--fail-above must be a percentage"),
                            (["--fail-above", "-1"], "--fail-above must be a percentage"),
                            (["--fail-above", "nan"], "--fail-above must be a percentage"),
                            (["--nothing"], "unrecognized option")):
            self.refused(self.diff(*words), 2, text)

    def test_output_that_cannot_be_written(self):
        self.write("a", run())
        for words in ([], ["--json"]):
            with open("/dev/full", "w") as full:
                self.refused(self.diff("a", "a", *words, stdout=full), 1,
                             "cannot write the comparison: No space left on device")

    def test_help(self):
        text = self.text("--help")
        for option in ("--after", "--figure", "--number", "--each", "--fail-above", "--json"):
            self.assertIn(option, text)


if __name__ == "__main__":
    unittest.main()
