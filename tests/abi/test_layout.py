#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The layout is what layout.txt says, to every compiler, and layout.txt says all there is."""

import re
import unittest

from compiler import C, CXX, ROOT, bits, complaints

TABLE = ROOT / "tests/abi/layout.txt"
COMPILERS = {"C, 64 bits": [C, *bits(64)], "C, 32 bits": [C, *bits(32)],
             "C++, 64 bits": [CXX, *bits(64)], "C++, 32 bits": [CXX, *bits(32)]}


class Layout:
    """layout.txt, read."""

    def __init__(self, text):
        self.headers, self.sizes, self.fields, self.constants = [], {}, {}, {}
        for line in text.splitlines():
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] == "header":
                self.headers.append(words[1])
            elif words[0] == "struct":
                struct = words[1]
                self.sizes[struct], self.fields[struct] = int(words[2]), []
            elif words[0] == "constant":
                self.constants[words[1]] = int(words[2], 0)
            else:
                self.fields[struct].append((words[0], int(words[1]), int(words[2])))

    def facts(self):
        """What must be true, as C."""
        for struct, size in self.sizes.items():
            yield f"sizeof(struct {struct}) == {size}"
            for field, offset, size in self.fields[struct]:
                yield f"offsetof(struct {struct}, {field}) == {offset}"
                yield f"sizeof(((struct {struct} *)0)->{field}) == {size}"
        for name, value in self.constants.items():
            yield f"{name} == {value}"

    def source(self):
        includes = [f'#include "{name.rpartition("/")[2]}"' for name in self.headers]
        word = "#ifdef __cplusplus\n#define _Static_assert static_assert\n#endif"
        asserts = [f'_Static_assert({fact}, "{fact}");' for fact in self.facts()]
        return "\n".join([*includes, "#include <stddef.h>", word, *asserts, ""])


def structs_of(name):
    """The structs of a header and the names of their fields, in their order."""
    text = re.sub(r"/\*.*?\*/", "", (ROOT / name).read_text(), flags=re.S)
    return {struct: re.findall(r"(\w+)(?:\[[^]]*\])?;", body)
            for struct, body in re.findall(r"\bstruct (\w+) \{(.*?)\n\};", text, re.S)}


class Compared(unittest.TestCase):
    layout = Layout(TABLE.read_text())

    def test_compilers_agree_with_the_table(self):
        for name, (compiler, *options) in COMPILERS.items():
            with self.subTest(name):
                self.assertEqual(complaints(self.layout.source(), compiler, *options), "")

    def test_a_table_that_is_wrong_is_noticed(self):
        text = TABLE.read_text()
        for line, wrong in (("fl_ring 128", "fl_ring 136"), ("tail 72 8", "tail 80 8"),
                            ("cpu 4 4", "cpu 4 8"), ("FL_RECORD_LOST 9", "FL_RECORD_LOST 10")):
            self.assertEqual(text.count(line), 1)
            source = Layout(text.replace(line, wrong)).source()
            for name, (compiler, *options) in COMPILERS.items():
                with self.subTest(f"{wrong}, {name}"):
                    self.assertRegex(complaints(source, compiler, *options),
                                     "static assertion failed")

    def test_the_table_has_every_field_in_its_order(self):
        found = {}
        for name in self.layout.headers[:2]:
            found.update(structs_of(name))
        found["faultline_end"] = structs_of(self.layout.headers[2])["faultline_end"]
        self.assertEqual(found, {struct: [field for field, _, _ in fields]
                                 for struct, fields in self.layout.fields.items()})

    def test_there_are_no_holes(self):
        for struct, fields in self.layout.fields.items():
            end = 0
            for field, offset, size in fields:
                self.assertEqual(offset, end, f"{struct}.{field}")
                end += size
            self.assertEqual(end, self.layout.sizes[struct], struct)

    def test_all_is_aligned_to_its_size(self):
        for struct, fields in self.layout.fields.items():
            for field, offset, size in fields:
                self.assertEqual(offset % min(size, 8), 0, f"{struct}.{field}")
            if struct.startswith("fl_"):
                self.assertEqual(self.layout.sizes[struct] % 8, 0, struct)

    def test_the_table_has_every_request_flag_and_number(self):
        for name in self.layout.headers[:2]:
            text = re.sub(r"/\*.*?\*/", "", (ROOT / name).read_text(), flags=re.S)
            names = re.findall(r"^\t(\w+) = \d+,", text, re.M)
            names += re.findall(r"#define (FL_IOC_\w+|FL_SETUP_\w+) +(?:_IO|\()", text)
            self.assertGreater(len(names), 2)
            self.assertEqual(set(names) - set(self.layout.constants), set())


if __name__ == "__main__":
    unittest.main()
