#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The Makefile's targets that need no kernel: a make of our own plays the kernel's."""

import os
import re
import shutil
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import tree

RUNNING = os.uname().release
OTHER = "6.1.0-test"

# Where a kernel has its headers: says what it was called with and "builds" a module.
KERNEL_MAKEFILE = """\
modules:
\t@echo M=$(M) CC=$(CC)
\t@ls $(M)/main.c $(M)/Kbuild $(M)/../include/uapi/faultline_classic.h >/dev/null
\t@echo module >$(M)/faultline.ko
"""


class Targets(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = Path(folder.name, "tree")
        tree.copy_to(self.tree)
        self.headers = Path(folder.name, "headers")
        self.headers.mkdir()
        (self.headers / "Makefile").write_text(KERNEL_MAKEFILE)
        self.target = Path(folder.name, "target")

    def make(self, *words):
        return tree.make(self.tree, *words)

    def succeeds(self, *words):
        done = self.make(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def kernel(self, release=OTHER):
        return [f"KVER={release}", f"KDIR={self.headers}"]

    def installed(self):
        return {str(path.relative_to(self.target)): path.stat().st_mode & 0o7777
                for path in self.target.rglob("*") if path.is_file()}

    def test_help_lists_every_target(self):
        text = (self.tree / "Makefile").read_text()
        targets = " ".join(re.findall(r"^\.PHONY: (.*)$", text, re.M)).split()
        lines = self.succeeds("help").splitlines()
        self.assertEqual(sorted(line.split()[0] for line in lines), sorted(targets))
        for line in lines:
            self.assertRegex(line, r"^[a-z-]+ +\S.{8,}$")
            self.assertLessEqual(len(line), 100)

    def test_all_is_the_default_and_builds_in_parallel(self):
        self.succeeds("-j2", *self.kernel(RUNNING))
        for name in ("work", "monitor", "faultline", "faultline.ko"):
            self.assertTrue((self.tree / "build" / name).is_file(), name)
        self.assertEqual((self.tree / "faultline").resolve(), self.tree / "build/faultline")

    def test_without_headers_all_but_the_module_is_built(self):
        out = self.succeeds(f"KVER={OTHER}", f"KDIR={self.headers / 'missing'}")
        self.assertIn(f"no headers for the kernel {OTHER}", out)
        self.assertIn("faultline doctor", out)
        self.assertTrue((self.tree / "build/faultline").is_file())
        self.assertFalse((self.tree / "build/faultline.ko").exists())

    def test_missing_libraries_are_one_clear_line(self):
        done = self.make("tool", "CC=cc -nostdinc")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("sudo apt install zlib1g-dev libjansson-dev libncurses-dev\n", done.stderr)

    def test_nothing_is_built_twice(self):
        self.succeeds("user")
        self.assertEqual(self.succeeds("user").strip(), "make: Nothing to be done for 'user'.")

    def test_a_changed_header_is_noticed(self):
        self.succeeds("user")
        os.utime(self.tree / "classic/samples.h", (2**31, 2**31))
        done = self.make("user")
        self.assertIn("monitor.o", done.stdout)
        self.assertNotIn("work.o", done.stdout)

    def test_no_headers_is_one_clear_line(self):
        missing = self.headers / "missing"
        for target in ("module", "install"):
            done = self.make(target, f"KVER={OTHER}", f"KDIR={missing}", f"DESTDIR={self.target}")
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stderr, r"\A[^\n]+\n\Z")
            for text in (f"no headers for the kernel {OTHER} in {missing}",
                         f"`sudo apt install linux-headers-{OTHER}`", "`sudo make install-tool`",
                         "`make demo`"):
                self.assertIn(text, done.stderr)
        self.assertFalse(self.target.exists())

    def test_module_is_built_in_a_copy_for_its_kernel(self):
        before = sorted(self.tree.glob("kernel/*"))
        out = self.succeeds("module", *self.kernel())
        self.assertIn(f"M={self.tree}/build/module/{OTHER}/kernel CC=cc\n", out)
        self.assertEqual(sorted(self.tree.glob("kernel/*")), before)
        self.assertFalse((self.tree / "build/faultline.ko").exists())

    def test_module_of_the_running_kernel_is_at_hand(self):
        self.succeeds("module", *self.kernel(RUNNING))
        self.assertEqual((self.tree / "build/faultline.ko").read_text(), "module\n")

    def test_module_goes_where_it_is_told_and_by_which_compiler(self):
        out = self.succeeds("module", *self.kernel(), f"MODULE_DIR={self.target}", "MODULE_CC=gcc")
        self.assertIn(f"M={self.target}/kernel CC=gcc\n", out)
        self.assertTrue((self.target / "kernel/faultline.ko").is_file())

    def test_copy_of_the_sources_keeps_its_times(self):
        self.succeeds("module", *self.kernel())
        copy = self.tree / f"build/module/{OTHER}/kernel/main.c"
        source = self.tree / "kernel/main.c"
        self.assertEqual(copy.stat().st_mtime_ns, source.stat().st_mtime_ns)
        changed_at = copy.stat().st_ctime_ns
        self.succeeds("module", *self.kernel())
        self.assertEqual(copy.stat().st_ctime_ns, changed_at)
        os.utime(source, (2**31, 2**31))
        self.succeeds("module", *self.kernel())
        self.assertEqual(copy.stat().st_mtime_ns, source.stat().st_mtime_ns)

    def test_install_and_uninstall(self):
        to = f"DESTDIR={self.target}"
        module = f"lib/modules/{OTHER}/updates/faultline.ko"
        self.succeeds("install", to, *self.kernel())
        modes = self.installed()
        programs = {f"bin/{name}" for name in ("faultline", "work", "monitor")}
        for name in programs:
            self.assertEqual(modes.pop(f"usr/local/{name}"), 0o755)
        self.assertIn(module, modes)
        self.assertEqual({name for name in modes if "/share/" in name and "/man/" not in name},
                         {"usr/local/share/bash-completion/completions/faultline"})
        self.assertEqual(sorted(Path(name).name for name in modes if "/man1/" in name),
                         sorted(page.name for page in tree.ROOT.glob("man/*.1")))
        self.assertEqual(set(modes.values()), {0o644})
        self.assertEqual({name.split("/")[2] for name in modes if name.startswith("usr/local/")},
                         {"include", "lib", "share"})
        self.succeeds("uninstall", to, *self.kernel())
        self.assertEqual(self.installed(), {})
        self.succeeds("install", to, "PREFIX=/usr", *self.kernel())
        self.assertEqual({name.removeprefix("usr/") for name in self.installed()},
                         {name.removeprefix("usr/local/") for name in modes} | programs)
        self.succeeds("uninstall", to, "PREFIX=/usr", *self.kernel())
        self.assertEqual(self.installed(), {})

    def test_the_tool_is_installed_alone_without_headers(self):
        (self.tree / "build").mkdir()
        (self.tree / "build/report.html").write_text("page")
        words = (f"DESTDIR={self.target}", "PREFIX=/opt/fl", f"KVER={OTHER}",
                 f"KDIR={self.headers / 'missing'}")
        self.succeeds("install-tool", *words)
        self.assertEqual(self.installed(), {f"opt/fl/{name}": mode for name, mode in {
            "bin/faultline": 0o755,
            "share/bash-completion/completions/faultline": 0o644,
            "share/faultline/report.html": 0o644,
            **{f"share/man/man1/{page.name}": 0o644 for page in tree.ROOT.glob("man/*.1")},
        }.items()})
        self.succeeds("uninstall-tool", *words)
        self.assertEqual(self.installed(), {})
        self.assertFalse((self.target / "opt/fl/share/faultline").exists())

    def test_the_page_is_installed_if_it_was_built(self):
        to = f"DESTDIR={self.target}"
        (self.tree / "build").mkdir()
        (self.tree / "build/report.html").write_text("page")
        self.succeeds("install", to, *self.kernel())
        self.assertEqual(self.installed()["usr/local/share/faultline/report.html"], 0o644)
        self.succeeds("uninstall", to, *self.kernel())
        self.assertEqual(self.installed(), {})
        self.assertFalse((self.target / "usr/local/share/faultline").exists())

    def test_the_page_needs_npm_which_is_one_clear_line(self):
        shutil.copytree(tree.ROOT / "page", self.tree / "page")
        bare = Path(self.tree, "bin")
        bare.mkdir()
        for name in ("make", "sh", "cat", "mkdir", "uname", "ls", "cc"):
            (bare / name).symlink_to(shutil.which(name))
        with unittest.mock.patch.dict(os.environ, PATH=str(bare)):
            done = self.make("page")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("make: the page needs npm: sudo apt install npm\n", done.stderr)

    def test_clean_removes_what_was_made(self):
        before = sorted(self.tree.rglob("*"))
        self.succeeds("all", *self.kernel(RUNNING))
        (self.tree / "results").mkdir()
        self.succeeds("clean")
        self.assertEqual(sorted(self.tree.rglob("*")), before)


if __name__ == "__main__":
    unittest.main()
