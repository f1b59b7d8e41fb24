"""Take out of a library the GPU code that a deployment cannot run, and what debuggers read; the rest stays as it is.

What becomes of a file is worked out first (:func:`plan_edit`), as new content for ranges of it;
:mod:`jettison.elf.shrink` writes that, and :mod:`jettison.elf.verify` proves it.
"""

import itertools
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from jettison.elf.arch import Choice, runnable, runs_any, wanted
from jettison.elf.bare import find_bare, runs_bare
from jettison.elf.bytes import FileBytes
from jettison.elf.fatbin import ALIGN, CUBIN, HEAD, Entry, Fatbin, read_fatbins
from jettison.elf.fatbin import MAGIC as FATBIN_MAGIC
from jettison.elf.layout import (
    SHF_ALLOC,
    SHT_NOBITS,
    SHT_NULL,
    WORD,
    Data,
    Layout,
    Part,
    read_layout,
)
from jettison.elf.ranges import Range
from jettison.elf.references import References, find_references
from jettison.elf.shrink import Edit, Span, dead_ranges, shrink
from jettison.elf.treatment import Treatment
from jettison.errors import BadInputError

OWN_SECTIONS = (".nv_fatbin", "__nv_relfatbin")
"""Sections of nothing but fatbins, which the driver gets from the CUDA runtime."""
DEBUG = (".symtab", ".strtab", ".symtab_shndx")
DEBUG_PREFIXES = (".debug", ".zdebug", ".gnu.debuglto_")
_MUCH = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Pruned:
    """What pruning a file came to.

    Attributes:
        size: bytes of the new file; of the old one when nothing was to be done.
        changed: whether a new file was written.
        gone: bytes whose content went; what of them is still in the file is zeros, which a pull packs to nothing.
        notes: why something that could go stayed in part: sections whose fatbins were emptied in place, and why.
    """

    size: int
    changed: bool
    gone: int = 0
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Work:
    """An edit in the making."""

    data: FileBytes
    layout: Layout
    treatment: Treatment
    spans: list[Span] = field(default_factory=list)
    extents: dict[int, tuple[Range, ...]] = field(default_factory=dict)
    cut: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def prune(path: Path, treatment: Treatment, out: Path) -> Pruned:
    """Prune a library.

    Args:
        path: the library; it is not changed.
        treatment: what goes.
        out: the new file; nothing is written when nothing goes.

    Raises:
        BadInputError: the library is malformed, or of a form that is not handled; nothing is left at ``out``.
    """
    with FileBytes(path) as data:
        layout = read_layout(data)
        edit, notes = plan_edit(data, layout, treatment)
        if not edit.spans:
            return Pruned(len(data), changed=False, notes=notes)
        try:
            size = shrink(data, layout, edit, out)
        except BaseException:
            out.unlink(missing_ok=True)
            raise
    gone = sum(end - start for start, end in dead_ranges(edit.spans))
    zeros = gone - (len(data) - size)
    if zeros >= _MUCH:
        notes += (f"{zeros} bytes of what goes stay in the file as zeros, in pieces too small to be cut out",)
    return Pruned(size, changed=True, gone=gone, notes=notes)


def plan_edit(data: FileBytes, layout: Layout, treatment: Treatment) -> tuple[Edit, tuple[str, ...]]:
    """Work out what becomes of a library.

    Args:
        data: the library.
        layout: of it.
        treatment: what goes.

    Returns:
        The edit, without spans when nothing goes; and notes as in :class:`Pruned`.

    Raises:
        BadInputError: its relocations or symbols are malformed.
    """
    work = _Work(data, layout, treatment)
    if treatment.choice is not None:
        _gpu(work, treatment.choice)
    if treatment.debug:
        _debug(work)
    if work.spans:
        _old_headers(work)
    spans = tuple(sorted(work.spans, key=lambda span: span.start))
    for one, other in itertools.pairwise(spans):
        if one.end > other.start:
            raise BadInputError(f"its parts overlap at {other.start}")
    return Edit(spans, work.extents, frozenset(work.cut)), tuple(work.notes)


def _old_headers(work: _Work) -> None:
    """Give the place of the section headers as dead, as new ones are written at the end; if nothing else lies there."""
    start, end = work.layout.shoff, work.layout.shend
    others = [(each.offset, each.end) for each in work.layout.sections]
    others += [(each.offset, each.end) for each in work.layout.programs]
    if all(stop <= start or end <= begin for begin, stop in others):
        work.spans.append(Span(start, end, None))


