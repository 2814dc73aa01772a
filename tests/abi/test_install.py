#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""An installed library: programs build against it, shared and static; the manual's examples too."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from compiler import ROOT, STRICT, run

PAGES = sorted(ROOT.glob("man/*.[1-8]"))
EXAMPLE = re.compile(r"^\.Bd -literal.*?\n(.*?)^\.Ed", re.M | re.S)
VERSION = (ROOT / "VERSION").read_text().strip()


def make(*words):
    """make, free of what a make around us has set."""
    env = {key: value for key, value in os.environ.items()
           if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "DESTDIR")}
    done = run("make", "-s", *words, env=env)
    if done.returncode:
        raise AssertionError(done.stdout)


def examples(page):
    """The programs of a manual page."""
    for text in EXAMPLE.findall(page.read_text()):
        if "int main(" in text:
            yield text.replace("\\e", "\\")


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.root = Path(cls.folder.name, "root")
        cls.lib = cls.root / "usr/lib"
        make("install-lib", f"DESTDIR={cls.root}", "PREFIX=/usr")

    def flags(self, *words):
        # pkgconf leaves out folders that are the system's, also below another root.
        env = {**os.environ, "PKG_CONFIG_PATH": str(self.lib / "pkgconfig"),
               "PKG_CONFIG_SYSROOT_DIR": str(self.root),
               "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1", "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1"}
        done = run("pkg-config", *words, "faultline", env=env)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout.split()

    def build(self, text, *options):
        """A program built as its author would, from nothing but what is installed."""
        program = Path(self.folder.name, "program")
        done = run("gcc", *STRICT, "-xc", "-", "-xnone", "-o", program,
                   *self.flags("--cflags", "--libs", *options),
                   *(["-static"] if options else []), text=text, cwd=self.folder.name)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        return program

    def start(self, program, *words):
        return subprocess.run([program, *words], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, cwd=self.folder.name,
                              env={**os.environ, "LD_LIBRARY_PATH": str(self.lib)})

    def test_pkg_config_knows_the_version(self):
        self.assertEqual(self.flags("--modversion"), [VERSION])

    def test_programs_of_the_first_version_run_shared_and_static(self):
        text = (ROOT / "tests/abi/growth.c").read_text()
        for options in ((), ("--static",)):
            with self.subTest(options):
                done = self.start(self.build(text, *options), "recording")
                self.assertEqual((done.returncode, done.stdout, done.stderr),
                                 (0, f"0 failures with version {VERSION}\n", ""))

    def test_a_shared_program_needs_the_library(self):
        program = self.build('#include <libfaultline.h>\n'
                             'int main(void) { return !*faultline_version(); }\n')
        self.assertIn("[libfaultline.so.1]", run("readelf", "-d", program).stdout)

    def test_examples_of_the_manual_build_and_run(self):
        found = [text for page in PAGES for text in examples(page)]
        self.assertEqual(len(found), 4)
        for text in found:
            done = self.start(self.build(text), "/no/such/file")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, r"\A[^\n]+\n\Z")

    def test_the_manual_names_every_function(self):
        page = (ROOT / "man/libfaultline.3").read_text()
        map_text = (ROOT / "lib/libfaultline.map").read_text()
        functions = set(re.findall(r"^\t(faultline_\w+);", map_text, re.M))
        functions -= {"faultline_next_seldom"}
        self.assertEqual(functions - set(re.findall(r"^\.Fn (\w+)", page, re.M)), set())

    def test_the_manual_says_of_functions_what_the_headers_say(self):
        text = "".join(path.read_text() for path in sorted(ROOT.glob("lib/libfaultline*.h")))
        text = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", text, flags=re.S)).replace("* ", "*")
        page = (ROOT / "man/libfaultline.3").read_text()
        lines = re.findall(r'^\.Ft (?:"(.*)"|(.*))\n\.Fn (\w+) (.*)$', page, re.M)
        self.assertGreater(len(lines), 30)
        for quoted, plain, name, words in lines:
            arguments = ", ".join(re.findall(r'"(.*?)"', words)) or words
            type_ = quoted or plain
            space = "" if type_.endswith("*") else " "
            self.assertIn(f"{type_}{space}{name}({arguments})", text)

    def test_the_manual_has_no_mistakes(self):
        for page in PAGES:
            done = run("mandoc", "-Tlint", "-Wwarning", page)
            self.assertEqual((done.returncode, done.stdout), (0, ""), page)
        done = run("mandoc", "-Tlint", "-Wwarning", text=".Dd today\n.Sh X\n")
        self.assertNotEqual(done.returncode, 0)

    def test_uninstall_leaves_nothing(self):
        other = Path(self.folder.name, "other")
        make("install-lib", f"DESTDIR={other}")
        files = {str(path.relative_to(other / "usr/local")): path.is_symlink()
                 for path in other.rglob("*") if path.is_file()}
        self.assertEqual(files, {
            "include/faultline.h": False, "include/libfaultline.h": False,
            "include/libfaultline_recording.h": False, "lib/libfaultline.a": False,
            "lib/libfaultline.so": True, "lib/libfaultline.so.1": False,
            "lib/pkgconfig/faultline.pc": False, "share/man/man3/libfaultline.3": False,
            "share/man/man4/faultline.4": False, "share/man/man5/faultline-recording.5": False})
        make("uninstall-lib", f"DESTDIR={other}")
        self.assertEqual([path for path in other.rglob("*") if not path.is_dir()], [])


if __name__ == "__main__":
    unittest.main()
