"""The whole layout of a shared library, read strictly: what is needed to change it and to prove the change.

Where :mod:`jettison.elf.read` takes what it can get, this refuses: a file that does not keep to the System V gABI in
every field that matters here is left as it is.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Protocol

from jettison.elf import parse
from jettison.errors import BadInputError


class Data(Protocol):
    """Bytes of which any part can be had: in memory, or a :class:`jettison.elf.bytes.FileBytes`."""

    def __len__(self) -> int:
        """Bytes in all."""

    def __getitem__(self, part: slice, /) -> bytes:
        """A part of them."""


ET_DYN = 3
X86_64, AARCH64 = 62, 183
PAGE = {X86_64: 4096, AARCH64: 65536}
"""Bytes of the largest page that systems of a machine use."""
RELATIVE = {X86_64: 8, AARCH64: 1027}
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_PHDR = 1, 2, 3, 6
PF_X, PF_W = 1, 2
SHT_NULL, SHT_SYMTAB, SHT_RELA, SHT_NOBITS, SHT_REL, SHT_DYNSYM = 0, 2, 4, 8, 9, 11
SHF_ALLOC, SHF_EXECINSTR = 2, 4
DT_SYMTAB, DT_RELA, DT_RELASZ, DT_RELRSZ, DT_RELR, DT_REL, DT_JMPREL, DT_PLTRELSZ = 6, 7, 8, 35, 36, 17, 23, 2
MAX_PROGRAMS = 4096
"""Libraries have a dozen; those that were pruned some hundreds."""
MAX_RELOCATIONS = 2_000_000
"""Of one kind; the most met is 375,000 (libcublasLt of CUDA 13)."""
_MOST_PADDING = 4096  # bytes

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
PROGRAM = struct.Struct("<IIQQQQQQ")
SECTION = struct.Struct("<IIQQQQIIQQ")
RELA = struct.Struct("<QQq")
WORD = struct.Struct("<Q")
_VADDR, _OFFSET = attrgetter("vaddr"), attrgetter("offset")


@dataclass(frozen=True, slots=True)
class Program:
    """A program header; fields as in the gABI, sizes and offsets in bytes."""

    type: int
    flags: int
    offset: int
    vaddr: int
    paddr: int
    filesz: int
    memsz: int
    align: int

    @property
    def end(self) -> int:
        """Offset in the file behind its bytes."""
        return self.offset + self.filesz

    def pack(self) -> bytes:
        """Return it as stored."""
        return PROGRAM.pack(
            self.type, self.flags, self.offset, self.vaddr, self.paddr, self.filesz, self.memsz, self.align
        )


@dataclass(frozen=True, slots=True)
class Part:
    """A section header; fields as in the gABI, and the section's name."""

    name_at: int
    type: int
    flags: int
    addr: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entsize: int
    name: str = ""

    @property
    def end(self) -> int:
        """Offset in the file behind its bytes."""
        return self.offset + (0 if self.type in (SHT_NOBITS, SHT_NULL) else self.size)

    def pack(self) -> bytes:
        """Return it as stored."""
        return SECTION.pack(
            self.name_at,
            self.type,
            self.flags,
            self.addr,
            self.offset,
            self.size,
            self.link,
            self.info,
            self.align,
            self.entsize,
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """A shared library's headers.

    Attributes:
        size: bytes of the file.
        machine: 62 x86-64, 183 aarch64.
        type: ``e_type``.
        phoff: offset of the program headers.
        shoff: offset of the section headers.
        shstrndx: index of the section that names sections.
        programs: program headers, as stored.
        loads: those of them that are mapped.
        sections: section headers, as stored; the first is the null section.
        dynamic: pairs (tag, value).
    """

    size: int
    machine: int
    type: int
    phoff: int
    shoff: int
    shstrndx: int
    programs: tuple[Program, ...]
    loads: tuple[Program, ...]
    sections: tuple[Part, ...]
    dynamic: tuple[tuple[int, int], ...]

    @property
    def page(self) -> int:
        """Bytes of a page."""
        return PAGE[self.machine]

    @property
    def shend(self) -> int:
        """Offset behind the section headers."""
        return self.shoff + len(self.sections) * SECTION.size

    @property
    def phend(self) -> int:
        """Offset behind the program headers."""
        return self.phoff + len(self.programs) * PROGRAM.size

    def load_of(self, address: int) -> Program | None:
        """Return the segment that an address lies in; None when nothing is mapped there."""
        place = bisect_right(self.loads, address, key=_VADDR) - 1
        load = self.loads[place] if place >= 0 else None
        return load if load is not None and address < load.vaddr + load.memsz else None

    def load_at(self, offset: int) -> Program | None:
        """Return the segment that maps a byte of the file; None when none does."""
        return _load_at(self.loads, offset)

    def offset_of(self, address: int) -> int:
        """Return where in the file the byte mapped at an address lies; -1 when no file's byte is mapped there."""
        load = self.load_of(address)
        inside = load is not None and address < load.vaddr + load.filesz
        return load.offset + address - load.vaddr if load is not None and inside else -1

    def address_of(self, offset: int) -> int:
        """Return where a byte of the file is mapped; -1 when it is not."""
        load = self.load_at(offset)
        return load.vaddr + offset - load.offset if load is not None else -1


def _load_at(loads: Sequence[Program], offset: int) -> Program | None:
    place = bisect_right(loads, offset, key=_OFFSET) - 1
    load = loads[place] if place >= 0 else None
    return load if load is not None and offset < load.end else None


def read_layout(data: Data) -> Layout:
    """Read the layout of an ELF file.

    Args:
        data: the whole file.

    Raises:
        BadInputError: it is malformed, of another class, byte order or machine, or its tables or segments do not fit
            or overlap.
    """
    size = len(data)
    header = parse.parse_header(bytes(data[: parse.HEADER_SIZE]), size)
    if header.bits != parse.WIDE or header.machine not in PAGE:
        raise BadInputError(f"an ELF file of {header.bits} bits for machine {header.machine}: not handled")
    fields = HEADER.unpack(data[: HEADER.size])
    if fields[8] != HEADER.size or fields[12] != header.shnum or not header.shnum:
        raise BadInputError("its section headers are missing or do not fit")
    if header.phnum > MAX_PROGRAMS:
        raise BadInputError(f"it has {header.phnum} program headers, more than {MAX_PROGRAMS}")
    table = bytes(data[header.phoff : header.phoff + header.phnum * PROGRAM.size])
    programs = tuple(Program(*row) for row in PROGRAM.iter_unpack(table))
    _check_programs(programs, size, PAGE[header.machine])
    loads = tuple(each for each in programs if each.type == PT_LOAD)
    rows = bytes(data[header.shoff : header.shoff + header.shnum * SECTION.size])
    bare = tuple(Part(*row) for row in SECTION.iter_unpack(rows))
    sections = _named(bare, header.shstrndx, data)
    _check_sections(sections, loads, size)
    tables = header.phoff + len(table), header.shoff + len(rows)
    _check_tail(data, max(*tables, *(each.end for each in sections), *(each.end for each in programs)))
    dynamic = _dynamic(programs, data)
    return Layout(
        size,
        header.machine,
        fields[1],
        header.phoff,
        header.shoff,
        header.shstrndx,
        programs,
        loads,
        sections,
        dynamic,
    )


def _check_programs(programs: tuple[Program, ...], size: int, page: int) -> None:
    end_address = end_offset = 0
    for program in programs:
        if program.offset + program.filesz > size and program.filesz:
            raise BadInputError(f"a segment of {program.filesz} bytes at {program.offset} goes past the file's end")
        if program.type != PT_LOAD:
            continue
        if program.filesz > program.memsz or program.vaddr + program.memsz >= 1 << 63:
            raise BadInputError("a segment is larger in the file than in memory")
        align = program.align or 1
        if align & (align - 1) or (program.offset - program.vaddr) % min(align, page):
            raise BadInputError("a segment's offset and address do not agree with its alignment")
        if program.vaddr < end_address or program.offset < end_offset:
            raise BadInputError("its segments overlap or are not in order")
        end_address, end_offset = program.vaddr + program.memsz, max(end_offset, program.end)


def _named(sections: tuple[Part, ...], index: int, data: Data) -> tuple[Part, ...]:
    if index >= len(sections) or sections[index].size > parse.MAX_NAMES or sections[index].end > len(data):
        raise BadInputError("it has no section name table")
    names = bytes(data[sections[index].offset : sections[index].end]) + b"\0"
    named = []
    for each in sections:
        if each.name_at >= len(names):
            raise BadInputError("a section's name lies outside the name table")
        name = names[each.name_at : names.find(b"\0", each.name_at)].decode("utf-8", "surrogateescape")
        named.append(replace(each, name=name))
    return tuple(named)


def _check_sections(sections: tuple[Part, ...], loads: tuple[Program, ...], size: int) -> None:
    for each in sections:
        if each.end > size:
            raise BadInputError(f"section {each.name!r} of {each.size} bytes at {each.offset} goes past the file's end")
        if each.flags & SHF_ALLOC and each.end > each.offset:
            load = _load_at(loads, each.offset)
            if load is None or each.end > load.end or each.addr - load.vaddr != each.offset - load.offset:
                raise BadInputError(f"section {each.name!r} is not mapped where its header says")


def _check_tail(data: Data, end: int) -> None:
    """Refuse what programs that carry an archive behind their ELF file look for from the file's end (AppImage, Bun)."""
    size = len(data) - end
    if size >= _MOST_PADDING or any(data[end : end + size]):
        raise BadInputError(f"{size} bytes at {end} lie behind all that its headers speak of")


def _dynamic(programs: tuple[Program, ...], data: Data) -> tuple[tuple[int, int], ...]:
    for program in programs:
        if program.type == PT_DYNAMIC:
            loads = (each for each in programs if each.type == PT_LOAD)
            places = (
                each.offset - each.vaddr for each in loads if each.vaddr <= program.vaddr < each.vaddr + each.filesz
            )
            if program.offset - program.vaddr not in places:
                raise BadInputError("its dynamic section is not mapped where its header says")
            header = parse.Header(parse.WIDE, "dyn", 0, 0, 0, 0, 0, 0)
            return parse.parse_dynamic(header, bytes(data[program.offset : program.end]))
    return ()


def relative_relocations(layout: Layout, data: Data) -> Iterator[tuple[int, int, int]]:
    """Give the RELATIVE relocations: (address of the slot, addend, offset in the file of the addend).

    Those of DT_RELR keep their addend in the slot itself.

    Raises:
        BadInputError: the tables are malformed.
    """
    for place, row in _rela_rows(layout, data):
        slot, info, addend = row
        if info & 0xFFFFFFFF == RELATIVE[layout.machine]:
            yield slot, addend, place + 16
    for slot in _relr_slots(layout, data):
        place = layout.offset_of(slot)
        if place < 0 or place + WORD.size > layout.size:
            raise BadInputError("a packed relocation's slot is not in the file")
        yield slot, WORD.unpack(data[place : place + WORD.size])[0], place


def other_relocations(layout: Layout, data: Data) -> Iterator[tuple[int, int, int]]:
    """Give the relocations that are not RELATIVE: (address of the slot, type and symbol, addend)."""
    for _, row in _rela_rows(layout, data):
        if row[1] & 0xFFFFFFFF != RELATIVE[layout.machine]:
            yield row


def _rela_rows(layout: Layout, data: Data) -> Iterator[tuple[int, tuple[int, int, int]]]:
    values = dict(layout.dynamic)
    if DT_REL in values:
        raise BadInputError("it has relocations without addends")
    for table, length in ((DT_RELA, DT_RELASZ), (DT_JMPREL, DT_PLTRELSZ)):
        if table not in values:
            continue
        start, rows = _table(layout, data, values[table], values.get(length, 0), RELA.size)
        yield from zip(range(start, start + len(rows), RELA.size), RELA.iter_unpack(rows), strict=True)


def _table(layout: Layout, data: Data, address: int, size: int, width: int) -> tuple[int, bytes]:
    """Return offset and bytes of a table of relocations, each of ``width`` bytes."""
    if not size:
        return 0, b""
    start = layout.offset_of(address)
    if start < 0 or size % width or start + size > layout.size or size > MAX_RELOCATIONS * width:
        raise BadInputError(f"its relocations ({size} bytes) do not fit")
    return start, bytes(data[start : start + size])


def _relr_slots(layout: Layout, data: Data) -> Iterator[int]:
    """Unpack DT_RELR (gABI, "Relative relocation table"): addresses, and bitmaps of 63 words behind the last one."""
    values = dict(layout.dynamic)
    if DT_RELR not in values:
        return
    _, words = _table(layout, data, values[DT_RELR], values.get(DT_RELRSZ, 0), WORD.size)
    base = count = 0
    for (word,) in WORD.iter_unpack(words):
        count += word.bit_count() if word & 1 else 1
        if count > MAX_RELOCATIONS:
            raise BadInputError(f"it has more than {MAX_RELOCATIONS} packed relocations")
        if word & 1 == 0:
            yield word
            base = word + WORD.size
        else:
            for bit in range(1, 64):
                if word >> bit & 1:
                    yield base + (bit - 1) * WORD.size
            base += 63 * WORD.size


def dynamic_symbols(layout: Layout, data: Data) -> Iterator[tuple[int, int]]:
    """Give address and size of each symbol of the dynamic symbol table that has a place in memory.

    Raises:
        BadInputError: the table is malformed.
    """
    for section in layout.sections:
        if section.type == SHT_DYNSYM:
            if section.size % 24:
                raise BadInputError("its dynamic symbols do not fit")
            for _, _, _, index, value, size in struct.iter_unpack("<IBBHQQ", bytes(data[section.offset : section.end])):
                if index:
                    yield value, size
