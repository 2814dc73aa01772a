#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The public headers compile alone, without a warning, as C and C++; so do those of the kernel."""

import re
import unittest

from compiler import C, CXX, ROOT, complaints

PUBLIC = ["faultline.h", "faultline_classic.h", "libfaultline.h", "libfaultline_recording.h"]
LANGUAGES = {"C11": C, "C23": ["gcc", "-xc", "-std=c2x"], "GNU C": ["gcc", "-xc", "-std=gnu11"],
             "C++11": CXX, "C++20": ["g++", "-xc++", "-std=c++20"],
             "clang, C": ["clang", "-xc", "-std=c11"], "clang, C++": ["clang++", "-xc++"]}


def program_with(struct):
    """A program that walks over a batch; right only if struct is fl_record."""
    return ('#include "libfaultline.h"\n'
            "unsigned sum(struct faultline_batch *batch);\n"
            "unsigned sum(struct faultline_batch *batch)\n{\n"
            f"\tconst struct {struct} *record;\n\tunsigned found = 0;\n\n"
            "\twhile ((record = faultline_next(batch)))\n\t\tfound += record->seq;\n"
            "\treturn found;\n}\n")


class Headers(unittest.TestCase):
    def test_each_compiles_alone(self):
        for language, compiler in LANGUAGES.items():
            for header in PUBLIC:
                with self.subTest(f"{header}, {language}"):
                    self.assertEqual(complaints(f'#include "{header}"\n', compiler), "")

    def test_each_may_be_included_twice(self):
        for header in PUBLIC:
            self.assertEqual(complaints(2 * f'#include "{header}"\n', C), "")

    def test_the_iterator_compiles_in_a_program(self):
        for language, compiler in LANGUAGES.items():
            with self.subTest(language):
                self.assertEqual(complaints(program_with("fl_record"), compiler, "-O2"), "")

    def test_a_warning_would_be_noticed(self):
        for language, compiler in LANGUAGES.items():
            with self.subTest(language):
                self.assertNotEqual(complaints(program_with("fl_sample"), compiler), "")

    def test_every_public_function_is_described(self):
        for header in PUBLIC[2:]:
            text = (ROOT / "lib" / header).read_text()
            declared = set(re.findall(r"\b(faultline_\w+)\(", re.sub(r"/\*.*?\*/", "", text,
                                                                     flags=re.S)))
            described = set(re.findall(r"^(?:/\*\*| \*) (faultline_\w+) - ", text, re.M))
            self.assertGreater(len(declared), 5)
            self.assertEqual(declared - described, {"faultline_next_seldom"} & declared)


if __name__ == "__main__":
    unittest.main()
