#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The libraries give away what the headers declare, and nothing else."""

import re
import unittest

from compiler import ROOT, run

SHARED = "build/libfaultline.so.1"
NODE = "FAULTLINE_1.0"


def declared():
    """The functions of the public headers that are not inline."""
    found = set()
    for header in ("libfaultline.h", "libfaultline_recording.h"):
        text = re.sub(r"/\*.*?\*/", "", (ROOT / "lib" / header).read_text(), flags=re.S)
        text = re.sub(r"static inline.*?\n}", "", text, flags=re.S)
        found |= set(re.findall(r"\b(faultline_\w+)\(", text))
    return found


def nm(*words):
    return [line.split() for line in run("nm", *words).stdout.splitlines()]


class Symbols(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = run("make", "-s", "lib")
        if done.returncode:
            raise AssertionError(done.stdout)

    def test_the_map_has_what_the_headers_declare(self):
        text = (ROOT / "lib/libfaultline.map").read_text()
        self.assertEqual(re.findall(r"^(\w+\.?\w*) \{", text, re.M), [NODE])
        names = re.findall(r"^\t(\w+);", text, re.M)
        self.assertEqual(names, sorted(declared()))

    def test_the_shared_library_exports_just_that(self):
        found = {words[-1] for words in nm("-D", "--defined-only", SHARED)}
        self.assertEqual(found, {f"{name}@@{NODE}" for name in declared()} | {NODE})

    def test_the_static_library_defines_just_that(self):
        found = {words[-1] for words in nm("-g", "--defined-only", "build/libfaultline.a")
                 if len(words) == 3}
        self.assertEqual(found, declared())

    def test_the_shared_library_says_what_it_is_and_needs(self):
        text = run("readelf", "-d", SHARED).stdout
        self.assertEqual(re.findall(r"soname: \[(.*)\]", text), ["libfaultline.so.1"])
        needed = re.findall(r"\(NEEDED\).*\[(?!ld-linux)(.*)\]", text)
        self.assertEqual(sorted(needed), ["libc.so.6", "libz.so.1"])
        self.assertNotIn("TEXTREL", text)
        self.assertNotRegex(run("readelf", "-lW", SHARED).stdout, r"GNU_STACK.* RWE")


if __name__ == "__main__":
    unittest.main()