def _gpu(work: _Work, choice: Choice) -> None:
    fatbins = read_fatbins(work.data.read, len(work.data))
    stub = _smallest(fatbins, choice)
    claimed: set[int] = set()
    own = own_sections(work.layout)
    references = cache(lambda: find_references(work.data, work.layout, *hull(own)))
    starts = [each.offset for each in fatbins]
    for index, section in own:
        inside = fatbins[bisect_left(starts, section.offset) : bisect_left(starts, section.end)]
        claimed.update(each.offset for each in inside)
        _own_section(work, index, inside, choice, stub, references)
    if work.treatment.level > 1:
        for fatbin in fatbins:
            if fatbin.offset not in claimed and not fatbin.problem:
                work.spans += _hollow(fatbin, set(runnable(triples(fatbin.entries), choice)))
    if work.treatment.level > 2:  # noqa: PLR2004 -- as LEVELS has it
        found = find_bare(work.data, work.layout, fatbins)
        work.spans += (Span(each.offset, each.end, None) for each in found if not runs_bare(each.arch, choice.targets))


def own_sections(layout: Layout) -> list[tuple[int, Part]]:
    """Return the sections of nothing but fatbins, with their indices.

    Raises:
        BadInputError: two overlap.
    """
    found = [
        (index, each)
        for index, each in enumerate(layout.sections)
        if each.name in OWN_SECTIONS and each.flags & SHF_ALLOC and each.type != SHT_NOBITS
    ]
    found.sort(key=lambda pair: pair[1].offset)
    for (_, one), (_, other) in itertools.pairwise(found):
        if one.end > other.offset:
            raise BadInputError(f"sections {one.name!r} and {other.name!r} overlap")
    return found


def hull(sections: Sequence[tuple[int, Part]]) -> Range:
    """Return the addresses from the first to the last byte of some sections."""
    return min(each.addr for _, each in sections), max(each.addr + each.size for _, each in sections)


def triples(entries: Sequence[Entry]) -> list[tuple[int, int, int]]:
    """Return kind, architecture and flags of entries."""
    return [(each.kind, each.arch, each.flags) for each in entries]


def _smallest(fatbins: Sequence[Fatbin], choice: Choice) -> Entry | None:
    """Return the smallest cubin of a library that no target can run: what is left of a fatbin without any other."""
    found = (
        entry
        for fatbin in fatbins
        for entry in fatbin.entries
        if entry.kind == CUBIN and not runs_any(entry, choice.targets)
    )
    return min(found, key=lambda entry: (entry.end - entry.offset, entry.offset), default=None)


def _kept(fatbin: Fatbin, choice: Choice, stub: Entry | None) -> tuple[Entry, ...]:
    """Return the entries of a fatbin that stay; the stub when none would."""
    places = wanted(triples(fatbin.entries), choice)
    if places:
        return tuple(fatbin.entries[place] for place in places)
    return (stub,) if stub is not None else fatbin.entries


def _own_section(
    work: _Work,
    index: int,
    fatbins: Sequence[Fatbin],
    choice: Choice,
    stub: Entry | None,
    find: Callable[[], References],
) -> None:
    section = work.layout.sections[index]
    if problem := _untidy(work.data, section, fatbins):
        work.notes.append(f"{section.name}: {problem}: what cannot run is emptied in place")
        for fatbin in fatbins:
            if not fatbin.problem:
                work.spans += _hollow(fatbin, set(wanted(triples(fatbin.entries), choice)))
        return
    kept = [_kept(fatbin, choice, stub) for fatbin in fatbins]
    if all(entries == fatbin.entries for entries, fatbin in zip(kept, fatbins, strict=True)):
        return
    references = find()
    fixed = [_fixed(work, section, fatbin, references) for fatbin in fatbins]
    if count := sum(map(bool, fixed)):
        why = next(filter(None, fixed))
        work.notes.append(f"{section.name}: {count} of {len(fatbins)} fatbins stay where they are: {why}")
    _pack(work, index, list(zip(fatbins, kept, map(bool, fixed), strict=True)), references)


