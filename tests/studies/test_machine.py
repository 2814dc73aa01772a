# SPDX-License-Identifier: MIT
"""Following a machine, with a small shell script in the place of vm/run."""

import contextlib
import io
import os
import tempfile
import threading
import unittest
from pathlib import Path

import sample_data
import machine
import tool
from definition import BASE, MACHINES, RUNS
from machine import Failed, Progress, Recording

GOOD = """
echo "vm: booting Linux 6.1.0 (TCG, 2 CPUs, 4G memory)" >&2
while [ "$1" != -- ]; do shift; done
folder=$4
echo "study machine 6.1.0 2 4000000 0"
echo "study clock 1000000000 1000"
echo "some other line"
echo "study progress base 3 7 1234 5 66"
printf '1000 150 0 1\\n1012 5 0 1\\n' >"$folder/base.data"
echo "study end base 1 2"
echo "study clock 11000000000 3500"
"""

# `export`, of two processes of ours and the shell that started them.
TOOL = """
[ "$1 $2 $3" = "export --format json" ] && [ "${4##*/}" = base.faultline ] || exit 9
echo '{"type":"segment"}'
echo '{"type":"exit","name":"work","minor_faults":150,"major_faults":1}'
echo '{"type":"exit","name":"work","minor_faults":5,"major_faults":0}'
echo '{"type":"exit","name":"processes","minor_faults":77,"major_faults":7}'
"""


def program(path, script):
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)
    return path


class Following(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.addCleanup(setattr, machine, "VM", machine.VM)
        self.addCleanup(setattr, tool, "TOOL", tool.TOOL)
        tool.TOOL = program(self.folder / "tool", TOOL)
        self.shown = []
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))

    def record(self, script):
        machine.VM = program(self.folder / "vm", script)
        return machine.record(MACHINES["roomy"], [RUNS[BASE]], self.folder, self.shown.append)

    def test_a_good_recording(self):
        recording = self.record(GOOD + 'echo "study complete"\n')
        self.assertEqual((recording.release, recording.cpus, recording.memory, recording.hz,
                          recording.acceleration), ("6.1.0", 2, 4000000, 250, "tcg"))
        self.assertEqual(recording.swapped, {BASE: (1, 2)})
        self.assertEqual(recording.runs[BASE].total("minor"), 155)
        self.assertEqual(recording.runs[BASE].recorded, {"minor": 155, "major": 1})
        self.assertEqual(self.shown, [Progress(BASE, 3, 7, 1234, 5, 66)])
        self.assertFalse((self.folder / "plan").exists())

    def refused(self, script, pattern):
        with self.assertRaisesRegex(Failed, pattern):
            self.record(script)

    def test_a_machine_that_fails_repeats_its_last_words(self):
        self.refused(GOOD + 'echo "study complete"; echo "no kernel" >&2; exit 125\n',
                     "status 125(.|\n)*no kernel")

    def test_success_without_the_last_word_is_a_failure(self):
        self.refused(GOOD, "failed with status 0")

    def test_samples_that_are_missing_or_broken(self):
        self.refused(GOOD + 'rm "$folder/base.data"; echo "study complete"\n', "unusable")
        self.refused(GOOD + 'echo x >>"$folder/base.data"; echo "study complete"\n',
                     "base.data, line 3")
        program(tool.TOOL, "echo 'faultline export: base.faultline is no recording' >&2; exit 1")
        self.refused(GOOD + 'echo "study complete"\n', "base.faultline is no recording")

    def test_an_exception_ends_the_machine_first(self):
        def interrupt(progress):
            raise KeyboardInterrupt

        self.shown = None
        machine.VM = program(self.folder / "vm",
                             f"echo $$ >{self.folder}/pid\n{GOOD}\nexec sleep 60\n")
        with self.assertRaises(KeyboardInterrupt):
            machine.record(MACHINES["roomy"], [RUNS[BASE]], self.folder, interrupt)
        pid = int((self.folder / "pid").read_text())
        self.assertFalse(os.path.exists(f"/proc/{pid}"))
        self.assertEqual(threading.active_count(), 1)


class Protocol(unittest.TestCase):
    def test_other_lines_pass(self):
        self.assertIsNone(Recording().heed("studying hard"))
        self.assertIsNone(Recording().heed(""))

    def test_a_line_that_only_looks_like_one_is_refused(self):
        for line in ("study", "study hard", "study progress 1a 1 2", "study clock 1"):
            with self.assertRaises(ValueError, msg=line):
                Recording().heed(line)

    def test_the_plan_has_a_line_a_process(self):
        self.assertEqual(machine.plan([RUNS[BASE], RUNS["1b"]]),
                         "base --pause 0 1 R 1\n1b 1024 R 50000\n1b 1024 L 10000\n")

    def test_the_plan_names_only_what_the_recorder_knows_to_split(self):
        self.assertEqual(machine.plan([RUNS["2-11"]]).count("2-11 200 R 10000\n"), 11)
        self.assertTrue((sample_data.STUDIES / "record").stat().st_mode & 0o100)


if __name__ == "__main__":
    unittest.main()
