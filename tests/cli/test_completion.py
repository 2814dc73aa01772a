#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Completion for bash: what it offers at each place of a command line."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import tree

TOOL = tree.ROOT / "build/faultline"
SCRIPT = tree.ROOT / "packaging/completion/faultline.bash"

# Asks as readline does: the words of the line so far, the last of which is to be completed.
ASK = r"""
source "$1" || exit 1
[[ $(complete -p faultline) == "complete -F _faultline faultline" ]] || exit 1
tool=$2
shift 2
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_faultline "$tool" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


class Completion(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name in ("one.data", "two words", "other"):
            (self.folder / name).touch()
        (self.folder / "sub").mkdir()

    def offers(self, *words):
        done = subprocess.run(["bash", "-c", ASK, "ask", SCRIPT, TOOL, "faultline", *words],
                              text=True, capture_output=True, timeout=60, cwd=self.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return sorted(filter(None, done.stdout.splitlines()))

    def options(self, verb):
        text = subprocess.run([TOOL, verb, "--help"], text=True, capture_output=True).stdout
        return sorted(set(re.findall(r"^ {2,6}(?:-., )?(--[a-z-]+)", text, re.M)))

    def test_verbs_are_those_of_the_tool(self):
        table = re.findall(r'\{ "([a-z]+)", ', (tree.ROOT / "tool/main.c").read_text())
        self.assertEqual(len(table), 8)
        self.assertEqual(self.offers(""), sorted(["--help", "--version", *table]))
        self.assertEqual(self.offers("re"), ["record", "report"])
        self.assertEqual(self.offers("x"), [])
        self.assertEqual(self.offers("help", "re"), ["record", "report"])

    def test_options_are_those_of_the_verb(self):
        for verb in self.offers("")[2:]:
            with self.subTest(verb):
                offered = self.offers(verb, "--")
                self.assertEqual(sorted(set(offered)), self.options(verb))
                self.assertIn("--help", offered)
        self.assertEqual(self.offers("list", "--j"), ["--json"])

    def test_values_that_are_known(self):
        kinds = ["csv", "json", "perfetto"]
        for words in (("--format", ""), ("--format", "="), ("--format", "=", ""), ("-f", "")):
            self.assertEqual(self.offers("export", *words), kinds, words)
        self.assertEqual(self.offers("export", "--format", "=", "p"), ["perfetto"])
        self.assertEqual(self.offers("record", "--source", "=", "p"), ["perf", "proc"])

    def test_files_folders_and_processes(self):
        everything = ["one.data", "other", "sub", "two words"]
        self.assertEqual(self.offers("export", "-o", "o"), ["one.data", "other"])
        self.assertEqual(self.offers("export", "--output", "=", "o"), ["one.data", "other"])
        self.assertEqual(self.offers("list", ""), everything)
        self.assertEqual(self.offers("report", "t"), ["two words"])
        self.assertEqual(self.offers("doctor", "--root", ""), ["sub"])
        self.assertEqual(self.offers("doctor", ""), [])
        own = str(os.getpid())
        self.assertIn(own, self.offers("record", "-p", own[0]))
        self.assertIn(own, self.offers("top", "--pid", own[0]))

    def test_commands_and_their_arguments(self):
        for words in (("record",), ("record", "--"), ("stat", "-p", "1", "--"),
                      ("record", "--source", "=", "proc"), ("record", "-o", "x", "--quiet")):
            self.assertIn("sleep", self.offers(*words, "slee"), words)
        for words in (("record", "ls"), ("record", "--", "ls"), ("record", "-q", "ls", "-l")):
            self.assertEqual(self.offers(*words, "o"), ["one.data", "other"], words)
        self.assertEqual(self.offers("record", "ls", "--"), [])

    def test_a_tool_that_is_not_there_is_no_noise(self):
        done = subprocess.run(["bash", "-c", ASK, "ask", SCRIPT, "/no/such", "faultline", ""],
                              text=True, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
