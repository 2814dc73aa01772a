# SPDX-License-Identifier: MIT
"""Who may follow whom: what counts is who opened the device, and what the target is by then."""

import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from classic import NOBODY, Faulter, sleeper, wait_until
from records import DENIED, LIBC, Exec, Exit, Fork, Left, Sample, Target, of
from session import (PROCESS, RING_MIN, THREAD, TREE, Session, SessionTest, children_of, error_of,
                     faults, opened, opened_by_nobody, set_up)
from test_access import CAP_PERFMON, CAP_SYS_PTRACE, as_nobody, nobodys

CLONE_NEWPID = 0x20000000
PYTHON = "/usr/bin/python3"
ORDINARY = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
NOT_DUMPABLE = "import ctypes, os, time; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); "


def refusal(pid, kind=PROCESS):
    """What the calling user is told, with a session of his own."""
    with Session(ring=RING_MIN) as session:
        return error_of(session.add, kind, pid)


@contextlib.contextmanager
def running(script):
    """The PID of an ordinary user's Python that said that it is ready; then it gets a line."""
    with subprocess.Popen([PYTHON, "-S", "-c", script], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, **ORDINARY) as process:
        try:
            process.stdout.readline()
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def privileged(program):
    """A copy of a program that is set-user-ID root."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        path = Path(folder, "privileged")
        shutil.copy(program, path)
        os.chmod(folder, 0o755)
        os.chmod(path, 0o4755)
        yield path


class OrdinaryUser(SessionTest):
    def check(self, pid, name, keep=None):
        for kind in (PROCESS, THREAD, TREE):
            with self.subTest(kind=kind):
                self.assertEqual(as_nobody(lambda: refusal(pid, kind), keep), str(name))

    def test_may_follow_its_own(self):
        with nobodys() as pid:
            self.check(pid, None)

    def test_may_follow_itself(self):
        self.assertEqual(as_nobody(lambda: refusal(os.getpid())), "None")

    def test_may_not_follow_others(self):
        with sleeper() as pid:
            self.check(pid, "EPERM")
        self.check(1, "EPERM")
        self.check(2, "EPERM")

    def test_may_not_follow_one_with_another_group(self):
        with sleeper(user=NOBODY, group=0, extra_groups=[]) as pid:
            self.check(pid, "EPERM")

    def test_may_not_follow_one_that_is_not_dumpable(self):
        with running(NOT_DUMPABLE + "print('ready', flush=True); time.sleep(1000)") as process:
            self.check(process.pid, "EPERM")
            self.assertEqual(refusal(process.pid), None)

    def test_with_a_capability_may_follow_anyone(self):
        with sleeper() as pid:
            for capability in (CAP_SYS_PTRACE, CAP_PERFMON):
                self.check(pid, None, keep=capability)
            self.check(pid, "EPERM", keep=0)

    def test_a_refusal_leaves_nothing(self):
        session = self.session(fd=opened_by_nobody())
        with sleeper() as pid:
            for kind in (PROCESS, THREAD, TREE):
                self.refused("EPERM", session.add, kind, pid)
        self.assertEqual((session.header.targets, session.ring.head), (0, 0))


class Opener(SessionTest):
    def test_an_ordinary_users_descriptor_lends_nothing(self):
        """Root sets it up, maps it and asks: it has the rights of its opener."""
        session = self.session(fd=opened_by_nobody())
        with sleeper() as roots, nobodys() as nobodys_own:
            self.refused("EPERM", session.process, roots)
            session.process(nobodys_own)
            self.assertEqual(len(session.sample()), 1)

    def test_roots_descriptor_has_roots_rights(self):
        session = self.session()
        with sleeper() as pid:
            self.assertEqual(as_nobody(lambda: session.process(pid) > 0), "True")
            self.assertEqual(session.read()[0].pid, pid)

    def test_handed_over_and_used_by_both(self):
        ours, theirs = socket.socketpair()
        with ours, theirs, self.session() as session, sleeper() as pid:
            child = os.fork()
            if not child:
                status = 1
                try:
                    fd = socket.recv_fds(theirs, 1, 1)[1][0]
                    other = Session.__new__(Session)
                    other.fd = fd
                    status = not other.process(pid)
                finally:
                    os._exit(status)
            socket.send_fds(ours, [b"x"], [session.fd])
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            self.assertEqual(session.read()[0].pid, pid)


class Changes(SessionTest):
    """What a target executes may put it out of its follower's sight."""

    def become(self, program):
        child = Faulter("become", program, **ORDINARY)
        self.addCleanup(child.kill)
        comm = Path(f"/proc/{child.pid}/comm")
        wait_until(lambda: comm.read_text() == "faulter\n")

        def go():
            child.go()
            wait_until(lambda: comm.read_text() == f"{Path(program).name}\n")
        child.begin = go
        return child

    def test_a_set_user_id_program(self):
        with privileged("/bin/sleep") as program:
            for sampled in (False, True):
                session = self.session(fd=opened_by_nobody())
                child = self.become(program)
                target = session.process(child.pid)
                if sampled:
                    session.sample()
                child.begin()
                left = session.wait_for(Left)[0]
                self.assertEqual(left[2:], (target, DENIED, (0,) * 8))
                session.wait_for_targets(0)
                self.refused("EPERM", session.process, child.pid)
                self.refused("ENOENT", session.remove, target)
                child.kill()
                self.assertEqual(session.sample(), {})
                self.assertEqual(of(session.records, Exit), [])

    def test_to_those_who_may_look_at_it_it_is_just_a_program(self):
        session = self.session()
        with privileged("/bin/sleep") as program:
            child = self.become(program)
            target = session.process(child.pid)
            child.begin()
            self.assertEqual(session.wait_for(Exec)[0].comm, "privileged")
            self.assertIn(target, session.sample())
            child.kill()
            session.exit_of(target)
            self.assertEqual(of(session.records, Left), [])

    def test_another_program_of_its_own(self):
        session = self.session(fd=opened_by_nobody())
        child = self.become("/bin/sleep")
        target = session.process(child.pid)
        child.begin()
        session.wait_for(Exec)
        self.assertIn(target, session.sample())

    def test_a_program_that_may_not_be_read(self):
        """Executable, but no more: not dumpable then."""
        session = self.session(fd=opened_by_nobody())
        with privileged("/bin/sleep") as program:
            os.chmod(program, 0o711)
            child = self.become(program)
            target = session.process(child.pid)
            child.begin()
            self.assertEqual(session.wait_for(Left)[0][2:4], (target, DENIED))

    def test_in_a_tree_only_that_one_leaves(self):
        session = self.session(fd=opened_by_nobody())
        with privileged("/bin/sleep") as program:
            script = f"read go; {program} 0; {program} 0 & wait; exec /bin/sleep 0"
            shell = subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE, **ORDINARY)
            root = session.tree(shell.pid)
            shell.communicate(b"go\n")
            end = session.exit_of(root)
            self.assertEqual(end.status, 0)
            left = session.wait_for(Left, count=2)
            forks = of(session.records, Fork)
            self.assertEqual([fork.parent for fork in forks], [root, root])
            self.assertEqual({record.target for record in left}, {fork.target for fork in forks})
            self.assertEqual({record.reason for record in left}, {DENIED})
            self.assertEqual(of(session.records, Exit), [end])

    def test_a_child_that_is_not_his_to_look_at(self):
        """A process that made itself undumpable stays; its children are never followed."""
        session = self.session(fd=opened_by_nobody())
        script = ("import os, sys; print('ready', flush=True); sys.stdin.readline()\n"
                  + NOT_DUMPABLE + "os.waitpid(os.fork() or os._exit(0), 0)\n"
                  "print('done', flush=True); time.sleep(1000)")
        with running(script) as process:
            root = session.tree(process.pid)
            process.stdin.write(b"go\n")
            process.stdin.flush()
            process.stdout.readline()
            time.sleep(0.1)
            self.assertIn(root, session.sample())
            self.assertEqual({type(record) for record in session.records}, {Target, Sample})
            self.assertEqual(session.header.targets, 1)


