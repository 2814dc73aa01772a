#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""faultline top: on terminals of many kinds and sizes, played by tmux, and without one."""

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import tree

FAULTLINE = tree.ROOT / "build/faultline"
SECONDS = 20
BLOCKS = "▁▂▃▄▅▆▇█"
# Faults all the time, and has a child that sleeps.
FAULTER = """
import mmap, os, time
if not os.fork():
    time.sleep(600)
while True:
    m = mmap.mmap(-1, 400 * mmap.PAGESIZE)
    m[::mmap.PAGESIZE] = bytes(400)
    m.close()
    time.sleep(0.02)
"""


class Terminal:
    """A terminal with a program in it; when that has ended, its status is in the last line."""

    def __init__(self, words, columns=80, rows=24, term="screen-256color", **environment):
        self.folder = tempfile.TemporaryDirectory()
        self.socket = f"{self.folder.name}/tmux"
        environment = {"LC_ALL": "C.UTF-8", "TERM": term, **environment}
        settings = " ".join(f"{key}={shlex.quote(value)}" for key, value in environment.items())
        program = f"trap : INT QUIT; cd {self.folder.name}; stty -a >before; " \
                  f"env {settings} {shlex.join(map(str, words))}; " \
                  "echo ended: $?; stty -a >after; exec sleep 600"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", rows,
                  "sh", "-c", program)

    def tmux(self, *words):
        return subprocess.run(["tmux", "-u", "-S", self.socket, *map(str, words)], check=True,
                              text=True, capture_output=True, timeout=SECONDS,
                              env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout

    def lines(self, *words):
        return self.tmux("capture-pane", "-p", *words).split("\n")[:-1]

    def text(self):
        return "\n".join(self.lines())

    def wait(self, wanted):
        """Until wanted(lines), or a text in them; the lines."""
        end = time.monotonic() + SECONDS
        while True:
            lines = self.lines()
            if wanted in "\n".join(lines) if isinstance(wanted, str) else wanted(lines):
                return lines
            if time.monotonic() > end:
                raise AssertionError(f"waited for {wanted!r} in vain:\n" + "\n".join(lines))
            time.sleep(0.1)

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", columns, "-y", rows)

    def top(self):
        """The PID of faultline."""
        shell = self.tmux("list-panes", "-F", "#{pane_pid}").strip()
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        return int(children[0])

    def is_as_it_was(self):
        folder = Path(self.folder.name)
        return (folder / "after").read_text() == (folder / "before").read_text()

    def close(self):
        self.tmux("kill-server")
        self.folder.cleanup()


class Case(unittest.TestCase):
    def setUp(self):
        self.faulter = subprocess.Popen([sys.executable, "-S", "-c", FAULTER],
                                        start_new_session=True)
        self.addCleanup(self.end_faulter)

    def end_faulter(self):
        os.killpg(self.faulter.pid, signal.SIGKILL)
        self.faulter.wait()

    def terminal(self, *words, **more):
        terminal = Terminal([FAULTLINE, "top", *words], **more)
        self.addCleanup(terminal.close)
        return terminal

    def watching(self, *words, **more):
        """A terminal on which the faulter's faults are to be seen."""
        terminal = self.terminal("-d", "200ms", "-p", self.faulter.pid, *words, **more)
        terminal.wait(self.shown)
        return terminal

    def row(self, lines):
        """The faulter's row, in cells; None: it is not there."""
        rows = [line.split() for line in lines]
        return next((row for row in rows if row and row[0] == str(self.faulter.pid)), None)

    def shown(self, lines):
        row = self.row(lines)
        return row and row[1] != "0"

    def ended(self, terminal, status):
        terminal.wait(f"ended: {status}\n")
        time.sleep(0.2)
        self.assertTrue(terminal.is_as_it_was())


class Sizes(Case):
    def test_80_columns(self):
        lines = self.watching().lines()
        self.assertEqual(len(lines), 24)
        self.assertRegex(lines[0],
                         r"^faultline top  \d+ process(es)?, each 200 ms, by minor faults")
        self.assertRegex(lines[1], rf"^minor +\S+/s [ {BLOCKS}]+ CPU +\S+ %  resident +\S+ \S?i?B$")
        self.assertRegex(lines[3], r"^source      \w+.*, a sample every 100 ms")
        head = next(line for line in lines if "PID" in line)
        self.assertEqual(head.split(), ["PID", "▼minor/s", "major/s", "CPU", "resident",
                                        "swapped", "last", "2", "s", "name"])
        self.assertRegex(lines[-1], r"^sort: m M c r s p n  R reverse .* q quit$")
        row = self.row(lines)
        self.assertRegex(" ".join(row), rf"^\d+ \S+ \S+ \S+ % \S+ [KM]iB 0 B [ {BLOCKS}]+ python")

    def test_lost_and_cost_are_shown(self):
        text = self.watching("--source", "proc").text()
        self.assertRegex(text, r"\ncannot see  processes that lived only between two polls")
        self.assertRegex(text, r"\nlost        .*; own cost \S+ % of one CPU")

    def test_other_sizes(self):
        terminal = self.watching()
        for columns, rows in ((40, 10), (200, 60), (20, 4), (3, 2), (1, 1), (80, 24)):
            terminal.resize(columns, rows)
            terminal.wait(lambda lines, rows=rows: len(lines) == rows)
            time.sleep(0.5)
            lines = terminal.lines()
            self.assertLessEqual(max(map(len, lines)), columns)
            if rows >= 10:
                self.assertIsNotNone(self.row(lines), lines)
                self.assertIn("q quit", lines[-1])
        self.assertTrue(self.shown(lines))

    def test_started_in_a_small_one(self):
        terminal = self.terminal("-p", self.faulter.pid, columns=12, rows=2)
        terminal.wait("m ")
        terminal.press("q")
        terminal.wait("ended: 0")


class Keys(Case):
    def pids(self, lines):
        return [int(line.split()[0]) for line in lines if re.match(r" *\d+ ", line)]

    def child(self):
        children = Path(f"/proc/{self.faulter.pid}/task/{self.faulter.pid}/children")
        while not children.read_text():
            time.sleep(0.1)
        return int(children.read_text())

    def family(self):
        pids = [self.faulter.pid, self.child()]
        terminal = self.terminal("-d", "200ms", "-p", ",".join(map(str, pids)))
        terminal.wait(lambda lines: self.shown(lines) and len(self.pids(lines)) == 2)
        return terminal, pids

    def test_sort_and_reverse(self):
        terminal, (parent, child) = self.family()
        self.assertEqual(self.pids(terminal.lines()), [parent, child])
        terminal.press("p")
        terminal.wait("▼PID")
        self.assertEqual(self.pids(terminal.lines()), sorted([parent, child]))
        terminal.press("R")
        terminal.wait("▲PID")
        self.assertEqual(self.pids(terminal.lines()), sorted([parent, child], reverse=True))
        for key, head in (("m", "▼minor/s"), ("M", "▼major/s"), ("c", "▼CPU"), ("r", "▼resident"),
                          ("s", "▼swapped"), ("n", "▼name")):
            terminal.press(key)
            terminal.wait(head)

    def test_tree(self):
        terminal, (_, child) = self.family()
        terminal.press("t")
        lines = terminal.wait("as a tree")
        self.assertRegex("\n".join(lines), rf"\n *{child} .*└ python")
        terminal.press("t")
        terminal.wait(lambda lines: "└" not in "".join(lines))

    def test_pause(self):
        terminal = self.watching()
        terminal.press("Space")
        before = terminal.wait("PAUSED")
        time.sleep(1)
        self.assertEqual(terminal.lines(), before)
        terminal.press("Space")
        terminal.wait(lambda lines: lines != before and "PAUSED" not in lines[0])
        terminal.wait(lambda lines: self.row(lines) != self.row(before))

    def test_help(self):
        terminal = self.watching()
        for key in "h?":
            terminal.press(key)
            lines = terminal.wait("any key: back")
            self.assertIn("sort by minor faults", lines[0])
            self.assertIn("own cost", "\n".join(lines))
            terminal.press("q" if key == "?" else "x")
            terminal.wait(self.shown)

    def test_cursor_and_scrolling(self):
        sleepers = [subprocess.Popen(["sleep", "600"]) for _ in range(30)]
        try:
            everyone = sorted(sleeper.pid for sleeper in sleepers)
            terminal = self.terminal("-d", "200ms", "-p", ",".join(map(str, everyone)))
            terminal.wait(lambda lines: len(self.pids(lines)) > 10)
            terminal.press("p")
            seen = self.pids(terminal.wait("▼PID"))
            self.assertEqual(seen, everyone[:len(seen)])
            terminal.press("End")
            terminal.wait(lambda lines: self.pids(lines) == everyone[-len(seen):])
            terminal.press("Up")
            terminal.press("PPage")
            terminal.wait(lambda lines: self.pids(lines)[0] == everyone[28 - len(seen)])
            terminal.press("Home")
            terminal.wait(lambda lines: self.pids(lines) == everyone[:len(seen)])
            for _ in seen:
                terminal.press("Down")
            terminal.wait(lambda lines: self.pids(lines) == everyone[1:len(seen) + 1])
        finally:
            for sleeper in sleepers:
                sleeper.kill()
                sleeper.wait()


class Ends(Case):
    def test_quit(self):
        terminal = self.watching()
        terminal.press("q")
        self.ended(terminal, 0)
        self.assertNotIn("minor/s", terminal.text())

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            terminal = self.watching()
            os.kill(terminal.top(), number)
            self.ended(terminal, 0)

    def test_interrupt_from_the_keyboard(self):
        terminal = self.watching()
        terminal.press("C-\\")
        terminal.press("C-c")
        self.ended(terminal, 0)

    def test_an_error_is_on_the_terminal(self):
        terminal = self.terminal("-p", 2**22 + 1)
        self.ended(terminal, 1)
        self.assertRegex(terminal.text(), rf"faultline top: cannot follow {2**22 + 1}: ")

    def test_a_command_ends_it_and_its_last_picture_stays(self):
        terminal = self.terminal("--", "sh", "-c", "echo noise; echo noise >&2; sleep 2; exit 7")
        terminal.wait("q quit")
        self.ended(terminal, 7)
        self.assertNotIn("noise", terminal.text())
        self.assertIn("▼minor/s", terminal.text())
        self.assertIn("sleep (ended)", terminal.text())
        self.assertRegex(terminal.text(), r"\ncannot see .*\.\.\.\nlost .*\n +PID .* name\n")

    def test_a_command_that_cannot_be_run(self):
        terminal = self.terminal("--", "/nowhere/at/all")
        self.ended(terminal, 127)
        self.assertIn("/nowhere/at/all", terminal.text())

    def test_quit_ends_the_command(self):
        terminal = self.terminal("--", "sh", "-c", "trap '' TERM; while :; do sleep 0.1; done")
        terminal.wait("sleep")
        top = terminal.top()
        child, = Path(f"/proc/{top}/task/{top}/children").read_text().split()
        terminal.press("q")
        self.ended(terminal, 0)
        self.assertFalse(Path(f"/proc/{child}").exists())

    def test_when_those_named_have_ended(self):
        sleeper = subprocess.Popen(["sleep", "2"])
        terminal = self.terminal("-p", sleeper.pid)
        terminal.wait("q quit")
        sleeper.wait()
        self.ended(terminal, 0)


class Kinds(Case):
    def test_vt100(self):
        terminal = self.watching(term="vt100")
        self.assertIn("▼minor/s", terminal.text())
        self.assertNotRegex("\n".join(terminal.lines("-e")), r"\033\[[0-9;]*[34][0-7]m")
        terminal.press("q")
        self.ended(terminal, 0)

    def test_colours_unless_they_are_refused(self):
        colour = r"\033\[(\d+;)*[34][0-7]"
        self.assertRegex("\n".join(self.watching().lines("-e")), colour)
        self.assertNotRegex("\n".join(self.watching(NO_COLOR="1").lines("-e")), colour)

    def test_no_utf8(self):
        terminal = self.watching(LC_ALL="C")
        terminal.press("t")
        terminal.wait("as a tree")
        text = terminal.text()
        self.assertTrue(text.isascii(), text)
        self.assertIn("vminor/s", text)
        self.assertRegex(" ".join(self.row(text.split("\n"))), r"[_.=+*%#-] python")

    def test_one_that_nobody_knows_or_that_cannot_be_drawn_on(self):
        for term in ("nonesuch", "dumb"):
            terminal = self.terminal("-p", self.faulter.pid, term=term)
            self.ended(terminal, 2)
            self.assertIn(f"TERM={term}: use --batch", terminal.text())

    def test_all_processes(self):
        terminal = self.terminal("-d", "200ms")
        terminal.wait(self.shown)
        sleeper = subprocess.Popen([sys.executable, "-S", "-c", FAULTER], start_new_session=True)
        try:
            terminal.wait(lambda lines: any(line.split()[:1] == [str(sleeper.pid)]
                                            for line in lines))
        finally:
            os.killpg(sleeper.pid, signal.SIGKILL)
            sleeper.wait()
        terminal.wait("(ended)")


class Batch(Case):
    def top(self, *words):
        return subprocess.run([FAULTLINE, "top", *map(str, words)], text=True, capture_output=True,
                              timeout=60, stdin=subprocess.DEVNULL,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})

    def test_no_terminal(self):
        done = self.top()
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, r"\Afaultline top: [^\n]*--batch\n\Z")

    def test_tables(self):
        done = self.top("--batch", "-n", 3, "-d", "200ms", "-p", self.faulter.pid)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        tables = done.stdout.split("\n\n")[:-1]
        self.assertEqual(len(tables), 3)
        for table in tables:
            self.assertTrue(self.shown(table.split("\n")), table)
            self.assertIn("own cost", table)
            self.assertNotIn("quit", table)

    def test_a_command(self):
        done = self.top("--batch", "-d", "500ms", "--", "sh", "-c", "echo words; sleep 1; exit 5")
        self.assertEqual((done.returncode, done.stderr), (5, ""))
        self.assertIn("words\n", done.stdout)
        self.assertIn("sleep (ended)", done.stdout)

    def test_bad_values(self):
        for words in (("-n", "3"), ("--batch", "-n", "0"), ("--batch", "-n", "x"),
                      ("--batch", "-d", "1ms"), ("--batch", "-d", "2min")):
            done = self.top(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertTrue(done.stderr.startswith("faultline top: "), done.stderr)

    def test_what_cannot_be_written(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([FAULTLINE, "top", "--batch", "-n", "1", "-d", "100ms"],
                                  stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left on device", done.stderr)


if __name__ == "__main__":
    unittest.main()
