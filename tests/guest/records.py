# SPDX-License-Identifier: MIT
"""What a session maps: header, ring, records, and a reader that holds each record to the rules.

The figures are written out again here on purpose: they are the contract, and a slip in the header
must not slip through.
"""

import ctypes
import mmap
import struct
import time
from collections import namedtuple

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mmap.restype = ctypes.c_void_p
MAGIC = int.from_bytes(b"FLTLINE1", "little")
OVERWRITE, RAN = 1, 2
REMOVED, DENIED, LEFT_CGROUP = 1, 2, 3

# Native: what is 8 bytes long is read at once, not byte by byte.
WORD = struct.Struct("Q")
HEADER = struct.Struct("QI2HQ6I7Q2I")
RING = struct.Struct("IiQQ5Q6Q2Q")
RECORD = struct.Struct("2HIQ")
COUNTS = struct.Struct("8Q")
JOIN = struct.Struct("2I2iQ16s")
EXEC = struct.Struct("2I16s")
EXIT = struct.Struct("Ii9Q")
LEFT = struct.Struct("2I8Q")
PAIR = struct.Struct("2Q")

Header = namedtuple("Header", "magic size major minor mapping_bytes rings ring_offset ring_size "
                    "flags clock page_bytes period_ns start_ns passes missed shed unfollowed "
                    "pass_ns targets reserved")
Ring = namedtuple("Ring", "kind cpu offset bytes head tail consumed records lost overwritten")

Counts = namedtuple("Counts", "minor major cpu_ns system_ns resident swapped voluntary involuntary")
Sample = namedtuple("Sample", "seq time target counts")
Target = namedtuple("Target", "seq time target parent pid tid birth comm")
Fork = namedtuple("Fork", Target._fields)
Exec = namedtuple("Exec", "seq time target comm")
Exit = namedtuple("Exit", "seq time target status counts peak")
Left = namedtuple("Left", "seq time target reason counts")
Missed = namedtuple("Missed", "seq time deadlines shed")
Lost = namedtuple("Lost", "seq time records unfollowed")

PAD = 1
KINDS = {2: Sample, 3: Target, 4: Fork, 5: Exec, 6: Exit, 7: Left, 8: Missed, 9: Lost}
SIZES = {Sample: 88, Target: 56, Fork: 56, Exec: 40, Exit: 96, Left: 88, Missed: 32, Lost: 32}
RECORD_MAX = 256
# These never go back; what a process has in memory may.
GROWING = [Counts._fields.index(name) for name in ("minor", "major", "cpu_ns", "system_ns",
                                                   "voluntary", "involuntary")]


def text(field):
    """Of a field that is NUL-terminated."""
    return field[:field.index(b"\0")].decode()


def parsed(kind, data):
    """The record that these bytes are."""
    _, _, seq, at = RECORD.unpack_from(data)
    body = data[RECORD.size:]
    if kind is Sample:
        target, reserved = struct.unpack_from("2I", body)
        assert reserved == 0, data
        return Sample(seq, at, target, Counts(*COUNTS.unpack_from(body, 8)))
    if kind in (Target, Fork):
        *fields, comm = JOIN.unpack_from(body)
        return kind(seq, at, *fields, text(comm))
    if kind is Exec:
        target, reserved, comm = EXEC.unpack_from(body)
        assert reserved == 0, data
        return Exec(seq, at, target, text(comm))
    if kind is Exit:
        target, status, *counts, peak = EXIT.unpack_from(body)
        return Exit(seq, at, target, status, Counts(*counts), peak)
    if kind is Left:
        target, why, *counts = LEFT.unpack_from(body)
        return Left(seq, at, target, why, Counts(*counts))
    return kind(seq, at, *PAIR.unpack_from(body))


def of(records, kind, target=None):
    """Those of a kind, and of a target if one is given."""
    return [record for record in records if isinstance(record, kind)
            and target in (None, getattr(record, "target", None))]


def map_at(fd, length, offset=0, protection=mmap.PROT_READ, flags=mmap.MAP_SHARED):
    """The address of a mapping that has no descriptor of its own, as Python's mmap has."""
    address = LIBC.mmap(None, ctypes.c_size_t(length), protection, flags, fd,
                        ctypes.c_long(offset))
    if address == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "mmap")
    return address


