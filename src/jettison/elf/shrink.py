"""Write a library anew without its dead bytes, while no address of what is left changes.

A dead page that is mapped leaves the file by splitting its segment: the first piece is larger in memory than in the
file, so that the loader puts zeros there (gABI, "p_memsz"), and the second begins behind the hole. Offsets and
addresses stay congruent modulo the page, as the gABI asks. Dead bytes that are not mapped are cut out. What is dead
and cannot go is written as zeros.

The program headers grow by that; where they have no room behind the ELF header, they move to the first dead bytes
that are mapped. Section headers go to the end of the file: indices of old ones stay, and what a hole parts of a
section gets headers of its own behind them.
"""

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jettison.elf.bytes import FileBytes
from jettison.elf.layout import (
    ET_DYN,
    HEADER,
    PROGRAM,
    PT_INTERP,
    PT_LOAD,
    PT_PHDR,
    SECTION,
    SHF_ALLOC,
    SHT_NOBITS,
    SHT_NULL,
    WORD,
    Layout,
    Part,
    Program,
)
from jettison.elf.ranges import Range, joined, left

MOST_HOLES = 400
_LEAST_HOLE = 16  # pages; below, a program header and a mapping more are not worth it
_UNMAPPED_STEP = 64  # bytes; keeps the alignment of sections that only tools read
_PIECE = 1 << 20
_ZEROS = bytes(_PIECE)


@dataclass(frozen=True, slots=True)
class Span:
    """New content for a range of the file, in the old file's offsets.

    Attributes:
        start: first byte.
        end: behind the last.
        source: offset in the old file that its bytes are copied from; or the bytes; or None: it is dead.
    """

    start: int
    end: int
    source: int | bytes | None


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of a library, in the old file's offsets.

    Attributes:
        spans: new content, ascending and disjoint; all else stays.
        extents: by index of a section, what of it is left, where that is not all of it.
        cut: indices of sections that go altogether.
    """

    spans: tuple[Span, ...]
    extents: dict[int, tuple[Range, ...]]
    cut: frozenset[int]


def shrink(data: FileBytes, layout: Layout, edit: Edit, out: Path) -> int:
    """Write the library anew.

    Args:
        data: the original.
        layout: of the original.
        edit: what becomes of it.
        out: the new file; it must not exist.

    Returns:
        bytes of the new file.
    """
    holes, table_at = _choose_holes(layout, edit)
    moved = _Moved(holes)
    programs = _programs(layout, holes, moved, table_at)
    sections = _sections(layout, edit, holes, moved)
    table = b"".join(each.pack() for each in programs)
    fixed = [
        Span(0, HEADER.size, b""),  # written last: it says where the section headers are
        Span(table_at, table_at + len(table), table),
    ]
    with open(out, "xb", buffering=0) as file:
        for span in _overlaid(edit.spans, fixed, layout.size):
            _write(data, file.fileno(), span, moved)
        end = -(-moved.size(layout.size) // 8) * 8
        _write_all(file.fileno(), b"".join(each.pack() for each in sections), end)
        head = list(HEADER.unpack(data[: HEADER.size]))
        head[5], head[6], head[10], head[12] = moved.to(table_at), end, len(programs), len(sections)
        _write_all(file.fileno(), HEADER.pack(*head), 0)
    return end + len(sections) * SECTION.size


class _Moved:
    """Where a byte of the old file lies in the new one."""

    def __init__(self, holes: Sequence[Range]) -> None:
        self.holes = holes
        self._starts = [start for start, _ in holes]
        self._before = [0]
        for start, end in holes:
            self._before.append(self._before[-1] + end - start)

    def to(self, offset: int) -> int:
        """Return the new offset; that of a byte in a hole is where the hole was."""
        index = bisect_right(self._starts, offset)
        if index and offset < self.holes[index - 1][1]:
            return self._starts[index - 1] - self._before[index - 1]
        return offset - self._before[index]

    def size(self, size: int) -> int:
        """Return the new size of the old file's bytes."""
        return size - self._before[-1]


def dead_ranges(spans: Iterable[Span]) -> list[Range]:
    """Return the dead ranges, neighbours joined."""
    return joined((span.start, span.end) for span in spans if span.source is None and span.end > span.start)


