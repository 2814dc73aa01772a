#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""faultline report: what it says of recordings, whole and not, and how it refuses."""

import html
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import time
import unittest

import recordings
import tree
from recordings import MS, Records
from verb import TOOL, VerbCase

REAL = tree.ROOT / "tests/recordings"


def busy(seconds=2, number=0, name="job"):
    """A process that faults steadily and a child that is killed: bytes of a recording."""
    records = Records()
    records.join(0, 1, 100, name)
    records.fork(500 * MS, 2, 101, "child", 1)
    for at in range(10, seconds * 1000, 10):
        records.sample(at * MS, 1, at * 10, 0, at * MS // 2, at * MS // 4, 1000, 0, at, 1)
    records.exit(900 * MS, 2, 9, 30, 2, 5 * MS, MS)
    records.exit(seconds * 1000 * MS, 1, 0, seconds * 10000, 0, seconds * 500 * MS)
    return (recordings.segment_block(number) +
            recordings.block(recordings.RECORDS, number, records.bytes) +
            recordings.end_block(number, records.count, recordings.START + seconds * 1000 * MS,
                                 own_cpu_ns=3 * MS, pass_ns=2 * MS, passes=200))


class Case(VerbCase):
    verb = "report"

    def write(self, data, name="faultline.data"):
        (self.folder / name).write_bytes(data)
        return name

    def report(self, *words, locale="C.UTF-8", **more):
        environment = {**os.environ, "LC_ALL": locale, "TZ": "UTC", **more.pop("env", {})}
        return subprocess.run([TOOL, "report", *map(str, words)], cwd=self.folder,
                              env=environment, text=True, stdin=subprocess.DEVNULL,
                              **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more})

    def text(self, *words, **more):
        done = self.report(*words, **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout


class Real(Case):
    """Recordings of real processes, made by `faultline record` with the module."""

    def setUp(self):
        super().setUp()
        for name in ("job.data", "thrashing.data", "before.data"):
            shutil.copy(REAL / name, self.folder)

    def test_text(self):
        self.golden("report_job.txt", self.text("job.data"))

    def test_ascii(self):
        text = self.text("job.data", locale="C")
        self.assertTrue(text.isascii())
        self.golden("report_job_ascii.txt", text)

    def test_tree(self):
        self.golden("report_job_tree.txt",
                    self.text("job.data", "--tree", "-n", 12, "-s", "cpu"))

    def test_json(self):
        text = self.text("job.data", "--json")
        self.golden("report_job.json", text)
        kinds = {finding["kind"] for finding in json.loads(text)["segments"][0]["findings"]}
        self.assertLessEqual({"churn", "storm", "killed"}, kinds)

    def test_thrashing(self):
        text = self.text("thrashing.data", "-n", 3)
        self.golden("report_thrashing.txt", text)
        self.assertIn("\n  Thrashing: ", text)

    def test_segments(self):
        text = self.text("before.data")
        self.golden("report_segments.txt", text)
        for number in (1, 2, 3):
            self.assertIn(f"Segment {number} of 3\n", text)

    def test_cut_off_in_the_middle(self):
        data = (REAL / "job.data").read_bytes()
        cut = self.write(data[:len(data) * 2 // 3], "cut.data")
        text = self.text(cut)
        self.golden("report_cut.txt", text)
        self.assertTrue(text.startswith("This recording is NOT WHOLE: "))

    def test_damaged(self):
        data = bytearray((REAL / "job.data").read_bytes())
        data[len(data) // 2] ^= 0x55
        text = self.text(self.write(data, "damaged.data"))
        self.golden("report_damaged.txt", text)
        self.assertTrue(text.startswith("This recording is DAMAGED: "))

    def test_plots(self):
        for name, magic in (("a.png", b"\x89PNG\r\n"), ("a.svg", b"<?xml")):
            self.text("job.data", "--plot", name, "-n", 2)
            self.assertTrue((self.folder / name).read_bytes().startswith(magic))
        svg = (self.folder / "a.svg").read_text()
        for words in ("minor faults (1/s)", "CPU time (% of a CPU)", "resident (MiB)", "time (s)",
                      "all ", "python3"):
            self.assertIn(words, svg)
        self.assertNotIn("swapped (MiB)", svg)
        # In a column of a paper, 85 mm wide, all can be read.
        width = float(re.search(r'viewBox="0 0 (\d+) ', svg)[1])
        sizes = {float(size) for size in re.findall(r'font-size="([\d.]+)"', svg)}
        self.assertGreater(min(sizes) / width * 85 / 25.4 * 72, 5)


class MadeUp(Case):
    def test_marks_of_a_plot_are_not_rounded(self):
        def marks(cpu_ns):
            records = recordings.Records()
            records.join(0, 1, 100, "idle")
            for step in range(1, 101):
                records.sample(step * 100 * MS, 1, 0, 0, step * cpu_ns, 0, 6)
            self.write(recordings.whole(records))
            self.text("--plot", "a.svg")
            panel = (self.folder / "a.svg").read_text().split("minor faults (1/s)")[1]
            return re.findall(r"<text>([\d.]+k?)</text>", panel.split("CPU time")[0])

        self.assertEqual(marks(20_000), ["0", "0.005", "0.01", "0.015", "0.02"])
        self.assertEqual(marks(2_000 * MS)[-5:], ["0", "500", "1k", "1.5k", "2k"])

    def test_memory_that_nobody_looked_at_is_not_none(self):
        records = Records()
        records.fork(0, 1, 100, "brief", 0)
        records.exit(MS, 1, 0, 5)
        self.write(recordings.whole(records))
        self.assertIn("memory      - resident at most, - swapped at most\n", self.text())
        total = json.loads(self.text("--json"))["segments"][0]["total"]
        self.assertEqual((total["peak_resident_bytes"], total["peak_swapped_bytes"]), (None, None))

    def test_names_in_a_plot_are_what_they_are(self):
        records = Records()
        for target, name in enumerate(("'`id`", "''", '"$x"', "\\n@a{b}^_", "%s<i>&1", "1 2"), 1):
            records.join(0, target, 100 + target, name)
            records.sample(10 * MS, target, 100)
            records.sample(60 * MS, target, 1000)
        command = """'it's "`so`" 0775\\101"""
        self.write(recordings.whole(records, command=command))
        self.text("--plot", "a.svg")
        svg = html.unescape((self.folder / "a.svg").read_text())
        for words in ("'`id` 101", "'' 102", '"$x" 103', "\\n@a{b}^_ 104", "%s<i>&1 105", "1 2 106",
                      command):
            self.assertIn(words, svg)

    def test_its_own_file_is_read_if_none_is_named(self):
        self.write(busy())
        self.assertIn("faultline record -- ./job", self.text())

    def test_what_was_recorded(self):
        self.write(busy())
        text = self.text()
        for line in ("  command     faultline record -- ./job\n",
                     "  machine     box, x86_64, 2 CPUs, Linux 6.1.0\n",
                     "  when        2023-11-14 22:13:25 +0000, for 2.00 s\n",
                     "  source      the module faultline 0.1.0, every 10.0 ms\n",
                     "  missing     nothing: ",
                     "  cost        0.25 % of one CPU: 3.00 ms of CPU time of the recorder, "
                     "2.00 ms for 200 passes\n",
                     "  faults      20,030 minor (10.0k/s), 2 major (1/s)\n",
                     "  CPU time    1.00 s, 50 % of one CPU; 0.10 % of it in the kernel\n",
                     "1 process died of a signal: child (PID 101) at 0.90 s of"):
            self.assertIn(line, text)

    def test_nothing_stands_out(self):
        records = Records()
        records.join(0, 1, 100, "calm")
        records.exit(MS, 1, 0, 10)
        self.write(recordings.segment_block() +
                   recordings.block(recordings.RECORDS, 0, records.bytes) +
                   recordings.end_block(0, records.count, recordings.START + MS, passes=1))
        self.assertTrue(self.text().endswith("What stands out\n\n  Nothing.\n"))

    def test_nobody_was_followed(self):
        self.write(recordings.segment_block() +
                   recordings.end_block(0, 0, recordings.START + MS))
        self.assertIn("No process is in it", self.text())
        self.assertEqual(json.loads(self.text("--json"))["segments"][0]["processes"], [])

    def test_what_is_missing_and_unseen(self):
        self.write(recordings.segment_block(source=recordings.PROC, source_version="",
                                            blind="short lives") +
                   recordings.end_block(0, 0, recordings.START + MS, lost=1200, missed=3, shed=4))
        text = self.text()
        self.assertIn("  cannot see  short lives\n", text)
        self.assertIn("  missing     1,200 records lost, 3 deadlines missed, 4 visits shed\n", text)
        self.assertIn("  source      /proc, every 10.0 ms\n", text)

    def test_sorting_and_numbers(self):
        self.write(busy())
        rows = re.findall(r"^ +(\d+)  (?:job|child) ", self.text("-s", "major"), re.M)
        self.assertEqual(rows, ["101", "100"])
        rows = re.findall(r"^ +(\d+)  (?:job|child) ", self.text("-n", 1), re.M)
        self.assertEqual(rows, ["100"])
        self.assertIn("(-n 0 shows all)", self.text("-n", 1))
        self.assertNotIn("(-n 0 shows all)", self.text("-n", 0))

    def test_one_segment_of_two(self):
        self.write(busy(2) + busy(3, 1, "later"))
        text = self.text("--segment", 2)
        self.assertIn("Segment 2 of 2\n", text)
        self.assertNotIn("Segment 1 of 2\n", text)
        self.assertEqual(len(json.loads(self.text("--json", "--segment", 2))["segments"]), 1)
        self.assertEqual(len(json.loads(self.text("--json"))["segments"]), 2)
        self.text("--plot", "a.svg", "--segment", 2)

    def test_names_do_nothing_to_terminals(self):
        self.write(busy(name="\x1b[2J€"))
        self.assertIn("?[2J€", self.text())
        self.assertIn("?[2J?", self.text(locale="C"))
        self.assertNotIn("\x1b", self.text("--tree"))

    def test_wide_names_leave_columns_where_they_are(self):
        self.write(busy(name="\u4ed5\u4e8be\u0301"))
        for words in ((), ("--tree",)):
            wide, narrow = re.findall(r"^ +10[01]  .*", self.text(*words), re.M)
            self.assertIn("\u4ed5\u4e8be\u0301 ", wide)
            self.assertEqual(wide.index("20,000") + 1, narrow.index("30") - 4)

    def test_json_has_units_and_numbers(self):
        self.write(busy())
        whole = json.loads(self.text("--json"))
        self.assertTrue(whole["whole"])
        segment = whole["segments"][0]
        self.assertEqual(segment["total"]["minor_faults"], 20030)
        self.assertEqual(segment["recording"]["elapsed_s"], 2)
        self.assertEqual(segment["recording"]["cost"]["percent_of_a_cpu"], 0.25)
        self.assertEqual(segment["processes"][1]["parent_pid"], 100)
        self.assertEqual(segment["processes"][1]["ended"], "SIGKILL")
        rates = segment["series"]["minor_faults_per_s"]
        self.assertAlmostEqual(sum(rates) * segment["series"]["step_s"], 20030, delta=1)
        self.assertEqual(segment["findings"][0]["numbers"]["of_sigkill"], 1)

    def test_a_million_samples_in_seconds(self):
        blocks = [recordings.segment_block()]
        records = Records()
        for target in range(1, 101):
            records.join(0, target, 100 + target, "crowd")
        for at in range(1, 10001):
            for target in range(1, 101):
                records.sample(at * 10 * MS, target, at, 0, at * MS, 0, at % 1000)
            if at % 100 == 0:
                blocks.append(recordings.block(recordings.RECORDS, 0, records.bytes))
                records.bytes = b""
        self.write(b"".join(blocks))
        began = time.monotonic()
        self.assertIn("  faults      1,000,000 minor", self.text())
        self.assertLess(time.monotonic() - began, 10)


class Refusals(Case):
    def test_no_such_file(self):
        self.refused(self.report("nowhere.data"), 1, "nowhere.data")
        self.refused(self.report(), 1, "faultline.data")

    def test_no_recording(self):
        self.refused(self.report(self.write(b"just text, and more of it\n" * 9)), 1,
                     "faultline.data")
        self.refused(self.report(self.write(b"")), 1, "faultline.data")

    def test_bad_options(self):
        for words, text in ((["--sort", "size"], "--sort takes faults, minor, major"),
                            (["-n", "some"], "-n must be a whole number from 0 on, not some"),
                            (["-n", "-1"], "-n must be a whole number from 0 on, not -1"),
                            (["--segment", "0"], "--segment must be a whole number from 1 on"),
                            (["--plot", "a.pdf"], "must end in .svg or .png, not a.pdf"),
                            (["--json", "--plot", "a.svg"], "--json goes to standard output"),
                            (["--html", "a", "--plot", "a.svg"], "one of --plot and --html"),
                            (["a", "b"], "takes one recording: report them one by one"),
                            (["--nothing"], "unrecognized option")):
            self.refused(self.report(*words), 2, text)

    def test_no_such_segment(self):
        self.write(busy())
        self.refused(self.report("--segment", 2), 1,
                     "faultline.data has 1 segment: there is no --segment 2")

    def test_a_plot_is_of_one_segment(self):
        self.write(busy() + busy(2, 1))
        self.refused(self.report("--plot", "a.svg"), 1,
                     "has 2 segments: choose one to draw with --segment 1 to 2")

    def gnuplot(self, script):
        (self.folder / "gnuplot").write_text(f"#!/bin/sh\n{script}\n")
        (self.folder / "gnuplot").chmod(0o755)
        return {"PATH": f"{self.folder}:/bin:/usr/bin"}

    def test_gnuplot_is_missing(self):
        self.write(busy())
        self.refused(self.report("--plot", "a.svg", env={"PATH": "/nonexistent"}), 1,
                     "gnuplot, which draws plots, is not there: sudo apt install gnuplot-nox")
        self.assertFalse((self.folder / "a.svg").exists())

    def test_gnuplot_fails(self):
        self.write(busy())
        self.refused(self.report("--plot", "a.svg", env=self.gnuplot("exit 3")), 1,
                     "gnuplot could not draw a.svg")
        self.assertFalse((self.folder / "a.svg").exists())

    def test_a_plot_takes_the_place_of_an_older_one_when_it_is_whole(self):
        self.write(busy())
        plot = self.folder / "a.svg"
        plot.write_text("older")
        self.text("--plot", "a.svg", env=self.gnuplot("cat >script; echo newer"))
        self.assertEqual(plot.read_text(), "newer\n")
        script = (self.folder / "script").read_text()
        self.assertTrue(script.endswith("unset multiplot\n"), script[-80:])

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))

        full = self.gnuplot("cat >/dev/null; head -c 1000000 /dev/zero")
        self.refused(self.report("--plot", "a.svg", env=full, preexec_fn=limit), 1,
                     "cannot write a.svg: File too large")
        self.refused(self.report("--plot", "a.svg", env={"PATH": "/nonexistent"}), 1,
                     "gnuplot, which draws plots, is not there")
        self.refused(self.report("--plot", "a.svg", env=self.gnuplot("echo half; exit 3")), 1,
                     "gnuplot could not draw a.svg")
        self.assertEqual(plot.read_text(), "newer\n")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()),
                         ["a.svg", "faultline.data", "gnuplot", "script"])

    def test_a_plot_does_not_take_the_place_of_its_recording(self):
        self.write(busy(), "a.svg")
        self.refused(self.report("a.svg", "--plot", "a.svg"), 1,
                     "a.svg is the recording itself: give the plot another name")

    def test_a_plot_that_cannot_be_written(self):
        self.write(busy())
        self.refused(self.report("--plot", "nowhere/a.svg"), 1,
                     "cannot write nowhere/a.svg: No such file or directory")

    def test_output_that_cannot_be_written(self):
        self.write(busy())
        for words in ([], ["--json"]):
            with open("/dev/full", "w") as full:
                self.refused(self.report(*words, stdout=full), 1,
                             "cannot write the report: No space left on device")

    def test_no_memory(self):
        self.write(busy(60))

        def limit():
            resource.setrlimit(resource.RLIMIT_DATA, (400 << 10, 400 << 10))

        self.refused(self.report(preexec_fn=limit), 1, "no memory: ")

    def test_help(self):
        text = self.text("--help")
        for option in ("--sort", "--number", "--tree", "--segment", "--json", "--plot", "--html"):
            self.assertIn(option, text)


if __name__ == "__main__":
    unittest.main()
