#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""monitor: on files that look like the module's buffer, and on what does not."""

import array
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import tree

MONITOR = tree.ROOT / "build/monitor"
BYTES = 524288
FIELDS = 4
SLOTS = 12000
EMPTY = -1
LONG = array.array("l").itemsize

GOLDEN = [(4300073608, 30121, 0, 15), (4300073621, 19405, 0, 8), (4300073633, 0, 2, 0)]
GOLDEN_TEXT = """\
4300073608 30121 0 15
4300073621 19405 0 8
4300073633 0 2 0
"""


def buffer_with(samples):
    """The longs of a buffer with samples, {slot: (jiffies, minor, major, cpu)}."""
    longs = array.array("l", [EMPTY]) * (BYTES // LONG)
    for slot, sample in samples.items():
        longs[slot * FIELDS:(slot + 1) * FIELDS] = array.array("l", sample)
    return longs.tobytes()


def numbered(number):
    return (1000 + number, number, number % 3, number % 7)


def text_of(samples):
    return "".join(" ".join(map(str, sample)) + "\n" for sample in samples)


class Case(unittest.TestCase):
    program = MONITOR

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.node = self.folder / "buffer"

    def monitor(self, *words, **more):
        more = {"stdout": subprocess.PIPE, "cwd": self.folder, **more}
        return subprocess.run([self.program, *words], stderr=subprocess.PIPE, text=True,
                              timeout=60, **more)

    def refused(self, done, status, *texts):
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr, r"\Amonitor: [^\n]+\n\Z")
        for text in texts:
            self.assertIn(text, done.stderr)
        self.assertFalse(done.stdout)


class Samples(Case):
    def put(self, samples):
        self.node.write_bytes(buffer_with(samples))

    def prints(self, text, *words):
        done = self.monitor(*(words or [self.node]))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, text)

    def holds(self, samples):
        self.assertTrue(self.node.read_bytes() == buffer_with(samples), "buffer not as expected")

    def test_prints_and_takes_them(self):
        self.put({0: GOLDEN[0], 1: GOLDEN[1], 2: GOLDEN[2]})
        self.prints(GOLDEN_TEXT)
        self.holds({})
        self.prints("")

    def test_empty_buffer_prints_nothing(self):
        self.put({})
        self.prints("")
        self.holds({})

    def test_skips_to_the_first_and_stops_at_an_empty_slot(self):
        self.put({7000: GOLDEN[0], 7001: GOLDEN[1], 7003: GOLDEN[2]})
        self.prints(text_of(GOLDEN[:2]))
        self.holds({7003: GOLDEN[2]})
        self.prints(text_of(GOLDEN[2:]))
        self.holds({})

    def test_after_the_writer_went_round_the_end(self):
        self.put({SLOTS - 2: GOLDEN[0], SLOTS - 1: GOLDEN[1], 0: GOLDEN[2]})
        self.prints(text_of(GOLDEN[2:]))
        self.holds({SLOTS - 2: GOLDEN[0], SLOTS - 1: GOLDEN[1]})
        self.prints(text_of(GOLDEN[:2]))
        self.holds({})

    def test_full_buffer(self):
        self.put({slot: numbered(slot) for slot in range(SLOTS)})
        self.prints(text_of(map(numbered, range(SLOTS))))
        self.holds({})

    def test_leaves_a_slot_that_is_being_written(self):
        half = (EMPTY, 12, 0, 3)
        self.put({4: half, 5: GOLDEN[0], 6: half})
        self.prints(text_of(GOLDEN[:1]))
        self.holds({4: half, 6: half})

    def test_node_in_the_current_folder_is_the_default(self):
        self.node = self.folder / "node"
        self.put({3: GOLDEN[0]})
        done = self.monitor()
        self.assertEqual((done.returncode, done.stdout), (0, text_of(GOLDEN[:1])))
        self.holds({})

    def test_what_cannot_be_printed_stays(self):
        for samples in ({5: GOLDEN[0]}, {slot: numbered(slot) for slot in range(SLOTS)}):
            self.put(samples)
            with open("/dev/full", "w") as full:
                self.refused(self.monitor(self.node, stdout=full), 1, "No space left on device",
                             "they stay in the buffer")
            self.holds(samples)

    def test_what_nobody_reads_stays(self):
        self.put({5: GOLDEN[0]})
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = self.monitor(self.node, stdout=write_end)
        os.close(write_end)
        self.assertEqual(done.returncode, -signal.SIGPIPE)
        self.holds({5: GOLDEN[0]})

    def test_two_at_once_share_the_samples(self):
        everything = [text_of([numbered(slot)]) for slot in range(SLOTS)]
        for _ in range(10):
            self.put({slot: numbered(slot) for slot in range(SLOTS)})
            both = [subprocess.Popen([MONITOR, self.node], text=True, stdout=subprocess.PIPE)
                    for _ in range(2)]
            lines = []
            for process in both:
                lines += process.communicate(timeout=60)[0].splitlines(keepends=True)
                self.assertEqual(process.returncode, 0)
            self.assertEqual(sorted(lines), sorted(everything))
            self.holds({})

    def test_one_that_is_stuck_or_killed_loses_nothing(self):
        full = {slot: numbered(slot) for slot in range(SLOTS)}
        self.put(full)
        stuck = subprocess.Popen([MONITOR, self.node], text=True, stdout=subprocess.PIPE)
        before, after = buffer_with(full), self.node.read_bytes()
        while after != before or after == buffer_with(full):  # until its pipe is full
            time.sleep(0.1)
            before, after = after, self.node.read_bytes()
        other = self.monitor(self.node)
        stuck.kill()
        printed = stuck.communicate(timeout=60)[0] + other.stdout
        self.assertEqual(stuck.returncode, -signal.SIGKILL)
        self.assertEqual(printed, text_of(full.values()))
        self.holds({})


