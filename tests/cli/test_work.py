#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""work: what it makes of its arguments, and what it does beside a module, played by a FIFO."""

import math
import os
import re
import resource
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import tree

WORK = tree.ROOT / "build/work"
PAGE = os.sysconf("SC_PAGESIZE")

BAD_MB = "MB must be a whole number from 1 to 1024"
BAD_PATTERN = "the pattern must be one letter, R for random or L for local"
BAD_ACCESSES = "ACCESSES must be a whole number from 1 to 2147483647"
BAD_COUNT = "needs MB, R or L, and ACCESSES"
BAD_PAUSE = "--pause must be seconds from 0 to 86400, at most three decimals"
BAD_SEED = "--seed must be a whole number from 0 to 18446744073709551615"
BAD_ITERATIONS = "--iterations must be a whole number from 1 to 2147483647"
NO_OPTION = "is no option"
NO_VALUE = "needs a value"

BAD_ARGUMENTS = [
    ("", BAD_COUNT),
    ("1", BAD_COUNT),
    ("1 R", BAD_COUNT),
    ("1 R 1 1", BAD_COUNT),
    ("0 R 1", BAD_MB),
    ("1025 R 1", BAD_MB),
    ("18446744073709551617 R 1", BAD_MB),
    ("1x R 1", BAD_MB),
    ("1.5 R 1", BAD_MB),
    ("+1 R 1", BAD_MB),
    ("R 1 1", BAD_MB),
    ("1 RR 1", BAD_PATTERN),
    ("1 1 1", BAD_PATTERN),
    ("1 . 1", BAD_PATTERN),
    ("1 R 0", BAD_ACCESSES),
    ("1 R 2147483648", BAD_ACCESSES),
    ("1 R 99999999999999999999999", BAD_ACCESSES),
    ("1 R 1e3", BAD_ACCESSES),
    ("1 R 0x10", BAD_ACCESSES),
    ("-- 1 R -1", BAD_ACCESSES),
    ("-1 R 1", NO_OPTION),
    ("1 R -1", NO_OPTION),
    ("-1x R 1", NO_OPTION),
    ("--frequently 1 R 1", NO_OPTION),
    ("-x 1 R 1", NO_OPTION),
    ("--huge-pages=yes 1 R 1", NO_OPTION),
    ("1 R 1 --pause", NO_VALUE),
    ("1 R 1 --seed", NO_VALUE),
    ("--pause -1 1 R 1", BAD_PAUSE),
    ("--pause 1s 1 R 1", BAD_PAUSE),
    ("--pause 0.0001 1 R 1", BAD_PAUSE),
    ("--pause 86401 1 R 1", BAD_PAUSE),
    ("--pause nan 1 R 1", BAD_PAUSE),
    ("--pause= 1 R 1", BAD_PAUSE),
    ("--seed -1 1 R 1", BAD_SEED),
    ("--seed x 1 R 1", BAD_SEED),
    ("--seed 18446744073709551616 1 R 1", BAD_SEED),
    ("--iterations 0 1 R 1", BAD_ITERATIONS),
    ("--iterations 2147483648 1 R 1", BAD_ITERATIONS),
    ("--iterations two 1 R 1", BAD_ITERATIONS),
]


class Case(unittest.TestCase):
    def refused(self, done, status, text):
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr, r"\Awork: [^\n]+\n\Z")
        self.assertIn(text, done.stderr)
        self.assertFalse(done.stdout)


