import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers import records

from jettison.oci.json_text import decode_text
from jettison.report.json import dumps, to_document, to_value


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.binary().map(os.fsdecode))
def test_text_comes_back(text: str) -> None:
    """Every text and every file name, as a value or a key, survives the round trip through a strict JSON parser."""
    written = dumps(to_value({text: text}))
    assert written.isascii()
    read = json.loads(written)
    json.dumps(read, ensure_ascii=False).encode()  # no lone surrogate
    assert [(decode_text(key), decode_text(value)) for key, value in read.items()] == [(text, text)]


@given(st.text())
def test_any_text_can_be_written(text: str) -> None:
    """There is no text that breaks the writer."""
    json.loads(dumps(to_value({"x": text})))["x"].encode()


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
