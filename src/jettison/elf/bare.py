"""Cubins that lie in a library by themselves, packed with zstd and in no fatbin: cuBLASLt keeps 391 so (CUDA 13).

A frame is walked by its block headers (RFC 8878, section 3.1.1) and unpacked in pieces: it must be whole, and begin
with the ELF header of a cubin. Its architecture is in ``e_flags``; whether it is an ``a`` or ``f`` variant is not told
there, so it counts as the one that runs on most GPUs.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import zstandard

from jettison.elf.bytes import FileBytes, find
from jettison.elf.fatbin import Fatbin
from jettison.elf.layout import HEADER, SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS, Layout
from jettison.errors import BadInputError
from jettison.layers.zstdframes import MAGIC, frame_end

EM_CUDA = 190
_IDENTS = {b"\x7fELF\x02\x01\x01\x41\x08": 8, b"\x7fELF\x02\x01\x01\x33\x07": 0}
"""Beginnings of cubins (64 bits, little-endian, EI_OSABI, EI_ABIVERSION), with the bit of ``e_flags`` where the
architecture begins; seen in libraries of CUDA 13, where both are."""
_IDENT = 9
_MOST_WINDOW = 64 << 20
_MOST_FRAME = 64 << 20
_MOST = 1 << 30  # bytes that a cubin may have
_WINDOW = 1 << 20


@dataclass(frozen=True, slots=True)
class Bare:
    """A packed cubin.

    Attributes:
        offset: of its frame in the file, in bytes.
        end: offset behind the frame.
        arch: its architecture, as a number.
    """

    offset: int
    end: int
    arch: int


def runs_bare(arch: int, targets: Iterable[int]) -> bool:
    """Whether a cubin of which the variant is not known could run on one of some GPUs."""
    return any(arch // 10 == target // 10 and arch <= target for target in targets)


def find_bare(data: FileBytes, layout: Layout, fatbins: Sequence[Fatbin]) -> Iterator[Bare]:
    """Give the packed cubins in sections that are mapped and hold no code, outside of fatbins; ascending.

    Args:
        data: the library.
        layout: of it.
        fatbins: of it.
    """
    parts = sorted(
        (each.offset, each.end)
        for each in layout.sections
        if each.flags & SHF_ALLOC and not each.flags & SHF_EXECINSTR and each.type != SHT_NOBITS and each.size
    )
    taken = sorted((each.offset, each.end) for each in fatbins)
    at = 0
    for start, end in parts:
        at = max(at, start)
        while (at := find(data.read, MAGIC, at, end)) >= 0:
            before = bisect_right(taken, (at, len(data))) - 1
            inside = taken[before][1] if before >= 0 and at < taken[before][1] else 0
            frame = None if inside else _frame(data, at, end)
            if frame is not None:
                yield frame
            at = inside or (frame.end if frame else at + len(MAGIC))
        at = end


def _frame(data: FileBytes, at: int, end: int) -> Bare | None:
    """Return the packed cubin at an offset; None for whatever else begins like a frame."""
    try:
        stop = frame_end(data.read, at, min(end, at + _MOST_FRAME))
    except BadInputError:
        return None
    head = _unpacked(data[at:stop])
    if head is None or HEADER.unpack(head)[2] != EM_CUDA:
        return None
    return Bare(at, stop, HEADER.unpack(head)[7] >> _IDENTS[head[:_IDENT]] & 0xFF)


def _unpacked(frame: bytes) -> bytes | None:
    """Return the first 64 bytes of a frame that holds a cubin; None when it is malformed anywhere, or too large."""
    head, size = b"", 0
    try:
        with zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW).stream_reader(frame) as reader:
            while piece := reader.read(_WINDOW):
                head, size = head or piece[: HEADER.size], size + len(piece)
                if size > _MOST or len(head) < HEADER.size or head[:_IDENT] not in _IDENTS:
                    return None
    except zstandard.ZstdError:
        return None
    return head or None
