# SPDX-License-Identifier: MIT
"""The requests: what each takes, what it refuses, and how."""

import ctypes
import os
import resource

from classic import NOBODY, TOP, sleeper
from records import LIBC, OVERWRITE, RAN
from session import (ADD, ADD_ARG, CONSUME, CONSUME_ARG, MS, PERIOD_MAX, PERIOD_MIN, PROCESS,
                     REMOVE, REMOVE_ARG, RING_MAX, RING_MIN, RING_USUAL, SAMPLE, SESSIONS_MAX,
                     SETUP, SETUP_ARG, START, STOP, VERSION, VERSION_ARG, Session, SessionTest,
                     ask, error_of, ioctl, opened, opened_by_nobody, set_up)
from test_access import CAP_PERFMON, as_nobody

WITH_ARGUMENT = {"VERSION": (VERSION, VERSION_ARG), "SETUP": (SETUP, SETUP_ARG),
                 "ADD": (ADD, ADD_ARG), "REMOVE": (REMOVE, REMOVE_ARG),
                 "CONSUME": (CONSUME, CONSUME_ARG)}
WITHOUT = {"START": START, "STOP": STOP, "SAMPLE": SAMPLE}


def good(name):
    """Fields with which the request is taken, at least once."""
    return {"VERSION": (0, 0, 0, b""), "SETUP": (0, 0, 0, 0, 0),
            "ADD": (0, PROCESS, os.getpid(), 0, 0), "REMOVE": (1,), "CONSUME": (0, 0)}[name]


def packed(form, fields, size=None):
    return form.pack(form.size if size is None else size, *fields)


class Open(SessionTest):
    def test_by_everyone(self):
        self.assertEqual(os.stat("/dev/faultline").st_mode & 0o777, 0o666)
        os.close(opened_by_nobody())

    def test_version(self):
        for flags in (os.O_RDWR, os.O_RDONLY):
            size, major, minor, reserved, module = ask(self.descriptor(flags), VERSION, VERSION_ARG,
                                                       0, 0, 0, b"")
            self.assertEqual((size, major, minor, reserved), (48, 1, 1, 0))
            self.assertEqual(module.rstrip(b"\0").decode(), (TOP / "VERSION").read_text().strip())

    def test_for_reading_alone_is_enough(self):
        with Session(fd=opened(os.O_RDONLY)) as session, sleeper() as pid:
            target = session.process(pid)
            self.assertGreater(session.counts(target).minor, 0)
            session.remove(target)

    def test_so_many_of_one_user(self):
        def open_all():
            held = [opened() for _ in range(SESSIONS_MAX)]
            refusal = error_of(opened)
            os.close(held.pop())
            held.append(opened())
            return refusal, error_of(opened)

        self.assertEqual(as_nobody(open_all), "('EMFILE', 'EMFILE')")
        # It counts whoever holds them.
        held = [opened_by_nobody() for _ in range(SESSIONS_MAX)]
        self.assertEqual(as_nobody(lambda: error_of(opened)), "EMFILE")
        for fd in held:
            os.close(fd)
        self.assertEqual(as_nobody(lambda: error_of(opened)), "None")

    def test_more_with_a_capability(self):
        def open_more():
            return len([opened() for _ in range(SESSIONS_MAX + 1)])

        self.assertEqual(open_more_here(), SESSIONS_MAX + 1)
        self.assertEqual(as_nobody(open_more, keep=CAP_PERFMON), str(SESSIONS_MAX + 1))


def open_more_here():
    held = [opened() for _ in range(SESSIONS_MAX + 1)]
    for fd in held:
        os.close(fd)
    return len(held)


