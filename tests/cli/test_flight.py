#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""faultline record --flight and --until: what is kept, and when it is written."""

import os
import resource
import signal
import subprocess
import sys
import time
import unittest

from recorder import NOISE, SECONDS, RecordTest  # it adds to the path

import recording
from records import Exec, Exit, Fork, Sample, of


class Flight(RecordTest):
    def test_keeps_the_last_of_it(self):
        done = self.shell(f"sleep 0.2; {NOISE}; sleep 2.5", "--flight", "1s")
        self.assertRegex(done.stderr, r"record: the last 1.00 s of \d\.\d+ s, ")
        segment = recording.read_one(self.file)
        newest = max(record.time for record in segment.records)
        samples = of(segment.records, Sample)
        self.assertEqual(segment.start_ns, newest - 1000000000)
        before = [record for record in samples if record.time < segment.start_ns]
        self.assertEqual(len(before), 2)    # of the shell and of the second sleep
        self.assertGreater(len(samples), 20)
        names = {record.comm for record in segment.records if isinstance(record, (Fork, Exec))}
        self.assertNotIn("tail", names)
        self.assertIn("sleep", names)
        self.assertEqual([record.seq for record in segment.records],
                         list(range(len(segment.records))))

    def test_is_written_when_asked_and_goes_on(self):
        with self.recorder("--flight", "60s", "-p", str(os.getpid())) as recorder:
            self.wait(self.file.exists)
            time.sleep(0.5)
            recorder.send_signal(signal.SIGUSR1)
            self.wait_for_line(recorder, "wrote faultline.data")
            first = recording.read_one(self.file)
            recorder.send_signal(signal.SIGINT)
            self.assertEqual(recorder.wait(SECONDS), 0)
        second = recording.read_one(self.file)
        self.assertGreater(len(first.records), 2)
        self.assertGreater(len(second.records), len(first.records))

    def test_that_cannot_be_written_when_asked_goes_on(self):
        with self.recorder("--flight", "60s", "-p", str(os.getpid())) as recorder:
            self.wait(self.file.exists)
            time.sleep(0.2)
            self.file.unlink()
            self.file.mkdir()
            recorder.send_signal(signal.SIGUSR1)
            self.wait_for_line(recorder, "directory")
            self.file.rmdir()
            recorder.send_signal(signal.SIGINT)
            self.assertEqual(recorder.wait(SECONDS), 0)
        self.assertTrue(recording.read_one(self.file).end)

    def test_that_cannot_be_written_again_stays_as_it_was(self):
        with self.recorder("--flight", "60s", "-p", str(os.getpid())) as recorder:
            self.wait(self.file.exists)
            time.sleep(0.2)
            recorder.send_signal(signal.SIGUSR1)
            self.wait_for_line(recorder, "wrote faultline.data")
            first = self.file.read_bytes()
            soft, hard = resource.prlimit(recorder.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(recorder.pid, resource.RLIMIT_FSIZE, (600, hard))
            recorder.send_signal(signal.SIGUSR1)
            self.wait_for_line(recorder, "File too large")
            self.wait(lambda: self.names() == ["faultline.data"])
            self.assertEqual(self.file.read_bytes(), first)
            resource.prlimit(recorder.pid, resource.RLIMIT_FSIZE, (soft, hard))
            recorder.send_signal(signal.SIGINT)
            self.assertEqual(recorder.wait(SECONDS), 0)
        self.assertGreater(len(recording.read_one(self.file).records), 2)
        self.assertEqual(self.names(), ["faultline.data"])


class Until(RecordTest):
    def test_a_condition_ends_the_recording_but_not_the_command(self):
        done = self.record("--until", "minor-rate>9000", sys.executable, "-c",
                           "import time; time.sleep(0.5); it = bytearray(50 << 20); "
                           "time.sleep(1); print('end'); raise SystemExit(3)")
        self.assertEqual((done.returncode, done.stdout), (3, "end\n"))
        self.assertIn("the command goes on, and is waited for", done.stderr)
        segment = recording.read_one(self.file)
        command = min(segment.targets())
        self.assertEqual(of(segment.records, Exit, command), [])

    def test_ends_a_recording_of_others(self):
        with subprocess.Popen(["sleep", "100"]) as it:
            done = self.record("--until", "resident>64k", "-p", str(it.pid))
            it.kill()
        self.assertEqual(done.returncode, 0)

    def test_that_never_comes_changes_nothing(self):
        done = self.shell("sleep 0.3; exit 6", "--until", "processes>100")
        self.assertEqual(done.returncode, 6)


if __name__ == "__main__":
    unittest.main()
