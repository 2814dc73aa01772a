#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""faultline record: what it makes of its command, of signals and of files, with /proc alone."""

import contextlib
import os
import pty
import resource
import select
import shlex
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

from recorder import NOISE, SECONDS, TOOL, RecordTest, number  # it adds to the path

import recording
from records import Exec, Exit, Fork, Sample, Target, of

BAD_ARGUMENTS = [
    ([], "nobody to follow"),
    (["-q"], "nobody to follow"),
    (["-p", "0"], "--pid must be"),
    (["-p", "1,"], "--pid must be"),
    (["-p", "one"], "--pid must be"),
    (["-p", "-1"], "--pid must be"),
    (["-p", "99999999999999999999"], "--pid must be"),
    (["-t", "1;2"], "--tid must be"),
    (["--cgroup", "", "true"], "--cgroup must"),
    (["-I", "0", "true"], "--interval must be"),
    (["-I", "99us", "true"], "--interval must be"),
    (["-I", "11s", "true"], "--interval must be"),
    (["-I", "often", "true"], "--interval must be"),
    (["--source", "bpf", "true"], "--source must be"),
    (["--flight", "10", "true"], "--flight must be"),
    (["--flight", "2h", "true"], "--flight must be"),
    (["--flight", "10s", "--append", "true"], "cannot --append"),
    (["--until", "major-rate", "true"], "NAME>NUMBER"),
    (["--until", "minors>5", "true"], "none of minor-rate"),
    (["--until", "resident>5x", "true"], "16M"),
    (["-o", "-", "true"], "cannot go to a pipe"),
    (["--frequently", "true"], "unrecognized option"),
]


class Status(RecordTest):
    def test_of_the_command_is_its_own(self):
        for status in (0, 1, 37, 255):
            self.assertEqual(self.shell(f"exit {status}").returncode, status)
            self.assertTrue(recording.read_one(self.file).records)

    def test_is_the_signal_that_the_command_died_of(self):
        for name in ("TERM", "KILL", "SEGV", "INT", "QUIT"):
            done = self.shell(f"kill -{name} $$")
            self.assertEqual(done.returncode, -signal.Signals[f"SIG{name}"])
            self.last(done.stderr)
            self.assertTrue(recording.read_one(self.file).end)
        self.assertEqual(self.names(), ["faultline.data", "faultline.data.old"])  # no core

    def test_of_what_is_not_there_and_leaves_nothing(self):
        done = self.record("--", "no-such-program")
        self.assertEqual(done.returncode, 127)
        self.assertIn("faultline record: cannot run no-such-program: there is no such program",
                      done.stderr.splitlines()[-1])
        self.assertEqual(self.names(), [])

    def test_of_what_cannot_be_executed_and_leaves_the_old(self):
        self.file.write_text("old")
        (self.folder / "it").write_text("#!/bin/sh\n")
        done = self.record("--", "./it")
        self.assertEqual(done.returncode, 126)
        self.assertIn("cannot run ./it: Permission denied", done.stderr.splitlines()[-1])
        self.assertEqual(self.names(), ["faultline.data", "it"])
        self.assertEqual(self.file.read_text(), "old")

    def test_of_what_is_not_there_appends_nothing(self):
        self.record("--append", "--", "no-such-program")
        self.assertEqual(self.names(), [])
        self.record("true")
        before = self.file.read_bytes()
        self.record("--append", "--", "no-such-program")
        self.assertEqual(self.file.read_bytes(), before)

    def test_of_what_is_not_there_leaves_an_empty_file(self):
        self.file.touch()
        self.record("--", "no-such-program")
        self.assertEqual((self.names(), self.file.read_bytes()), (["faultline.data"], b""))

    def test_is_known_where_ends_of_children_are_ignored(self):
        def ignore():
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        self.assertEqual(self.shell("exit 7", preexec_fn=ignore).returncode, 7)