def unmap(address, length):
    if LIBC.munmap(ctypes.c_void_p(address), ctypes.c_size_t(length)):
        raise OSError(ctypes.get_errno(), "munmap")


def memory_at(address, length):
    """The bytes there, to be sliced and unpacked."""
    return (ctypes.c_char * length).from_address(address)


class Reader:
    """Reads what a session wrote out of its mapping, and holds each record to the rules."""

    def __init__(self, fd, length):
        self.length = length
        self.address = map_at(fd, length)
        self.memory = memory_at(self.address, length)
        ring = self.ring()
        self.head_at = self.header().ring_offset + 64
        self.tail_at = self.head_at + 8
        self.offset, self.mask = ring.offset, ring.bytes - 1
        self.overwrites = bool(self.header().flags & OVERWRITE)
        self.position = ring.tail
        self.expected = None    # sequence number
        self.jumped = self.position > 0     # there were records that were not read
        self.pads = 0
        self.records = []       # all that were read
        self.known = {}         # target: its newest growing counters
        self.ended = set()      # targets whose last record was read
        self.newest = {}        # kind: the newest time

    def header(self):
        return Header(*HEADER.unpack_from(self.memory))

    def ring(self):
        return Ring(*(field for number, field in enumerate(RING.unpack_from(
            self.memory, self.header().ring_offset)) if not 4 <= number < 9 and number < 15))

    def word(self, at):
        return WORD.unpack_from(self.memory, at)[0]

    def take(self):
        """The bytes at the position, or None if there is no record."""
        while self.position != self.word(self.head_at):
            at = self.offset + (self.position & self.mask)
            data = self.memory[at:at + RECORD_MAX]
            tail = self.word(self.tail_at)
            if not self.overwrites or self.position >= tail:
                return data
            self.position = tail
            self.jumped = True
        return None

    def read(self):
        """The records that are new."""
        new = []
        while True:
            data = self.take()
            if data is None:
                return new
            kind, size, seq = struct.unpack_from("2HI", data)
            self.position += size
            if kind == PAD:
                assert size % 8 == 0 and size and not self.position & self.mask, (size, data)
                self.pads += 1
                continue
            assert size == SIZES[KINDS[kind]], f"a record of type {kind} has {size} bytes"
            record = parsed(KINDS[kind], data)
            self.check(record)
            new.append(record)
            self.records.append(record)

    def check(self, record):
        gap = 0 if self.expected is None else (record.seq - self.expected) % (1 << 32)
        self.expected = (record.seq + 1) % (1 << 32)
        if self.overwrites:
            assert not gap or self.jumped, f"a gap of {gap} before {record}"
        elif isinstance(record, Lost):
            assert record.records == gap, f"a gap of {gap} before {record}"
        else:
            assert not gap, f"a gap of {gap} before {record}"
        self.jumped = self.jumped or gap > 0
        self.check_times(record)
        if isinstance(record, (Missed, Lost)):
            return
        assert record.target not in self.ended, f"after its last record: {record}"
        if isinstance(record, (Target, Fork)):
            assert record.target > 0 and record.target not in self.known, record
            self.known[record.target] = None
        elif record.target not in self.known:
            assert self.jumped, f"nobody told of this target: {record}"
        if isinstance(record, (Exit, Left)):
            self.ended.add(record.target)
        if isinstance(record, (Sample, Exit, Left)):
            self.check_counts(record)

    def check_times(self, record):
        """They are those of the monotonic clock; within a kind they do not go back."""
        kind = type(record)
        assert record.time <= time.monotonic_ns(), record
        if kind in (Sample, Missed):
            assert record.time >= self.newest.get(kind, 0), (self.newest[kind], record)
        self.newest[kind] = record.time

    def check_counts(self, record):
        counts = record.counts
        assert counts.system_ns <= counts.cpu_ns, record
        grown = [counts[field] for field in GROWING]
        before = self.known.get(record.target)
        if before and not (isinstance(record, Left) and record.reason == DENIED):
            assert all(map(int.__ge__, grown, before)), f"went back from {before}: {record}"
        self.known[record.target] = grown
        if isinstance(record, Exit):
            assert counts.resident == counts.swapped == 0, record

    def close(self):
        self.memory = None
        unmap(self.address, self.length)
