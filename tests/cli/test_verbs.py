# SPDX-License-Identifier: MIT
"""faultline itself, before any verb: what it says of its verbs, and of what is none."""

import subprocess
import unittest

import tree

TOOL = tree.ROOT / "build/faultline"


class Verbs(unittest.TestCase):
    def run_tool(self, *words, **more):
        return subprocess.run([TOOL, *words], text=True, timeout=60,
                              **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more})

    def test_without_any_they_are_told_where_errors_go(self):
        done = self.run_tool()
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr, self.run_tool("--help").stdout)

    def test_one_that_is_none(self):
        done = self.run_tool("recrod", "true")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (2, "", "faultline: recrod is no verb: see faultline --help\n"))

    def test_help_with_a_verb_is_the_verb_s(self):
        for verb in ("record", "top", "doctor"):
            done = self.run_tool("help", verb)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(done.stdout, self.run_tool(verb, "--help").stdout)
        done = self.run_tool("help", "recrod")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (2, "", "faultline: recrod is no verb: see faultline --help\n"))

    def test_version_is_that_of_the_sources(self):
        version = (tree.ROOT / "VERSION").read_text().strip()
        self.assertEqual(self.run_tool("--version").stdout, f"faultline {version}\n")

    def test_what_cannot_be_written_is_an_error(self):
        for words, what in (("--help", "help"), ("help", "help"), ("--version", "version")):
            with open("/dev/full", "w") as full:
                done = self.run_tool(words, stdout=full)
            self.assertEqual((done.returncode, done.stderr),
                             (1, f"faultline: cannot write the {what}: No space left on device\n"))


if __name__ == "__main__":
    unittest.main()
