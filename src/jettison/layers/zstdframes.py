"""The outside of a zstd stream (RFC 8878, section 3): frames and blocks by their headers, nothing decoded.

The decoder in the ``zstandard`` package ends quietly where a stream is cut off (measured with 0.25: a frame without
its last two bytes reads as complete), so the frames are followed here as the stored bytes go by.
"""

from collections.abc import Callable, Generator

from jettison.errors import BadInputError

MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = 0x184D2A50
_CONTENT_SIZE_BYTES = (0, 2, 4, 8)
_DICTIONARY_BYTES = (0, 1, 2, 4)
_RLE_BLOCK = 1
_RESERVED_BLOCK = 3
MOST_BLOCKS = 1 << 16


def is_skippable(head: bytes) -> bool:
    """Whether four bytes are the magic number of a skippable frame."""
    return int.from_bytes(head, "little") & 0xFFFFFFF0 == _SKIPPABLE


class FrameWalk:
    """Follows the frames of a stream that arrives in pieces.

    Args:
        place: the layer, for messages.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self._kept = b""
        self._steps = _steps(place)
        self._skip, self._wanted, self._between = next(self._steps)

    def feed(self, data: bytes | memoryview) -> None:
        """Take the next stored bytes.

        Raises:
            BadInputError: they are no zstd stream.
        """
        position = 0
        while position < len(data):
            if self._skip:
                step = min(self._skip, len(data) - position)
                self._skip -= step
                position += step
                continue
            header = self._kept + bytes(data[position : position + self._wanted - len(self._kept)])
            position += len(header) - len(self._kept)
            self._kept = header
            if len(header) == self._wanted:
                self._kept = b""
                self._skip, self._wanted, self._between = self._steps.send(header)

    def finish(self) -> None:
        """Check that the stream ended where a frame does.

        Raises:
            BadInputError: it is cut off.
        """
        if self._skip or self._kept or not self._between:
            raise BadInputError(f"{self._place}: the zstd stream is cut off", hint="fetch or save the image again")


def frame_end(read: Callable[[int, int], bytes], start: int, end: int) -> int:
    """Return the offset behind one frame that lies among other bytes.

    Args:
        read: gives the bytes of the file.
        start: where the frame begins.
        end: what it does not go beyond.

    Raises:
        BadInputError: it is no frame, is cut off, or has more than :data:`MOST_BLOCKS` blocks.
    """
    steps = _steps(f"the frame at {start}")
    at, (skip, wanted, _) = start, next(steps)
    for _ in range(MOST_BLOCKS):
        if at + wanted > end:
            break
        skip, following, between = steps.send(read(at, wanted))
        at, wanted = at + wanted + skip, following
        if between:
            if at <= end:
                return at
            break
    raise BadInputError(f"the frame at {start} is cut off, or has more than {MOST_BLOCKS} blocks")


def _steps(place: str) -> Generator[tuple[int, int, bool], bytes, None]:
    """Yield (bytes to pass over, bytes wanted after them, whether a frame may begin there); is sent the wanted ones."""
    skip = 0
    while True:
        head = yield skip, 4, True
        skip = 0
        if is_skippable(head):
            skip = int.from_bytes((yield 0, 4, False), "little")
            continue
        if head != MAGIC:
            raise BadInputError(f"{place}: after a zstd frame come bytes that are no frame ({head.hex()})")
        descriptor = (yield 0, 1, False)[0]
        single = descriptor >> 5 & 1
        rest = 1 - single + _DICTIONARY_BYTES[descriptor & 3] + (_CONTENT_SIZE_BYTES[descriptor >> 6] or single)
        yield 0, rest, False
        last = 0
        while not last:
            block = int.from_bytes((yield skip, 3, False), "little")
            last, kind, size = block & 1, block >> 1 & 3, block >> 3
            if kind == _RESERVED_BLOCK:
                raise BadInputError(f"{place}: a zstd block of the reserved type")
            skip = 1 if kind == _RLE_BLOCK else size
        skip += descriptor & 4
