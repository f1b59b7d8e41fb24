"""Prove from the bytes of two files that one is the other pruned, and no more: nothing of the pruning is believed.

What is shown: every byte that a process maps is the same outside fatbins, the ELF header, the program headers, and the
pointers to fatbins that moved; each such pointer leads to what is left of the same fatbin; what is left of it are whole
entries, byte for byte and in order; and for every target the driver's choice among them is byte for byte its choice in
the original.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from jettison.elf.arch import Choice, choose, runnable, runs_any, shown
from jettison.elf.bare import find_bare, runs_bare
from jettison.elf.bytes import FileBytes
from jettison.elf.fatbin import CUBIN, PTX, Entry, Fatbin, read_fatbin_at, read_fatbins
from jettison.elf.layout import (
    HEADER,
    PT_LOAD,
    PT_PHDR,
    SHF_ALLOC,
    SHT_NOBITS,
    SHT_NULL,
    WORD,
    Layout,
    Part,
    other_relocations,
    read_layout,
    relative_relocations,
)
from jettison.elf.prune import hull, is_debug, own_sections, triples
from jettison.elf.ranges import Range, joined, left
from jettison.elf.references import find_references
from jettison.elf.treatment import Treatment
from jettison.errors import BadInputError
from jettison.layers.table import Read

_PIECE = 1 << 20
_MOST = 100


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found of a pair.

    Attributes:
        problems: every statement that does not hold, at most 100; empty when all do.
        mapped: bytes of the original's segments that were compared.
        fatbins: fatbins of the original that were followed to the new file.
        choices: pairs of fatbin and target for which the driver's choice was compared.
    """

    problems: tuple[str, ...]
    mapped: int = 0
    fatbins: int = 0
    choices: int = 0


@dataclass(slots=True)
class _Side:
    data: FileBytes
    layout: Layout

    def read(self, address: int, size: int) -> bytes:
        """Return what a process finds at an address: bytes of the file, or zeros.

        Raises:
            BadInputError: nothing is mapped there.
        """
        pieces = []
        while size > 0:
            load = self.layout.load_of(address)
            if load is None:
                raise BadInputError(f"nothing is mapped at {address:#x}")
            stored = load.vaddr + load.filesz - address
            count = min(size, stored if stored > 0 else load.vaddr + load.memsz - address)
            offset = load.offset + address - load.vaddr
            pieces.append(self.data.read(offset, count) if stored > 0 else bytes(count))
            address, size = address + count, size - count
        return b"".join(pieces)

    def fatbin(self, address: int) -> Fatbin | None:
        """Return the fatbin that begins at an address; the offsets in it are addresses, too."""
        if self.layout.offset_of(address) < 0:
            return None
        last = self.layout.loads[-1]
        return read_fatbin_at(self.read, address, last.vaddr + last.memsz)


@dataclass(slots=True)
class _Pair:
    old: _Side
    new: _Side
    treatment: Treatment
    problems: list[str] = field(default_factory=list)
    allowed: list[Range] = field(default_factory=list)
    moved: dict[int, int] = field(default_factory=dict)
    mapped: int = 0
    fatbins: int = 0
    choices: int = 0


def verify_pruned(old: FileBytes, new: FileBytes, treatment: Treatment) -> Verified:
    """Compare a library with what pruning made of it.

    Args:
        old: the original.
        new: what is said to be the original pruned.
        treatment: how it is said to be pruned.
    """
    try:
        pair = _Pair(_Side(old, read_layout(old)), _Side(new, read_layout(new)), treatment)
        _headers(pair)
        _pointers(pair)
        _gpu(pair)
        _memory(pair)
    except BadInputError as error:
        return Verified((f"it cannot be read: {error.message}",))
    return Verified(tuple(pair.problems[:_MOST]), pair.mapped, pair.fatbins, pair.choices)


