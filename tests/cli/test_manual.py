#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The tool's manual pages: one for each verb, with the options that it has, and examples that run.

An example is a literal block or line of EXAMPLES. Each is run by bash, with recordings and a ./job
there, a PID of a process that ends soon for 1234 and from pidof, and a `make` that makes nothing.
One that cannot run so has a line above it, `.\\" not run: WHY`, and is in NOT_RUN below, with who
runs it.
"""

import os
import pty
import re
import select
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import recordings
import tree

TOOL = tree.ROOT / "build/faultline"
PAGES = {page.stem: page for page in sorted(tree.ROOT.glob("man/*.1"))}
COMMANDS = dict(re.findall(r'^\t\{ "([a-z]+)", "(.*)", command_[a-z]+ \},$',
                           (tree.ROOT / "tool/main.c").read_text(), re.M))

# Those every verb has, of which faultline(1) tells.
OF_ALL = {"-?", "--help", "--usage", "--version"}

# Page, why, and who runs it instead.
NOT_RUN = {
    ("faultline-record", "a cgroup of that name"):
        "tests/guest/test_tool_record.py follows cgroups",
}


def section(page, name):
    found = re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", page.read_text(), re.M | re.S)
    return found[1] if found else ""


def flags(words):
    """The options of a line of mdoc: what follows Fl up to the next macro."""
    found, after = [], False
    for word in words.split():
        word = word.removeprefix(".")
        if word in ("Ar", "Cm", "Ns", "No", "Op", "Oo", "Oc", "Pa", "Sy", "Em", "Li", "Xr"):
            after = False
        elif word == "Fl":
            after = True
        elif after and word not in (",", "|", "-"):
            found.append(f"-{word}")
    return found


def page_options(page):
    """Option groups of the list, as {"-f", "--format"}, whether with an argument or not."""
    found = {}
    for words in re.findall(r"^\.It (.*\bFl\b.*)$", page.read_text(), re.M):
        names = frozenset(flags(words)) - OF_ALL
        if names:
            found[names] = bool(re.search(r"\b(Ar|Cm)\b", words))
    return found


def help_options(text):
    """The same of a verb's help."""
    found = {}
    for short, long, value in re.findall(r"^ {2,6}(?:(-.), )?(--[a-z-]+)(\[?=\S+)?", text, re.M):
        names = frozenset(filter(None, (short, long))) - OF_ALL
        if names:
            found[names] = bool(value)
    return found


def plain(text):
    """Literal text without mdoc's escapes."""
    for escape, meaning in ((r"\(dq", '"'), (r"\(aq", "'"), (r"\(ha", "^"), (r"\(ti", "~"),
                            (r"\&", ""), (r"\-", "-"), (r"\e", "\\")):
        text = text.replace(escape, meaning)
    return text


def examples(page):
    """The examples' texts, and why they are not run, or ""."""
    return [(plain(block or line), why) for why, block, line in re.findall(
        r'(?:^\.\\" not run: (.*)\n)?(?:^\.Bd -literal.*\n((?:.*\n)*?)^\.Ed$|^\.Dl (.*)$)',
        section(page, "EXAMPLES"), re.M)]


