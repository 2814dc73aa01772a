# SPDX-License-Identifier: MIT
"""What the samples say: to the fault what wait4 says, and nothing while nobody is registered."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from classic import (HZ, NOBODY, PERIOD, WATCHFUL, ClassicTest, Faulter, drain_all, mapped, send,
                     settle, sleeper, sums, wait_for_zombies, wait_until)


def sampler_pid():
    for path in Path("/proc").glob("[0-9]*/comm"):
        if path.read_text() == "faultline/mp3\n":
            return path.parent.name
    raise AssertionError("the sampler's thread is not there")


def switches():
    """How often the sampler's thread ran."""
    status = Path(f"/proc/{sampler_pid()}/status").read_text()
    return [line for line in status.splitlines() if "ctxt_switches" in line]


class Exactness(ClassicTest):
    """The sum over a run equals what wait4 reports to the parent."""

    def check(self, children, pages_each=0, major=False):
        send("".join(f"R {child.pid}\n" for child in children))
        for child in children:
            child.go()
        wait_for_zombies(children)
        settle()
        usages = [child.usage() for child in children]
        minor, majors, cpu = sums(drain_all())
        self.assertEqual(minor, sum(usage.ru_minflt for usage in usages))
        self.assertEqual(majors, sum(usage.ru_majflt for usage in usages))
        self.assertGreaterEqual(minor, pages_each * len(children))
        if major:
            self.assertGreater(majors, 100)
        seconds = sum(usage.ru_utime + usage.ru_stime for usage in usages)
        self.assertAlmostEqual(cpu, seconds * HZ, delta=1 + 0.1 * len(children))

    def test_one(self):
        self.check([Faulter("touch", 5000)], 5000)

    def test_a_long_one(self):
        pages = 30000 if WATCHFUL else 100000
        self.check([Faulter("touch", pages)], pages)

    def test_many(self):
        count = 20 if WATCHFUL else 60
        self.check([Faulter("touch", 10 * number) for number in range(1, count)])

    def test_faults_in_kernel_mode(self):
        self.check([Faulter("kernel", 5000)], 5000)

    def test_threads_that_come_and_go(self):
        self.check([Faulter("threads", 500)], 8 * 500)

    def test_a_leader_that_ends_before_its_threads(self):
        self.check([Faulter("leader", 2000)], 2000)

    def test_exec_from_a_thread(self):
        self.check([Faulter("exec", 500)], 1000)

    def test_without_its_children(self):
        """wait4 adds the children that the process waited for; faultline counts it alone."""
        child = Faulter("children", 1000, stdout=subprocess.PIPE)
        send(f"R {child.pid}")
        child.go()
        with child.process.stdout as out:
            childrens = int(out.read())
        usage = child.usage()
        settle()
        self.assertGreater(childrens, 4000)
        self.assertEqual(sums(drain_all())[0], usage.ru_minflt - childrens)

    def test_an_ordinary_users(self):
        self.check([Faulter("kernel", 3000, user=NOBODY, group=NOBODY, extra_groups=[])], 3000)

    def test_major_faults(self):
        with tempfile.NamedTemporaryFile(dir=os.environ["FAULTLINE_DISK"]) as file:
            file.write(os.urandom(4 << 20))
            file.flush()
            os.fsync(file.fileno())
            self.check([Faulter("file", file.name)], major=True)

    def test_cpu_time(self):
        self.check([Faulter("cpu", 1000), Faulter("cpu", 500)])

    def test_processes_that_live_shorter_than_a_period(self):
        for _ in range(10):
            self.check([Faulter("touch", 50)], 50)

    def test_unregistered_and_gone_within_a_period(self):
        with sleeper() as pid:
            send(f"R {pid}\nU {pid}\n")
            settle()
            faults = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[7])
            self.assertEqual(sums(drain_all())[0], faults)


class Counters(ClassicTest):
    def test_nobodys_counters_are_reset(self):
        with sleeper() as pid:
            before = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[7:11]
            send(f"R {pid}")
            time.sleep(6 * PERIOD)
            send(f"U {pid}")
            after = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[7:11]
        self.assertEqual(before, after)
        self.assertGreater(int(after[0]), 0)

    def test_a_sample_counts_since_the_one_before(self):
        with sleeper() as pid:
            send(f"R {pid}")
            time.sleep(1)
            send(f"U {pid}")
        settle()
        samples = drain_all()
        self.assertGreater(samples[0][1], 0)
        self.assertEqual([sample[1:3] for sample in samples[1:]], [(0, 0)] * (len(samples) - 1))


class Clock(ClassicTest):
    def test_runs_at_the_rate_of_its_jiffies(self):
        """20 samples a second by the wall clock, and HZ jiffies a second by their own."""
        with sleeper() as pid:
            start = time.monotonic()
            send(f"R {pid}")
            time.sleep(5)
            send(f"U {pid}")
            seconds = time.monotonic() - start
        settle()
        samples = drain_all()
        ticks = samples[-1][0] - samples[0][0]
        # The first and the last of them may be late.
        self.assertTrue(0.8 * seconds < ticks / HZ < seconds + 0.1, (ticks, seconds))

    def test_nothing_ticks_when_idle(self):
        with sleeper() as pid:
            send(f"R {pid}")
            time.sleep(4 * PERIOD)
            busy = switches()
            time.sleep(4 * PERIOD)
            self.assertNotEqual(switches(), busy, "it does not even tick when busy")
            send(f"U {pid}")
        settle()
        drain_all()
        idle = switches()
        with mapped() as buffer:
            time.sleep(20 * PERIOD)
            self.assertEqual(buffer[:].strip(b"\xff"), b"")
        self.assertEqual(switches(), idle)

    def test_the_last_of_several_stops_it(self):
        with sleeper() as one:
            other = Faulter("touch", 1)
            send(f"R {one}\nR {other.pid}\n")
            time.sleep(2 * PERIOD)
            send(f"U {one}")
            drain_all()
            samples = []
            wait_until(lambda: samples.extend(drain_all()) or len(samples) >= 3)
            other.kill()
        settle()
        idle = switches()
        time.sleep(10 * PERIOD)
        self.assertEqual(switches(), idle)

    def test_registering_in_a_loop_does_not_starve_it(self):
        """R and U faster than the period must neither hold the clock up nor flood the buffer."""
        with sleeper() as pid:
            start = time.monotonic()
            while time.monotonic() < start + 2:
                send(f"R {pid}\nU {pid}\n")
            periods = (time.monotonic() - start) / PERIOD
        settle()
        # Of a busy machine's virtual one many timers are late; starving would leave one sample.
        self.assertTrue(0.1 * periods < len(drain_all()) <= periods + 1)
