"""Fatbins made in code, and shared libraries that carry them, as nvcc and a linker lay them out."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from jettison.elf import layout as elf
from jettison.elf.fatbin import COMPRESSED, CUBIN, ENTRY_HEAD, LTO, MAGIC, PTX

LZ4, ZSTD = 0x2000, 0x8000
_WRAPPER_MAGIC = 0x466243B1
_LEA = b"\x48\x8d\x05"


@dataclass(frozen=True)
class Made:
    """One entry to be made; ``raw`` is its unpacked size where flags say that it is packed."""

    kind: int
    arch: int
    payload: bytes = b""
    flags: int = 0
    head: int = ENTRY_HEAD
    raw: int = 0

    def pack(self) -> bytes:
        """Return it as stored."""
        stored = -(-len(self.payload) // 8) * 8
        packed = len(self.payload) if self.flags & COMPRESSED else 0
        fields = self.kind, 0x101, self.head, stored, packed, 0, 0, 0, self.arch, 0, 0, self.flags, 0, self.raw
        head = struct.pack("<HHIQIIHHIIIQQQ", *fields).ljust(self.head, b"\x11")
        return head + self.payload.ljust(stored, b"\0")


def cubin(arch: int, size: int = 40, *, flags: int = 0, fill: int = 0) -> Made:
    """Return machine code of ``size`` bytes that differ from those of other architectures."""
    return Made(CUBIN, arch, bytes([1 + (arch + fill) % 255]) * size, flags, raw=3 * size)


def ptx(arch: int, size: int = 40, *, flags: int = 0) -> Made:
    """Return PTX."""
    return Made(PTX, arch, b"." * size, flags, raw=3 * size)


def lto(arch: int, size: int = 40) -> Made:
    """Return LTO-IR."""
    return Made(LTO, arch, b"L" * size)


def fatbin(*entries: Made) -> bytes:
    """Return a fatbin."""
    body = b"".join(entry.pack() for entry in entries)
    return MAGIC + struct.pack("<Q", len(body)) + body


@dataclass
class Library:
    """A shared library with fatbins.

    Attributes:
        own: fatbins of ``.nv_fatbin``, each with one pointer in ``.nvFatBinSegment``.
        relocatable: fatbins of ``__nv_relfatbin``, likewise.
        inside: fatbins of ``.data.chosen``, to which nothing points.
        machine: 62 x86-64, 183 aarch64.
        twice: indices of ``own`` that have two pointers.
        coded: indices of ``own`` that code points at.
        named: indices of ``own`` that a dynamic symbol points at.
        packed: whether the pointers are in DT_RELR, their addends in the slots.
        room: bytes that are free behind the program headers.
        debug: bytes of ``.debug_info``.
        gap: bytes between fatbins of ``own``, zeros.
    """

    own: Sequence[bytes] = ()
    relocatable: Sequence[bytes] = ()
    inside: Sequence[bytes] = ()
    machine: int = elf.X86_64
    twice: frozenset[int] = frozenset()
    coded: frozenset[int] = frozenset()
    named: frozenset[int] = frozenset()
    packed: bool = False
    room: int = 0
    debug: int = 0
    gap: int = 0
    sections: list[elf.Part] = field(default_factory=list, init=False)
    programs: list[elf.Program] = field(default_factory=list, init=False)
    blob: bytearray = field(default_factory=bytearray, init=False)
    names: bytearray = field(default_factory=lambda: bytearray(b"\0"), init=False)

    def build(self) -> bytes:
        """Return the file. Address and offset differ by one page a segment, as linkers have it."""
        page = elf.PAGE[self.machine]
        self.sections, self.programs = [elf.Part(0, elf.SHT_NULL, 0, 0, 0, 0, 0, 0, 0, 0)], []
        self.blob, self.names = bytearray(64 + 5 * 56 + self.room), bytearray(b"\0")
        own = self._joined(self.own, self.gap)
        more = self._joined(self.relocatable, 0)
        inside = self._joined(self.inside, 0)
        count = len(own[1]) + len(self.twice) + len(more[1])
        # The first segment: symbols, relocations, fatbins.
        symbols = 1 + len(self.named)
        dynsym = self._add(".dynsym", elf.SHT_DYNSYM, b"\0" * 24 * symbols, 2, entsize=24)
        dynstr = self._add(".dynstr", 3, b"\0libmade.so\0" + b"name\0", 2)
        table = self._add(".rela.dyn", 4, b"\0" * (24 * count), 2, align=8, entsize=24)
        relr = self._add(".relr.dyn", 19, b"\0" * (8 * count), 2, align=8) if self.packed else None
        fat = self._add(".nv_fatbin", 1, own[0], 2, align=8)
        rel = self._add("__nv_relfatbin", 1, more[0], 2, align=8)
        self._load(4, 0, 0)
        # Code.
        start = self._page(page)
        text = self._add(".text", 1, b"\xc3" + b"\x90" * (15 + 8 * len(self.coded)), 6, shift=page, align=16)
        self._load(5, start, page)
        # Data: wrappers, what a library chooses from by itself, the dynamic section.
        start = self._page(page)
        shift = 2 * page
        wrappers = self._add(".nvFatBinSegment", 1, b"\0" * (24 * count), 3, shift=shift, align=8)
        self._add(".data.chosen", 1, inside[0], 3, shift=shift, align=8)
        pointed = [fat.addr + at for at in own[1]]
        pointed += [pointed[index] for index in sorted(self.twice)]
        pointed += [rel.addr + at for at in more[1]]
        self._pointers(wrappers, relr or table, pointed)
        pairs = [(5, dynstr.addr), (10, dynstr.size), (6, dynsym.addr), (11, 24), (14, 1)]
        if self.packed and relr is not None:
            pairs += [(36, relr.addr), (35, relr.size), (37, 8)]
        else:
            pairs += [(7, table.addr), (8, table.size), (9, 24)]
        dynamic = self._add(
            ".dynamic", 6, b"".join(struct.pack("<QQ", *p) for p in (*pairs, (0, 0))), 3, shift=shift, align=8
        )
        self._load(6, start, shift)
        self.programs.append(
            elf.Program(2, 6, dynamic.offset, dynamic.addr, dynamic.addr, dynamic.size, dynamic.size, 8)
        )
        self.programs.append(elf.Program(0x6474E551, 6, 0, 0, 0, 0, 0, 16))
        for place, index in enumerate(sorted(self.named), 1):
            self._put(dynsym.offset + 24 * place, struct.pack("<IBBHQQ", 12, 0x11, 0, 4, pointed[index], 8))
        for place, index in enumerate(sorted(self.coded)):
            self._code(text, 1 + 8 * place, pointed[index])
        if self.debug:
            self._add(".debug_info", 1, b"d" * self.debug, 0)
        return self._finish()

    def _pointers(self, wrappers: elf.Part, table: elf.Part, pointed: Sequence[int]) -> None:
        relative = elf.RELATIVE[self.machine]
        for place, address in enumerate(pointed):
            slot = wrappers.addr + 24 * place + 8
            stored = address if self.packed else 0
            self._put(wrappers.offset + 24 * place, struct.pack("<IIQQ", _WRAPPER_MAGIC, 1, stored, 0))
            if self.packed:
                self._put(table.offset + 8 * place, struct.pack("<Q", slot))
            else:
                self._put(table.offset + 24 * place, struct.pack("<QQq", slot, relative, address))

    def _code(self, text: elf.Part, at: int, address: int) -> None:
        if self.machine == elf.X86_64:
            self._put(text.offset + at, _LEA + struct.pack("<i", address - (text.addr + at + 7)))
        else:
            at = -(-at // 4) * 4
            imm = (address >> 12) - ((text.addr + at) >> 12)
            word = 0x90000000 | (imm & 3) << 29 | (imm >> 2 & 0x7FFFF) << 5
            self._put(text.offset + at, struct.pack("<I", word))

    @staticmethod
    def _joined(parts: Sequence[bytes], gap: int) -> tuple[bytes, list[int]]:
        joined, places = bytearray(), []
        for part in parts:
            places.append(len(joined))
            joined += part + bytes(gap)
        return bytes(joined), places

    def _add(
        self, name: str, kind: int, data: bytes, flags: int, *, shift: int = 0, align: int = 1, entsize: int = 0
    ) -> elf.Part:
        self.blob += bytes(-len(self.blob) % align)
        addr = len(self.blob) + shift if flags & 2 else 0
        link = 2 if kind in (6, elf.SHT_DYNSYM) else 1 if kind == elf.SHT_RELA else 0
        info = 1 if kind == elf.SHT_DYNSYM else 0
        part = elf.Part(len(self.names), kind, flags, addr, len(self.blob), len(data), link, info, align, entsize, name)
        self.names += name.encode() + b"\0"
        self.sections.append(part)
        self.blob += data
        return part

    def _page(self, page: int) -> int:
        self.blob += bytes(-len(self.blob) % page)
        return len(self.blob)

    def _load(self, flags: int, start: int, shift: int) -> None:
        size = len(self.blob) - start
        align = elf.PAGE[self.machine]
        more = 4096 if flags & 2 else 0  # .bss
        self.programs.append(elf.Program(1, flags, start, start + shift, start + shift, size, size + more, align))

    def _put(self, at: int, data: bytes) -> None:
        self.blob[at : at + len(data)] = data

    def _finish(self) -> bytes:
        names = self._add(".shstrtab", 3, b"", 0)
        self.blob += self.names
        self.sections[-1] = elf.Part(names.name_at, 3, 0, 0, names.offset, len(self.names), 0, 0, 1, 0)
        self.blob += bytes(-len(self.blob) % 8)
        shoff = len(self.blob)
        self.blob += b"".join(each.pack() for each in self.sections)
        head = b"\x7fELF\x02\x01\x01" + bytes(9)
        count = len(self.sections)
        fields = head, 3, self.machine, 1, 0, 64, shoff, 0, 64, 56, len(self.programs), 64, count, count - 1
        self._put(0, elf.HEADER.pack(*fields))
        self._put(64, b"".join(each.pack() for each in self.programs))
        return bytes(self.blob)


def memory_of(data: bytes) -> dict[int, bytes]:
    """Return what a process finds when it maps a library: bytes by address of their segment; nothing of Jettison's."""
    (phoff,) = struct.unpack_from("<Q", data, 32)
    (count,) = struct.unpack_from("<H", data, 56)
    found: dict[int, bytes] = {}
    for place in range(count):
        kind, _, offset, vaddr, _, filesz, memsz, _ = struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * place)
        if kind == 1:
            found[vaddr] = data[offset : offset + filesz].ljust(min(memsz, 1 << 24), b"\0")
    return found
