"""Ranges, against sets of numbers."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from jettison.elf.ranges import joined, left

RANGES = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=8
)


def numbers(ranges: list[tuple[int, int]]) -> set[int]:
    """Return what lies in some ranges."""
    return {number for start, end in ranges for number in range(start, end)}


@given(RANGES)
def test_joined(ranges: list[tuple[int, int]]) -> None:
    """What is joined holds the same numbers, in ranges that do not touch."""
    found = joined(ranges)
    assert numbers(found) == numbers(ranges)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(found))


@given(RANGES, st.integers(0, 50), st.integers(0, 30))
def test_left(ranges: list[tuple[int, int]], start: int, size: int) -> None:
    """What is left holds the numbers of the whole that none of the others has, in order."""
    found = list(left((start, start + size), joined(ranges)))
    assert numbers(found) == set(range(start, start + size)) - numbers(ranges)
    assert found == sorted(found)
    assert all(one < other for one, other in found)