def _choose_holes(layout: Layout, edit: Edit) -> tuple[tuple[Range, ...], int]:
    """Return the ranges that leave the file, ascending, and where the program headers go."""
    dead = dead_ranges(edit.spans)
    last = max((load.end for load in layout.loads), default=0)
    splits = layout.type == ET_DYN and all(each.type != PT_INTERP for each in layout.programs)
    others = [each for each in layout.programs if each.type != PT_LOAD]
    mapped, unmapped = [], []
    for start, end in dead:
        load = layout.load_at(start)
        if any(each.offset < end and start < each.end for each in others):
            continue  # what tools or the loader look for must stay in one piece
        if load is not None:
            if load.offset < start and end <= load.end:
                mapped.append((start, end))
        elif layout.load_at(end - 1) is None and not any(start <= each.offset < end for each in layout.loads):
            step = layout.page if start < last else _UNMAPPED_STEP if end < layout.size else WORD.size
            unmapped.append(_aligned(start, end, step))
    table_at = layout.phoff
    chosen: list[Range] = []
    if splits and mapped:
        largest = sorted(mapped, key=lambda each: each[0] - each[1])[:MOST_HOLES]
        room = _room(layout)
        if layout.phoff + (len(layout.programs) + len(largest)) * PROGRAM.size > room:
            table_at = -(-largest[0][0] // 8) * 8
            largest[0] = table_at + (len(layout.programs) + len(largest)) * PROGRAM.size, largest[0][1]
        chosen = [_aligned(start, end, layout.page) for start, end in largest]
        chosen = [(start, end) for start, end in chosen if end - start >= _LEAST_HOLE * layout.page]
        if not chosen:
            table_at = layout.phoff
    holes = sorted((*chosen, *((start, end) for start, end in unmapped if end > start)))
    return tuple(holes), table_at


def _aligned(start: int, end: int, step: int) -> Range:
    return -(-start // step) * step, end // step * step


def _room(layout: Layout) -> int:
    """Return the offset of the first byte behind the program headers that something uses."""
    places = [each.offset for each in layout.sections if each.type not in (SHT_NULL, SHT_NOBITS) and each.size]
    places += [each.offset for each in layout.programs if each.type not in (PT_LOAD, PT_PHDR) and each.filesz]
    places += [each.offset for each in layout.loads if each.filesz]
    return min((place for place in places if place >= layout.phend), default=layout.phend)


def _programs(layout: Layout, holes: Sequence[Range], moved: _Moved, table_at: int) -> list[Program]:
    found: list[Program] = []
    for each in layout.programs:
        if each.type == PT_LOAD:
            found += _pieces(each, [hole for hole in holes if each.offset < hole[0] < each.end], moved, layout.page)
        else:
            found.append(replace(each, offset=moved.to(each.offset)))
    for place, each in enumerate(found):
        if each.type == PT_PHDR:
            address, size = layout.address_of(table_at), len(found) * PROGRAM.size
            found[place] = Program(PT_PHDR, each.flags, moved.to(table_at), address, address, size, size, each.align)
    return found


def _pieces(load: Program, holes: Sequence[Range], moved: _Moved, page: int) -> Iterator[Program]:
    """Split a segment around holes; behind the first one, pages are all that stays aligned."""
    start = load.offset
    for begin, end in (*holes, (load.end, load.offset + load.memsz)):
        if start == load.end and start > load.offset:
            return  # a hole went up to the end of what is in the file
        last = begin == load.end
        stop = max(end, load.offset + load.memsz) if last or end == load.end else end
        offset, address = moved.to(start), load.vaddr + start - load.offset
        align = load.align if (offset - address) % (load.align or 1) == 0 and start == load.offset else page
        paddr = (load.paddr + start - load.offset) % (1 << 64)  # nothing reads it, and it may be anything
        yield Program(PT_LOAD, load.flags, offset, address, paddr, begin - start, stop - start, align)
        start = end


def _sections(layout: Layout, edit: Edit, holes: Sequence[Range], moved: _Moved) -> list[Part]:
    found: list[Part] = []
    more: list[Part] = []
    for index, each in enumerate(layout.sections):
        if index in edit.cut:
            found.append(Part(0, SHT_NULL, 0, 0, 0, 0, 0, 0, 0, 0))
            continue
        whole = ((each.offset, each.end),)
        extents = edit.extents.get(index, whole)
        if each.flags & SHF_ALLOC and each.type not in (SHT_NOBITS, SHT_NULL) and each.size:
            extents = tuple(part for extent in extents for part in left(extent, holes)) or ((each.offset, each.offset),)
        first, *rest = extents
        size = first[1] - first[0] if each.type not in (SHT_NOBITS, SHT_NULL) else each.size
        addr = each.addr + first[0] - each.offset if each.addr else 0
        found.append(replace(each, offset=moved.to(first[0]), size=size, addr=addr))
        for start, end in rest:
            address = each.addr + start - each.offset
            more.append(replace(each, offset=moved.to(start), addr=address, size=end - start, link=0, info=0))
    return found + more


def _overlaid(spans: Sequence[Span], fixed: Sequence[Span], size: int) -> Iterator[Span]:
    """Give spans that cover the whole file, ascending: fixed ones first, then the edit's, then what was there."""
    at = 0
    for span in (*_cut(spans, fixed), Span(size, size, 0)):
        if span.start > at:
            yield Span(at, span.start, at)
        if span.end > span.start:
            yield span
        at = max(at, span.end)


def _cut(spans: Sequence[Span], fixed: Sequence[Span]) -> list[Span]:
    """Merge spans; a fixed one replaces what it covers, which is dead or headers."""
    over = joined((each.start, each.end) for each in fixed)
    parts = (_part(span, *each) for span in spans for each in left((span.start, span.end), over))
    return sorted((*fixed, *parts), key=lambda span: span.start)


def _part(span: Span, start: int, end: int) -> Span:
    source = span.source
    if isinstance(source, bytes):
        source = source[start - span.start : end - span.start]
    elif source is not None:
        source += start - span.start
    return Span(start, end, source)


def _write(data: FileBytes, fd: int, span: Span, moved: _Moved) -> None:
    """Write a span to its place in the new file, but for what lies in a hole."""
    for start, end in left((span.start, span.end), moved.holes):
        part = _part(span, start, end)
        place = moved.to(start)
        if isinstance(part.source, int):
            _copy(data, fd, part.source, place, end - start)
        elif part.source is None:
            for at in range(0, end - start, _PIECE):
                _write_all(fd, _ZEROS[: min(_PIECE, end - start - at)], place + at)
        else:
            _write_all(fd, part.source, place)


def _copy(data: FileBytes, fd: int, source: int, place: int, size: int) -> None:
    while size:
        piece = data.read(source, min(size, _PIECE))
        _write_all(fd, piece, place)
        source, place, size = source + len(piece), place + len(piece), size - len(piece)


def _write_all(fd: int, piece: bytes, place: int) -> None:
    view = memoryview(piece)
    while view:
        done = os.pwrite(fd, view, place)
        view, place = view[done:], place + done
