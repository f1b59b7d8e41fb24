"""Parse fatbins: the containers in which CUDA programs keep machine code for several GPU architectures.

NVIDIA documents none of this; the layout was read from the libraries of CUDA 11 to 13 and agrees with ``cuobjdump``
on all of them (``bench/gpu_bench.py``). A fatbin is a header of 16 bytes (magic, version 1, header size, bytes that
follow) and entries to its exact end; an entry is a header of 64 bytes or more and a padded payload.

The walk asks for the few bytes it needs (:class:`Need`) or for the next place that looks like a fatbin
(:class:`Find`), in ascending order, so that one parser serves a file that is mapped and one that streams by.
"""

import re
import struct
from collections.abc import Generator
from dataclasses import dataclass, replace

from jettison.elf.bytes import find
from jettison.layers.table import Read

MAGIC = b"\x50\xed\x55\xba\x01\x00\x10\x00"
"""Magic, version 1 and header size 16: every fatbin met begins so."""
HEAD = 16
ENTRY_HEAD = 64
MAX_ENTRY_HEAD = 1 << 16
MAX_ENTRIES = 1 << 16
MAX_IN_FILE = 500_000
"""Entries of a file; the most met is 24,000 (libcufft of CUDA 13)."""
ENTRY_VERSION = 0x101
ALIGN = 8

PTX, CUBIN, LTO = 1, 2, 8
COMPRESSED = 0x2000 | 0x8000  # LZ4, zstd
EXACT, FAMILY = 0x100000, 0x200000
NEWER_ABI = 0x1000000
_PREFIXES = {PTX: "compute", CUBIN: "sm", LTO: "lto"}
_ENTRY = struct.Struct("<HHIQIIHHIIIQQQ")
_MAGIC = re.compile(re.escape(MAGIC))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a fatbin.

    Attributes:
        kind: 1 PTX, 2 cubin, 8 LTO-IR; others exist.
        arch: the architecture as a number: 90 for ``sm_90``.
        flags: as stored; see :data:`EXACT`, :data:`FAMILY`, :data:`COMPRESSED`.
        offset: of its header in the file, in bytes.
        head: bytes of its header.
        stored: bytes of its payload as stored, padding included.
        raw: bytes of the payload once unpacked; its stored size when it is not compressed.
    """

    kind: int
    arch: int
    flags: int
    offset: int
    head: int
    stored: int
    raw: int

    @property
    def end(self) -> int:
        """Offset in the file behind its payload."""
        return self.offset + self.head + self.stored

    @property
    def name(self) -> str:
        """``sm_90a``, ``compute_80``, ``lto_90``; ``kind16_90`` for kinds without a name."""
        return entry_name(self.kind, self.arch, self.flags)


def entry_name(kind: int, arch: int, flags: int) -> str:
    """Return how an entry is called: by its kind, architecture, and ``a`` or ``f`` variant."""
    variant = "a" if flags & EXACT else "f" if flags & FAMILY else ""
    return f"{_PREFIXES.get(kind, f'kind{kind}')}_{arch}{variant}"


@dataclass(frozen=True, slots=True)
class Fatbin:
    """One fatbin.

    Attributes:
        offset: of its header in the file, in bytes.
        end: offset behind its last byte.
        entries: in order.
        problem: where and why the walk stopped before the end; empty when it came to the exact end.
    """

    offset: int
    end: int
    entries: tuple[Entry, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """The walk asks for ``size`` bytes at ``offset``; the answer is shorter when the file ends before."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Find:
    """The walk asks where the next :data:`MAGIC` begins, at ``offset`` or behind it; the answer is -1 without one."""

    offset: int


Walk = Generator[Need | Find, bytes | int, None]


def walk_file(size: int, found: list[Fatbin]) -> Walk:
    """Find every fatbin of a file, wherever it lies.

    What begins like one and is none (code that handles fatbins has the magic as a constant) is passed over.

    Args:
        size: bytes of the file.
        found: gets the fatbins appended, in order.
    """
    at = total = 0
    while True:
        place = yield Find(at)
        if not isinstance(place, int) or place < 0:
            return
        fatbin = (yield from _fatbin(place, size)) if place % ALIGN == 0 else place + len(MAGIC)
        if isinstance(fatbin, int):
            at = fatbin
        else:
            total += len(fatbin.entries)
            if total > MAX_IN_FILE:
                found.append(replace(fatbin, entries=(), problem=f"the file has more than {MAX_IN_FILE} entries"))
                return
            found.append(fatbin)
            at = fatbin.entries[-1].end if fatbin.problem else fatbin.end


