# SPDX-License-Identifier: MIT
"""The page, the document and the table, from the same outcomes."""

import io
import json
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path

import sample_data
import page
import report
import results
from definition import STUDIES
from explanation import Explanation
from judgement import within
from machine import Progress, Recording
from analysis import Clock
from plot import Plot

NASTY = "<script>alert('x')</script> & \"y\""


def recordings(runs=None):
    made = {}
    for name, run in (runs or sample_data.good_runs()).items():
        recording = made.setdefault(run.run.machine, Recording(
            "6.1.0-test", 2, 4 << 20, 0, "tcg", [Clock(0, 0), Clock(10**10, 2500)]))
        recording.runs[name] = run
        recording.swapped[name] = (0, 0)
    return made


def evaluated(runs=None):
    return results.evaluate(list(STUDIES.values()), recordings(runs))


class Balance(HTMLParser):
    """Every element that opens closes, in order."""

    VOID = ("meta", "img")

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        self.text += data


class Written(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def parsed(self, found):
        results.write(found, lambda pictures: page.html(found, pictures), self.folder)
        text = (self.folder / "index.html").read_text()
        parser = Balance()
        parser.feed(text)
        parser.close()
        self.assertEqual(parser.open, [])
        return parser

    def test_the_page_is_whole_and_needs_nothing_else(self):
        parser = self.parsed(evaluated())
        pictures = [attrs["src"] for _, attrs in parser.seen if "src" in attrs]
        self.assertEqual(len(pictures), 6)
        for picture in pictures:
            self.assertTrue(picture.startswith("data:image/svg+xml;base64,"))
        links = [attrs["href"] for _, attrs in parser.seen if "href" in attrs]
        self.assertEqual(links, [f"{name}.html" for name in sample_data.good_runs()])
        self.assertIn("Every study held.", parser.text)
        for row in report.rows(evaluated().outcomes):
            self.assertIn(row[2], parser.text)

    def test_a_study_that_did_not_hold_says_so(self):
        runs = sample_data.good_runs()
        runs["1a"] = sample_data.measured("1a", 1000)
        parser = self.parsed(evaluated(runs))
        self.assertIn("Not every study held.", parser.text)
        self.assertIn("did not hold", parser.text)

    def test_text_is_escaped(self):
        outcome = results.Outcome(STUDIES["1a"], [within(NASTY, "", 1, 1, 1, 0.1)],
                                  [Plot("p", NASTY, NASTY, ())],
                                  Explanation("", (f"{NASTY} `<b>`",)))
        (self.folder / "p.svg").write_text("<svg/>")
        found = results.Results(recordings(), sample_data.BASE, [outcome])
        text = page.html(found, self.folder)
        self.assertNotIn("<script", text)
        self.assertIn("&lt;script&gt;", text)
        self.assertIn("<code>&lt;b&gt;</code>", text)
        parser = Balance()
        parser.feed(text)
        self.assertEqual(parser.open, [])
        self.assertIn(f"{NASTY}: {NASTY} over time in seconds",
                      [attrs.get("alt") for _, attrs in parser.seen])

    def test_the_document_agrees(self):
        found = evaluated()
        self.parsed(found)
        document = json.loads((self.folder / "results.json").read_text())
        self.assertIs(document["held"], True)
        self.assertEqual(set(document["studies"]), set(STUDIES))
        self.assertEqual(document["machines"]["roomy"]["hz"], 250)
        self.assertEqual(document["machines"]["roomy"]["acceleration"], "tcg")
        run = document["runs"]["2t"]
        self.assertEqual(run["major_faults"], 90_000)
        self.assertEqual(run["completion_jiffies"], 20_000)
        self.assertEqual(run["samples_file"], "2t.data")
        check = document["studies"]["1a"]["checks"][0]
        self.assertLess(check["least"], check["measured"])
        self.assertLess(check["measured"], check["most"])
        self.assertIs(check["held"], True)
        self.assertIn(None, [check["held"] for check in document["studies"]["1a"]["checks"]])
        for study in document["studies"].values():
            for name in study["plots"]:
                self.assertGreater((self.folder / name).stat().st_size, 0)

    def test_an_acceleration_that_was_not_said_is_left_out(self):
        found = evaluated()
        found.recordings["roomy"].acceleration = ""
        self.assertNotIn("acceleration", results.document(found)["machines"]["roomy"])

    def test_publishing_moves_all_and_keeps_what_is_not_ours(self):
        temporary, target = self.folder / "new", self.folder / "target"
        temporary.mkdir()
        target.mkdir()
        (target / "theirs.txt").write_text("keep")
        (target / "results.json").write_text("old")
        (temporary / "results.json").write_text("new")
        (temporary / "1a.data").write_text("1 2 3 4\n")
        results.publish(temporary, target)
        self.assertEqual(sorted(path.name for path in target.iterdir()),
                         ["1a.data", "results.json", "theirs.txt"])
        self.assertEqual((target / "results.json").read_text(), "new")
        self.assertEqual(list(temporary.iterdir()), [])


class Terminal(unittest.TestCase):
    def test_the_table_is_aligned_and_fits(self):
        lines = report.table(evaluated().outcomes).splitlines()
        self.assertEqual(len({line.index(word) for line, word in zip(lines, ["what"])}), 1)
        self.assertLessEqual(max(map(len, lines)), 110)
        self.assertTrue(lines[1].startswith("1a "))

    def test_the_verdict_says_which_and_by_how_much(self):
        runs = sample_data.good_runs()
        runs["2t"] = sample_data.measured("2t", 600_000, major=400, cpu=100, completion=20_000)
        text = report.verdict(evaluated(runs).outcomes)
        self.assertIn("study 1a held", text)
        self.assertIn("study 2t did NOT hold: major faults is 400, 600 below", text)

    def test_a_miss_by_a_hair_is_not_shown_as_nothing(self):
        check = within("x", "s", 102.2, 100, 100, 0.02)
        outcome = results.Outcome(STUDIES["1a"], [check], [], None)
        self.assertIn("1 s above", report.verdict([outcome]))

    def test_plain_progress_is_sparse(self):
        stream = io.StringIO()
        ticker = report.Ticker(False, stream)
        for second in range(4):
            ticker(Progress("1a", second, second, 10, 0, 5))
        ticker(Progress("1b", 0, 0, 0, 0, 0))
        ticker.rest()
        lines = stream.getvalue().splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["1a", "1b"])
        self.assertNotIn("\r", stream.getvalue())

    def test_live_progress_stays_on_its_line(self):
        stream = io.StringIO()
        ticker = report.Ticker(True, stream)
        for second in range(4):
            ticker(Progress("1a", second, second, 10, 0, 5))
        ticker.rest()
        self.assertEqual(stream.getvalue().count("\r"), 4)
        self.assertEqual(stream.getvalue().count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