class Namespaces(SessionTest):
    """PIDs are the caller's, and in records the opener's."""

    def enter(self, act):
        """
        A new namespace, whose first process sends a session that it opened, calls act(socket) and
        ends. Its number here and that descriptor; our end of the socket is self.ours.
        """
        self.ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        self.addCleanup(self.ours.close)
        maker = os.fork()
        if not maker:
            try:
                self.become_first(theirs, act)
            finally:
                os._exit(1)
        theirs.close()
        os.waitpid(maker, 0)
        said, fds, _, _ = socket.recv_fds(self.ours, 100, 1)
        return int(said), fds[0]

    @staticmethod
    def become_first(theirs, act):
        if LIBC.unshare(CLONE_NEWPID):
            raise OSError(ctypes.get_errno(), "unshare")
        reader, writer = os.pipe()
        child = os.fork()
        if child:
            os.write(writer, str(child).encode())
            os._exit(0)
        socket.send_fds(theirs, [os.read(reader, 100)], [opened()])
        act(theirs)
        os._exit(0)

    @staticmethod
    def wait(theirs):
        theirs.recv(1)

    def test_numbers_in_records(self):
        first, fd = self.enter(self.wait)
        session = self.session(fd=fd)
        with sleeper() as outside:
            session.process(outside)
            session.process(first)
            self.assertEqual([record.pid for record in session.read()], [0, 1])
        self.ours.send(b"x")

    def test_numbers_in_requests(self):
        """Of whoever asks, whoever opened it."""
        first, fd = self.enter(self.wait)
        set_up(fd)
        os.close(fd)
        with self.session() as session:
            target = session.process(first)
            [record] = session.read()
            self.assertEqual((record.pid, record.target), (first, target))
            self.ours.send(b"x")
            session.exit_of(target)

    def test_requests_from_inside(self):
        """By its own numbers: 1 is itself, and who is outside has none."""
        session = self.session()
        with sleeper() as outside:
            def ask(theirs):
                said = [error_of(session.process, 1), error_of(session.thread, 1),
                        error_of(session.process, outside)]
                theirs.send(repr(said).encode())
                theirs.recv(1)

            first, fd = self.enter(ask)
            os.close(fd)
            self.assertEqual(self.ours.recv(100).decode(), "[None, None, 'ESRCH']")
        records = session.read()
        self.assertEqual([(record.pid, record.tid) for record in records],
                         [(first, 0), (first, first)])
        self.ours.send(b"x")
        session.wait_for(Exit, count=2)

    def test_a_tree_inside(self):
        """Each record has the opener's number, whichever namespace it is of; all end exactly."""
        def fork(theirs):
            theirs.recv(1)
            for number in range(3):
                child = os.fork()
                if not child:
                    theirs.recv(1)
                    os._exit(number)
                theirs.send(b"y")
                _, _, usage = os.wait4(child, 0)
                theirs.send(f"{child} {usage.ru_minflt} {usage.ru_majflt}".encode())
            theirs.recv(1)

        first, fd = self.enter(fork)
        inside, outside = self.session(fd=fd), self.session()
        roots = [session.tree(first) for session in (inside, outside)]
        self.ours.send(b"x")
        numbers, usages, seen = [], [], []
        for _ in range(3):
            self.assertEqual(self.ours.recv(1), b"y")
            seen += [pid for pid in children_of(first) if pid not in seen]
            self.ours.send(b"x")
            number, *usage = map(int, self.ours.recv(100).split())
            numbers.append(number)
            usages.append(tuple(usage))
        self.ours.send(b"x")
        for session, root, pids in ((inside, roots[0], numbers), (outside, roots[1], seen)):
            session.exit_of(root)
            self.assertEqual([fork.pid for fork in of(session.records, Fork)], pids)
            ends = [end for end in of(session.records, Exit) if end.target != root]
            self.assertEqual([end.status >> 8 for end in ends], [0, 1, 2])
            self.assertEqual([faults(end.counts) for end in ends], usages)
        self.assertNotEqual(numbers, seen)

    def test_an_opener_inside_sees_a_namespace_in_its_own(self):
        """There it has a number; in its own it is 1."""
        def nest(theirs):
            theirs.recv(1)
            subprocess.run(["unshare", "--pid", "--fork", "sh", "-c", "exit $$"], check=False)
            theirs.send(b"y")
            theirs.recv(1)

        first, fd = self.enter(nest)
        session = self.session(fd=fd)
        root = session.tree(first)
        self.ours.send(b"x")
        self.assertEqual(self.ours.recv(1), b"y")
        self.ours.send(b"x")
        session.exit_of(root)
        forks = of(session.records, Fork)
        self.assertEqual(len(forks), 2)
        self.assertEqual([fork.pid for fork in forks], sorted({fork.pid for fork in forks}))
        self.assertGreater(forks[0].pid, 1)
        self.assertEqual(session.find(Exit, forks[1].target)[0].status >> 8, 1)
