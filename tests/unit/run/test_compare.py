"""Differences between two answers."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.run.compare import compare
from jettison.run.workload import Answer, Compare, CompareKind, Probe


def answer(body: bytes = b"", *, status: int = 200, exit_code: int = 0, error: str = "") -> Answer:
    return Answer("p", status, exit_code, body, {}, 0.1, error)


def probe(*what: CompareKind, tolerance: float = 0.0, ignore: tuple[str, ...] = ()) -> Probe:
    return Probe("p", "http", Compare(what, tolerance, ignore))


def json_differences(one: object, other: object, **options: object) -> tuple[str, ...]:
    wanted = probe("json", **options)  # type: ignore[arg-type] # options of Compare
    return compare(wanted, answer(json.dumps(one).encode()), answer(json.dumps(other).encode()))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(max_examples=40)
@given(JSON)
def test_a_document_agrees_with_itself(value: object) -> None:
    """Reflexive, NaN and infinities included, whatever the spelling and the order of keys."""
    spaced = json.dumps(value, indent=3, sort_keys=True).encode()
    assert compare(probe("json"), answer(json.dumps(value).encode()), answer(spaced)) == ()


@settings(max_examples=40)
@given(JSON, JSON)
def test_comparing_is_symmetric(one: object, other: object) -> None:
    """Whether two documents agree does not depend on which came first."""
    assert bool(json_differences(one, other)) == bool(json_differences(other, one))


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_tolerance_takes_small_changes_only(value: float) -> None:
    """A change of a tenth of the tolerance passes; one of ten times fails."""
    small, large = value + 1e-6 * max(1, abs(value)), value + 1e-4 * max(1, abs(value))
    assert json_differences([value], [small], tolerance=1e-5) == ()
    assert len(json_differences([value], [large], tolerance=1e-5)) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (None, 0, False),
        (math.nan, math.nan, True),
        (math.nan, 1.0, False),
        (math.inf, -math.inf, False),
        ("1", 1, False),
        ([], {}, False),
        (10**400, 1.5, False),
        ([1, 2], [2, 1], False),
    ],
)
def test_what_counts_as_the_same(one: object, other: object, *, same: bool) -> None:
    """Numbers by value, true and false apart from 1 and 0, NaN equal to NaN, lists in order."""
    assert (json_differences(one, other, tolerance=1e-9) == ()) is same


def test_a_message_names_the_path_and_both_values() -> None:
    """A reader sees where and what."""
    assert json_differences({"a": [{"b": 1.5}]}, {"a": [{"b": 2.5}]}) == ("p: a.0.b: 1.5 before, 2.5 after",)


def test_what_is_missing_is_named() -> None:
    """Keys and list items that only one side has are differences."""
    assert json_differences({"a": 1, "l": [1]}, {"b": 2, "l": [1, 2]}) == (
        "p: a: 1 before, absent after",
        "p: l.1: absent before, 2 after",
        "p: b: absent before, 2 after",
    )


def test_ignored_paths_may_differ_with_all_below_them() -> None:
    """``*`` stands for any key or index; a pattern takes the subtree."""
    one = {"timing": {"ms": 1, "deep": {"x": 1}}, "items": [{"id": 1, "v": 3}, {"id": 2, "v": 4}]}
    other = {"timing": {"ms": 2, "deep": 7}, "items": [{"id": 8, "v": 3}, {"id": 9, "v": 4}]}
    assert json_differences(one, other, ignore=("timing.*", "items.*.id")) == ()
    assert len(json_differences(one, other, ignore=("items.*.id",))) == 2
    assert json_differences({"x": 1}, {}, ignore=("x",)) == ()


def test_answers_that_are_no_json_are_one_difference() -> None:
    """The message shows how the body begins."""
    (text,) = compare(probe("json"), answer(b"{}"), answer(b"<html>"))
    assert "after is not JSON" in text
    assert "'<html>'" in text


def test_nested_too_deep_is_a_difference_not_a_crash() -> None:
    """A hostile service cannot exhaust the stack."""
    deep = b"[" * 100_000 + b"]" * 100_000
    assert "not JSON" in compare(probe("json"), answer(deep), answer(b"[]"))[0]


def test_messages_are_bounded() -> None:
    """At most 20 differences and the count of the rest, each short."""
    texts = json_differences({str(i): "x" * 10_000 for i in range(100)}, {})
    assert len(texts) == 21
    assert texts[-1] == "p: and 80 differences more"
    assert max(map(len, texts)) < 400


def test_each_part_that_is_asked_for_is_compared() -> None:
    """Status, exit code, bytes and stdout."""
    texts = compare(probe("status", "bytes"), answer(b"abcd"), answer(b"abXd", status=500))
    assert texts == (
        "p: status: 200 before, 500 after",
        "p: body: 4 bytes before, 4 after; from byte 2 on 'cd' became 'Xd'",
    )
    assert compare(probe("exit-code"), answer(), answer(exit_code=3)) == ("p: exit code: 0 before, 3 after",)
    assert compare(probe("status"), answer(b"a"), answer(b"b")) == ()


def test_an_answer_that_failed_agrees_with_nothing() -> None:
    """Not even with the same failure."""
    failed = answer(error="refused")
    assert len(compare(probe("status"), failed, failed)) == 2
