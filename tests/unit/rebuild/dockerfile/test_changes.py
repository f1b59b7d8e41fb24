"""What became of instructions over two steps."""

import pytest

from jettison.rebuild.dockerfile.changes import followed
from jettison.rules.dockerfile.finding import Change

KEPT = Change(1, 1, "FROM a", "kept")


def test_an_instruction_is_followed_through_both_steps() -> None:
    """A line that moved in the first step and was changed in the second is changed, with the rules of both."""
    first = (KEPT, Change(2, 3, "COPY . .", "moved", ("r1",), "behind the install"))
    second = (KEPT, Change(3, 7, "COPY . .", "changed", ("r2",), "its user's"))
    assert followed(first, second)[1] == Change(
        2, 7, "COPY . .", "changed", ("r1", "r2"), "behind the install; its user's"
    )


def test_one_that_is_in_two_stages_is_told_twice() -> None:
    """An instruction that the second step puts in two places has both."""
    second = (Change(1, 1, "FROM a", "changed", ("x",)), Change(1, 9, "FROM a", "changed", ("x",)))
    assert [each.new_line for each in followed((KEPT,), second)] == [1, 9]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (Change(2, 0, "RUN x", "dropped", ("r",)), None, [("dropped", 2, 0)]),
        (Change(2, 3, "RUN x", "kept"), Change(3, 0, "RUN x", "dropped", ("r",)), [("dropped", 2, 0)]),
        (Change(0, 3, "RUN x", "added", ("r",)), Change(3, 5, "RUN x", "changed", ("s",)), [("added", 0, 5)]),
        (Change(0, 3, "RUN x", "added", ("r",)), Change(3, 0, "RUN x", "dropped", ("s",)), []),
    ],
)
def test_added_and_dropped(first: Change, second: Change | None, told: list[tuple[str, int, int]]) -> None:
    """What was dropped stays told; what was added stays added; what was added and dropped again is nobody's."""
    found = followed((first,), (second,) if second else ())
    assert [(each.what, each.line, each.new_line) for each in found] == told
