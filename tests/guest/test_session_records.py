# SPDX-License-Identifier: MIT
"""What is recorded of a target's life: who it is, whom it forks, what it executes, how it ends."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from classic import FAULTER, Faulter, sleeper, wait_until
from records import REMOVED, Exec, Exit, Fork, Left, Target, of
from session import SessionTest, Teller, Threads, faults, stat_field, wait_asleep

CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")


def fork(action):
    """A child that does it, and exits with what it returns."""
    child = os.fork()
    if child:
        return child
    status = 255
    try:
        status = action() or 0
    finally:
        os._exit(status)


def wait(child):
    """Its status, as wait4 gives it."""
    return os.waitpid(child, 0)[1]


class Targets(SessionTest):
    def test_who_it_is(self):
        session = self.session()
        before = time.monotonic_ns()
        with sleeper() as pid:
            between = time.monotonic_ns()
            target = session.process(pid)
            after = time.monotonic_ns()
            [record] = session.read()
            self.assertEqual(record, (0, record.time, target, 0, pid, 0, record.birth, "sleep"))
            self.assertTrue(before <= record.birth <= between <= record.time <= after, record)

    def test_one_thread(self):
        session = self.session()
        child = Threads(1)
        self.addCleanup(child.kill)
        target = session.thread(child.tid)
        [record] = session.read()
        self.assertEqual(record[2:6], (target, 0, child.pid, child.tid))

    def test_a_long_name_and_an_odd_one(self):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            for name, comm in (("a-name-of-twenty-one", "a-name-of-twent"),
                               ("(s) p\n%s", "(s) p\n%s")):
                path = Path(folder, name)
                os.symlink(FAULTER, path)
                session = self.session()
                child = Faulter("touch", 1, executable=path)
                self.addCleanup(child.kill)
                wait_asleep(child.pid)
                session.process(child.pid)
                self.assertEqual(session.read()[0].comm, comm)

    def test_a_sample(self):
        session = self.session()
        with sleeper() as pid:
            target = session.process(pid)
            before = time.monotonic_ns()
            sample = session.sample()[target]
            self.assertTrue(before <= sample.time <= time.monotonic_ns())
            self.assertEqual(faults(sample.counts), (stat_field(pid, 10), stat_field(pid, 12)))
            self.assertEqual(session.counts(target), sample.counts, "it sleeps")

    def test_all_samples_of_a_pass_have_its_time(self):
        session = self.session()
        with sleeper() as one, sleeper() as two:
            ids = {session.process(one), session.process(two)}
            samples = session.sample()
            self.assertEqual(set(samples), ids)
            self.assertEqual(len({sample.time for sample in samples.values()}), 1)
            self.assertLessEqual(samples[min(ids)].time, session.sample()[min(ids)].time)

    def test_removed(self):
        session = self.session()
        with sleeper() as pid:
            target = session.process(pid)
            counts = session.counts(target)
            session.remove(target)
            [left] = session.read()
            self.assertEqual(left[2:], (target, REMOVED, counts))
            self.assertEqual(session.sample(), {})
            again = session.process(pid)
            self.assertNotEqual(again, target)
            self.assertEqual(session.counts(again), counts)
        self.assertEqual(session.exit_of(again).status, signal.SIGKILL)
        self.assertEqual(len(of(session.records, Exit)), 1)


class Ends(SessionTest):
    """The status is the one that wait4 tells."""

    def check(self, child, core=False):
        session = self.session()
        target = session.process(child.pid)
        child.go()
        _, status, usage = os.wait4(child.pid, 0)
        child.process.returncode = os.waitstatus_to_exitcode(status)
        record = session.exit_of(target)
        self.assertEqual(record.status, status)
        self.assertEqual(os.WCOREDUMP(record.status), core)
        self.assertEqual(faults(record.counts), (usage.ru_minflt, usage.ru_majflt))
        self.assertEqual(session.read(), [], "it is the last")
        session.wait_for_targets(0)

    def test_well(self):
        self.check(Faulter("touch", 10))

    def test_with_a_status(self):
        self.check(Faulter("exit", 77))

    def test_by_signals(self):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGRTMIN):
            child = Faulter("touch", 10)
            child.go = lambda: child.process.send_signal(number)
            self.check(child)
            child.process.stdin.close()

    def test_with_a_core_file(self):
        usual = CORE_PATTERN.read_text()
        self.addCleanup(CORE_PATTERN.write_text, usual)
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            CORE_PATTERN.write_text(f"{folder}/core")
            most = resource.getrlimit(resource.RLIMIT_CORE)[1]
            child = Faulter("touch", 10, preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_CORE, (most, most)))
            child.go = lambda: child.process.send_signal(signal.SIGQUIT)
            self.check(child, core=True)
            child.process.stdin.close()
            self.assertTrue(list(Path(folder).iterdir()))

    def test_of_a_leader_whose_threads_go_on(self):
        self.check(Faulter("leader", 20))

    def test_of_a_thread_by_exit_group(self):
        """A thread of a process that is killed."""
        session = self.session()
        child = Threads(1)
        leader, second = session.thread(child.pid), session.thread(child.tid)
        child.kill()
        for target in (leader, second):
            self.assertEqual(session.exit_of(target).status, signal.SIGKILL)

    def test_of_a_thread_alone(self):
        session = self.session()
        child = Threads(20)
        target, process = session.thread(child.tid), session.process(child.pid)
        child.step()
        record = session.exit_of(target)
        self.assertEqual(record.status, 0)
        session.wait_for_targets(1)
        self.assertEqual(of(session.records, Exit, process), [])
        child.kill()
        self.assertEqual(session.exit_of(process).status, signal.SIGKILL)

    def test_in_the_thread_group_of_an_unreaped_process(self):
        """A zombie has ended, whether its parent cares or not."""
        session = self.session()
        child = Faulter("touch", 1)
        target = session.process(child.pid)
        child.go()
        self.assertEqual(session.exit_of(target).status, 0)
        child.usage()


class Trees(SessionTest):
    def setUp(self):
        super().setUp()
        self.tree = self.session()
        self.root = self.tree.tree(os.getpid())

    def of_child(self, pid):
        """The record of its birth, when it is there."""
        wait_until(lambda: [fork for fork in self.tree.find(Fork) if fork.pid == pid])
        return [fork for fork in of(self.tree.records, Fork) if fork.pid == pid][0]

    def test_children_and_their_ends(self):
        for action, status in ((lambda: 0, 0), (lambda: 7, 7 << 8),
                               (lambda: os.kill(os.getpid(), signal.SIGKILL), signal.SIGKILL)):
            before = time.monotonic_ns()
            child = fork(action)
            self.assertEqual(wait(child), status)
            after = time.monotonic_ns()
            born = self.of_child(child)
            self.assertEqual(born.parent, self.root)
            self.assertEqual(born.tid, 0)
            self.assertEqual(born.comm, Path("/proc/self/comm").read_text().strip())
            self.assertTrue(before <= born.birth <= born.time <= after, born)
            ended = self.tree.exit_of(born.target)
            self.assertEqual(ended.status, status)
            self.assertTrue(born.time <= ended.time)

    def test_grandchildren(self):
        reader, writer = os.pipe()

        def bear():
            pids = [fork(lambda: 3)]
            pids.append(fork(lambda: wait(fork(lambda: 4)) >> 8))
            os.write(writer, f"{pids[0]} {pids[1]} {[wait(pid) >> 8 for pid in pids]}".encode())

        child = fork(bear)
        self.assertEqual(wait(child), 0)
        one, other, told = os.read(reader, 100).decode().split(" ", 2)
        self.assertEqual(told, "[3, 4]")
        os.close(reader)
        os.close(writer)
        parent = self.of_child(child)
        self.assertEqual(self.of_child(int(one)).parent, parent.target)
        middle = self.of_child(int(other))
        self.assertEqual(middle.parent, parent.target)
        self.tree.wait_for(Exit, count=4)
        [last] = [born for born in of(self.tree.records, Fork) if born.parent == middle.target]
        ends = {end.target: end.status >> 8 for end in of(self.tree.records, Exit)}
        self.assertEqual(ends, {parent.target: 0, self.of_child(int(one)).target: 3,
                                middle.target: 4, last.target: 4})

    def test_programs(self):
        before = time.monotonic_ns()
        done = subprocess.Popen(["sh", "-c", "/bin/true; exec sleep 0"])
        done.wait()
        shell = self.of_child(done.pid)
        self.tree.wait_for(Exit, count=2)
        self.assertEqual([record.comm for record in of(self.tree.records, Exec, shell.target)],
                         ["sh", "sleep"])
        [true] = [born for born in of(self.tree.records, Fork) if born.parent == shell.target]
        self.assertEqual(true.comm, "sh")
        [executed] = of(self.tree.records, Exec, true.target)
        self.assertEqual(executed.comm, "true")
        self.assertTrue(before <= true.time <= executed.time
                        <= self.tree.exit_of(true.target).time <= time.monotonic_ns())

    def test_an_orphan(self):
        """One whose parent ended first is followed like any other."""
        held, go = os.pipe()
        child = fork(lambda: fork(lambda: len(os.read(held, 1)) + 8) and 0)
        self.assertEqual(wait(child), 0)
        parent = self.of_child(child)
        self.tree.exit_of(parent.target)
        [orphan] = [born for born in of(self.tree.records, Fork)
                    if born.parent == parent.target]
        self.assertEqual(of(self.tree.records, Exit, orphan.target), [])
        os.write(go, b"x")
        self.assertEqual(self.tree.exit_of(orphan.target).status, 9 << 8)
        os.close(held)
        os.close(go)

    def test_threads_are_no_children(self):
        child = Faulter("threads", 2)
        child.go()
        child.usage()
        born = self.of_child(child.pid)
        self.tree.exit_of(born.target)
        self.assertEqual(len(of(self.tree.records, Fork)), 1)
        self.assertEqual([record.comm for record in of(self.tree.records, Exec)], ["faulter"])

    def test_children_of_a_thread(self):
        """Those that a thread forks are its process's."""
        script = ("import os, threading\n"
                  "def bear(): os.waitpid(os.fork() or os._exit(5), 0)\n"
                  "thread = threading.Thread(target=bear); thread.start(); thread.join()")
        done = subprocess.Popen([sys.executable, "-S", "-c", script])
        done.wait()
        born = self.of_child(done.pid)
        [inner] = [each for each in of(self.tree.records, Fork) if each.parent == born.target]
        self.assertEqual(self.tree.exit_of(inner.target).status, 5 << 8)

    def test_the_root_is_removed_and_its_children_stay(self):
        held, go = os.pipe()
        child = fork(lambda: os.read(held, 1) and wait(fork(lambda: 6)) >> 8)
        born = self.of_child(child)
        self.tree.remove(self.root)
        self.assertEqual(self.tree.header.targets, 1)
        not_followed = fork(lambda: 0)
        wait(not_followed)
        os.write(go, b"x")
        self.assertEqual(wait(child), 6 << 8)
        self.tree.exit_of(born.target)
        forks = of(self.tree.records, Fork)
        self.assertEqual([each.parent for each in forks], [self.root, born.target])
        self.assertNotIn(not_followed, [each.pid for each in forks])
        os.close(held)
        os.close(go)

    def test_children_are_sampled(self):
        child = Faulter("touch", 1)
        born = self.of_child(child.pid)
        wait_until(lambda: born.target in self.tree.sample())
        child.go()
        usage = child.usage()
        self.assertEqual(faults(self.tree.exit_of(born.target).counts),
                         (usage.ru_minflt, usage.ru_majflt))

    def tearDown(self):
        """Everyone who was born and has ended is accounted for once."""
        left = of(self.tree.records, Left)
        wait_until(lambda: self.tree.header.targets == (0 if left else 1))
        self.tree.read()
        forks = [record.target for record in of(self.tree.records, Fork)]
        ends = [record.target for record in of(self.tree.records, Exit)]
        self.assertEqual(sorted(forks), sorted(ends))


