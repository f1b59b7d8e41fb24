"""From parsed parts to :class:`ElfFacts`, and from those to JSON and back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jettison.elf import parse
from jettison.elf.facts import ElfFacts
from jettison.elf.parse import Header, Section, Segment
from jettison.errors import BadInputError
from jettison.layers.table import Read

GPU_SECTIONS = frozenset({b".nv_fatbin", b"__nv_relfatbin"})
DEBUG_SECTIONS = frozenset({b".symtab", b".strtab"})
DEBUG_PREFIXES = (b".debug", b".zdebug")
_TUPLES = ("needed", "rpath", "runpath")
_DEFAULTS = {"interpreter": "", "soname": "", "gpu_size": 0, "debug_size": 0, "complete": True, "problem": ""}
_KINDS = {"interpreter": str, "soname": str, "gpu_size": int, "debug_size": int, "complete": bool, "problem": str}


def read_facts(read: Read, size: int) -> ElfFacts:
    """Return what there is to know of an ELF file; malformed parts are a problem in the facts, never an error.

    Args:
        read: gives its bytes, as far as they are at hand.
        size: bytes of the whole file.
    """
    try:
        header = parse.parse_header(read(0, parse.HEADER_SIZE), size)
    except BadInputError as error:
        return ElfFacts(0, 0, "other", complete=False, problem=error.message)
    gpu_size, debug_size, note = _section_sizes(header, read, size)
    bare = ElfFacts(header.machine, header.bits, header.type, gpu_size=gpu_size, debug_size=debug_size, problem=note)
    try:
        segments = parse.parse_segments(header, read)
        interpreter = _interpreter(segments, read)
        soname, lists = _dynamic_strings(header, segments, read)
    except BadInputError as error:
        return replace(bare, complete=False, problem=error.message)
    needed, rpath, runpath = lists
    return replace(bare, interpreter=interpreter, soname=soname, needed=needed, rpath=rpath, runpath=runpath)


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


def _section_sizes(header: Header, read: Read, size: int) -> tuple[int, int, str]:
    """Return bytes of GPU code, bytes of debug information, and what could not be told."""
    try:
        sections = parse.parse_sections(header, read)
    except BadInputError as error:
        return 0, 0, f"section headers: {error.message}"
    names, note = _section_names(header, sections, read)
    real = tuple(s for s in sections if s.type != parse.SHT_NOBITS and s.offset + s.size <= size)
    gpu = sum(s.size for s in real if names.get(s.name) in GPU_SECTIONS)
    debug = sum(s.size for s in real if _is_debug(s, names.get(s.name, b"")))
    return gpu, debug, note


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
        raise BadInputError("cached ELF facts are malformed", hint="run again with --no-cache")
    return ElfFacts(head[0], head[1], str(head[2]), **fields)
