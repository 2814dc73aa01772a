#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""faultline stat: what it says of commands and processes, in both forms, and how it ends."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
import unittest

from verb import TOOL, VerbCase

PAGE = os.sysconf("SC_PAGESIZE")
PAGES = 5000
# Touches memory, and does not end at once: polls see it.
TOUCH = f"import mmap, time; m = mmap.mmap(-1, {PAGES * PAGE}); " \
        f"m[::{PAGE}] = bytes({PAGES}); time.sleep(0.3)"
TOUCHING = [sys.executable, "-S", "-c", TOUCH]
COUNTS = {"minor_faults", "major_faults", "cpu_ns", "user_ns", "system_ns", "voluntary_switches",
          "involuntary_switches"}
PEAKS = {"peak_resident_bytes", "peak_swapped_bytes"}


def masked(text):
    """Numbers with their units as #, however wide; what depends on the source left out."""
    text = re.sub(r"(?m)^  sh -c .*$", "  COMMAND", text)
    text = re.sub(r"(?m)^  (source|cannot see|not seen)  .*\n", "", text)
    text = re.sub(r"\d[\d,.]*[kM]?(?: (?:ns|us|ms|s|B|KiB|MiB|GiB|%))?", "#", text)
    text = re.sub(r" +(?=[#-])", " ", text)
    return re.sub(r"(?m)  lost +.*$", "  lost #", text).rstrip("\n") + "\n"


class Case(VerbCase):
    verb = "stat"

    def stat(self, *words, **more):
        return subprocess.run([TOOL, "stat", *words], text=True, capture_output=True,
                              timeout=60, cwd=self.folder, **more)

    def golden(self, name, text):
        super().golden(name, masked(text))

    def json_of(self, *words):
        self.stat("--json", "-o", "account", *words)
        return list(map(json.loads, (self.folder / "account").read_text().splitlines()))


class Text(Case):
    def test_one_process(self):
        done = self.stat("--", "sleep", "0.2")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.golden("stat_one.txt", done.stderr)

    def test_several_have_a_table(self):
        done = self.stat("--", "sh", "-c", '"$@"; exit 3', "sh", *TOUCHING)
        self.assertEqual(done.returncode, 3)
        self.golden("stat_several.txt", done.stderr)

    def test_intervals(self):
        done = self.stat("-I", "200ms", "--", "sleep", "0.7")
        self.golden("stat_intervals.txt", done.stderr)

    def test_the_command_has_its_own_streams(self):
        done = self.stat("-o", "account", "--", "sh", "-c", "cat; echo oops >&2", input="words")
        self.assertEqual((done.stdout, done.stderr), ("words", "oops\n"))
        self.assertIn("minor faults", (self.folder / "account").read_text())

    def test_source_and_cost_are_always_said(self):
        for words in ((), ("-I", "100ms")):
            said = self.stat("--source", "proc", *words, "--", "sleep", "0.2").stderr
            self.assertIn("  source      proc, a sample every 50.0 ms", said)
            self.assertIn("  cannot see  processes that lived only between two polls", said)
            self.assertRegex(said, r"\n  lost        ")
            self.assertRegex(said, r"\n  own cost    \S+ % of one CPU: ")

    def test_names_do_nothing_to_a_terminal(self):
        for name in ("\033[31m", "\u009b31m"):
            said = self.stat("--", "sh", "-c", "exit 0", name).stderr
            self.assertIn("  sh -c exit 0 ?", said)
            self.assertNotIn(name, said)


class Json(Case):
    def test_keys(self):
        account, = self.json_of("--", *TOUCHING)
        self.assertEqual(set(account), {"command", "exit_status", "signal", "elapsed_ns", "wait4",
                                        "total", "processes", "source", "lost", "cost"})
        self.assertEqual(set(account["total"]), COUNTS | PEAKS)
        self.assertEqual(set(account["processes"][0]), COUNTS | PEAKS | {
            "pid", "parent_pid", "name", "followed_ns", "end", "exit_status", "signal"})
        self.assertEqual(set(account["source"]),
                         {"kind", "version", "period_ns", "why", "cannot_see"})
        self.assertEqual(set(account["lost"]), {"records", "deadlines", "visits", "processes"})
        self.assertEqual(set(account["cost"]), {"wall_ns", "own_cpu_ns", "pass_ns"})
        self.assertEqual(account["command"], TOUCHING)

    def test_numbers_are_the_kernels(self):
        account, = self.json_of("--", *TOUCHING)
        total, kernel = account["total"], account["wait4"]
        self.assertGreaterEqual(total["minor_faults"], PAGES)
        self.assertEqual(total["minor_faults"], kernel["minor_faults"])
        self.assertEqual(total["user_ns"] + total["system_ns"], total["cpu_ns"])
        self.assertAlmostEqual(total["cpu_ns"], kernel["user_ns"] + kernel["system_ns"],
                               delta=20e6)
        self.assertGreater(total["peak_resident_bytes"], PAGES * PAGE)
        self.assertGreater(account["elapsed_ns"], 300e6)

    def test_intervals_add_up(self):
        *intervals, account = self.json_of("-I", "100ms", "--", *TOUCHING)
        self.assertGreaterEqual(len(intervals), 3)
        for key in COUNTS:
            self.assertEqual(sum(line[key] for line in intervals), account["total"][key], key)
        self.assertEqual(sum(line["interval_ns"] for line in intervals), intervals[-1]["time_ns"])
        self.assertEqual({line["interval_ns"] for line in intervals[:-1]}, {100000000})
        self.assertEqual(account["elapsed_ns"], intervals[-1]["time_ns"])

    def test_how_processes_ended(self):
        account, = self.json_of("--", "sh", "-c", "sleep 0.2; sh -c 'sleep 0.2; kill -9 $$'")
        self.assertEqual((account["exit_status"], account["signal"]), (137, None))
        root = account["processes"][0]
        self.assertEqual((root["name"], root["end"], root["exit_status"]), ("sh", "exited", 137))
        self.assertIn(root["pid"], {process["parent_pid"] for process in account["processes"]})

    def test_bytes_that_are_no_text(self):
        account, = self.json_of("--", "true", b"\xff\xfe")
        self.assertEqual(account["command"], ["true", "\ufffd\ufffd"])


