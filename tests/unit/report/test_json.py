import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers import records

from jettison.report.json import decode_text, dumps, encode_text, to_document, to_value


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.binary().map(os.fsdecode))
def test_text_comes_back(text: str) -> None:
    """Every text and every file name survives the round trip through a strict JSON parser."""
    written = dumps({"x": encode_text(text)})
    assert written.isascii()
    read = json.loads(written)["x"]
    read.encode()  # no lone surrogate
    assert decode_text(read) == text


def test_bytes_convention() -> None:
    """Names that are not UTF-8, and names that look escaped, carry the prefix; nothing else does."""
    assert encode_text(os.fsdecode(b"usr/caf\xe9 %")) == "bytes:usr/caf%E9 %25"
    assert encode_text("bytes:x") == "bytes:bytes:x"
    assert encode_text("usr/café") == "usr/café"


def test_lone_surrogate_of_no_byte() -> None:
    """Half a surrogate pair, which stands for no byte, still gives JSON that every parser takes."""
    dumps(encode_text("\ud800")).encode()


@given(st.text())
def test_any_text_can_be_written(text: str) -> None:
    """There is no text that breaks the writer."""
    json.loads(dumps(encode_text(text))).encode()


def test_values() -> None:
    """Records, mappings with numbers as keys, bytes and paths have a form; anything else is a bug, told as one."""

    @dataclass(frozen=True)
    class Thing:
        data: bytes
        by_number: dict[int, tuple[int, ...]]
        path: Path

    assert to_value(Thing(b"\x00\xff", {1: (2, 3)}, Path("/x"))) == {
        "data": "AP8=",
        "by_number": {"1": [2, 3]},
        "path": "/x",
    }
    with pytest.raises(TypeError, match="set has no form"):
        to_value({1, 2})
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps(float("nan"))


def test_document_names_its_schema() -> None:
    """The first field says which schema the document follows."""
    document = to_document(records.proof())
    assert next(iter(document.items())) == ("schema", "jettison/proof/1")
    with pytest.raises(KeyError):
        to_document(Path())
