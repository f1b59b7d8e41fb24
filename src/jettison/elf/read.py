"""From parsed parts to :class:`ElfFacts`, and from those to JSON and back."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from jettison.elf import parse
from jettison.elf.facts import ElfFacts, GpuCode
from jettison.elf.fatbin import Fatbin, read_fatbins
from jettison.elf.parse import Header, Section, Segment
from jettison.errors import BadInputError
from jettison.layers.table import Read

GPU_SECTIONS = frozenset({b".nv_fatbin", b"__nv_relfatbin"})
DEBUG_SECTIONS = frozenset({b".symtab", b".strtab"})
DEBUG_PREFIXES = (b".debug", b".zdebug")
_TUPLES = ("needed", "rpath", "runpath")
SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB = 1, 2, 3
LARGE = 64 << 10
GPU_HINTS = (b".nv", b"__nv", b".cask")
_DEFAULTS = {
    "interpreter": "",
    "soname": "",
    "gpu_size": 0,
    "gpu_problem": "",
    "build_id": "",
    "debug_size": 0,
    "complete": True,
    "problem": "",
}
_KINDS = {name: type(usual) for name, usual in _DEFAULTS.items()}


def read_facts(read: Read, size: int, fatbins: Sequence[Fatbin] | None = None, *, likely: bool = False) -> ElfFacts:
    """Return what there is to know of an ELF file; malformed parts are a problem in the facts, never an error.

    Args:
        read: gives its bytes, as far as they are at hand.
        size: bytes of the whole file.
        fatbins: what was found while the file went by; None to look for them where GPU code is likely.
        likely: whether GPU code is likely even where no section's name speaks of it.
    """
    try:
        header = parse.parse_header(read(0, parse.HEADER_SIZE), size)
    except BadInputError as error:
        return ElfFacts(0, 0, "other", complete=False, problem=error.message)
    sections, note = _named_sections(header, read, size)
    bare = ElfFacts(header.machine, header.bits, header.type, problem=note)
    debug = _likely_debug_size(sections) if note and header.type in ("dyn", "exec") else _debug_size(sections)
    bare = replace(bare, debug_size=debug)
    if likely or any(name.startswith(GPU_HINTS) for _, name in sections):
        bare = _with_gpu(bare, read_fatbins(read, size) if fatbins is None else fatbins, sections)
    try:
        segments = parse.parse_segments(header, read)
        interpreter = _interpreter(segments, read)
        bare = replace(bare, build_id=_build_id(segments, read))
        soname, lists = _dynamic_strings(header, segments, read)
    except BadInputError as error:
        return replace(bare, complete=False, problem=error.message)
    needed, rpath, runpath = lists
    return replace(bare, interpreter=interpreter, soname=soname, needed=needed, rpath=rpath, runpath=runpath)


def _build_id(segments: tuple[Segment, ...], read: Read) -> str:
    """Return the build ID, where the notes are at hand."""
    for segment in segments:
        if segment.type == parse.PT_NOTE and segment.filesz <= parse.MAX_NOTES:
            try:
                found = parse.parse_build_id(read(segment.offset, segment.filesz))
            except BadInputError:
                continue
            if found:
                return found
    return ""


def _interpreter(segments: tuple[Segment, ...], read: Read) -> str:
    for segment in segments:
        if segment.type == parse.PT_INTERP:
            return parse.string_at(read, segment.offset, segment.filesz)
    return ""


def dynamic_entries(header: Header, segments: tuple[Segment, ...], read: Read) -> tuple[tuple[int, int], ...]:
    """Return the pairs (tag, value) of PT_DYNAMIC; empty when there is none.

    Raises:
        BadInputError: it is not at hand or too large.
    """
    for segment in segments:
        if segment.type == parse.PT_DYNAMIC:
            return parse.parse_dynamic(header, read(segment.offset, min(segment.filesz, parse.MAX_NAMES)))
    return ()


def string_places(
    pairs: tuple[tuple[int, int], ...], segments: tuple[Segment, ...]
) -> tuple[tuple[int, int, int], ...]:
    """Return where the strings of a dynamic section lie: triples (tag, file offset, bytes left in the string table).

    Raises:
        BadInputError: there are strings but no string table, or one lies outside it.
    """
    wanted = (parse.DT_NEEDED, parse.DT_SONAME, parse.DT_RPATH, parse.DT_RUNPATH)
    strings = tuple((tag, value) for tag, value in pairs if tag in wanted)
    if not strings:
        return ()
    values = dict(pairs)
    if parse.DT_STRTAB not in values:
        raise BadInputError("the dynamic section has no string table")
    start, length = parse.file_offset(segments, values[parse.DT_STRTAB]), values.get(parse.DT_STRSZ, 0)
    if any(value >= length for _, value in strings):
        raise BadInputError("a dynamic string lies outside the string table")
    return tuple((tag, start + value, length - value) for tag, value in strings)


def _dynamic_strings(
    header: Header, segments: tuple[Segment, ...], read: Read
) -> tuple[str, tuple[tuple[str, ...], ...]]:
    places = string_places(dynamic_entries(header, segments, read), segments)
    found: dict[int, list[str]] = {}
    for tag, offset, room in places:
        found.setdefault(tag, []).append(parse.string_at(read, offset, room))
    paths = (_split(found.get(tag, [])) for tag in (parse.DT_RPATH, parse.DT_RUNPATH))
    lists = (tuple(found.get(parse.DT_NEEDED, ())), *paths)
    return found.get(parse.DT_SONAME, [""])[0], lists


def _split(values: list[str]) -> tuple[str, ...]:
    return tuple(part for value in values[:1] for part in value.split(":") if part)


_Named = Sequence[tuple[Section, bytes]]


def _named_sections(header: Header, read: Read, size: int) -> tuple[_Named, str]:
    """Return the sections that have bytes in the file, with their names, and what could not be told."""
    try:
        sections = parse.parse_sections(header, read)
    except BadInputError as error:
        return (), f"section headers: {error.message}"
    names, note = _section_names(header, sections, read)
    real = (s for s in sections if s.type != parse.SHT_NOBITS and s.offset + s.size <= size)
    return [(s, names.get(s.name, b"")) for s in real], note


def _debug_size(sections: _Named) -> int:
    return sum(section.size for section, name in sections if _is_debug(section, name))


def _likely_debug_size(sections: _Named) -> int:
    """Return the bytes of sections that are not mapped where names are not known: little but debug information is."""
    types = (SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB)
    return sum(s.size for s, _ in sections if s.type in types and not s.flags & parse.SHF_ALLOC and s.size >= LARGE)


def _with_gpu(facts: ElfFacts, fatbins: Sequence[Fatbin], sections: _Named) -> ElfFacts:
    """Add fatbins up by section and by what they hold."""
    sums: defaultdict[tuple[str, tuple[tuple[int, int, int], ...]], list[list[int]]] = defaultdict(list)
    mapped = [(s.offset, s.offset + s.size, name) for s, name in sections if s.size]
    size = sum(end - start for start, end, name in mapped if name in GPU_SECTIONS)
    for fatbin in fatbins:
        name = next((name for start, end, name in mapped if start <= fatbin.offset < end), b"")
        size += fatbin.end - fatbin.offset if name not in GPU_SECTIONS and not fatbin.problem else 0
        key = name.decode("utf-8", "surrogateescape"), tuple((e.kind, e.arch, e.flags) for e in fatbin.entries)
        cell = sums[key] or [[0], [0] * len(fatbin.entries), [0] * len(fatbin.entries)]
        cell[0][0] += 1
        for place, entry in enumerate(fatbin.entries):
            cell[1][place] += entry.end - entry.offset
            cell[2][place] += entry.raw
        sums[key] = cell
    groups = (GpuCode(*key, count[0], tuple(sizes), tuple(raw)) for key, (count, sizes, raw) in sums.items())
    problem = next((fatbin.problem for fatbin in fatbins if fatbin.problem), "")
    return replace(facts, gpu_size=size, gpu=tuple(groups), gpu_problem=problem)


def _is_debug(section: Section, name: bytes) -> bool:
    if section.flags & parse.SHF_ALLOC:
        return False
    return name in DEBUG_SECTIONS or name.startswith(DEBUG_PREFIXES)


def _section_names(header: Header, sections: tuple[Section, ...], read: Read) -> tuple[dict[int, bytes], str]:
    if not sections:
        return {}, ""
    try:
        table = _name_table(header, sections, read)
    except BadInputError as error:
        return {}, f"section names: {error.message}"
    return {s.name: table[s.name : table.find(b"\0", s.name)] for s in sections if s.name < len(table)}, ""


def _name_table(header: Header, sections: tuple[Section, ...], read: Read) -> bytes:
    if header.shstrndx >= len(sections) or sections[header.shstrndx].size > parse.MAX_NAMES:
        raise BadInputError("there is no section name table")
    place = sections[header.shstrndx]
    return read(place.offset, place.size) + b"\0"


def facts_to_json(facts: ElfFacts) -> dict[str, Any]:
    """Return the facts as a compact JSON object: what has its default value is left out."""
    value: dict[str, Any] = {"machine": facts.machine, "bits": facts.bits, "type": facts.type}
    value.update({name: getattr(facts, name) for name, usual in _DEFAULTS.items() if getattr(facts, name) != usual})
    value.update({name: list(getattr(facts, name)) for name in _TUPLES if getattr(facts, name)})
    if facts.gpu:
        value["gpu"] = [[g.section, list(map(list, g.entries)), g.count, list(g.sizes), list(g.raw)] for g in facts.gpu]
    return value


def facts_from_json(value: Mapping[str, Any]) -> ElfFacts:
    """Return the facts that :func:`facts_to_json` wrote.

    Raises:
        BadInputError: it wrote something else.
    """
    fields: dict[str, Any] = {name: tuple(value.get(name, ())) for name in _TUPLES}
    fields.update({name: value.get(name, usual) for name, usual in _DEFAULTS.items()})
    lists_hold = all(isinstance(item, str) for name in _TUPLES for item in fields[name])
    plain_hold = all(isinstance(fields[name], kind) for name, kind in _KINDS.items())
    head = value.get("machine"), value.get("bits"), value.get("type")
    if not (lists_hold and plain_hold and isinstance(head[0], int) and isinstance(head[1], int)):
        raise _malformed()
    return ElfFacts(head[0], head[1], str(head[2]), gpu=tuple(map(_gpu_from_json, value.get("gpu", ()))), **fields)


def _gpu_from_json(value: Any) -> GpuCode:
    try:
        section, entries, count, sizes, raw = value
        triples = tuple((int(kind), int(arch), int(flags)) for kind, arch, flags in entries)
        code = GpuCode(str(section), triples, int(count), tuple(map(int, sizes)), tuple(map(int, raw)))
    except (TypeError, ValueError) as error:
        raise _malformed() from error
    if not len(triples) == len(code.sizes) == len(code.raw):
        raise _malformed()
    return code


def _malformed() -> BadInputError:
    return BadInputError("cached ELF facts are malformed", hint="run again with --no-cache")
