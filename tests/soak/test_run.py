# SPDX-License-Identifier: MIT
"""The command line of tests/soak/run, and how it shares out the time."""

import subprocess
import unittest
from pathlib import Path

import plan

RUN = Path(__file__).with_name("run")


def soak(*arguments):
    return subprocess.run([RUN, *arguments], capture_output=True, text=True)


class Usage(unittest.TestCase):
    def test_help(self):
        done = soak("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("usage: tests/soak/run ", done.stdout)

    def test_misuse_gets_one_line(self):
        for arguments, hint in ((["calm"], "one of pressure, storm"),
                                (["--loud"], "one of pressure"),
                                (["--seed"], "needs a value"),
                                (["--seed", "x"], "whole number"),
                                (["--kernel", "2.6"], "one of 5.10, 6.1"),
                                (["--seconds", "0"], "at least 1"),
                                (["--seconds", "-5"], "whole number"),
                                (["--seconds", "1.5"], "whole number"),
                                (["--seconds", ""], "whole number"), ([""], "one of pressure")):
            with self.subTest(arguments=arguments):
                done = soak(*arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertRegex(done.stderr, r"\Asoak: .*\n\Z")
                self.assertIn(hint, done.stderr)


class Time(unittest.TestCase):
    def test_is_shared_out(self):
        shares = plan.seconds_each(["storm", "hostile"], 90)
        self.assertEqual(list(shares), ["storm", "hostile"])
        self.assertAlmostEqual(sum(shares.values()), 90)
        self.assertEqual(shares["hostile"] / shares["storm"],
                         plan.SHARES["hostile"] / plan.SHARES["storm"])

    def test_each_scenario_has_a_file(self):
        for name in plan.SHARES:
            self.assertTrue(RUN.with_name(f"{name}.py").exists(), name)


if __name__ == "__main__":
    unittest.main()