class Setup(SessionTest):
    def test_comes_first(self):
        fd = self.descriptor()
        for name, (request, form) in WITH_ARGUMENT.items():
            if name not in ("VERSION", "SETUP"):
                with self.subTest(request=name):
                    self.refused("ENXIO", ask, fd, request, form, *good(name))
        for name, request in WITHOUT.items():
            with self.subTest(request=name):
                self.refused("ENXIO", ioctl, fd, request)

    def test_once(self):
        fd = self.descriptor()
        self.refused("EINVAL", set_up, fd, 1)
        set_up(fd)
        self.refused("EBUSY", set_up, fd)
        self.refused("EBUSY", set_up, fd, MS)

    def test_what_is_not_asked_for(self):
        session = self.session()
        self.assertEqual(session.ring.bytes, RING_USUAL)
        self.assertEqual(session.header.period_ns, 0)
        self.assertEqual(session.header.flags, 0)
        self.assertEqual(session.header.mapping_bytes, session.bytes)

    def test_what_is_asked_for(self):
        for flags in (OVERWRITE, RAN, OVERWRITE | RAN):
            session = self.session(period=MS, ring=1 << 16, flags=flags, wake=5)
            self.assertEqual(session.ring.bytes, 1 << 16)
            self.assertEqual(session.header.period_ns, MS)
            self.assertEqual(session.header.flags, flags)

    def test_periods(self):
        for period in (PERIOD_MIN, PERIOD_MIN + 1, PERIOD_MAX):
            self.session(period=period).close()
        for period in (1, PERIOD_MIN - 1, PERIOD_MAX + 1, 1 << 63, (1 << 64) - 1):
            with self.subTest(period=period):
                self.refused("EINVAL", set_up, self.descriptor(), period)

    def test_sizes_of_the_ring(self):
        for ring in (RING_MIN, 2 * RING_MIN, 1 << 24):
            self.session(ring=ring).close()
        for ring in (1, RING_MIN // 2, RING_MIN - 1, RING_MIN + 1, 3 * RING_MIN, RING_USUAL - 8,
                     RING_MAX + 1, 2 * RING_MAX, 1 << 63, (1 << 64) - 1):
            with self.subTest(ring=ring):
                self.refused("EINVAL", set_up, self.descriptor(), 0, ring)

    def test_flags(self):
        for bit in range(2, 32):
            with self.subTest(bit=bit):
                self.refused("EINVAL", set_up, self.descriptor(), 0, 0, 1 << bit)

    def test_counts_as_locked_memory(self):
        """The largest ring is no wrong size, but more than an ordinary user may lock."""
        def limited():
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (1 << 16, 1 << 16))
            fd = opened()
            said = [error_of(set_up, fd, 0, ring) for ring in (RING_MAX, 1 << 16, 1 << 15)]
            said.append(error_of(set_up, opened(), 0, 1 << 15))
            os.close(fd)
            said += [error_of(set_up, opened(), 0, 1 << 15)]
            return said

        self.assertEqual(as_nobody(limited), "['ENOMEM', 'ENOMEM', None, 'ENOMEM', None]")


