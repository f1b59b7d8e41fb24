"""Buffers: given again once nobody looks into them, and never before."""

from hypothesis import given
from hypothesis import strategies as st

from jettison.layers.buffers import PIECE, Buffers


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=40))
def test_a_view_that_somebody_holds_keeps_its_bytes(steps: list[tuple[bool, int]]) -> None:
    """Whatever is taken and dropped, also where only a part of the view is held."""
    buffers = Buffers()
    held: list[tuple[memoryview, int]] = []
    for number, (keep, drop) in enumerate(steps):
        view = buffers.take()
        assert len(view) == PIECE
        view[:8] = number.to_bytes(8, "little")
        if keep:
            held.append((view[:8], number))
        del view
        del held[:drop]
        assert all(int.from_bytes(part, "little") == mark for part, mark in held)


def test_memory_is_used_again() -> None:
    """One that was dropped is the next that is given."""
    buffers = Buffers()
    first, second = buffers.take(), buffers.take()
    first[0], second[0] = 7, 8
    assert len({id(view.obj) for view in (first, second)}) == 2
    was = id(first.obj)
    del first
    again = buffers.take()
    assert (id(again.obj), again[0]) == (was, 7)
