"""Ranges of offsets or addresses: the first, and the one behind the last."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

Range = tuple[int, int]


def joined(ranges: Iterable[Range]) -> list[Range]:
    """Return ranges in order, those that overlap or touch as one."""
    found: list[Range] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def left(whole: Range, without: Sequence[Range]) -> Iterator[Range]:
    """Give what is left of a range.

    Args:
        whole: the range.
        without: what is taken out of it, ascending and disjoint.
    """
    at, stop = whole
    for place in range(max(0, bisect_right(without, whole) - 1), len(without)):
        start, end = without[place]
        if start >= stop:
            break
        if end > at:
            if start > at:
                yield at, start
            at = end
    if at < stop:
        yield at, stop
