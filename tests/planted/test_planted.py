# SPDX-License-Identifier: MIT
"""The test bench proves itself: a module with one planted mistake must turn a run red."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "vm"))

import kernel  # noqa: E402 (the path comes first)
import module  # noqa: E402

SILENCE = 40  # seconds; far more than a guest that is well needs to say that it is


def build(name):
    """planted.ko for the kernel called name."""
    guest = kernel.get(name, print)
    folder = TOP / "build/planted" / guest.release
    folder.mkdir(parents=True, exist_ok=True)
    for source in ("planted.c", "Kbuild"):
        shutil.copy2(TOP / "tests/planted" / source, folder)
    subprocess.run(module.kbuild(guest, folder), check=True, stdout=subprocess.DEVNULL,
                   env=module.environment())
    return folder / "planted.ko"


def run(name, mistake):
    """What vm/run makes of a boot of the kernel called name in which the mistake is made."""
    return in_guest(name, 'insmod "$0" mistake="$1" && rmmod planted', build(name), mistake)


def in_guest(name, script, *arguments):
    """(status, what vm/run said, the kernel log)"""
    with tempfile.NamedTemporaryFile() as log:
        done = subprocess.run([TOP / "vm/run", "--quiet", "--kernel", name, "--no-module",
                               "--memory", "512M", "--silence", str(SILENCE), "--log", log.name,
                               "--", "sh", "-c", script, *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said = [line for line in done.stderr.splitlines() if "starting it again" not in line]
        return done.returncode, "\n".join(said), Path(log.name).read_text(errors="replace")


class Planted(unittest.TestCase):
    def noticed(self, mistake, what, name="debug"):
        status, said, log = run(name, mistake)
        self.assertEqual(status, 125, said)
        self.assertRegex(said, what)
        self.assertIn(f"making the mistake {mistake}", log)

    def unnoticed(self, name):
        """Without a mistake the same run is green."""
        status, said, log = run(name, "none")
        self.assertEqual((status, said), (0, ""))
        self.assertIn("making the mistake none", log)

    def test_no_mistake(self):
        self.unnoticed("debug")

    def test_no_mistake_on_the_kernel_for_races(self):
        self.unnoticed("races")

    def test_a_write_out_of_bounds(self):
        self.noticed("out-of-bounds", "KASAN: slab-out-of-bounds in out_of_bounds")

    def test_a_write_after_free(self):
        self.noticed("use-after-free", "KASAN: (slab-)?use-after-free in use_after_free")

    def test_a_lock_inversion(self):
        self.noticed("inversion", "possible circular locking dependency")

    def test_sleeping_in_atomic_context(self):
        self.noticed("sleep-in-atomic", "scheduling while atomic|sleeping function called")

    def test_a_leak(self):
        self.noticed("leak", "memory leaked|kmemleak")

    def test_a_search_for_leaks_that_was_switched_off(self):
        status, said, _ = in_guest("debug", "echo off >/sys/kernel/debug/kmemleak")
        self.assertEqual(status, 125, said)
        self.assertIn("search for leaks was switched off", said)

    def test_a_checking_of_locks_that_was_switched_off(self):
        self.noticed("blind", "checking of locks was switched off")

    def test_freeing_an_active_timer(self):
        self.noticed("free-active", "ODEBUG|WARNING")

    def test_undefined_behaviour(self):
        self.noticed("shift", "UBSAN: shift-out-of-bounds")

    def test_a_data_race(self):
        self.noticed("race", r"KCSAN: data-race in .*\[planted\]", "races")

    def test_a_hung_guest(self):
        self.noticed("hang", "silent|stuck|stall")