class Ends(Case):
    def test_status_is_the_commands(self):
        for status in (0, 1, 77, 255):
            self.assertEqual(self.stat("--", "sh", "-c", f"exit {status}").returncode, status)

    def test_dies_of_the_commands_signal(self):
        self.assertEqual(self.stat("--", "sh", "-c", "kill -TERM $$").returncode, -signal.SIGTERM)

    def test_what_cannot_be_run(self):
        self.refused(self.stat("--", "/nowhere/to/be/found"), 127, "/nowhere/to/be/found")
        self.refused(self.stat("--", "/etc/passwd"), 126, "/etc/passwd")

    def test_a_terminating_signal_reaches_the_command(self):
        stat = subprocess.Popen([TOOL, "stat", "sleep", "60"], text=True,
                                stderr=subprocess.PIPE)
        time.sleep(0.5)
        stat.terminate()
        said = stat.communicate(timeout=20)[1]
        self.assertEqual(stat.returncode, -signal.SIGTERM)
        self.assertIn("minor faults", said)

    def test_watching_ends_with_an_interrupt(self):
        with subprocess.Popen(["sleep", "60"]) as sleeper:
            stat = subprocess.Popen([TOOL, "stat", "--json", "-p", str(sleeper.pid)],
                                    text=True, stderr=subprocess.PIPE)
            time.sleep(0.5)
            stat.send_signal(signal.SIGINT)
            account = json.loads(stat.communicate(timeout=20)[1])
            self.assertEqual(stat.returncode, 0)
            self.assertIsNone(sleeper.poll())
            sleeper.kill()
        self.assertIsNone(account["command"])
        self.assertEqual(account["processes"][0]["end"], "alive")
        self.assertEqual(account["processes"][0]["pid"], sleeper.pid)

    def test_watching_ends_when_nobody_is_left(self):
        sleeper = subprocess.Popen(["sleep", "0.5"])
        account, = self.json_of("-p", str(sleeper.pid))
        sleeper.wait()
        self.assertEqual(account["processes"][0]["end"], "exited")


class Refused(Case):
    def test_nobody_to_follow(self):
        self.refused(self.stat(), 2, "COMMAND", "-p")

    def test_bad_values(self):
        self.refused(self.stat("-I", "0.1", "true"), 2, "from 1ms on", "'0.1'")
        self.refused(self.stat("-I", "soon", "true"), 2, "'soon'")
        self.refused(self.stat("--source", "guess", "true"), 2, "'guess'")
        self.refused(self.stat("-p", "0"), 2, "'0'")

    def test_nobody_of_that_number(self):
        self.refused(self.stat("-p", str(2**22 + 1)), 1, str(2**22 + 1))

    def test_what_cannot_be_written(self):
        self.refused(self.stat("-o", "no/such", "true"), 1, "no/such", "No such file")
        for words in ((), ("--json",), ("-I", "100ms")):
            done = self.stat(*words, "-o", "/dev/full", "--", "sleep", "0.2")
            self.refused(done, 1, "/dev/full", "No space left on device")

    def test_a_command_is_waited_for_when_its_account_cannot_be_written(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))
        for output in ("/dev/full", "account"):
            done = self.stat("-I", "100ms", "-o", output, "--", "sh", "-c", "sleep 0.5; echo end",
                             preexec_fn=limit)
            self.refused(done, 1, output)
            self.assertEqual(done.stdout, "end\n")

    def test_what_is_written_has_no_messages_where_standard_error_is_closed(self):
        done = self.stat("-o", "account", "--", "no-such-program", preexec_fn=lambda: os.close(2))
        self.assertEqual(done.returncode, 127)
        self.assertEqual((self.folder / "account").read_text(), "")

    def test_help_names_all_options(self):
        said = self.stat("--help").stdout
        for option in ("--interval=TIME", "--json", "--output=FILE", "--pid=PID", "--cgroup=PATH",
                       "--source=", "--no-children", "COMMAND"):
            self.assertIn(option, said)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    unittest.main()
