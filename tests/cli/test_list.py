#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""faultline list: what it says of recordings of all kinds, and of what is none."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import tempfile
import termios
import unittest
from pathlib import Path

import recordings
import tree
from recordings import MS, START, WALL, Records

TOOL = tree.ROOT / "build/faultline"
S = 1000 * MS


class List(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, data):
        (self.folder / name).write_bytes(data)
        return data

    def run_tool(self, *words, **more):
        more = {"stdout": subprocess.PIPE, **more}
        return subprocess.run([TOOL, "list", *words], cwd=self.folder, timeout=60, text=True,
                              env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"},
                              stderr=subprocess.PIPE, **more)

    def list(self, *words, says="", status=0):
        done = self.run_tool(*words)
        self.assertEqual((done.returncode, done.stderr), (status, says))
        return done.stdout

    def json(self, *words, **more):
        return json.loads(self.list("--json", *words, **more))

    def two_segments(self):
        second = Records()
        second.join(0, 1, 555, "again")
        second.sample(MS, 1, 7)
        return (recordings.whole() +
                recordings.segment_block(1, wall_ns=WALL + 3600 * S, command="other") +
                second.block(1) + recordings.end_block(1, 2, START + 30 * MS))

    def test_a_table_of_the_current_folder_the_oldest_first(self):
        self.write("b.data", recordings.whole())
        self.write("a.data", recordings.whole(wall_ns=WALL + 86400 * S, source=recordings.PERF,
                                              command="faultline record -p 1"))
        self.write("notes.txt", b"FL is not enough")
        self.write("empty", b"")
        (self.folder / "folder").mkdir()
        os.mkfifo(self.folder / "pipe")
        self.assertEqual(self.list(), (
            "name    when                  length  source  processes  samples  lost     size  "
            "state  command\n"
            "b.data  2023-11-14 22:13:25  70.0 ms  module          3        5     4  1.2 KiB  "
            "whole  faultline record -- ./job\n"
            "a.data  2023-11-15 22:13:25  70.0 ms  perf            3        5     4  1.2 KiB  "
            "whole  faultline record -p 1\n"))

    def test_json_has_all_of_it(self):
        data = self.write("two.data", self.two_segments())
        os.utime(self.folder / "two.data", ns=(5, 1_234_567_890))
        self.assertEqual(self.json(), [{
            "name": "two.data", "state": "whole", "bytes": len(data),
            "began_unix_ns": START + WALL, "written_unix_ns": 1_234_567_890,
            "length_ns": 100 * MS, "segments": 2, "source": "module",
            "command": "faultline record -- ./job", "processes": 4, "samples": 6,
            "lost_records": 4, "missed_deadlines": 1, "shed_visits": 2}])

    def states(self, *words, **more):
        return {row["name"]: row["state"] for row in self.json(*words, **more)}

    def test_states(self):
        whole = recordings.whole()
        begin = len(recordings.segment_block())
        self.write("whole", whole)
        self.write("cut", whole[:-1])
        self.write("begun", whole[:begin])
        self.write("damaged", whole[:begin + 40] + b"!" + whole[begin + 41:])
        self.write("empty", whole[:20])
        self.write("newer", b"FLR\2" + whole[4:])
        writing = self.write("writing", whole[:-1])
        with open(self.folder / "writing") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.assertEqual(self.states(), {
                "whole": "whole", "cut": "cut off", "begun": "cut off", "damaged": "damaged",
                "empty": "empty", "newer": "other version", "writing": "being written"})
        self.assertEqual((self.folder / "writing").read_bytes(), writing)

    def test_a_cut_recording_is_as_long_as_its_records(self):
        self.write("cut", recordings.whole()[:-1])
        self.write("begun", recordings.segment_block())
        rows = {row["name"]: row["length_ns"] for row in self.json()}
        self.assertEqual(rows, {"cut": 60 * MS, "begun": 0})

    def test_time_that_goes_back_makes_no_recording_long(self):
        records = Records()
        records.join(9 * MS, 1, 100, "sh")
        records.sample(-5 * MS, 1, 7)
        self.write("back.data", recordings.segment_block() + records.block())
        self.assertEqual(self.json("back.data")[0]["length_ns"], 9 * MS)

    def test_what_cannot_be_read_has_a_row_without_figures(self):
        self.write("newer", b"FLR\2" + recordings.whole()[4:])
        os.utime(self.folder / "newer", (0, 0))
        lines = self.list().splitlines()
        self.assertEqual(lines[1].split(), ["newer", "1970-01-01", "00:00:00", "1.2", "KiB",
                                            "other", "version"])

    def test_folders_and_files_are_named_as_they_were_given(self):
        (self.folder / "sub").mkdir()
        self.write("sub/x.data", recordings.whole())
        self.write("y.data", recordings.whole(wall_ns=WALL + 1))
        self.assertEqual(list(self.states("sub", "y.data")), ["sub/x.data", "y.data"])
        self.assertEqual(list(self.states("sub/")), ["sub/x.data"])

    def test_what_is_named_and_is_no_recording_is_a_failure_and_the_rest_is_listed(self):
        self.write("good", recordings.whole())
        self.write("text", b"hello, this is no recording, whatever it is called")
        for name, text in (("nowhere", "No such file or directory"), ("text", "no recording")):
            done = self.run_tool("--json", "good", name)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rf"\Afaultline list: {name}: [^\n]+\n\Z")
            self.assertIn(text, done.stderr)
            self.assertEqual([row["name"] for row in json.loads(done.stdout)], ["good"])

    def test_what_is_named_and_cannot_be_read_is_a_failure_with_a_row(self):
        self.write("empty", b"")
        self.write("cut", recordings.whole()[:20])
        self.write("newer", b"FLR\2" + recordings.whole()[4:])
        for name, state, text in (("empty", "empty", "before anything was recorded"),
                                  ("cut", "empty", "before anything was recorded"),
                                  ("newer", "other version", "version")):
            done = self.run_tool("--json", name)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rf"\Afaultline list: {name}: [^\n]*{text}[^\n]*\n\Z")
            self.assertEqual([(row["name"], row["state"]) for row in json.loads(done.stdout)],
                             [(name, state)])
        self.assertEqual(self.states(), {"cut": "empty", "newer": "other version"})

    def test_an_empty_folder_says_what_to_do(self):
        says = "faultline list: no recordings in .: faultline record -- COMMAND makes one\n"
        self.assertEqual(self.list(says=says), "")
        self.assertEqual(self.json(says=says), [])

    def test_names_and_commands_do_nothing_to_a_terminal(self):
        self.write("evil\x1b[2J", recordings.whole(command="x\x1b]0;title\a\udcff"))
        row = self.list().splitlines()[1]
        self.assertIn("evil?[2J", row)
        self.assertTrue(row.endswith("x?]0;title??"), row)
        row = self.json()[0]
        self.assertEqual((row["name"], row["command"]), ("evil\x1b[2J", "x\x1b]0;title\a\ufffd"))

    def test_rows_are_cut_where_the_terminal_ends(self):
        for sign, wide in (("\u00e9", 1), ("\u4ed5", 2)):
            self.write("it", recordings.whole(command="faultline record -- " + sign * 200))
            ours, its = pty.openpty()
            self.addCleanup(os.close, ours)
            fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
            self.assertEqual(self.run_tool(stdout=its).returncode, 0)
            os.close(its)
            row = os.read(ours, 65536).decode().splitlines()[1]
            self.assertIn(len(row) + row.count(sign) * (wide - 1), range(121 - wide, 121), sign)

    def test_a_list_that_cannot_be_written_is_an_error(self):
        self.write("it", recordings.whole())
        for words in ((), ("--json",)):
            with open("/dev/full", "w") as full:
                done = self.run_tool(*words, stdout=full)
            self.assertEqual((done.returncode, done.stderr),
                             (1, "faultline list: cannot write the list: No space left on "
                                 "device\n"))

    def test_an_unknown_option_is_refused(self):
        done = self.run_tool("--frequently")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("faultline list: unrecognized option '--frequently'", done.stderr)


if __name__ == "__main__":
    unittest.main()
