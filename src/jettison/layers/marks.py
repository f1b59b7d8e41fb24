"""How stored bytes go along with uncompressed ones: marks while reading, and an estimate for plain tars."""

import math
import zlib

from isal import isal_zlib

_MOST = 4096
_SAMPLE = 1 << 15
_WINDOW = 1 << 15
_WHOLE_PIECES = 8
_SAMPLED_PIECES = 512
_STRIDE = 4


class Marks:
    """Collects pairs (uncompressed offset, stored offset), at most 4,096: when full, every second one goes."""

    def __init__(self) -> None:
        self._marks = [(0, 0)]
        self._last = 0

    def add(self, offset: int, stored: int) -> None:
        """Note that ``offset`` uncompressed bytes came from ``stored`` bytes; both ascend."""
        self._last = stored
        self._marks.append((offset, stored))
        if len(self._marks) >= _MOST:
            del self._marks[1::2]

    def finish(self, size: int, stored: int | None) -> tuple[tuple[int, int], ...]:
        """Return the marks, the last one being ``(size, stored)``; None keeps the last ``stored`` that was added."""
        if stored is None:
            stored = self._last
        while len(self._marks) > 1 and self._marks[-1][0] >= size:
            self._marks.pop()
        return (*self._marks, (size, stored))


class GzipEstimate:
    """Estimates what gzip at level 6 would make of a plain tar, from samples that cost 0.1 s a GB at most.

    Each piece is packed with isal at level 1 (all of the first eight pieces, then 32 KiB of each, with the 32 KiB
    before as dictionary), and its ratio turned into that of zlib at level 6. Measured on 670 MB of Python, shared
    libraries, programs, bytecode, documents and Java archives: within -2.5 and +7.3 % by kind, +1.4 % in the mean.
    Beyond 512 pieces one in four is sampled, and stands for the next three.
    """

    def __init__(self) -> None:
        self._size = 0.0
        self._pieces = 0
        self._ratio = 0.0

    def add(self, piece: bytes | memoryview) -> int:
        """Take the next piece (about 1 MiB) and return the estimate for all so far, bytes."""
        if self._pieces < _SAMPLED_PIECES or self._pieces % _STRIDE == 0:
            self._ratio = _ratio(piece, whole=self._pieces < _WHOLE_PIECES)
        self._pieces += 1
        self._size += len(piece) * self._ratio
        return math.ceil(self._size)


def _ratio(piece: bytes | memoryview, *, whole: bool) -> float:
    """Estimate a piece's ratio from all of it or from a sample in its middle."""
    start = 0 if whole else max(0, len(piece) - _SAMPLE) // 2
    sample = memoryview(piece)[start : None if whole else start + _SAMPLE]
    before = memoryview(piece)[max(0, start - _WINDOW) : start]
    return _as_level_6(_pack(sample, before) / len(sample))


def _pack(sample: memoryview, before: memoryview) -> int:
    if before:
        packer = isal_zlib.compressobj(
            1, zlib.DEFLATED, -15, isal_zlib.DEF_MEM_LEVEL, zlib.Z_DEFAULT_STRATEGY, bytes(before)
        )
    else:
        packer = isal_zlib.compressobj(1, zlib.DEFLATED, -15)
    return len(packer.compress(sample)) + len(packer.flush())


def _as_level_6(ratio: float) -> float:
    """Turn isal's ratio at level 1 into zlib's at level 6, by a curve fitted to the contents named above."""
    ratio = min(ratio, 1.0)
    return ratio - min(0.055 * math.sqrt(1 - ratio), 0.2 * ratio)