class Processes(SessionTest):
    def test_its_children_are_not_followed(self):
        session = self.session()
        child = Faulter("children", 10, stdout=subprocess.DEVNULL)
        wait_asleep(child.pid)
        target = session.process(child.pid)
        child.go()
        child.usage()
        session.exit_of(target)
        self.assertEqual([type(record) for record in session.records], [Target, Exit])

    def test_it_executes_another_program(self):
        """From whichever thread: it is still the same process."""
        session = self.session()
        child = Faulter("exec", 10)
        wait_asleep(child.pid)
        target = session.process(child.pid)
        child.go()
        usage = child.usage()
        record = session.exit_of(target)
        self.assertEqual([type(record) for record in session.records], [Target, Exec, Exit])
        self.assertEqual(session.records[1].comm, "faulter")
        self.assertEqual(faults(record.counts), (usage.ru_minflt, usage.ru_majflt))

    def test_one_that_is_sampled_on_the_way(self):
        session = self.session()
        child = Teller("steps", 5)
        target = session.process(child.pid)
        seen = []
        for _ in range(4):
            self.assertEqual(child.line(), "touched")
            wait_asleep(child.pid)
            seen.append(session.counts(target).minor)
            child.step()
        self.assertEqual([after - before for before, after in zip(seen, seen[1:])], [1, 1, 1])
        child.kill()
        self.assertGreaterEqual(session.exit_of(target).counts.minor, seen[-1])
