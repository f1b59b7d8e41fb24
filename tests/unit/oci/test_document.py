"""The strict JSON loader."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.errors import BadInputError
from jettison.oci.document import DEPTH_LIMIT, dump_document, load_document, load_json

_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), _values, max_size=5))
def test_what_is_dumped_loads_again(document: dict[str, Any]) -> None:
    """Any document of JSON values survives dump and load unchanged."""
    assert load_document(dump_document(document), "x") == document


@given(st.binary(max_size=300))
def test_any_bytes_load_or_are_bad_input(data: bytes) -> None:
    """No bytes make the loader raise anything but BadInputError."""
    try:
        load_json(data, "x")
    except BadInputError as error:
        assert error.message.startswith("x")  # noqa: PT017 -- either outcome is right


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"a":1,"a":2}', "stands twice"),
        (b'{"o":{"a":1,"a":1}}', "stands twice"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":Infinity}', "Infinity"),
        (b'{"a":-Infinity}', "-Infinity"),
        (b'{"a":1e999}', "infinite"),
        (b'{"a":' + b"9" * 21 + b"}", "21 digits"),
        (b'{"a":' + b"9" * 10_000 + b"}", "10000 digits"),
        (b'{"a":"\\ud800"}', "surrogate"),
        (b'{"\\udfff":1}', "surrogate"),
        (b'{"a":"\xff"}', "not JSON"),
        (b'\xef\xbb\xbf{"a":1}', "not JSON"),
        (b'{"a":1}x', "not JSON"),
        (b"", "not JSON"),
        (b"[1]", "no JSON object"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "nested deeper"),
        (b'{"a":' + b"[" * 1_000_000, "nested deeper"),
        (b'{"a":[' + b"0," * 1_100_000 + b"0]}", "too many values"),
        (b'{"a":"' + b"x" * (16 << 20) + b'"}', "more than the"),
    ],
)
def test_hostile_documents_are_bad_input(raw: bytes, reason: str) -> None:
    """Each malformed or oversized document is refused with the document's name and the reason."""
    with pytest.raises(BadInputError, match=reason) as caught:
        load_document(raw, "image.tar: config")
    assert caught.value.message.startswith("image.tar: config")


def test_brackets_in_strings_are_not_nesting() -> None:
    """Only brackets outside of strings count as depth."""
    text = "[{" * 200 + '"' + "\\"
    assert load_document(json.dumps({"a": text}).encode(), "x") == {"a": text}


def test_depth_up_to_the_limit_loads() -> None:
    """Exactly 64 levels load."""
    raw = b'{"a":' * DEPTH_LIMIT + b"1" + b"}" * DEPTH_LIMIT
    assert load_document(raw, "x")


def test_surrogate_pairs_are_characters() -> None:
    """An escaped pair of surrogates is one character, and no reason to refuse."""
    assert load_document(b'{"a":"\\ud83d\\ude00"}', "x") == {"a": "\N{GRINNING FACE}"}


def test_limit_is_adjustable() -> None:
    """A caller may allow more or fewer bytes."""
    with pytest.raises(BadInputError, match="more than the 10 allowed"):
        load_document(b'{"a":"12345"}', "x", limit=10)


def test_dump_refuses_what_is_no_json() -> None:
    """NaN is never written."""
    with pytest.raises(ValueError, match="Out of range"):
        dump_document({"a": math.nan})


def test_dump_is_canonical() -> None:
    """Keys are sorted, nothing is padded, characters stay what they are."""
    assert dump_document({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
