# SPDX-License-Identifier: MIT
"""The judge of a boot: every way to fail is one, and only a whole success is success."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "vm"))

import verdict  # noqa: E402 (the path comes first)

CONTROL = ["start 3.1", "status 0", "success"]
LOG = ["[    0.000000] Linux version 6.1.0", "[    3.0] faultline: MP3 MODULE LOADED",
       "[    4.0] faultline-vm: end of log"]


class Judge(unittest.TestCase):
    def test_success(self):
        self.assertIsNone(verdict.judge(11, CONTROL, LOG))
        self.assertIsNone(verdict.judge(11, ["start 3", "status 7", "success"], LOG))

    def test_any_other_end_of_qemu(self):
        for status in (0, 1, 3, -9, 124, 137):
            self.assertIn("QEMU ended", verdict.judge(status, CONTROL, LOG))

    def test_success_is_the_last_word(self):
        self.assertIn("success", verdict.judge(11, CONTROL[:-1], LOG))
        self.assertIn("success", verdict.judge(11, CONTROL + ["more"], LOG))
        self.assertIn("before the command", verdict.judge(11, ["start 3", "success"], LOG))
        self.assertIn("as far as", verdict.judge(11, ["success"], LOG))
        self.assertIn("as far as", verdict.judge(11, [], LOG))

    def test_what_the_guest_says_went_wrong(self):
        self.assertEqual(verdict.judge(11, ["start 3", "status 0", "fail it broke"], LOG),
                         "it broke")

    def test_a_log_that_is_cut_off(self):
        self.assertIn("not whole", verdict.judge(11, CONTROL, LOG[:-1]))
        self.assertIn("not whole", verdict.judge(11, CONTROL, []))

    def test_what_a_healthy_kernel_never_says(self):
        for text in ("Kernel panic - not syncing: Fatal exception",
                     "WARNING: CPU: 0 PID: 1 at kernel/fork.c:1",
                     "BUG: unable to handle page fault for address: 0",
                     "BUG: KASAN: slab-out-of-bounds in x", "Oops: 0002 [#1] PREEMPT SMP",
                     "UBSAN: array-index-out-of-bounds in x.c:1",
                     "general protection fault, probably for non-canonical address",
                     "INFO: task work:12 blocked for more than 120 seconds.",
                     "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
                     "WARNING: possible circular locking dependency detected",
                     "watchdog: BUG: soft lockup - CPU#0 stuck for 26s!",
                     "Out of memory: Killed process 7 (work)", "Call Trace:",
                     "BUG: sleeping function called from invalid context",
                     "kmemleak: 3 new suspected memory leaks",
                     "refcount_t: underflow; use-after-free.",
                     "list_add corruption. prev->next should be next",
                     "faultline: Unknown symbol nothing (err -2)"):
            with self.subTest(text=text):
                log = LOG[:1] + [f"[    3.5] {text}"] + LOG[1:]
                self.assertIn(text, verdict.judge(11, CONTROL, log))

    def test_a_report_of_an_allocation_that_failed_on_purpose(self):
        report = ["failing: vmalloc error: size 4096", "CPU: 0 PID: 93", "Call Trace:"]
        self.assertEqual(verdict.complaint(report), "Call Trace:")
        self.assertIsNone(verdict.complaint(report, shortage=True))
        self.assertEqual(verdict.complaint(["x"] * 5 + ["Call Trace:"], shortage=True),
                         "Call Trace:")
        self.assertEqual(verdict.complaint(report + ["BUG: KASAN: x"], shortage=True),
                         "BUG: KASAN: x")

    def test_data_races_are_ours_only_with_a_module_in_them(self):
        for text, ours in (("BUG: KCSAN: data-race in a / b", False),
                           ("BUG: KCSAN: data-race in fl_task_read [faultline] / b", True)):
            self.assertEqual(verdict.complaint([text]) is not None, ours, text)

    def test_what_it_may_say(self):
        for text in ("faultline: loading out-of-tree module taints kernel.",
                     "faultline: module verification failed: signature missing - tainting kernel",
                     "Unstable clock detected, switching default tracing clock",
                     "x86/mm: Checked W+X mappings: passed, no W+X pages found."):
            self.assertIsNone(verdict.complaint([text]), text)