def _untidy(data: Data, section: Part, fatbins: Sequence[Fatbin]) -> str:
    """Say why a section is not fatbins from end to end; empty when it is."""
    at = section.offset
    for fatbin in fatbins:
        if fatbin.problem:
            return fatbin.problem
        gap = data[at : fatbin.offset]
        if fatbin.offset < at or len(gap) >= ALIGN or any(gap):
            return f"{len(gap)} bytes at {at:#x} are no fatbin"
        at = fatbin.end
    rest = data[at : section.end]
    return f"{len(rest)} bytes at {at:#x} are no fatbin" if at > section.end or any(rest) else ""


def _fixed(work: _Work, section: Part, fatbin: Fatbin, references: References) -> str:
    """Say why a fatbin must stay where it is; empty when its one reference can be rewritten."""
    start = section.addr + fatbin.offset - section.offset
    end = start + fatbin.end - fatbin.offset
    if why := references.fixes(start, end):
        return why
    found = references.slots.get(start, [])
    if len(found) != 1:
        return f"{len(found)} relocations point at one"
    if work.layout.offset_of(found[0][0]) < 0:
        return "the pointer to one is not in the file"
    return ""


def _pack(
    work: _Work, index: int, fatbins: list[tuple[Fatbin, tuple[Entry, ...], bool]], references: References
) -> None:
    """Move what stays together, towards the section's start; what must not move stays, emptied where it can be."""
    section = work.layout.sections[index]
    extents: list[Range] = []
    cursor = begin = section.offset + (-section.addr) % ALIGN
    for fatbin, entries, fixed in fatbins:
        size = HEAD + sum(each.end - each.offset for each in entries)
        if fixed or size > fatbin.end - cursor:
            if cursor < fatbin.offset:
                work.spans.append(Span(cursor, fatbin.offset, None))
                extents += [(begin, cursor)] if begin < cursor else []
                begin = fatbin.offset
            work.spans += _hollow(fatbin, {place for place, each in enumerate(fatbin.entries) if each in entries})
            cursor = fatbin.end
            continue
        if cursor != fatbin.offset:
            work.spans += _redirect(work, section, fatbin, cursor, references)
        if cursor != fatbin.offset or entries != fatbin.entries:
            work.spans += _rewritten(cursor, size, entries)
        cursor += size
    if cursor < section.end:
        work.spans.append(Span(cursor, section.end, None))
    work.extents[index] = (*extents, (begin, cursor))


def _rewritten(at: int, size: int, entries: Sequence[Entry]) -> Iterator[Span]:
    yield Span(at, at + HEAD, FATBIN_MAGIC + WORD.pack(size - HEAD))
    at += HEAD
    for entry in entries:
        yield Span(at, at + entry.end - entry.offset, entry.offset)
        at += entry.end - entry.offset


def _redirect(work: _Work, section: Part, fatbin: Fatbin, place: int, references: References) -> Iterator[Span]:
    """Give the spans that let the one reference to a fatbin point at its new place."""
    old = section.addr + fatbin.offset - section.offset
    new = section.addr + place - section.offset
    slot, addend = references.slots[old][0]
    yield Span(addend, addend + WORD.size, WORD.pack(new))
    at = work.layout.offset_of(slot)
    if at != addend and work.data[at : at + WORD.size] == WORD.pack(old):
        yield Span(at, at + WORD.size, WORD.pack(new))


def _hollow(fatbin: Fatbin, keep: set[int]) -> Iterator[Span]:
    """Give as dead the payloads of the entries that go; their headers stay, so that the fatbin can still be walked."""
    for place, entry in enumerate(fatbin.entries):
        if place not in keep and entry.stored:
            yield Span(entry.offset + entry.head, entry.end, None)


def is_debug(section: Part) -> bool:
    """Whether a section is read by debuggers and tools only, and not mapped."""
    if section.flags & SHF_ALLOC or section.type in (SHT_NULL, SHT_NOBITS):
        return False
    return section.name in DEBUG or section.name.startswith(DEBUG_PREFIXES)


def _debug(work: _Work) -> None:
    sections = work.layout.sections
    gone = {index for index, each in enumerate(sections) if is_debug(each) and index != work.layout.shstrndx}
    linked = {each.link for index, each in enumerate(sections) if index not in gone and each.link in gone}
    gone -= linked
    mapped = [(load.offset, load.end) for load in work.layout.loads]
    for index in sorted(gone):
        each = sections[index]
        if any(each.offset < end and start < each.end for start, end in mapped):
            continue
        work.cut.add(index)
        if each.size:
            work.spans.append(Span(each.offset, each.end, None))