class Pages(unittest.TestCase):
    def help(self, verb):
        done = subprocess.run([TOOL, verb, "--help"], text=True, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_every_verb_has_a_page_and_every_page_a_verb(self):
        self.assertEqual(len(COMMANDS), 8)
        self.assertEqual(set(PAGES), {"faultline", *(f"faultline-{verb}" for verb in COMMANDS)})

    def test_the_list_of_verbs_is_the_same_everywhere(self):
        listed = subprocess.run([TOOL, "--help"], text=True, capture_output=True).stdout
        whole = re.findall(r"^\.It Xr faultline-([a-z]+) 1\n(.*)$", PAGES["faultline"].read_text(),
                           re.M)
        self.assertEqual(whole, list(COMMANDS.items()))
        for verb, summary in COMMANDS.items():
            self.assertRegex(listed, rf"(?m)^  {verb} +{re.escape(summary)}$")

    def test_names_are_those_of_the_list(self):
        for verb, summary in COMMANDS.items():
            with self.subTest(verb):
                lines = section(PAGES[f"faultline-{verb}"], "NAME").splitlines()
                self.assertEqual(lines, [f".Nm faultline-{verb}", f".Nd {summary}"])

    def test_options_are_those_of_the_help_and_the_other_way_round(self):
        for verb in COMMANDS:
            with self.subTest(verb):
                known = help_options(self.help(verb))
                told = page_options(PAGES[f"faultline-{verb}"])
                self.assertEqual(told, known)

    def test_a_synopsis_has_no_option_that_is_none_and_leaves_none_out(self):
        for verb in COMMANDS:
            with self.subTest(verb):
                words = section(PAGES[f"faultline-{verb}"], "SYNOPSIS")
                self.assertIn(f".Nm faultline {verb}\n", words)
                used = {flag for line in words.splitlines() for flag in flags(line)}
                known = help_options(self.help(verb))
                self.assertEqual(used - set().union(*known), set())
                for names in known:
                    self.assertTrue(names & used, f"{sorted(names)} is not in SYNOPSIS")

    def test_sections_come_in_order_and_none_is_missing(self):
        for name, page in PAGES.items():
            with self.subTest(name):
                found = re.findall(r"^\.Sh (.*)$", page.read_text(), re.M)
                order = ["NAME", "SYNOPSIS", "DESCRIPTION", "ENVIRONMENT", "FILES", "EXIT STATUS",
                         "EXAMPLES", "DIAGNOSTICS", "SEE ALSO", "CAVEATS", "BUGS"]
                self.assertEqual(found, [one for one in order if one in found])
                for one in ("NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "EXAMPLES",
                            "SEE ALSO"):
                    self.assertIn(one, found)

    def test_pages_that_are_referred_to_are_there(self):
        ours = {page.name for page in tree.ROOT.glob("man/*.[1-8]")}
        for page in tree.ROOT.glob("man/*.[1-8]"):
            for name, part in re.findall(r"\.Xr (\S*faultline\S*) (\d)", page.read_text()):
                self.assertIn(f"{name}.{part}", ours, page.name)

    def test_mandoc_finds_no_mistake(self):
        for page in PAGES.values():
            done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], text=True,
                                  capture_output=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout), (0, ""), page.name)


class Examples(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.bin = Path(folder.name, "bin")
        self.bin.mkdir()
        self.folder = Path(folder.name, "work")
        (self.bin / "faultline").symlink_to(TOOL)
        self.program(self.bin / "make", "ls -lR /usr/include >/dev/null")
        self.started = []
        self.addCleanup(self.stop)

    def stop(self):
        for process in self.started:
            process.kill()
            process.wait()

    def program(self, path, text):
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def fresh(self):
        """A folder with recordings in it, and a process."""
        subprocess.run(["rm", "-rf", self.folder], check=True)
        self.folder.mkdir()
        for name in ("faultline", "old", "new", "old-1", "old-2", "new-1", "new-2"):
            (self.folder / f"{name}.data").write_bytes(recordings.whole())
        self.program(self.folder / "job", "ls /usr/include >/dev/null")
        process = subprocess.Popen(["sleep", "3"])
        self.started.append(process)
        self.program(self.bin / "pidof", f"echo {process.pid}")
        return process.pid

    def run_example(self, text):
        """Its status and what it said; "q" is typed and ^C comes if it does not end by itself."""
        pid = self.fresh()
        text = re.sub(r"\b1234\b", str(pid), text)
        env = {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}", "TERM": "xterm"}
        ours, its = pty.openpty()
        process = subprocess.Popen(["bash", "-euo", "pipefail", "-c", text], cwd=self.folder,
                                   env=env, stdin=its, stdout=its, stderr=its,
                                   start_new_session=True)
        os.close(its)
        said, began, asked = b"", time.monotonic(), 0
        while True:
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    said += os.read(ours, 65536)
                except OSError:
                    break
            passed = time.monotonic() - began
            if passed > 5 and not asked:
                os.write(ours, b"q")
                asked = 1
            elif passed > 8 and asked < 2:
                os.killpg(process.pid, signal.SIGINT)
                asked = 2
            elif passed > 60:
                os.killpg(process.pid, signal.SIGKILL)
                break
        os.close(ours)
        return process.wait(), said.decode(errors="replace")

    def test_examples_run(self):
        for name, page in PAGES.items():
            texts = examples(page)
            self.assertTrue(any(not why for _, why in texts), f"{name}: no example that runs")
            for text, why in texts:
                if why:
                    continue
                with self.subTest(page=name, example=text):
                    status, said = self.run_example(text)
                    # A stand-in is no failure, but doctor ends with 1 then.
                    fine = (0, 1) if "faultline doctor" in text else (0,)
                    self.assertIn(status, fine, said)

    def test_those_that_are_not_run_are_few_and_known(self):
        found = {(name, why) for name, page in PAGES.items() for _, why in examples(page) if why}
        self.assertEqual(found, set(NOT_RUN))

    def test_an_example_that_fails_is_noticed(self):
        self.assertNotEqual(self.run_example("faultline export -f xml")[0], 0)
        self.assertNotEqual(self.run_example("faultline list nowhere | cat")[0], 0)


if __name__ == "__main__":
    unittest.main()
