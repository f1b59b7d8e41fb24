"""The characters of a Dockerfile, each with its place in the file, and none lost."""

import bisect
from dataclasses import dataclass

from jettison.errors import BadInputError

MAX_SIZE = 1 << 20
"""Bytes of the largest Dockerfile that is read; public ones are below 100 kB."""
MAX_LINE = 65_535
"""Bytes of the longest line: BuildKit's scanner takes no longer one."""
BOM = "\ufeff"


def decode(data: bytes, name: str) -> str:
    """Return a file's text, from which :func:`encode` gives the same bytes again.

    Bytes that are not UTF-8 become lone surrogates (PEP 383). A byte order mark stays in the text.

    Args:
        data: the file.
        name: for messages.

    Raises:
        BadInputError: it is too large, binary, or has a line that no builder reads.
    """
    if len(data) > MAX_SIZE:
        raise BadInputError(f"{name} has more than {MAX_SIZE:,} bytes", hint="is it a Dockerfile?")
    if b"\0" in data:
        raise BadInputError(f"{name} is binary: it holds a zero byte", hint="is it a Dockerfile? UTF-16 is not read")
    longest, at = max(((len(line), at) for at, line in enumerate(data.split(b"\n"), 1)), default=(0, 0))
    if longest > MAX_LINE:
        raise BadInputError(f"{name}:{at}: the line has {longest:,} bytes; BuildKit reads no more than {MAX_LINE:,}")
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Return the bytes of a text that :func:`decode` gave."""
    return text.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Joined:
    """Text gathered from pieces of a file, such as an instruction's line without its continuations.

    Attributes:
        text: the pieces together, as the builder or the shell sees them.
        starts: offset in ``text`` at which each piece begins, ascending; the first is 0.
        places: offset in the file of each piece.
    """

    text: str
    starts: tuple[int, ...]
    places: tuple[int, ...]

    def place(self, at: int) -> int:
        """Return the offset in the file of the character ``at``."""
        index = max(0, bisect.bisect_right(self.starts, at) - 1)
        return self.places[index] + at - self.starts[index]

    def span(self, start: int, end: int) -> "tuple[int, int]":
        """Return the offsets in the file of ``text[start:end]``: from its first character to behind its last."""
        if len(self.starts) == 1:
            return self.places[0] + start, self.places[0] + max(start, end)
        first = self.place(start)
        return (first, self.place(end - 1) + 1) if end > start else (first, first)

    def whole(self, start: int, end: int) -> bool:
        """Whether ``text[start:end]`` lies in one piece in the file."""
        if len(self.starts) == 1:
            return True
        return end <= start or bisect.bisect_right(self.starts, start) == bisect.bisect_right(self.starts, end - 1)

    def part(self, start: int, end: int) -> "Joined":
        """Return ``text[start:end]`` with its places."""
        first = max(0, bisect.bisect_right(self.starts, start) - 1)
        last = max(first + 1, bisect.bisect_left(self.starts, end))
        starts = [0, *(each - start for each in self.starts[first + 1 : last])]
        places = [self.place(start), *self.places[first + 1 : last]]
        return Joined(self.text[start:end], tuple(starts), tuple(places))