class BadNodes(Case):
    def test_arguments(self):
        self.refused(self.monitor("a", "b"), 2, "takes one node, not 2")
        self.refused(self.monitor("--frequently"), 2, "'--frequently' is no option")
        self.refused(self.monitor("-x"), 2, "'-x' is no option")
        self.refused(self.monitor("--help=me"), 2, "'--help=me' is no option")

    def test_missing(self):
        for name in ("missing", ""):
            self.refused(self.monitor(name), 1, f"'{name}'", "sudo mknod NODE c MAJOR 0",
                         "grep mp3_chrdev /proc/devices")

    def test_not_the_device(self):
        self.node.write_bytes(buffer_with({0: GOLDEN[0]})[:-1])
        for node in (self.node, self.folder, "/dev/null", "/dev/full"):
            self.refused(self.monitor(node), 1, f"'{node}'", "it is not the module's device")
        self.assertEqual(self.node.read_bytes(), buffer_with({0: GOLDEN[0]})[:-1])

    def test_not_permitted(self):
        self.node.write_bytes(buffer_with({0: GOLDEN[0]}))
        self.node.chmod(0o400)
        self.folder.chmod(0o755)
        if os.getuid():
            done = self.monitor(self.node)
        else:  # root may do anything: be somebody else, who may not even see build/
            self.program = self.folder / "monitor"
            shutil.copy(MONITOR, self.program)
            done = self.monitor(self.node, user=65534, group=65534, extra_groups=[])
        self.refused(done, 1, "Permission denied", "sudo")

    def test_no_module(self):
        """With a device name that no machine has: a live module keeps its samples."""
        self.program = tree.build_elsewhere(self.folder / "tree", "/nowhere") / "monitor"
        self.refused(self.monitor(), 1, "/dev/mp3_no_such_device", "sudo insmod faultline.ko",
                     "make demo")


class Words(Case):
    def test_help(self):
        done = self.monitor("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for text in ("usage: monitor [NODE]", "`node` in the current directory", "/dev/mp3_chrdev"):
            self.assertIn(text, done.stdout)

    def test_version_is_that_of_the_sources(self):
        version = (tree.ROOT / "VERSION").read_text().strip()
        self.assertEqual(self.monitor("--version").stdout, f"monitor (faultline) {version}\n")

    def test_help_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w") as full:
            self.refused(self.monitor("--help", stdout=full), 1, "No space left on device")


if __name__ == "__main__":
    unittest.main()
