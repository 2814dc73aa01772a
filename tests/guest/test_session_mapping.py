# SPDX-License-Identifier: MIT
"""What is mapped: it describes itself, is read by anyone who has it, and written by nobody."""

import ctypes
import errno
import mmap
import os
import signal
import time

from classic import sleeper
from records import HEADER, LIBC, MAGIC, RING, Reader, Target, map_at, memory_at, of, unmap
from session import MS, RING_MIN, SessionTest, error_of, references, set_up

PAGE = 4096
READ, WRITE, EXECUTE = mmap.PROT_READ, mmap.PROT_WRITE, mmap.PROT_EXEC
MREMAP_MAYMOVE = 1


class Header(SessionTest):
    def test_describes_itself(self):
        session = self.session(period=5 * MS, ring=1 << 15, flags=1)
        header = session.header
        self.assertEqual((header.magic, header.major, header.minor), (MAGIC, 1, 1))
        self.assertGreaterEqual(header.size, HEADER.size)
        self.assertEqual((header.mapping_bytes, header.rings), (session.bytes, 1))
        self.assertGreaterEqual(header.ring_size, RING.size)
        self.assertEqual((header.flags, header.period_ns), (1, 5 * MS))
        self.assertEqual((header.clock, header.page_bytes), (1, mmap.PAGESIZE))
        self.assertEqual(header[13:], (0,) * 7, "what changes, and what is reserved")

    def test_places_do_not_overlap(self):
        for ring_bytes in (RING_MIN, 1 << 20):
            session = self.session(ring=ring_bytes)
            header, ring = session.header, session.ring
            self.assertGreaterEqual(header.ring_offset, header.size)
            self.assertEqual((header.ring_offset | ring.offset) % 8, 0)
            self.assertGreaterEqual(ring.offset, header.ring_offset + header.ring_size)
            self.assertEqual(ring.bytes, ring_bytes)
            self.assertLessEqual(ring.offset + ring.bytes, session.bytes)
            self.assertEqual(session.bytes % PAGE, 0)

    def test_the_ring_is_empty_and_all_zero(self):
        session = self.session(ring=1 << 16)
        self.assertEqual((session.ring.kind, session.ring.cpu), (1, -1))
        fields = RING.unpack_from(session.reader.memory, session.header.ring_offset)
        self.assertEqual(fields[4:], (0,) * 13)
        self.assertEqual(session.reader.memory[session.ring.offset:], bytes(session.bytes - PAGE))

    def test_what_changes(self):
        session = self.session(period=10000 * MS)
        with sleeper() as pid:
            target = session.process(pid)
            session.start()
            session.sample()
            header = session.header
            self.assertEqual((header.targets, header.passes), (1, 1))
            self.assertGreater(header.start_ns, 0)
            self.assertEqual((header.missed, header.shed, header.unfollowed), (0, 0, 0))
            session.remove(target)
            self.assertEqual(session.header.targets, 0)
        self.assertEqual(session.ring.records, 3)
        self.assertEqual(session.ring.head, 56 + 88 + 88)
        self.assertEqual((session.ring.lost, session.ring.overwritten), (0, 0))