def _headers(pair: _Pair) -> None:
    old, new = pair.old.layout, pair.new.layout
    if (old.machine, old.type, old.dynamic) != (new.machine, new.type, new.dynamic):
        pair.problems.append("its machine, type or dynamic section differs")
    fixed = [
        [
            (each.type, each.flags, each.vaddr, each.filesz, each.memsz)
            for each in layout.programs
            if each.type not in (PT_LOAD, PT_PHDR)
        ]
        for layout in (old, new)
    ]
    if fixed[0] != fixed[1]:
        pair.problems.append("a program header other than PT_LOAD differs")
    if len(new.sections) < len(old.sections):
        pair.problems.append("section headers are missing")
    _sections(pair)
    start = old.address_of(0)
    if start >= 0:
        pair.allowed.append((start, start + HEADER.size))
    table = old.address_of(old.phoff)
    if table >= 0:
        pair.allowed.append((table, table + old.phend - old.phoff))
    if table >= 0 and new.address_of(new.phoff) == table:
        pair.allowed.append((table, _behind_table(pair, table)))


def _sections(pair: _Pair) -> None:
    """Compare section headers; those of debuggers' sections may be gone."""
    for one, other in zip(pair.old.layout.sections, pair.new.layout.sections, strict=False):
        gone = other.type == SHT_NULL and one.type != SHT_NULL
        if gone and not (pair.treatment.debug and is_debug(one)):
            pair.problems.append(f"section {one.name!r} is gone")
        if not gone and (one.name, one.type, one.flags) != (other.name, other.type, other.flags):
            pair.problems.append(f"section {one.name!r} became {other.name!r}")
        if not gone and not one.flags & SHF_ALLOC and one.type not in (SHT_NOBITS, SHT_NULL):
            _unmapped(pair, one, other)


def _behind_table(pair: _Pair, table: int) -> int:
    """Return the address behind the new program headers, if what they took up behind the old ones was unused."""
    old, new = pair.old.layout, pair.new.layout
    used = [each.offset for each in old.sections if each.type not in (SHT_NULL, SHT_NOBITS) and each.size]
    used += [each.offset for each in old.programs if each.filesz and each.type not in (PT_LOAD, PT_PHDR)]
    size = new.phend - new.phoff
    if any(old.phend <= place < old.phoff + size for place in used):
        pair.problems.append("its program headers overwrite something")
    return table + size


def _unmapped(pair: _Pair, one: Part, other: Part) -> None:
    places = one.offset, other.offset
    if one.size != other.size or not _alike(pair.old.data.read, pair.new.data.read, places, one.size):
        pair.problems.append(f"section {one.name!r} differs")


def _pointers(pair: _Pair) -> None:
    """Find the relocations that differ; each must have pointed at a fatbin."""
    old, new = pair.old, pair.new
    before = relative_relocations(old.layout, old.data)
    after = relative_relocations(new.layout, new.data)
    for one, other in zip(before, after, strict=False):
        if one[0] != other[0]:
            pair.problems.append(f"the relocation of {one[0]:#x} became that of {other[0]:#x}")
            return
        if one[1] == other[1]:
            continue
        free = pair.treatment.choice is not None and old.fatbin(one[1]) is not None
        if not free or pair.moved.setdefault(one[1], other[1]) != other[1]:
            pair.problems.append(f"the pointer at {one[0]:#x} to {one[1]:#x} became one to {other[1]:#x}")
        for address in (old.layout.address_of(one[2]), one[0]):
            if address >= 0:
                pair.allowed.append((address, address + WORD.size))
        _slot(pair, *one[:2], other[1])
    others = other_relocations(old.layout, old.data), other_relocations(new.layout, new.data)
    if any(one != other for one, other in itertools.zip_longest(*others)):
        pair.problems.append("its other relocations differ")


def _slot(pair: _Pair, slot: int, before: int, after: int) -> None:
    """Hold what is stored where a pointer will be: what was there, unless that was the pointer itself."""
    words = []
    for side in (pair.old, pair.new):
        place = side.layout.offset_of(slot)
        words.append(WORD.unpack(side.data.read(place, WORD.size))[0] if place >= 0 else -1)
    if words[0] != words[1] and words != [before, after]:
        pair.problems.append(f"the word at {slot:#x} differs")


