"""Parse ELF files (System V gABI, chapters 4 and 5) from the parts of them that are at hand.

Everything is bounded: a table that claims more than the limits below is malformed, whatever the file's size.
"""

import struct
from dataclasses import dataclass

from jettison.errors import BadInputError
from jettison.layers.table import Read

MAGIC = b"\x7fELF"
HEADER_SIZE = 64
WIDE = 64
CLASS_64 = 2
MAX_SEGMENTS = 1024
MAX_SECTIONS = 65_280
MAX_DYNAMIC = 8192
MAX_NAMES = 1 << 20
MAX_STRING = 4096

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
NT_GNU_BUILD_ID = 3
MAX_NOTES = 64 << 10
SHT_NOBITS = 8
SHF_ALLOC = 2
DT_NULL, DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_SONAME, DT_RPATH, DT_RUNPATH = 0, 1, 5, 10, 14, 15, 29
TYPES = {1: "rel", 2: "exec", 3: "dyn", 4: "core"}


@dataclass(frozen=True, slots=True)
class Header:
    """The ELF header's fields that are used; offsets and sizes in bytes."""

    bits: int
    type: str
    machine: int
    phoff: int
    phnum: int
    shoff: int
    shnum: int
    shstrndx: int

    @property
    def phentsize(self) -> int:
        """Bytes of a program header."""
        return 56 if self.bits == WIDE else 32

    @property
    def shentsize(self) -> int:
        """Bytes of a section header."""
        return 64 if self.bits == WIDE else 40


@dataclass(frozen=True, slots=True)
class Segment:
    """One program header: ``filesz`` bytes at ``offset``, mapped at ``vaddr``."""

    type: int
    offset: int
    vaddr: int
    filesz: int


@dataclass(frozen=True, slots=True)
class Section:
    """One section header; ``name`` is its offset in the section name table."""

    name: int
    type: int
    flags: int
    offset: int
    size: int


def parse_header(data: bytes, size: int) -> Header:
    """Parse the ELF header.

    Args:
        data: the file's first 64 bytes.
        size: bytes of the whole file.

    Raises:
        BadInputError: it is malformed, big-endian, or its tables do not fit.
    """
    if len(data) < HEADER_SIZE or data[:4] != MAGIC:
        raise BadInputError("no ELF header")
    if data[4] not in (1, 2) or data[5] != 1 or data[6] != 1:
        raise BadInputError(f"ELF class {data[4]}, byte order {data[5]}, version {data[6]} is not little-endian ELF")
    wide = data[4] == CLASS_64
    kind, machine, _ = struct.unpack_from("<HHI", data, 16)
    fields = struct.unpack_from("<QQQIHHHHHH" if wide else "<IIIIHHHHHH", data, 24)
    _, phoff, shoff, _, _, phentsize, phnum, shentsize, shnum, shstrndx = fields
    header = Header(WIDE if wide else 32, TYPES.get(kind, "other"), machine, phoff, phnum, shoff, shnum, shstrndx)
    if phnum and (phentsize != header.phentsize or phnum > MAX_SEGMENTS or phoff + phnum * phentsize > size):
        raise BadInputError(f"{phnum} program headers of {phentsize} bytes at {phoff} do not fit {size} bytes")
    if shnum and (shentsize != header.shentsize or shnum > MAX_SECTIONS or shoff + shnum * shentsize > size):
        return Header(header.bits, header.type, machine, phoff, phnum, 0, 0, 0)  # sections are not needed to run
    return header


def parse_segments(header: Header, read: Read) -> tuple[Segment, ...]:
    """Parse the program headers.

    Raises:
        BadInputError: they are not at hand.
    """
    data = read(header.phoff, header.phnum * header.phentsize) if header.phnum else b""
    if header.bits == WIDE:
        rows = struct.iter_unpack("<IIQQQQQQ", data)
        return tuple(Segment(kind, offset, vaddr, filesz) for kind, _, offset, vaddr, _, filesz, _, _ in rows)
    rows = struct.iter_unpack("<IIIIIIII", data)
    return tuple(Segment(kind, offset, vaddr, filesz) for kind, offset, vaddr, _, filesz, _, _, _ in rows)


def parse_sections(header: Header, read: Read) -> tuple[Section, ...]:
    """Parse the section headers.

    Raises:
        BadInputError: they are not at hand.
    """
    data = read(header.shoff, header.shnum * header.shentsize) if header.shnum else b""
    layout = "<IIQQQQIIQQ" if header.bits == WIDE else "<IIIIIIIIII"
    rows = struct.iter_unpack(layout, data)
    return tuple(Section(name, kind, flags, offset, size) for name, kind, flags, _, offset, size, *_ in rows)


def parse_dynamic(header: Header, data: bytes) -> tuple[tuple[int, int], ...]:
    """Parse the dynamic section into pairs (tag, value), up to DT_NULL.

    Raises:
        BadInputError: it has too many entries.
    """
    layout = "<qQ" if header.bits == WIDE else "<iI"
    width = struct.calcsize(layout)
    if len(data) // width > MAX_DYNAMIC:
        raise BadInputError(f"the dynamic section claims {len(data)} bytes")
    pairs: list[tuple[int, int]] = []
    for tag, value in struct.iter_unpack(layout, data[: len(data) // width * width]):
        if tag == DT_NULL:
            break
        pairs.append((tag, value))
    return tuple(pairs)


def parse_build_id(data: bytes) -> str:
    """Return the GNU build ID among notes, in hexadecimal; empty when there is none (gABI, "Note Section").

    Args:
        data: of a PT_NOTE segment, aligned to 4 bytes (notes aligned to 8 hold none).
    """
    at = 0
    while at + 12 <= len(data):
        name_size, size, kind = struct.unpack_from("<III", data, at)
        start = at + 12 + -(-name_size // 4) * 4
        if kind == NT_GNU_BUILD_ID and data[at + 12 : at + 12 + name_size] == b"GNU\0":
            return data[start : start + size].hex() if start + size <= len(data) else ""
        at = start + -(-size // 4) * 4
    return ""


def file_offset(segments: tuple[Segment, ...], address: int) -> int:
    """Return where in the file the byte mapped at ``address`` lies.

    Raises:
        BadInputError: no loaded segment holds it.
    """
    for segment in segments:
        if segment.type == PT_LOAD and segment.vaddr <= address < segment.vaddr + segment.filesz:
            return segment.offset + address - segment.vaddr
    raise BadInputError(f"address {address:#x} is in no loaded segment")


def string_at(read: Read, offset: int, room: int) -> str:
    """Return the NUL-terminated string at ``offset``, at most ``room`` bytes of table away from its end.

    Raises:
        BadInputError: it is not at hand, or not terminated within 4,096 bytes.
    """
    data = b""
    for size in (128, MAX_STRING):
        data = read(offset, min(size, room))
        end = data.find(b"\0")
        if end >= 0:
            return data[:end].decode("utf-8", "surrogateescape")
    raise BadInputError(f"the string at {offset} does not end within {len(data)} bytes")
