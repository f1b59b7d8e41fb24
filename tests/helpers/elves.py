"""Small ELF files made in code: a header, program headers, a dynamic section, and a few named sections."""

import struct
from collections.abc import Mapping, Sequence

X86_64, AARCH64, I386 = 62, 183, 3


def elf_bytes(
    *,
    needed: Sequence[str] = (),
    soname: str = "",
    rpath: str = "",
    runpath: str = "",
    interpreter: str = "",
    machine: int = X86_64,
    bits: int = 64,
    kind: int = 3,
    sections: Mapping[str, int] | None = None,
    pad: int = 0,
    strings_last: bool = False,
) -> bytes:
    """Return an ELF file.

    Args:
        needed: DT_NEEDED.
        soname: DT_SONAME.
        rpath: DT_RPATH.
        runpath: DT_RUNPATH.
        interpreter: PT_INTERP.
        machine: e_machine.
        bits: 32 or 64.
        kind: e_type; 2 exec, 3 dyn.
        sections: names and sizes of sections without content of their own (they lie over the padding).
        pad: bytes between the strings and the dynamic section, outside the first segment.
        strings_last: put the string table behind the padding as well, in a segment of its own (as patchelf does).
    """
    wide = bits == 64
    texts = [*needed, soname, rpath, runpath]
    strings = b"\0" + b"".join(text.encode("utf-8", "surrogateescape") + b"\0" for text in texts)
    places: dict[str, int] = {}
    at = 1
    for text in texts:
        places.setdefault(text, at)
        at += len(text.encode("utf-8", "surrogateescape")) + 1
    count = 2 + bool(interpreter) + strings_last
    header_size, entry_size = (64, 56) if wide else (52, 32)
    interp_at = header_size + count * entry_size
    interp = interpreter.encode() + b"\0" if interpreter else b""
    head_end = -(-(interp_at + len(interp)) // 16) * 16
    strings_at = head_end + pad if strings_last else head_end
    body = bytes(pad) + strings if strings_last else strings + bytes(pad)
    dynamic_at = -(-(head_end + len(body)) // 16) * 16
    pairs = [(1, places[name]) for name in needed]
    pairs += [(tag, places[text]) for tag, text in ((14, soname), (15, rpath), (29, runpath)) if text]
    pairs += [(5, strings_at), (10, len(strings)), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ" if wide else "<II", *pair) for pair in pairs)
    first = head_end if strings_last else head_end + len(strings)
    loads = [(1, 0, first)] + ([(1, strings_at, len(strings))] if strings_last else [])
    segments = [*loads, (2, dynamic_at, len(dynamic))] + ([(3, interp_at, len(interp))] if interpreter else [])
    table = b"".join(_segment(wide, *segment) for segment in segments)
    tail, shoff, shnum = _sections(wide, dynamic_at + len(dynamic), head_end, sections or {})
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    fields = (kind, machine, 1, 0, header_size, shoff, 0, header_size, entry_size, len(segments), 64 if wide else 40)
    header = ident + struct.pack("<HHIQQQIHHHHHH" if wide else "<HHIIIIIHHHHHH", *fields, shnum, max(0, shnum - 1))
    content = (header + table + interp).ljust(head_end, b"\0") + body
    return content.ljust(dynamic_at, b"\0") + dynamic + tail


def _segment(wide: bool, kind: int, offset: int, size: int) -> bytes:  # noqa: FBT001 -- a width
    if wide:
        return struct.pack("<IIQQQQQQ", kind, 4, offset, offset, offset, size, size, 8)
    return struct.pack("<IIIIIIII", kind, offset, offset, offset, size, size, 4, 8)


def _sections(wide: bool, at: int, over: int, sections: Mapping[str, int]) -> tuple[bytes, int, int]:  # noqa: FBT001 -- a width
    """Return the section names and headers as they lie at ``at``, where the headers begin, and how many there are."""
    if not sections:
        return b"", 0, 0
    names = b"\0" + b"".join(name.encode() + b"\0" for name in [*sections, ".shstrtab"])
    rows = [(0, 0, 0, 0)]
    place = 1
    for name, size in sections.items():
        rows.append((place, 1, over, size))
        place += len(name) + 1
    rows.append((place, 3, at, len(names)))
    layout = "<IIQQQQIIQQ" if wide else "<IIIIIIIIII"
    headers = b"".join(struct.pack(layout, name, kind, 0, 0, off, size, 0, 0, 1, 0) for name, kind, off, size in rows)
    return names + headers, at + len(names), len(rows)