def _gpu(pair: _Pair) -> None:
    choice = pair.treatment.choice
    if choice is None:
        return
    sections = own_sections(pair.old.layout)
    own = [(each.offset, each.end) for _, each in sections]
    pair.allowed += ((each.addr, each.addr + each.size) for _, each in sections)
    _unreferenced(pair, sections)
    fatbins = read_fatbins(pair.old.data.read, len(pair.old.data))
    if pair.treatment.level > 2:  # noqa: PLR2004 -- as LEVELS has it
        _bare(pair, fatbins, choice)
    for found in fatbins:
        inside = any(start <= found.offset < end for start, end in own)
        if inside or (pair.treatment.level > 1 and not found.problem):
            _fatbin(pair, found.offset, choice, own=inside)


def _bare(pair: _Pair, fatbins: Sequence[Fatbin], choice: Choice) -> None:
    """Allow packed cubins that no target could run to be anything; the others are compared as all else."""
    for each in find_bare(pair.old.data, pair.old.layout, fatbins):
        address = pair.old.layout.address_of(each.offset)
        if address >= 0 and not runs_bare(each.arch, choice.targets):
            pair.allowed.append((address, address + each.end - each.offset))


def _unreferenced(pair: _Pair, sections: Sequence[tuple[int, Part]]) -> None:
    """Check that nothing else points at what moved."""
    if not pair.moved or not sections:
        return
    start, end = hull(sections)
    references = find_references(pair.old.data, pair.old.layout, start, end)
    for old in pair.moved:
        fatbin = pair.old.fatbin(old)
        if fatbin is None or not start <= old < end:
            pair.problems.append(f"what moved from {old:#x} is no fatbin of a section of fatbins")
            continue
        if references.fixes(old, old + fatbin.end - fatbin.offset):
            pair.problems.append(f"the fatbin at {old:#x} moved, and something else points into it")


def _fatbin(pair: _Pair, offset: int, choice: Choice, *, own: bool) -> None:
    """Follow one fatbin to the new file's memory, and compare what the driver would make of both."""
    address = pair.old.layout.address_of(offset)
    fatbin = pair.old.fatbin(address) if address >= 0 else None
    if fatbin is None:
        return  # not mapped: no driver ever sees it
    found = pair.new.fatbin(pair.moved.get(address, address))
    if found is None:
        pair.problems.append(f"the fatbin at {address:#x} is not there any more")
        return
    if fatbin.problem or found.problem:
        if fatbin.problem != found.problem or not _same(pair, fatbin.offset, found.offset, fatbin.end - fatbin.offset):
            pair.problems.append(f"the fatbin at {address:#x} is malformed: {found.problem or fatbin.problem}")
        return
    pair.fatbins += 1
    hollow = _hollowed(pair, fatbin, found)
    if not own and hollow:
        _in_place(pair, fatbin, found, choice, address)
    elif not own:
        pair.problems.append(f"the fatbin at {address:#x} has other headers")
    elif not hollow and not _subsequence(pair, fatbin, found, choice):
        pair.problems.append(f"the fatbin at {address:#x} holds other entries than it held")
    for target in choice.targets:
        pair.choices += 1
        one, other = choose(fatbin.entries, target), choose(found.entries, target)
        if (one is None) != (other is None) or (one and other and not _equal(pair, one, other)):
            pair.problems.append(f"the fatbin at {address:#x} gives another entry to {shown(target)}")
    _kept_kinds(pair, fatbin, found, choice, address)


def _hollowed(pair: _Pair, old: Fatbin, new: Fatbin) -> bool:
    """Whether the new fatbin has the same entries, by their headers; their payloads are another matter."""
    if old.end - old.offset != new.end - new.offset or len(old.entries) != len(new.entries):
        return False
    return all(
        one.offset - old.offset == other.offset - new.offset
        and one.head == other.head
        and _same(pair, one.offset, other.offset, one.head)
        for one, other in zip(old.entries, new.entries, strict=True)
    )