def _fatbin(offset: int, size: int) -> Generator[Need, bytes | int, Fatbin | int]:
    """Read the fatbin at ``offset``.

    When its header's size does not fit the file, or it has no first entry, it is none: then return where to look on,
    which is never before what was asked for last.
    """
    head = yield Need(offset, HEAD)
    if not isinstance(head, bytes) or len(head) < HEAD or head[: len(MAGIC)] != MAGIC:
        return offset + len(MAGIC)
    end = offset + HEAD + int.from_bytes(head[8:16], "little")
    if end > size or end == offset + HEAD:
        return offset + len(MAGIC)
    entries: list[Entry] = []
    at = offset + HEAD
    while at < end:
        data = yield Need(at, ENTRY_HEAD)
        entry = _entry(data, at, end) if isinstance(data, bytes) else "the file ends inside it"
        if isinstance(entry, Entry) and len(entries) == MAX_ENTRIES:
            entry = f"it has more than {MAX_ENTRIES} entries"
        if isinstance(entry, str):
            return Fatbin(offset, end, tuple(entries), f"entry at {at:#x}: {entry}") if entries else at
        entries.append(entry)
        at = entry.end
    return Fatbin(offset, end, tuple(entries))


def _entry(data: bytes, at: int, end: int) -> Entry | str:
    """Read an entry's header, or say why it is none."""
    if len(data) < ENTRY_HEAD or at + ENTRY_HEAD > end:
        return "its header is cut off"
    kind, version, head, stored, packed, _, _, _, arch, _, _, flags, _, raw = _ENTRY.unpack(data)
    if version != ENTRY_VERSION:
        return f"its version is {version:#x}"
    if not ENTRY_HEAD <= head <= MAX_ENTRY_HEAD or head % ALIGN or stored % ALIGN:
        return f"header of {head} bytes, payload of {stored}"
    if at + head + stored > end:
        return f"its {head + stored} bytes go past the fatbin's end"
    if packed > stored:
        return f"{packed} compressed bytes in a payload of {stored}"
    return Entry(kind, arch, flags, at, head, stored, raw if flags & COMPRESSED else stored)


def read_fatbin_at(read: Read, offset: int, size: int) -> Fatbin | None:
    """Return the fatbin that begins at ``offset``; None when there is none.

    Args:
        read: gives bytes: of a file, or of memory by address.
        offset: of its header.
        size: where the bytes end.

    Raises:
        BadInputError: the bytes are not at hand.
    """
    walk = _fatbin(offset, size)
    try:
        wish = next(walk)
        while True:
            wish = walk.send(read(wish.offset, max(0, min(wish.size, size - wish.offset))))
    except StopIteration as stop:
        found: Fatbin | int = stop.value
        return found if isinstance(found, Fatbin) else None


def read_fatbins(read: Read, size: int) -> tuple[Fatbin, ...]:
    """Return every fatbin of a file of which any part can be had.

    Args:
        read: gives its bytes.
        size: bytes of the file.

    Raises:
        BadInputError: the bytes are not at hand.
    """
    found: list[Fatbin] = []
    walk = walk_file(size, found)
    try:
        wish = next(walk)
        while True:
            answer: bytes | int
            if isinstance(wish, Need):
                answer = read(wish.offset, max(0, min(wish.size, size - wish.offset)))
            else:
                answer = find(read, MAGIC, wish.offset, size)
            wish = walk.send(answer)
    except StopIteration:
        return tuple(found)


class Scanner:
    """Finds the fatbins of a file that streams by; holds a few bytes at a time.

    Args:
        size: bytes of the whole file.
    """

    __slots__ = ("_carry", "_found", "_position", "_walk", "_wish")

    def __init__(self, size: int) -> None:
        self._found: list[Fatbin] = []
        self._walk = walk_file(size, self._found)
        self._wish: Need | Find | None = next(self._walk)
        self._carry = b""  # the bytes before the position that a wish reaches back to
        self._position = 0

    def feed(self, piece: memoryview) -> None:
        """Take the next piece."""
        start = self._position
        self._position += len(piece)
        while (wish := self._wish) is not None and wish.offset < self._position:
            answer = self._answer(wish, piece, start)
            if answer is None:
                break
            self._go(answer)
        if self._wish is not None:
            begin = self._wish.offset
            if isinstance(self._wish, Find):
                begin = max(begin, self._position - len(MAGIC) + 1)
                self._wish = Find(begin)
            self._carry = self._between(begin, self._position, piece, start)

    def finish(self) -> tuple[Fatbin, ...]:
        """Return what was found, once the file has ended."""
        while self._wish is not None:
            self._go(self._carry if isinstance(self._wish, Need) else -1)
        return tuple(self._found)

    def _answer(self, wish: Need | Find, piece: memoryview, start: int) -> bytes | int | None:
        """Answer a wish from the piece at ``start`` and the carried bytes before it; None when it cannot tell yet."""
        if isinstance(wish, Need):
            end = wish.offset + wish.size
            return self._between(wish.offset, end, piece, start) if end <= self._position else None
        if wish.offset < start:
            joint = self._between(wish.offset, start + len(MAGIC) - 1, piece, start)
            if (place := joint.find(MAGIC)) >= 0:
                return wish.offset + place
        match = _MAGIC.search(piece, max(0, wish.offset - start))
        return start + match.start() if match else None

    def _between(self, begin: int, end: int, piece: memoryview, start: int) -> bytes:
        back = start - begin
        before = self._carry[len(self._carry) - back :][: end - begin] if back > 0 else b""
        return before + bytes(piece[max(0, begin - start) : max(0, end - start)])

    def _go(self, answer: bytes | int) -> None:
        try:
            self._wish = self._walk.send(answer)
        except StopIteration:
            self._wish = None
