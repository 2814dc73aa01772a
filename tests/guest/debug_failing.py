# SPDX-License-Identifier: MIT
"""Each thing that can fail behind each way into the module does once, on a kernel that can do that.

Allocations and copies from or to user space.
"""

import errno
import subprocess
from collections import Counter
from pathlib import Path

from classic import MODULE, TOP, ClassicTest

FAILING = str(TOP / "build/tests/failing")
INJECTION = Path("/sys/kernel/debug")
CGROUPS = Path("/dev/shm/failing")
# Every allocation counts, also one that may wait for memory, and no report of each. Small ones and
# whole pages by turns: when a cache of small ones has to be filled up with pages is chance, and
# would shift the numbers of those that follow.
QUIET = {f"{each}/verbose": "0" for each in ("failslab", "fail_page_alloc", "fail_usercopy")}
KINDS = {
    "slab": {"failslab/ignore-gfp-wait": "N", "fail_page_alloc/min-order": "20"},
    "pages": {"failslab/ignore-gfp-wait": "Y", "fail_page_alloc/min-order": "0",
              "fail_page_alloc/ignore-gfp-wait": "N"},
}


def inject(settings):
    for name, value in settings.items():
        (INJECTION / name).write_text(value)


class FailingTest(ClassicTest):
    """The action either works all the same or says what failed, and leaves nothing behind."""

    def setUp(self):
        super().setUp()
        # Loading and unloading, a thousand times here, mostly waits for all CPUs to take note.
        Path("/sys/kernel/rcu_expedited").write_text("1")
        subprocess.run(["rmmod", "faultline"], check=True)

    def sweep(self, action, at_least, allowed=()):
        total = Counter()
        inject(QUIET)
        for kind, settings in KINDS.items():
            inject(settings)
            done = subprocess.run([FAILING, MODULE, action], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout[-500:] + done.stderr)
            self.assertRegex(done.stdout.splitlines()[-1], r"^\d+ 0 0$", "it ended with a success")
            rounds = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
            rounds = [each for each in rounds if each[2]]
            outcomes = Counter(errno.errorcode.get(error, "success") for _, error, _ in rounds)
            print(f"# {action}: {len(rounds)} failures one by one ({kind}, user copies): "
                  + ", ".join(f"{count} {name}" for name, count in outcomes.most_common()))
            total += outcomes
        self.assertLessEqual(set(total), {"ENOMEM", "EFAULT", "success", *allowed})
        self.assertGreaterEqual(total["ENOMEM"], at_least)

    def tearDown(self):
        subprocess.run(["insmod", MODULE], check=True)
        super().tearDown()


class Failing(FailingTest):
    def test_load(self):
        self.sweep("load", 10)

    def test_load_and_the_thread_cannot_be_made(self):
        # Of the thread's making the kernel says EAGAIN, too.
        self.sweep("load-thread", 3, {"EAGAIN"})

    def test_open_status(self):
        self.sweep("open-status", 2)

    def test_register(self):
        self.sweep("register", 2)

    def test_unregister(self):
        self.sweep("unregister", 1)

    def test_list(self):
        self.sweep("list", 1)

    def test_open_device(self):
        self.sweep("open-device", 1)

    def test_map_device(self):
        self.sweep("map-device", 2)


class FailingSession(FailingTest):
    def test_open_session(self):
        self.sweep("open-session", 1)

    def test_version(self):
        self.sweep("version", 0)

    def test_setup(self):
        self.sweep("setup", 3, {"EAGAIN"})

    def test_setup_and_the_thread_cannot_be_made(self):
        self.sweep("setup-thread", 3, {"EAGAIN"})

    def test_map_session(self):
        self.sweep("map-session", 2)

    def test_add_a_process(self):
        self.sweep("add-process", 1)

    def test_add_a_thread(self):
        self.sweep("add-thread", 1)

    def test_add_a_tree(self):
        self.sweep("add-tree", 1)

    def test_remove(self):
        self.sweep("remove", 0)

    def test_start(self):
        self.sweep("start", 0)

    def test_stop(self):
        self.sweep("stop", 0)

    def test_sample(self):
        self.sweep("sample", 0)

    def test_consume(self):
        self.sweep("consume", 0)

    def test_fork_in_a_tree(self):
        """What cannot be followed is told, and the fork is not held up by that."""
        self.sweep("fork", 3, {"EAGAIN"})


class FailingCgroup(FailingTest):
    """The same where a cgroup is followed."""

    def setUp(self):
        super().setUp()
        CGROUPS.mkdir()
        subprocess.run(["mount", "-t", "cgroup2", "none", CGROUPS], check=True)

    def test_add_a_cgroup(self):
        self.sweep("add-cgroup", 1)

    def test_remove_a_cgroup(self):
        self.sweep("remove-cgroup", 0)

    def test_join_a_cgroup(self):
        self.sweep("join-cgroup", 3)

    def tearDown(self):
        (CGROUPS / "followed").rmdir()
        subprocess.run(["umount", CGROUPS], check=True)
        CGROUPS.rmdir()
        super().tearDown()