def _in_place(pair: _Pair, fatbin: Fatbin, found: Fatbin, choice: Choice, address: int) -> None:
    """Hold a fatbin of a section where the library chooses: all that could run is there, the rest may be empty."""
    stays = set(runnable(triples(fatbin.entries), choice))
    for place, (one, other) in enumerate(zip(fatbin.entries, found.entries, strict=True)):
        if place in stays:
            if not _equal(pair, one, other):
                pair.problems.append(f"the fatbin at {address:#x}: {one.name} differs")
        else:
            pair.allowed.append((one.offset + one.head, one.end))


def _subsequence(pair: _Pair, old: Fatbin, new: Fatbin, choice: Choice) -> bool:
    rest = iter(old.entries)
    if all(any(_equal(pair, one, other) for one in rest) for other in new.entries):
        return True
    targets = choice.targets
    stub = len(new.entries) == 1 and new.entries[0].kind == CUBIN and not runs_any(new.entries[0], targets)
    return stub and not any(runs_any(each, targets) or each.kind not in (PTX, CUBIN) for each in old.entries)


def _kept_kinds(pair: _Pair, old: Fatbin, new: Fatbin, choice: Choice, address: int) -> None:
    """Check that what the driver's rule does not cover, and PTX where all is asked for, is whole and in order."""
    whole = [
        [each for each in fatbin.entries if each.kind not in (PTX, CUBIN) or (choice.ptx == "all" and each.kind == PTX)]
        for fatbin in (old, new)
    ]
    same = len(whole[0]) == len(whole[1])
    if not same or not all(_equal(pair, *each) for each in zip(*whole, strict=True)):
        pair.problems.append(f"the fatbin at {address:#x} lost an entry that the driver's rule does not cover")


def _equal(pair: _Pair, one: Entry, other: Entry) -> bool:
    if (one.kind, one.arch, one.flags, one.head, one.stored) != (
        other.kind,
        other.arch,
        other.flags,
        other.head,
        other.stored,
    ):
        return False
    return _same(pair, one.offset, other.offset, one.head + one.stored)


def _same(pair: _Pair, old: int, new: int, size: int) -> bool:
    """Whether ``size`` bytes at an address of the old file's memory are those at one of the new file's."""
    return _alike(pair.old.read, pair.new.read, (old, new), size)


def _alike(one: Read, other: Read, places: Range, size: int) -> bool:
    for at in range(0, size, _PIECE):
        count = min(_PIECE, size - at)
        if one(places[0] + at, count) != other(places[1] + at, count):
            return False
    return True


def _memory(pair: _Pair) -> None:
    """Compare what a process maps, page for page, outside the ranges where a difference is explained."""
    allowed = joined(pair.allowed)
    for load in pair.old.layout.loads:
        for start, end in left((load.vaddr, load.vaddr + load.filesz), allowed):
            pair.mapped += end - start
            if not _same(pair, start, start, end - start):
                pair.problems.append(f"bytes between {start:#x} and {end:#x} differ")
        _covered(pair, load.vaddr, load.vaddr + load.memsz, load.flags)
    old = [(load.vaddr, load.vaddr + load.memsz) for load in pair.old.layout.loads]
    for load in pair.new.layout.loads:
        if not any(start <= load.vaddr and load.vaddr + load.memsz <= end for start, end in old):
            pair.problems.append(f"it maps {load.vaddr:#x}, which was not mapped")


def _covered(pair: _Pair, start: int, end: int, flags: int) -> None:
    """Check that addresses are mapped as before, with the same rights, and that what was zero is zero."""
    at = start
    for load in pair.new.layout.loads:
        if load.vaddr <= at < load.vaddr + load.memsz:
            if load.flags != flags:
                pair.problems.append(f"{at:#x} is mapped with other rights")
            at = load.vaddr + load.memsz
    if at < end:
        pair.problems.append(f"{at:#x} is not mapped any more")
