"""Watch a layer stream by and keep of each ELF file only what its facts need."""

import re
from typing import Any

from jettison.elf import parse
from jettison.elf.fatbin import Scanner
from jettison.elf.parse import Header, Segment
from jettison.elf.read import dynamic_entries, facts_from_json, facts_to_json, read_facts, string_places
from jettison.errors import BadInputError
from jettison.layers.table import Read, Sink

__all__ = ["ElfObserver", "facts_from_json"]

_NEVER = (
    "py pyc pyi pyx pxd txt md rst json yaml yml toml cfg ini h hh hpp hxx cuh c cc cpp html htm css js xml svg csv "
    "png jpg jpeg gz bz2 xz zst zip whl deb tar mo po pth pt onnx safetensors gguf npy npz a la pc cmake ttf otf"
)
NEVER_ELF = frozenset(_NEVER.split())
WHOLE = 8 << 20
HEAD = 64 << 20
TAIL = 256 << 10
SMALL_SEGMENT = 16 << 20
LEAST_GPU = 4096
"""Bytes of the smallest file that is searched for GPU code."""
LIKELY = re.compile(r"nvidia|cuda|cupti|nccl", re.IGNORECASE)
"""Paths of libraries that may hold GPU code without a section that says so."""


class _Window:
    """Bytes ``start`` to ``end`` of the file, as far as they have come by."""

    __slots__ = ("data", "end", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end
        self.data = bytearray()

    def take(self, piece: memoryview, at: int) -> None:
        """Copy what of ``piece``, which lies ``at`` in the file, is next in the window."""
        begin = self.start + len(self.data)
        if at <= begin < self.end and begin < at + len(piece):
            self.data += piece[begin - at : self.end - at]


class _ElfSink:
    """Takes one file; drops everything at the first piece unless it is ELF.

    A library may be far larger than memory allows. What its facts need lies in few places: its head up to the end of
    the first loaded segment (dynamic strings), PT_DYNAMIC, small later segments (patchelf appends the strings there),
    and the section names and headers at the tail. Each place is known before it comes by.
    """

    __slots__ = ("_dynamic", "_header", "_likely", "_position", "_scanner", "_segments", "_size", "_windows")

    def __init__(self, size: int, *, likely: bool) -> None:
        self._size = size
        self._likely = likely
        self._scanner = Scanner(size) if size >= LEAST_GPU else None
        self._position = 0
        self._header: Header | None = None
        self._segments: tuple[Segment, ...] = ()
        self._dynamic = False
        self._windows = [_Window(0, size if size <= WHOLE else HEAD)]

    def feed(self, piece: bytes | memoryview) -> None:
        """Take the next piece."""
        if not self._windows:
            return
        view, at = memoryview(piece), self._position
        self._position += len(view)
        for window in self._windows:
            window.take(view, at)
        head = self._windows[0].data
        if len(head) >= len(parse.MAGIC) and head[:4] != parse.MAGIC:
            self._windows = []
            return
        if self._scanner is not None:
            self._scanner.feed(view)
        if self._size > WHOLE:
            self._look(view, at)

    def finish(self) -> dict[str, Any] | None:
        """Return the facts as JSON; None when it is not ELF."""
        if not self._windows or self._windows[0].data[:4] != parse.MAGIC:
            return None
        fatbins = self._scanner.finish() if self._scanner is not None else ()
        return facts_to_json(read_facts(self._read, self._size, fatbins, likely=self._likely))

    def seek(self, read: Read) -> dict[str, Any] | None:
        """Return the facts from the few places of the file where they stand."""
        if read(0, len(parse.MAGIC)) != parse.MAGIC:
            return None
        fatbins = () if self._scanner is None else None
        return facts_to_json(read_facts(read, self._size, fatbins, likely=self._likely))

    def _read(self, offset: int, size: int) -> bytes:
        for window in self._windows:
            begin = offset - window.start
            if begin >= 0 and begin + size <= len(window.data):
                return bytes(window.data[begin : begin + size])
        if offset + size > self._size or size < 0:
            raise BadInputError(f"{size} bytes at {offset} are outside the file of {self._size} bytes")
        raise BadInputError(f"{size} bytes at {offset} of {self._size} lie outside what is held of a file in passing")

    def _want(self, start: int, end: int, piece: memoryview, at: int) -> None:
        window = _Window(start, min(end, self._size))
        window.take(piece, at)
        self._windows.append(window)

    def _look(self, piece: memoryview, at: int) -> None:
        """Read on as soon as more of the file is known, and open the windows that follow from it."""
        try:
            if self._header is None and len(self._windows[0].data) >= parse.HEADER_SIZE:
                self._want_tables(piece, at)
            if self._header and not self._segments:
                self._want_segments(self._header, piece, at)
            if self._header and self._segments and not self._dynamic:
                self._want_strings(self._header, piece, at)
        except BadInputError:
            return  # not there yet, or malformed: the facts will say so

    def _want_tables(self, piece: memoryview, at: int) -> None:
        self._header = header = parse.parse_header(bytes(self._windows[0].data[: parse.HEADER_SIZE]), self._size)
        self._want(header.phoff, header.phoff + header.phnum * header.phentsize, piece, at)
        if not header.phnum:
            self._windows[0].end = parse.HEADER_SIZE  # an object file: only its sections matter
        sections_end = header.shoff + header.shnum * header.shentsize
        self._want(max(0, header.shoff - TAIL), sections_end, piece, at)
        if self._size - sections_end < TAIL:
            self._want(sections_end, self._size, piece, at)

    def _want_segments(self, header: Header, piece: memoryview, at: int) -> None:
        self._segments = parse.parse_segments(header, self._read)
        loads = [s for s in self._segments if s.type == parse.PT_LOAD]
        head = self._windows[0]
        head.end = min(head.end, max([s.offset + s.filesz for s in loads[:1]], default=0))
        room = HEAD - min(head.end, HEAD)
        for segment in self._segments:
            small = segment.type == parse.PT_LOAD and segment.offset >= head.end and segment.filesz <= SMALL_SEGMENT
            if segment.type == parse.PT_DYNAMIC or (small and segment.filesz <= room):
                room -= segment.filesz if small else 0
                self._want(segment.offset, segment.offset + min(segment.filesz, SMALL_SEGMENT), piece, at)
        del head.data[max(head.end, parse.HEADER_SIZE) :]

    def _want_strings(self, header: Header, piece: memoryview, at: int) -> None:
        pairs = dynamic_entries(header, self._segments, self._read)
        self._dynamic = True
        for _, offset, room in string_places(pairs, self._segments)[:1024]:
            if offset + parse.MAX_STRING > self._position - len(piece):
                self._want(offset, offset + min(room, parse.MAX_STRING), piece, at)


class ElfObserver:
    """Gives the facts of each ELF file as JSON (see :func:`facts_from_json`); nearly free for all others."""

    name = "elf"
    version = 3

    def begin(self, path: str, size: int) -> Sink | None:
        """Return a sink, unless the file is too short for ELF or its name says that it is something else."""
        if size < parse.HEADER_SIZE or path.rpartition(".")[2] in NEVER_ELF:
            return None
        return _ElfSink(size, likely=bool(LIKELY.search(path)))