class Refusals(SessionTest):
    def setUp(self):
        super().setUp()
        self.whole = self.session(ring=1 << 16)
        self.fd, self.length = self.whole.fd, self.whole.bytes

    def test_before_setup(self):
        fd = self.descriptor()
        self.assertIn(error_of(map_at, fd, PAGE), ("ENXIO", "EINVAL", "ENODEV"))

    def test_writing(self):
        for protection in (WRITE, READ | WRITE, READ | WRITE | EXECUTE):
            self.assertIn(error_of(map_at, self.fd, PAGE, 0, protection), ("EPERM", "EACCES"))
        readable = self.descriptor(os.O_RDONLY)
        length = set_up(readable)
        self.assertIn(error_of(map_at, readable, length, 0, READ | WRITE), ("EPERM", "EACCES"))

    def test_executing(self):
        self.assertIn(error_of(map_at, self.fd, PAGE, 0, READ | EXECUTE),
                      ("EPERM", "EACCES", "EINVAL"))

    def test_a_private_one(self):
        for protection in (READ, READ | WRITE):
            self.refused("EINVAL", map_at, self.fd, self.length, 0, protection, mmap.MAP_PRIVATE)

    def test_past_the_end(self):
        for length, offset in ((self.length + PAGE, 0), (self.length, PAGE), (PAGE, self.length),
                               (2 * PAGE, self.length - PAGE), (PAGE, 1 << 40),
                               (1 << 32, 0), (PAGE, (1 << 63) - PAGE)):
            with self.subTest(length=length, offset=offset):
                self.assertIn(error_of(map_at, self.fd, length, offset), ("EINVAL", "EOVERFLOW"))

    def test_becoming_writable_later(self):
        address = self.whole.reader.address
        for protection in (WRITE, READ | WRITE, EXECUTE, READ | EXECUTE):
            self.assertEqual(LIBC.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(PAGE),
                                           protection), -1)
            self.assertEqual(ctypes.get_errno(), errno.EACCES)
        # Less is allowed, and back.
        for protection in (0, READ):
            self.assertEqual(LIBC.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(PAGE),
                                           protection), 0)

    def test_growing(self):
        LIBC.mremap.restype = ctypes.c_void_p
        size = ctypes.c_size_t
        address = map_at(self.fd, PAGE)
        for length in (2 * PAGE, self.length, 2 * self.length):
            got = LIBC.mremap(ctypes.c_void_p(address), size(PAGE), size(length), MREMAP_MAYMOVE)
            self.assertEqual(got, ctypes.c_void_p(-1).value)
        unmap(address, PAGE)

    def test_being_written_by_other_ways(self):
        reader = self.whole.reader
        before = reader.memory[:PAGE]
        with open("/proc/self/mem", "r+b", buffering=0) as memory:
            memory.seek(reader.address)
            self.assertEqual(memory.read(PAGE), before)
            memory.seek(reader.address)
            with self.assertRaises(OSError):
                memory.write(b"written")
        with open("/dev/zero", "rb", buffering=0) as zero:
            got = LIBC.read(zero.fileno(), ctypes.c_void_p(reader.address), ctypes.c_size_t(8))
            self.assertEqual((got, ctypes.get_errno()), (-1, errno.EFAULT))
        self.assertEqual(reader.memory[:PAGE], before)

    def test_reading_and_writing_the_device(self):
        for action in (lambda: os.read(self.fd, 8), lambda: os.write(self.fd, bytes(8)),
                       lambda: os.ftruncate(self.fd, 0)):
            self.assertIsNotNone(error_of(action))


class Parts(SessionTest):
    def test_each_page_alone(self):
        session = self.session(ring=1 << 14)
        session.process(os.getpid())
        whole = session.reader.memory[:]
        self.assertNotEqual(whole[PAGE:PAGE + 56], bytes(56))
        for at in range(0, session.bytes, PAGE):
            address = map_at(session.fd, PAGE, at)
            self.assertEqual(memory_at(address, PAGE)[:], whole[at:at + PAGE])
            unmap(address, PAGE)

    def test_a_hole_in_the_middle(self):
        session = self.session(ring=1 << 14)
        address = map_at(session.fd, session.bytes)
        unmap(address + PAGE, PAGE)
        self.assertEqual(memory_at(address, 8)[:], b"FLTLINE1")
        memory_at(address + 2 * PAGE, PAGE)[:]
        unmap(address, session.bytes)

    def test_populated_and_locked(self):
        session = self.session()
        address = map_at(session.fd, session.bytes, 0, READ, mmap.MAP_SHARED | 0x8000 | 0x2000)
        self.assertEqual(memory_at(address, 8)[:], b"FLTLINE1")
        unmap(address, session.bytes)


class Readers(SessionTest):
    def test_several_at_once(self):
        session = self.session()
        others = [Reader(session.fd, session.bytes) for _ in range(3)]
        with sleeper() as pid:
            session.process(pid)
            for _ in range(5):
                session.sample()
        session.wait_for(Target)
        for reader in others:
            reader.read()
            self.assertEqual(reader.records[:6], session.records[:6])
            reader.close()

    def test_in_another_process(self):
        session = self.session()
        session.process(os.getpid())
        child = os.fork()
        if not child:
            status = 1
            try:
                # Both what it inherited and what it maps itself.
                own = Reader(session.fd, session.bytes)
                status = not (session.reader.read() == own.read() != [])
            finally:
                os._exit(status)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(len(of(session.read(), Target)), 1)

    def test_survives_its_descriptor(self):
        session = self.session()
        with sleeper() as pid:
            target = session.process(pid)
            session.close_descriptor()
            self.assertEqual(session.header.targets, 1)
        self.assertEqual(session.exit_of(target).status, signal.SIGKILL)

    def test_survives_whoever_made_it(self):
        session = self.session()
        held, go = os.pipe()
        child = os.fork()
        if not child:
            status = 1
            try:
                session.close_descriptor()
                os.close(go)
                os.read(held, 1)
                status = session.reader.memory[:8] != b"FLTLINE1"
            finally:
                os._exit(status)
        session.close()
        time.sleep(0.1)
        self.assertEqual(references(), 1)
        os.close(go)
        os.close(held)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