class Arguments(Case):
    def work(self, *words, **more):
        more = {"stdout": subprocess.PIPE, **more}
        return subprocess.run([WORK, *words], stderr=subprocess.PIPE, text=True, timeout=60, **more)

    def test_bad_ones_are_refused_in_one_line(self):
        for words, text in BAD_ARGUMENTS:
            with self.subTest(words):
                self.refused(self.work(*words.split()), 2, text)

    def test_odd_words_are_refused_in_one_line(self):
        self.refused(self.work("", "R", "1"), 2, BAD_MB)
        self.refused(self.work(" 1", "R", "1"), 2, BAD_MB)
        self.refused(self.work("1", "", "1"), 2, BAD_PATTERN)
        self.refused(self.work("1", "\xc4", "1"), 2, BAD_PATTERN)
        self.refused(self.work("1", "R", "1 "), 2, BAD_ACCESSES)

    def test_help_names_every_option(self):
        done = self.work("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("usage: work "))
        for option in ("iterations", "pause", "seed", "huge-pages", "help", "version"):
            self.assertIn(f"  --{option} ", done.stdout)

    def test_version_is_that_of_the_sources(self):
        version = (tree.ROOT / "VERSION").read_text().strip()
        self.assertEqual(self.work("--version").stdout, f"work (faultline) {version}\n")

    def test_help_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w") as full:
            self.refused(self.work("--help", stdout=full), 1, "No space left on device")


class BesideModule(Case):
    """The module's proc file is a FIFO here: what work writes to it comes out as it went in."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.proc = Path(folder.name, "proc")
        (cls.proc / "mp3").mkdir(parents=True)
        cls.status = cls.proc / "mp3/status"
        cls.program = tree.build_elsewhere(Path(folder.name, "tree"), cls.proc) / "work"

    def tearDown(self):
        self.status.unlink(missing_ok=True)

    def start(self, *words, **more):
        more = {"stdout": subprocess.PIPE, **more}
        return subprocess.Popen([self.program, *words], stderr=subprocess.PIPE, text=True, **more)

    def finish(self, process):
        out, errors = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, errors)

    def with_module(self):
        """What work writes to the module, in pieces, until stop()."""
        os.mkfifo(self.status)
        pieces = []
        fd = os.open(self.status, os.O_RDWR)

        def read():
            while not (text := os.read(fd, 4096).decode()).endswith("end"):
                pieces.append(text)
            pieces.append(text.removesuffix("end"))

        reader = threading.Thread(target=read)
        reader.start()

        def stop():
            if reader.is_alive():
                os.write(fd, b"end")
                reader.join()
                os.close(fd)

        self.addCleanup(stop)
        self.stop = stop
        return pieces

    def run_registered(self, *words, **more):
        """Runs work to its end and checks that it was registered meanwhile."""
        pieces = self.with_module()
        process = self.start(*words, **more)
        done = self.finish(process)
        self.stop()
        self.assertEqual("".join(pieces), f"R {process.pid}\nU {process.pid}\n")
        self.status.unlink()
        return done, process.pid

    def test_without_module_nothing_is_done(self):
        done = self.finish(self.start("1024", "R", "2147483647"))
        self.refused(done, 1, f"no module is loaded (there is no {self.status}): "
                              "`sudo insmod faultline.ko` loads it, `make demo` ")

    def test_refusal_ends_it(self):
        self.status.symlink_to("/dev/full")
        self.refused(self.finish(self.start("1024", "R", "2147483647")), 1,
                     "cannot register: No space left on device")

    def test_prints_its_job_and_its_iterations(self):
        done, pid = self.run_registered("--pause", "0", "--seed", "5", "1", "R", "10")
        lines = [f"[{pid}] 1 MiB in small pages, random, 10 accesses x 20 iterations, "
                 "pause 0.000 s, seed 5"] + [f"[{pid}] {k} iteration" for k in range(20)]
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.splitlines(), lines)

    def test_options_may_stand_anywhere(self):
        done, pid = self.run_registered("2", "--iterations=1", "L", "--huge-pages", "7",
                                        "--pause", ".001", "--seed", "0")
        self.assertEqual(done.stdout, f"[{pid}] 2 MiB in pages of the system's choice, local, "
                         "7 accesses x 1 iterations, pause 0.001 s, seed 0\n"
                         f"[{pid}] 0 iteration\n")

    def test_any_letter_but_capital_r_is_local(self):
        for letter, name in (("R", "random"), ("L", "local"), ("r", "local"), ("x", "local")):
            done, _ = self.run_registered("--pause", "0", "--iterations", "1", "1", letter, "1")
            self.assertIn(f" {name}, ", done.stdout)

    def test_processes_have_different_seeds(self):
        seeds = set()
        for _ in range(3):
            done, _ = self.run_registered("--pause", "0", "1", "R", "1")
            seeds.add(re.search(r"seed (\d+)\n", done.stdout)[1])
        self.assertEqual(len(seeds), 3)

    def test_lines_come_when_their_iteration_begins_and_pauses_last(self):
        pieces = self.with_module()
        process = self.start("--iterations", "2", "--pause", "0.5", "1", "R", "1")
        process.stdout.readline()
        times = []
        for _ in range(2):
            process.stdout.readline()
            times.append(time.monotonic())
        self.assertEqual("".join(pieces), f"R {process.pid}\n")
        self.assertEqual(self.finish(process).returncode, 0)
        times.append(time.monotonic())
        for before, after in zip(times, times[1:]):
            self.assertGreater(after - before, 0.4)
            self.assertLess(after - before, 5)

    def test_pauses_a_second_by_default(self):
        started = time.monotonic()
        done, _ = self.run_registered("--iterations", "1", "1", "R", "1")
        self.assertIn("pause 1.000 s", done.stdout)
        self.assertGreaterEqual(time.monotonic() - started, 1)

    def test_signals_end_it_at_once(self):
        default = signal.SIG_DFL  # in the background, SIGINT would be ignored
        for number in (signal.SIGINT, signal.SIGTERM):
            pieces = self.with_module()
            process = self.start("1", "R", "1", preexec_fn=lambda: signal.signal(number, default))
            process.stdout.readline()
            process.send_signal(number)
            self.assertEqual(self.finish(process).returncode, -number)
            self.stop()
            self.assertEqual("".join(pieces), f"R {process.pid}\n")  # the module sees it exit
            self.status.unlink()

    def test_output_that_cannot_be_written_ends_it(self):
        with open("/dev/full", "w") as full:
            done, _ = self.run_registered("1024", "R", "2147483647", stdout=full)
        self.refused(done, 1, "No space left on device")

    def test_too_little_memory_ends_it(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))

        done, _ = self.run_registered("1024", "R", "1", preexec_fn=limit)
        self.refused(done, 1, "cannot get 1024 MiB of memory: ")

    def faults(self, *words):
        """Its minor faults, as wait4 reports them."""
        with open("/dev/null", "w") as null:
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
            self.run_registered("--pause", "0", "--seed", "1", *words, stdout=null)
            return resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt - before

    def test_faults_are_those_of_its_accesses(self):
        base = self.faults("1", "R", "1", "--iterations", "1")
        self.assertLess(base, 300)
        pages = (64 << 20) / PAGE
        expected = pages * (1 - math.exp(-20 * 2000 / pages))
        measured = self.faults("64", "R", "2000") - base
        self.assertLess(abs(measured - expected), 0.02 * expected)


if __name__ == "__main__":
    unittest.main()
