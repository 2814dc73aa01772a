# SPDX-License-Identifier: MIT
"""The buffer and its device: mapping, the protocol, hostile readers."""

import errno
import mmap
import os
import random
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from classic import (BYTES, DEVICE, EMPTY, LONGS, PERIOD, TOP, WATCHFUL, ClassicTest, Faulter,
                     drain, drain_all, mapped, send, settle, sleeper, sums, wait_until)

MONITOR = str(TOP / "build/monitor")


def major():
    return int(re.search(r"^ *(\d+) mp3_chrdev$", Path("/proc/devices").read_text(), re.M)[1])


class Device(ClassicTest):
    def test_is_in_proc_devices_and_dev(self):
        self.assertEqual(os.stat(DEVICE).st_rdev, os.makedev(major(), 0))

    def test_works_through_mknod(self):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            node = f"{folder}/node"
            subprocess.run(["mknod", node, "c", str(major()), "0"], check=True)
            with mapped(node) as buffer:
                self.assertEqual(len(buffer), BYTES)

    def test_has_one_minor(self):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            node = f"{folder}/node"
            subprocess.run(["mknod", node, "c", str(major()), "1"], check=True)
            with self.assertRaises(OSError) as refused:
                os.open(node, os.O_RDWR)
            self.assertEqual(refused.exception.errno, errno.ENXIO)

    def test_all_minus_one_when_empty(self):
        with mapped() as buffer:
            self.assertEqual(buffer[:], b"\xff" * BYTES)

    def refused(self, **how):
        with self.assertRaises(OSError) as refused:
            with mapped(**how):
                pass
        return errno.errorcode[refused.exception.errno]

    def test_mapping_too_long_or_past_the_end(self):
        page = mmap.PAGESIZE
        self.assertEqual(self.refused(length=BYTES + page), "EINVAL")
        self.assertEqual(self.refused(length=page, offset=BYTES), "EINVAL")
        self.assertEqual(self.refused(length=2 * page, offset=BYTES - page), "EINVAL")
        self.assertEqual(self.refused(length=page, offset=2 ** 62), "EINVAL")
        with mapped(length=page, offset=BYTES - page) as last:
            self.assertEqual(last[:], b"\xff" * page)

    def test_private_mapping_is_refused(self):
        self.assertEqual(self.refused(flags=mmap.MAP_PRIVATE), "EINVAL")

    def test_read_and_write_are_refused(self):
        with open(DEVICE, "r+b", buffering=0) as device:
            for call in (lambda: device.read(8), lambda: device.write(b"12345678")):
                with self.assertRaises(OSError) as refused:
                    call()
                self.assertEqual(refused.exception.errno, errno.EINVAL)

    def test_opened_for_reading_maps_for_reading_only(self):
        with open(DEVICE, "rb", buffering=0) as device:
            mmap.mmap(device.fileno(), BYTES, prot=mmap.PROT_READ).close()
            with self.assertRaises(PermissionError):
                mmap.mmap(device.fileno(), BYTES)


class Protocol(ClassicTest):
    def run_for(self, seconds):
        with sleeper() as pid:
            send(f"R {pid}")
            time.sleep(seconds)
            send(f"U {pid}")
        time.sleep(3 * PERIOD)

    def test_what_was_consumed_is_gone(self):
        self.run_for(1)
        first = drain_all()
        self.assertGreater(len(first), 10)
        self.assertEqual(drain_all(), [])
        with mapped() as buffer:
            self.assertEqual(buffer[:], b"\xff" * BYTES)

    def test_samples_go_on_where_the_last_run_ended(self):
        with mapped() as buffer:
            self.run_for(0.3)
            before = buffer[:].rstrip(b"\xff")
            self.run_for(0.3)
            self.assertTrue(buffer[:].startswith(before))
            after = drain(buffer)
        self.assertEqual([sample[0] for sample in after], sorted(sample[0] for sample in after))

    def test_our_monitor_prints_what_the_protocol_reads(self):
        self.run_for(0.5)
        with mapped() as buffer:
            whole = buffer[:]
            expected = "".join("%d %d %d %d\n" % sample for sample in drain(buffer))
            buffer[:] = whole
        done = subprocess.run([MONITOR, DEVICE], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, expected, ""))
        self.assertEqual(drain_all(), [])

    def test_two_monitors_share_the_samples(self):
        with sleeper() as pid, tempfile.TemporaryFile("w+") as printed:
            send(f"R {pid}")
            end = time.monotonic() + 3
            while time.monotonic() < end:
                pair = [subprocess.Popen([MONITOR, DEVICE], stdout=printed) for _ in range(2)]
                self.assertEqual([one.wait() for one in pair], [0, 0])
            send(f"U {pid}")
            time.sleep(3 * PERIOD)
            rest = drain_all()
            printed.seek(0)
            lines = [tuple(map(int, line.split())) for line in printed]
        jiffies = sorted(sample[0] for sample in lines + rest)
        self.assertGreater(len(jiffies), 10)
        self.assertEqual(len(jiffies), len(set(jiffies)), "a sample was printed twice")

    def test_a_monitor_killed_loses_nothing(self):
        """It prints before it consumes: a sample may be printed again, but is never gone."""
        usages = []
        with tempfile.TemporaryFile("w+") as printed:
            for _ in range(5 if WATCHFUL else 20):
                child = Faulter("touch", 200)
                send(f"R {child.pid}")
                child.go()
                victim = subprocess.Popen([MONITOR, DEVICE], stdout=printed)
                time.sleep(random.uniform(0, 0.1))
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                usages.append(child.usage())
            settle()
            rest = drain_all()
            printed.seek(0)
            lines = [tuple(map(int, line.split())) for line in printed]
        self.assertTrue(all(len(line) == 4 for line in lines), lines)
        self.assertEqual(sums(set(lines + rest))[0], sum(usage.ru_minflt for usage in usages))

    def test_scribbling_harms_only_the_readers(self):
        with mapped() as buffer, sleeper() as pid:
            send(f"R {pid}")
            for _ in range(20):
                buffer[:] = os.urandom(BYTES)
                time.sleep(PERIOD / 2)
            buffer[:] = b"\xff" * BYTES
            # The kernel kept its position: the next samples are good and lie side by side.
            wait_until(lambda: buffer[:].strip(b"\xff"))
            time.sleep(5 * PERIOD)
            send(f"U {pid}")
            time.sleep(3 * PERIOD)
            samples = drain(buffer)
        self.assertGreaterEqual(len(samples), 5)
        for sample in samples:
            self.assertTrue(sample[0] > 0 and sample[1:3] == (0, 0), sample)

    def test_only_the_samples_part_is_written(self):
        with mapped() as buffer:
            self.run_for(0.3)
            self.assertEqual(buffer[LONGS * 8:], b"\xff" * (BYTES - LONGS * 8))
            self.assertNotEqual(buffer[:LONGS * 8].strip(EMPTY), b"")
