"""What in a library points into a section: relocations, dynamic symbols, and code."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from jettison.elf.layout import (
    AARCH64,
    PF_X,
    SHF_EXECINSTR,
    Data,
    Layout,
    Program,
    dynamic_symbols,
    other_relocations,
    relative_relocations,
)

_CHUNK = 8 << 20
_OVERLAP = 8
_LEA = 7  # bytes of an instruction: prefix, opcode, mode, displacement
_PAGE = 4096


@dataclass(frozen=True, slots=True)
class References:
    """What points into a range of addresses.

    Attributes:
        slots: by address pointed at, ascending, the relocations that do: (address of the slot, offset in the file of
            the addend).
        others: addresses that symbols or code point at, or that a relocation reaches in another way, ascending.
        pages: addresses of pages of 4,096 bytes that code points into, where the rest of the address was not read;
            ascending.
    """

    slots: dict[int, list[tuple[int, int]]]
    others: Sequence[int]
    pages: Sequence[int]
    _addresses: Sequence[int]

    def fixes(self, start: int, end: int) -> str:
        """Say why the bytes between two addresses cannot move with the pointers to ``start``; empty if they can."""
        if _any_between(self.others, start, end):
            return "a symbol, code or a relocation of another kind points into one"
        if _any_between(self.pages, start - _PAGE + 1, end):
            return "code points into one"
        if _any_between(self._addresses, start + 1, end):
            return "a relocation points into the middle of one"
        return ""


def _any_between(ascending: Sequence[int], start: int, end: int) -> bool:
    place = bisect_left(ascending, start)
    return place < len(ascending) and ascending[place] < end


def find_references(data: Data, layout: Layout, start: int, end: int) -> References:
    """Find what points into the addresses from ``start`` up to ``end``.

    Code is searched for the instructions that compilers use to take the address of data: ``lea`` relative to the
    instruction pointer (x86-64) and ``adrp`` (aarch64). Bytes that only look like one count as well.

    Args:
        data: the file.
        layout: of the file.
        start: first address.
        end: behind the last address.

    Raises:
        BadInputError: relocations or symbols are malformed.
    """
    slots: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for slot, addend, place in relative_relocations(layout, data):
        if start <= addend < end:
            slots[addend].append((slot, place))
    others = {addend for _, _, addend in other_relocations(layout, data) if start <= addend < end}
    others |= {value for value, _ in dynamic_symbols(layout, data) if start <= value < end}
    pages: set[int] = set()
    for load in layout.loads:
        if load.flags & PF_X:
            if layout.machine == AARCH64:
                pages |= _adrp(data, layout, load, (start, end))
            else:
                others |= _lea(data, layout, load, (start, end))
    ordered = sorted(slots)
    return References({each: slots[each] for each in ordered}, sorted(others), sorted(pages), ordered)


def _code(layout: Layout, load: Program) -> list[tuple[int, int]]:
    """Return the file ranges of a segment that hold code: its executable sections; all of it when it has none."""
    ranges = [
        (each.offset, each.end)
        for each in layout.sections
        if each.flags & SHF_EXECINSTR and load.offset <= each.offset and each.end <= load.end and each.size
    ]
    return ranges or [(load.offset, load.end)]


def _lea(data: Data, layout: Layout, load: Program, wanted: tuple[int, int]) -> set[int]:
    """Return what ``lea reg, [rip + displacement]`` points at, of what is wanted."""
    found: set[int] = set()
    for begin, stop in _code(layout, load):
        for at in range(begin, stop, _CHUNK):
            base = load.vaddr + at - load.offset
            piece = data[at : min(stop, at + _CHUNK + _OVERLAP)]
            low, high = wanted[0] - base - len(piece) - _LEA, wanted[1] - base
            if pattern := _pattern(low, high):
                for match in pattern.finditer(piece):
                    address = base + match.start() - 1 + _LEA + int.from_bytes(match[1], "little", signed=True)
                    if wanted[0] <= address < wanted[1]:
                        found.add(address)
    return found


def _pattern(low: int, high: int) -> re.Pattern[bytes] | None:
    """Return what finds ``lea`` with a displacement between two values, by its last byte; None when there is none."""
    low, high = max(low, -(1 << 31)), min(high, (1 << 31) - 1)
    if low > high:
        return None
    tops = {top & 0xFF for top in range(low >> 24, (high >> 24) + 1)}
    # The opcode first and its prefix by looking back: what begins with one byte is searched for seven times as fast.
    return re.compile(rb"(?s)\x8d[\x05\x0d\x15\x1d\x25\x2d\x35\x3d](?<=[\x48\x4c]..)(..." + _any_of(tops) + rb")")


def _any_of(values: set[int]) -> bytes:
    return b"[" + b"".join(b"\\x%02x" % value for value in sorted(values)) + b"]"


def _adrp(data: Data, layout: Layout, load: Program, wanted: tuple[int, int]) -> set[int]:
    """Return the pages that ``adrp`` points at, of what is wanted (Arm ARM, C6.2.12: imm is immhi:immlo, 4 KiB)."""
    found: set[int] = set()
    first, last = wanted[0] // _PAGE, (wanted[1] - 1) // _PAGE
    for begin, stop in _code(layout, load):
        begin -= begin % 4  # noqa: PLW2901 -- instructions are aligned
        for at in range(begin, stop, _CHUNK):
            piece = data[at : min(stop, at + _CHUNK)]
            base = load.vaddr + at - load.offset
            for match in re.finditer(rb"[\x90\xb0\xd0\xf0]", piece[3:]):
                if match.start() % 4:
                    continue
                word = int.from_bytes(piece[match.start() : match.start() + 4], "little")
                imm = (word >> 29 & 3) | (word >> 5 & 0x7FFFF) << 2
                imm -= (imm & 1 << 20) << 1
                page = (base + match.start()) // _PAGE + imm
                if first <= page <= last:
                    found.add(page * _PAGE)
    return found
