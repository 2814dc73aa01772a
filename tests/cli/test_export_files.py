#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""faultline export: where it writes, what it refuses, and what is there after a failure."""

import os
import pty
import resource
import shutil
import subprocess
import unittest

import recordings
from exporter import LOSSES, TOOL, Case
from recordings import MS, Records


class Files(Case):
    def test_output_goes_to_a_file_whose_ending_says_the_format(self):
        self.write(recordings.whole())
        for name, first in (("a.csv", b"time_ns,"), ("a.json", b'{"type":"segment"'),
                            ("a.jsonl", b'{"type"'), ("a.ndjson", b'{"type"'),
                            ("a.pftrace", b"\n"), ("a.perfetto-trace", b"\n")):
            self.assertEqual(self.export("-o", name, says=LOSSES), "")
            self.assertTrue((self.folder / name).read_bytes().startswith(first), name)
        self.export("-f", "csv", "-o", "b.json", says=LOSSES)
        self.assertEqual((self.folder / "b.json").read_bytes(),
                         (self.folder / "a.csv").read_bytes())

    def test_bad_command_lines_are_refused(self):
        for words, text in (("", "needs --format csv, json or perfetto"),
                            ("-o x.txt", "needs --format csv, json or perfetto"),
                            ("-o .csv", "needs --format csv, json or perfetto"),
                            ("-f xml", "xml is no format: take csv, json or perfetto"),
                            ("-f json --events", "--events is for csv: json and perfetto have"),
                            ("-f csv a b", "takes one recording: export them one by one")):
            with self.subTest(words):
                done = self.run_tool(*words.split())
                self.refused(done, 2, text)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_what_is_no_recording_is_refused_and_no_output_is_begun(self):
        (self.folder / "old.csv").write_text("kept")
        for data, text in ((None, "faultline record -- COMMAND makes a recording"),
                           (b"", "before anything was recorded"),
                           (b"x" * 200, "no recording"),
                           (b"FLR\2" + bytes(100), "version")):
            if data is not None:
                self.write(data)
            self.refused(self.run_tool("-f", "csv", "-o", "old.csv"), 1, text)
            self.assertEqual((self.folder / "old.csv").read_text(), "kept")

    def test_the_recording_is_never_written_over(self):
        data = recordings.whole()
        self.write(data)
        os.link(self.folder / "faultline.data", self.folder / "other.csv")
        for name in ("faultline.data", "./faultline.data", "other.csv"):
            self.refused(self.run_tool("-f", "csv", "-o", name), 1,
                         f"{name} is the recording itself: give -o another name")
        self.assertEqual((self.folder / "faultline.data").read_bytes(), data)

    def test_output_that_cannot_be_written_is_an_error_and_nothing_half_done_stays(self):
        self.write(recordings.whole())
        self.refused(self.run_tool("-f", "csv", "-o", "no/such.csv"), 1,
                     "cannot write no/such.csv: No such file or directory")
        for kind in ("csv", "json", "perfetto"):
            with open("/dev/full", "w") as full:
                done = subprocess.run([TOOL, "export", "-f", kind], cwd=self.folder, stdout=full,
                                      stderr=subprocess.PIPE, timeout=60)
            self.assertEqual((done.returncode, done.stderr),
                             (1, b"faultline export: cannot write standard output: "
                                 b"No space left on device\n"))

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

        done = self.run_tool("-o", "a.csv", preexec_fn=limit, restore_signals=False)
        self.refused(done, 1, "cannot write a.csv: File too large")
        self.assertEqual(os.listdir(self.folder), ["faultline.data"])
        (self.folder / "a.csv").write_text("of before")
        done = self.run_tool("-o", "a.csv", preexec_fn=limit, restore_signals=False)
        self.refused(done, 1, "cannot write a.csv: File too large")
        self.assertEqual((self.folder / "a.csv").read_text(), "of before")
        self.assertEqual(set(os.listdir(self.folder)), {"faultline.data", "a.csv"})

    def test_an_older_file_leaves_its_mode_and_its_owner(self):
        self.write(recordings.whole())
        old = self.folder / "a.csv"
        old.write_text("of before")
        old.chmod(0o640)
        if os.geteuid() == 0:
            os.chown(old, 65534, 65534)
        before = old.stat()
        self.assertEqual(self.run_tool("-o", "a.csv").returncode, 0)
        after = old.stat()
        self.assertEqual((after.st_mode, after.st_uid, after.st_gid),
                         (before.st_mode, before.st_uid, before.st_gid))
        self.assertNotEqual(after.st_ino, before.st_ino)

    def test_a_file_that_may_be_written_where_no_draft_may_be_made(self):
        """One that may not be written is left alone, though its folder would let it be replaced."""
        tool = shutil.copy(TOOL, self.folder)
        self.write(recordings.whole())
        wanted = self.run_tool("-f", "csv").stdout
        shut = self.folder / "shut"
        shut.mkdir()
        (shut / "a.csv").write_text("of before")
        (shut / "a.csv").chmod(0o666)
        (self.folder / "locked.csv").write_text("of before")
        (self.folder / "locked.csv").chmod(0o444)
        shut.chmod(0o555)
        self.folder.chmod(0o777)
        options = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        for name, status, content in (("shut/a.csv", 0, wanted), ("locked.csv", 1, b"of before")):
            done = subprocess.run([tool, "export", "-o", name], cwd=self.folder, timeout=60,
                                  capture_output=True, **options)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertEqual((self.folder / name).read_bytes(), content)

    def test_links_and_what_is_no_file_are_written_as_they_are(self):
        self.write(recordings.whole())
        wanted = self.run_tool("-f", "csv").stdout
        (self.folder / "link.csv").symlink_to("there.csv")
        self.assertEqual(self.run_tool("-o", "link.csv").returncode, 0)
        self.assertTrue((self.folder / "link.csv").is_symlink())
        self.assertEqual((self.folder / "there.csv").read_bytes(), wanted)
        self.assertEqual(self.run_tool("-f", "csv", "-o", "/dev/stdout").stdout, wanted)
        self.refused(self.run_tool("-f", "csv", "-o", "/dev/full"), 1,
                     "cannot write /dev/full: No space left on device")

    def test_a_trace_is_not_for_terminals(self):
        self.write(recordings.whole())
        ours, its = pty.openpty()
        self.addCleanup(os.close, ours)
        done = subprocess.run([TOOL, "export", "-f", "perfetto"], cwd=self.folder, stdout=its,
                              stderr=subprocess.PIPE, timeout=60)
        os.close(its)
        self.assertEqual((done.returncode, done.stderr),
                         (1, b"faultline export: a perfetto trace is not for terminals: give it a "
                             b"file with -o FILE\n"))

    def test_a_large_recording_is_not_held_in_memory(self):
        records = Records()
        for target in range(1, 101):
            records.join(0, target, target, "it")
        blocks = [recordings.segment_block(), records.block()]
        for i in range(2000):
            records = Records()
            for target in range(1, 101):
                records.sample(i * MS, target, i, 0, i)
            blocks.append(records.block())
        self.write(b"".join(blocks))
        for kind in ("csv", "json", "perfetto"):
            def limit():
                resource.setrlimit(resource.RLIMIT_DATA, (4 << 20, 4 << 20))

            done = self.run_tool("-f", kind, "-o", "/dev/null", preexec_fn=limit)
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
