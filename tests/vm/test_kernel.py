# SPDX-License-Identifier: MIT
"""The list of kernels and what is asked of the package sources, with answers written here."""

import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "vm"))

import apt  # noqa: E402 (the path comes first)
import kernel  # noqa: E402
import source  # noqa: E402
from cache import Problem  # noqa: E402

TARGETS = """\
bookworm oldstable first://archive/
bookworm-updates oldstable-updates first://archive/
bookworm-security oldstable-security second://archive/
"""


class List(unittest.TestCase):
    def test_has_the_supported_range(self):
        rows = kernel.rows()
        plain = [name for name, row in rows.items() if not row.finds_mistakes]
        self.assertEqual(plain, ["5.10", "6.1", "6.12", "7.2"])
        self.assertTrue(all(row.how in ("packages", "chroot", "source") for row in rows.values()))
        for row in rows.values():
            for name in row.config:
                self.assertTrue(source.fragment(name).exists(), name)

    def test_an_unknown_name(self):
        with self.assertRaisesRegex(Problem, "choose one of 5.10, 6.1"):
            kernel.get("2.4", print)

    def test_a_changed_configuration_is_another_recipe(self):
        self.assertEqual(source.recipe(("base",)), source.recipe(("base",)))
        self.assertNotEqual(source.recipe(("base",)), source.recipe(("base", "debug")))

    def test_another_suite_or_package_is_another_recipe(self):
        rows = kernel.rows().values()
        self.assertEqual(len({row.recipe for row in rows}), len(rows))

    def test_what_the_cache_has_counts_only_as_it_would_be_made_today(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertFalse(kernel.is_there(Path(folder), "one"))
            Path(folder, "recipe").write_text("one\n")
            self.assertTrue(kernel.is_there(Path(folder), "one"))
            self.assertFalse(kernel.is_there(Path(folder), "other"))


class Missing(unittest.TestCase):
    def test_a_program_that_only_some_kernels_take(self):
        with mock.patch.object(kernel.shutil, "which", return_value=None):
            for name in ("7.2", "debug"):
                with self.assertRaisesRegex(Problem, "missing for Linux.*packaging/need check"):
                    kernel.make(kernel.rows()[name], Path("/x"), Path("/y"), print)


class Packages(unittest.TestCase):
    def suite(self, packages):
        """A suite that knows what these packages depend on."""
        suite = mock.Mock(spec=apt.Suite)
        suite.name = "trixie"
        suite.depends = lambda name: packages.get(name, [])
        return suite

    def test_the_address_is_that_of_a_suite_of_the_same_kind(self):
        with mock.patch.object(apt, "run", return_value=TARGETS):
            self.assertEqual(apt.base("forky"), "first://archive/")
            self.assertEqual(apt.base("bookworm-security"), "second://archive/")
        answers = {True: TARGETS, False: "stable stable other://archive/\n" + TARGETS}
        with mock.patch.object(apt, "run", lambda words: answers["Origin: Debian" in words]):
            self.assertEqual(apt.base("forky"), "first://archive/")
        with mock.patch.object(apt, "run", return_value=""):
            with self.assertRaisesRegex(Problem, "sources.list.d"):
                apt.base("forky")

    def test_the_newest_release(self):
        row = kernel.Row("6.12", "packages", "trixie", "linux-image-amd64", ())
        suite = self.suite({"linux-image-amd64": ["linux-base", "linux-image-6.12.1+deb13-amd64"]})
        self.assertEqual(kernel.newest(suite, row), "6.12.1+deb13-amd64")
        for answer in ([], ["linux-image-6.1.0-1-amd64"]):
            with self.assertRaisesRegex(Problem, "no Linux 6.12 any more"):
                kernel.newest(self.suite({"linux-image-amd64": answer}), row)

    def test_the_parts_of_a_kernel_without_what_installs_it(self):
        suite = self.suite({
            "linux-image-7.2-amd64": ["linux-base", "linux-binary-7.2", "dracut"],
            "linux-headers-7.2-amd64": ["gcc-16", "linux-headers-7.2-common", "linux-kbuild-7.2"],
            "linux-binary-7.2": ["linux-base-7.2"]})
        self.assertEqual(
            sorted(apt.Suite.parts(suite, ["linux-image-7.2-amd64", "linux-headers-7.2-amd64"])),
            ["linux-base-7.2", "linux-binary-7.2", "linux-headers-7.2-amd64",
             "linux-headers-7.2-common", "linux-image-7.2-amd64", "linux-kbuild-7.2"])

    def test_a_command_that_fails_is_a_problem_of_one_line(self):
        with self.assertRaisesRegex(Problem, "^sh -c echo .* failed: two$"):
            apt.run(["sh", "-c", "echo one >&2; echo two >&2; exit 1"])


class Configuration(unittest.TestCase):
    def test_an_option_that_is_silently_dropped_is_a_problem(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, ".config").write_text("CONFIG_SMP=y\n")
            with mock.patch.object(source, "run"), mock.patch.object(source, "make"):
                with self.assertRaisesRegex(Problem, "does not take CONFIG_SLUB=y"):
                    source.configure(Path(folder), Path(folder), ("base",))