class Arguments(RecordTest):
    def test_that_are_wrong_are_told_and_nothing_runs(self):
        for words, text in BAD_ARGUMENTS:
            with self.subTest(words=words):
                done = self.record(*words)
                self.assertEqual(done.returncode, 2)
                self.assertRegex(done.stderr, r"\Afaultline record: [^\n]+\nTry ")
                self.assertIn(text, done.stderr)
                self.assertEqual(self.names(), [])

    def test_of_the_command_are_its_own(self):
        done = self.record("echo", "-p", "--help", "--", "-q")
        self.assertEqual((done.returncode, done.stdout), (0, "-p --help -- -q\n"))
        done = self.record("-q", "--", "echo", "-p")
        self.assertEqual((done.stdout, done.stderr), ("-p\n", ""))

    def test_are_in_the_recording_as_a_shell_takes_them(self):
        self.record("-q", "--", "sh", "-c", "echo 'a b' $0", "it's")
        self.assertEqual(recording.read_one(self.file).command,
                         "faultline record --source proc -q -- sh -c 'echo '\\''a b'\\'' $0' "
                         "'it'\\''s'")

    def test_help(self):
        done = self.record("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for word in ("--flight=TIME", "-p, --pid=", "-I, --interval=", "-o, --output=", "--until"):
            self.assertIn(word, done.stdout)
        self.assertFalse([line for line in done.stdout.splitlines() if len(line) > 80])

    def test_that_name_nobody(self):
        done = self.record("-p", "4194304")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot follow 4194304: ", done.stderr.splitlines()[-1])
        done = self.record("--cgroup", "no/such/group")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no/such/group: ", done.stderr.splitlines()[-1])
        self.assertEqual(self.names(), [])


# An heir of orphans who buries none of them, and a process that can only be polled beside it.
UNBURIED = """
import ctypes, os, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
print(flush=True)
input()
for i in range(20):
    child = os.fork()
    if not child:
        if not os.fork():
            time.sleep(0.02)
        os._exit(0)
    os.waitpid(child, 0)
    time.sleep(0.03)
"""
THREADED = """
import threading
threading.Thread(target=input).start()
print(flush=True)
"""


class Events(RecordTest):
    def told(self, *words, while_it_runs=None):
        with contextlib.ExitStack() as stack:
            heir, other = [stack.enter_context(subprocess.Popen(
                [sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE))
                for text in (UNBURIED, THREADED)]
            heir.stdout.readline()
            other.stdout.readline()
            recorder = stack.enter_context(subprocess.Popen(
                [TOOL, "record", "-q", "--source", "perf", "-p", f"{heir.pid},{other.pid}", *words],
                cwd=self.folder, stderr=subprocess.DEVNULL))
            self.wait(lambda: self.file.exists() and self.file.stat().st_size > 600)
            heir.stdin.write(b"\n")
            heir.stdin.flush()
            while while_it_runs and heir.poll() is None:
                while_it_runs(recorder)
            heir.communicate()
            other.communicate(b"\n")
            self.assertEqual(recorder.wait(SECONDS), 0)
        return sorted(record.pid for record in recording.read_one(self.file).records
                      if isinstance(record, Fork))

    def test_who_ends_and_is_not_buried_is_told_of_once(self):
        told = self.told()
        self.assertGreaterEqual(len(told), 35)
        self.assertEqual(told, sorted(set(told)))

    def test_who_is_born_and_ends_behind_the_back_is_told_of_once(self):
        def stop(recorder):
            recorder.send_signal(signal.SIGSTOP)
            time.sleep(0.03)
            recorder.send_signal(signal.SIGCONT)
            time.sleep(0.001)
        told = self.told("-I", "1ms", while_it_runs=stop)
        self.assertEqual(told, sorted(set(told)))


class Contents(RecordTest):
    def test_are_the_command_and_what_it_forks(self):
        done = self.shell(f"{NOISE}; sleep 0.2; {NOISE}")
        segment = recording.read_one(self.file)
        self.assertEqual(segment.source, recording.PROC)
        self.assertEqual(segment.period_ns, 50000000)
        self.assertNotEqual(segment.blind, "")
        first, *others = segment.targets().values()
        self.assertIsInstance(first, Target)
        self.assertGreaterEqual(first.birth, segment.start_ns)
        self.assertTrue(all(isinstance(other, Fork) for other in others))
        self.assertIn("sleep", {record.comm for record in segment.records
                                if isinstance(record, (Exec, Fork))})
        self.assertEqual(len(of(segment.records, Exit, first.target)), 1)
        self.assertEqual(segment.end.records, len(segment.records))
        said = self.last(done.stderr)
        self.assertEqual(number(said["processes"]), len(others) + 1)
        self.assertEqual(number(said["samples"]), len(of(segment.records, Sample)))
        newest = {record.target: record.counts for record in segment.records
                  if isinstance(record, (Sample, Exit))}
        self.assertEqual(number(said["minor"]), sum(one.minor for one in newest.values()))
        self.assertEqual(number(said["major"]), sum(one.major for one in newest.values()))
        self.assertEqual((said["file"], said["more"]), ("faultline.data", None))

    def test_have_the_peak_of_a_command_shorter_than_a_period(self):
        """That of a shell which waited for others would be the greatest of theirs, too."""
        script = "m = bytearray(30 << 20); m[::4096] = bytes(len(m[::4096]))"
        self.record("-I", "10s", "--", sys.executable, "-c", script)
        ended, = of(recording.read_one(self.file).records, Exit)
        self.assertGreater(ended.peak, 30 << 20 >> 12)
        self.shell(f"{sys.executable} -c '{script}'; exit 0", "-I", "10s")
        segment = recording.read_one(self.file)
        shell = next(iter(segment.targets().values()))
        self.assertEqual([end.peak for end in of(segment.records, Exit, shell.target)], [0])

    def test_without_children_are_the_command_alone(self):
        self.shell("sleep 0.2; :", "--no-children")
        self.assertEqual(len(recording.read_one(self.file).targets()), 1)

    def test_come_as_often_as_asked(self):
        self.record("-I", "5ms", "sleep", "1")
        segment = recording.read_one(self.file)
        self.assertEqual(segment.period_ns, 5000000)
        # A machine that is busy makes it late, which is told.
        deadlines = len(of(segment.records, Sample)) + segment.end.missed
        expected = (segment.end.end_ns - segment.start_ns) / 5000000
        self.assertLess(abs(deadlines - expected), 0.2 * expected, segment.end)

    def test_of_a_process_count_from_when_it_was_named(self):
        with subprocess.Popen(["sh", "-c", f"{NOISE}; echo; read line; {NOISE}"], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as it:
            it.stdout.readline()
            with self.recorder("-p", str(it.pid)) as recorder:
                self.wait(lambda: self.file.exists() and self.file.stat().st_size > 600)
                it.communicate("\n")
                self.assertEqual(recorder.wait(SECONDS), 0)
                said = self.last(recorder.stderr.read())
        segment = recording.read_one(self.file)
        sample = segment.samples_of(it.pid)[0]
        self.assertGreater(sample.counts.minor, 0)
        self.assertLess(segment.targets()[sample.target].birth, segment.start_ns)
        newest = {record.target: record.counts for record in segment.records
                  if isinstance(record, (Sample, Exit))}
        self.assertEqual(number(said["minor"]),
                         sum(one.minor for one in newest.values()) - sample.counts.minor)

    def test_are_all_who_are_new_where_few_files_may_be_open(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
        self.shell("for i in $(seq 60); do sleep 1 & done; wait", "-I", "300ms", preexec_fn=limit)
        forks = of(recording.read_one(self.file).records, Fork)
        self.assertGreaterEqual(len(forks), 60)

    def test_are_all_where_most_files_are_inherited(self):
        def limit():
            for _ in range(30):
                os.set_inheritable(os.open("/dev/null", os.O_RDONLY), True)
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        done = self.shell("for i in $(seq 60); do sleep 1 & done; wait", preexec_fn=limit,
                          close_fds=False)
        self.assertGreaterEqual(number(self.last(done.stderr)["processes"]), 61)
        records = recording.read_one(self.file).records
        self.assertGreater(len(list(of(records, Sample))), 300)

    def test_say_who_is_still_running(self):
        done = self.shell("sleep 20 >/dev/null 2>&1 & echo $!; sleep 0.3")
        os.kill(int(done.stdout), signal.SIGKILL)
        self.assertEqual(done.returncode, 0)
        self.assertIn(", 1 process still running;", done.stderr)


class Files(RecordTest):
    def test_of_before_are_renamed(self):
        self.shell("exit 1")
        first = self.file.read_bytes()
        self.shell("exit 2")
        self.assertEqual((self.folder / "faultline.data.old").read_bytes(), first)
        self.assertNotEqual(self.file.read_bytes(), first)
        self.shell("exit 3")
        self.assertEqual(self.names(), ["faultline.data", "faultline.data.old"])

    def test_are_where_o_says(self):
        done = self.shell("exit 1", "-o", "it")
        self.assertEqual(self.names(), ["it"])
        self.assertEqual((self.last(done.stderr)["file"], self.last(done.stderr)["more"]),
                         ("it", " it"))

    def test_with_blanks_are_read_by_the_command_that_is_said(self):
        done = self.shell("exit 0", "-o", "it's here")
        command = done.stderr.splitlines()[-1].rpartition("): ")[2]
        self.assertEqual(shlex.split(command), ["faultline", "report", "it's here"])

    def test_that_a_link_leads_to(self):
        """A link is nobody's recording: root's /dev/stdout would be renamed, or removed."""
        there = self.folder / "there"
        there.mkdir()
        (there / "it").write_text("old")
        (self.folder / "link").symlink_to("there/it")
        self.record("-o", "link", "--", "no-such-program")
        self.assertEqual((there / "it").read_text(), "old")
        done = self.shell("exit 1", "-o", "link")
        self.assertEqual(self.last(done.stderr)["file"], str(there / "it"))
        self.assertTrue(recording.read_one(there / "it").end)
        self.assertEqual((there / "it.old").read_text(), "old")
        self.assertTrue((self.folder / "link").is_symlink())
        self.assertEqual(self.names(), ["link", "there"])

    def test_of_another_recorder_are_its_own(self):
        with self.recorder("sleep", "1.5") as recorder:
            self.wait(lambda: self.file.exists() and self.file.stat().st_size)
            done = self.shell("echo ran")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("faultline.data: somebody records into it", done.stderr)
            recorder.wait(SECONDS)
        self.assertEqual(self.names(), ["faultline.data"])
        self.assertTrue(recording.read_one(self.file).end)

    def test_get_a_segment_more(self):
        self.record("--append", "sleep", "0.1")
        self.record("--append", "true")
        segments = recording.read(self.file)
        self.assertEqual(len(segments), 2)
        self.assertTrue(all(segment.end for segment in segments))
        self.assertEqual(self.names(), ["faultline.data"])

    def test_that_cannot_be_written_are_told_before_anything_runs(self):
        for path, text in (("no/such/folder", "No such file"), ("/dev/null", "regular file"),
                           (".", "")):
            with self.subTest(path=path):
                done = self.shell("echo ran", "-o", path)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn(path, done.stderr.splitlines()[-1])
                self.assertIn(text, done.stderr.splitlines()[-1])
        self.assertTrue(Path("/dev/null").is_char_device())
        self.assertEqual(self.names(), [])

    def test_that_are_full_keep_what_they_have_and_the_command_goes_on(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        done = self.shell("for i in 1 2 3 4 5 6; do sleep 0.5; done; echo end", "-I", "1ms",
                          preexec_fn=limit)
        self.assertEqual((done.returncode, done.stdout), (1, "end\n"))
        self.assertIn("cannot write faultline.data: File too large; what was recorded until now "
                      "is kept there\nfaultline record: the command goes on, and is waited for\n",
                      done.stderr)
        self.assertNotIn("faultline report", done.stderr)
        segments = recording.read(self.file)
        self.assertEqual(len(segments), 1)
        self.assertIsNone(segments[0].end)

    def test_that_are_full_leave_the_command_its_status(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        done = self.shell("for i in 1 2 3 4; do sleep 0.5; done; exit 5", "-I", "1ms",
                          preexec_fn=limit)
        self.assertEqual(done.returncode, 5)

    def test_have_all_but_the_last_second_of_a_recorder_that_was_killed(self):
        with self.recorder("-I", "10ms", "sleep", "30") as recorder:
            time.sleep(3)
            newest = time.monotonic_ns()
            recorder.kill()
        segment = recording.read(self.file)[0]
        self.assertIsNone(segment.end)
        self.assertLess(newest - segment.records[-1].time, 2000000000)
        os.kill(next(iter(segment.targets().values())).pid, signal.SIGKILL)


class Signals(RecordTest):
    def test_nobody_who_hears_it_keeps_it_from_recording(self):
        def deafen():
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        with self.recorder("--flight", "10s", "sh", "-c", "sleep 1; exit 5",
                           preexec_fn=deafen) as recorder:
            self.wait(self.file.exists)
            time.sleep(0.2)
            recorder.stderr.close()
            recorder.send_signal(signal.SIGUSR1)
            self.assertEqual(recorder.wait(timeout=SECONDS), 5)
        self.assertTrue(recording.read_one(self.file).end)

    def test_term_is_passed_on(self):
        script = "trap 'echo asked; exit 5' TERM; echo on; while :; do sleep 0.05; done"
        with self.recorder("--", "sh", "-c", script) as recorder:
            recorder.stdout.readline()
            recorder.send_signal(signal.SIGTERM)
            self.assertEqual(recorder.stdout.read(), "asked\n")
            self.assertEqual(recorder.wait(SECONDS), 5)
        self.assertTrue(recording.read_one(self.file).end)

    def test_pipe_ends_nothing(self):
        reader, writer = os.pipe()
        os.close(reader)
        for script, status in (("exit 3", 3), ("kill -PIPE $$", -signal.SIGPIPE),
                               ("yes; exit $?", 128 + signal.SIGPIPE)):
            done = subprocess.run(self.words("--", "sh", "-c", script), cwd=self.folder,
                                  stdout=writer, stderr=writer, timeout=SECONDS)
            self.assertEqual(done.returncode, status)
            self.assertTrue(recording.read_one(self.file).end)
        os.close(writer)

    def test_end_a_recording_of_others_well(self):
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            with self.subTest(signal=name), subprocess.Popen(["sleep", "100"]) as it:
                with self.recorder("-o", name, "-p", str(it.pid)) as recorder:
                    self.wait((self.folder / name).exists)
                    time.sleep(0.3)
                    recorder.send_signal(signal.Signals[name])
                    self.assertEqual(recorder.wait(SECONDS), 0)
                    self.last(recorder.stderr.read())
                self.assertIsNone(it.poll())
                it.kill()
                self.assertTrue(recording.read_one(self.folder / name).records)

    def test_hup_that_is_ignored_stays_so(self):
        with subprocess.Popen(["sleep", "100"]) as it:
            with self.recorder("-p", str(it.pid), preexec_fn=lambda: signal.signal(
                    signal.SIGHUP, signal.SIG_IGN)) as recorder:
                self.wait(self.file.exists)
                time.sleep(0.3)
                recorder.send_signal(signal.SIGHUP)
                time.sleep(0.3)
                self.assertIsNone(recorder.poll())
                it.kill()
                self.assertEqual(recorder.wait(SECONDS), 0)


class Terminal(RecordTest):
    def on_terminal(self, *words):
        """Runs it on a terminal of its own; presses ^C when told. Its pid and descriptor."""
        pid, fd = pty.fork()
        if not pid:
            os.chdir(self.folder)
            os.execv(TOOL, [str(word) for word in self.words(*words)])
        self.addCleanup(os.close, fd)
        return pid, fd

    def read_until(self, fd, word):
        said = ""
        end = time.monotonic() + SECONDS
        while word not in said:
            self.assertLess(time.monotonic(), end, said)
            if select.select([fd], [], [], 1)[0]:
                said += os.read(fd, 4096).decode()
        return said

    def status_of(self, pid):
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_shows_progress_and_its_interrupt_is_the_command_s(self):
        pid, fd = self.on_terminal("sleep", "100")
        said = self.read_until(fd, " major faults, ")
        self.assertRegex(said, r"\r\n\d+ ms, 1 process, [\d,]+ minor and 0 major faults, ")
        os.write(fd, b"\3")
        said = self.read_until(fd, "faultline report\r\n")
        self.assertIn("\r\x1b[Kfaultline record: ", said)
        self.assertEqual(self.status_of(pid), -signal.SIGINT)
        self.assertTrue(recording.read_one(self.file).end)

    def test_a_command_that_heeds_its_interrupt_goes_on(self):
        script = "trap 'echo once more; sleep 0.5; exit 4' INT; echo on; " \
                 "while :; do sleep 0.05; done"
        pid, fd = self.on_terminal("-q", "--", "sh", "-c", script)
        self.read_until(fd, "on\r\n")
        os.write(fd, b"\3")
        self.read_until(fd, "once more")
        self.assertEqual(self.status_of(pid), 4)
        segment = recording.read_one(self.file)
        command = min(segment.targets())
        self.assertEqual(of(segment.records, Exit, command)[0].status, 4 << 8)

    def test_interrupt_ends_a_recording_of_others(self):
        with subprocess.Popen(["sleep", "100"]) as it:
            pid, fd = self.on_terminal("-p", str(it.pid))
            self.read_until(fd, " major faults, ")
            os.write(fd, b"\3")
            self.read_until(fd, "faultline report\r\n")
            self.assertEqual(self.status_of(pid), 0)
            it.kill()


if __name__ == "__main__":
    unittest.main()