class Hygiene(SessionTest):
    """Every request that takes a struct."""

    def each(self):
        """(name, request, struct, good fields, a fresh descriptor)"""
        for name, (request, form) in WITH_ARGUMENT.items():
            with self.subTest(request=name):
                fd = opened()
                try:
                    if name not in ("VERSION", "SETUP"):
                        set_up(fd)
                    if name == "REMOVE":
                        ask(fd, ADD, ADD_ARG, *good("ADD"))
                    yield name, request, form, good(name), fd
                finally:
                    os.close(fd)

    def test_a_size_that_no_program_has(self):
        for _, request, form, fields, fd in self.each():
            for size in (0, 1, 4, form.size - 8, form.size - 1):
                self.refused("EINVAL", ioctl, fd, request, bytearray(packed(form, fields, size)))
            ioctl(fd, request, bytearray(packed(form, fields)))

    def test_a_longer_one_with_zeros(self):
        for _, request, form, fields, fd in self.each():
            argument = bytearray(packed(form, fields, form.size + 24) + bytes(24))
            ioctl(fd, request, argument)
            self.assertEqual(argument[form.size:], bytes(24))
            if request != REMOVE and request != SETUP:
                argument = bytearray(packed(form, fields, 4096) + bytes(4096 - form.size))
                self.assertIn(error_of(ioctl, fd, request, argument), (None, "EEXIST"))

    def test_a_longer_one_with_something_else(self):
        for _, request, form, fields, fd in self.each():
            for behind in (b"\1" + bytes(23), bytes(23) + b"\1"):
                argument = bytearray(packed(form, fields, form.size + 24) + behind)
                self.refused("E2BIG", ioctl, fd, request, argument)
            for size in (1 << 31, (1 << 32) - 1):
                argument = bytearray(packed(form, fields, size))
                self.assertIn(error_of(ioctl, fd, request, argument), ("E2BIG", "EFAULT"))
            ioctl(fd, request, bytearray(packed(form, fields)))

    def test_bad_pointers(self):
        for _, request, form, fields, fd in self.each():
            for address in (0, 1, 4096, 1 << 46, 1 << 47, (1 << 64) - 4096, (1 << 64) - 8):
                if LIBC.ioctl(fd, request, ctypes.c_ulong(address)) == 0:
                    self.fail(f"an argument at {address:#x} was taken")
                self.assertEqual(ctypes.get_errno(), 14, f"{address:#x} is no EFAULT")
            ioctl(fd, request, bytearray(packed(form, fields)))

    def test_an_argument_that_ends_with_its_page(self):
        """What is behind an argument is not looked at."""
        page = 4096
        address = LIBC.mmap(None, ctypes.c_size_t(2 * page), 3, 0x22, -1, ctypes.c_long(0))
        self.addCleanup(LIBC.munmap, ctypes.c_void_p(address), ctypes.c_size_t(2 * page))
        LIBC.mprotect(ctypes.c_void_p(address + page), ctypes.c_size_t(page), 0)
        for _, request, form, fields, fd in self.each():
            end = address + page
            ctypes.memmove(end - form.size, packed(form, fields), form.size)
            self.assertEqual(LIBC.ioctl(fd, request, ctypes.c_ulong(end - form.size)), 0)
            # One byte less is there than it says.
            ctypes.memmove(end - form.size + 8, packed(form, fields), form.size - 8)
            self.assertEqual(LIBC.ioctl(fd, request, ctypes.c_ulong(end - form.size + 8)), -1)
            self.assertEqual(ctypes.get_errno(), 14)

    def test_unknown_requests(self):
        session = self.session()
        for request in (0xFA08, 0xFAFF, 0xFB00, 0xF900, 0x5401, 0x4004FA01, 0xC028FA01, 0x8030FA00):
            with self.subTest(request=f"{request:#x}"):
                self.refused("ENOTTY", ioctl, session.fd, request, bytearray(64))

    def test_requests_without_an_argument(self):
        session = self.session(period=PERIOD_MAX)
        for request in WITHOUT.values():
            self.assertEqual(ioctl(session.fd, request, 0), 0)

    def test_flags_and_reserved_fields(self):
        session = self.session()
        for bit in range(32):
            self.refused("EINVAL", ask, session.fd, ADD, ADD_ARG, 1 << bit, PROCESS, os.getpid(),
                         0, 0)
            self.refused("EINVAL", ask, session.fd, ADD, ADD_ARG, 0, PROCESS, os.getpid(), 0,
                         1 << bit)
        self.assertEqual(session.header.targets, 0)


class StartAndStop(SessionTest):
    def test_without_a_period(self):
        session = self.session()
        self.refused("EINVAL", session.start)
        session.stop()
        session.sample()
        self.assertEqual((session.header.start_ns, session.header.passes), (0, 1))

    def test_again_does_nothing(self):
        session = self.session(period=PERIOD_MAX)
        self.assertEqual(session.header.start_ns, 0)
        session.start()
        first = session.header.start_ns
        self.assertGreater(first, 0)
        session.start()
        self.assertEqual(session.header.start_ns, first)
        session.stop()
        session.stop()


class Consume(SessionTest):
    def test_positions(self):
        session = self.session()
        session.process(os.getpid())
        head = session.ring.head
        self.assertGreater(head, 16)
        for position in (head + 8, head - 4, 1, 1 << 63, (1 << 64) - 8):
            self.refused("EINVAL", session.consume, position)
        self.refused("EINVAL", ask, session.fd, CONSUME, CONSUME_ARG, 1, 0)
        self.assertEqual(session.ring.consumed, 0)
        session.consume(0)
        session.consume(head)
        session.consume(head)
        self.refused("EINVAL", session.consume, 0)
        self.assertEqual(session.ring.consumed, head)


class OrdinaryUser(SessionTest):
    def test_uses_all_requests(self):
        def use():
            with Session(period=MS, ring=RING_MIN) as session:
                target = session.process(os.getpid())
                session.start()
                session.stop()
                counts = session.counts(target)
                session.remove(target)
                session.read()
                return counts.minor > 0, session.ring.consumed == session.ring.head > 0

        self.assertEqual(as_nobody(use), "(True, True)")
        with sleeper(user=NOBODY, group=NOBODY, extra_groups=[]) as pid:
            with Session(fd=opened_by_nobody()) as session:
                self.assertGreater(session.counts(session.process(pid)).minor, 0)
