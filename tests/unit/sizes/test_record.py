from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.finding import Skip
from jettison.sizes.record import Line, Weight, bill, total

SIZES = st.integers(0, 1 << 50)
WEIGHTS = st.builds(Weight, SIZES, SIZES, st.sampled_from(["", "a", "b", "c"]), st.booleans())


@settings(deadline=None)
@given(st.lists(WEIGHTS, max_size=6))
def test_a_sum_adds_bytes_and_is_a_guess_when_a_part_is(weights: list[Weight]) -> None:
    """Bytes add up, each source stands once, and one guess makes the sum a guess."""
    summed = total(weights)
    assert summed.disk == sum(weight.disk for weight in weights)
    assert summed.pull == sum(weight.pull for weight in weights)
    assert summed.estimated == any(weight.estimated for weight in weights)
    assert set(summed.source.split("; ")) - {""} == {weight.source for weight in weights} - {""}


@settings(deadline=None)
@given(WEIGHTS, WEIGHTS, WEIGHTS)
def test_the_order_of_adding_does_not_matter(one: Weight, two: Weight, three: Weight) -> None:
    """Adding in steps gives what adding at once gives."""
    assert (one + two) + three == one + (two + three) == total([one, two, three])


def test_many_sources_are_counted() -> None:
    """Of more than four sources, four are named and the rest counted."""
    assert total(Weight(1, 1, name) for name in "abcdef").source == "a; b; c; d; and 2 more"


def test_a_bill_is_heaviest_first() -> None:
    """Lines stand by weight, reasons once each, and a line is found by name."""
    lines = [Line("small", "1", Weight(1, 1, "x")), Line("large", "2", Weight(9, 3, "x"))]
    found = bill(lines, [Skip("a", "b"), Skip("a", "b")])
    assert [line.name for line in found.lines] == ["large", "small"]
    assert (found.total.disk, found.total.pull, found.unresolved) == (10, 4, (Skip("a", "b"),))
    assert found.weight_of("small") == Weight(1, 1, "x")
    assert found.weight_of("none") is None
    assert bill([], []).total.source == "nothing to weigh"
