"""The convention by which text of any kind stands in JSON documents."""

import json
import os
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.errors import BadInputError
from jettison.oci.json_text import decode_text, encode_text

UNICODE = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
ASCII = st.text(alphabet=st.characters(max_codepoint=127)) | st.text(alphabet="%0123456789abcdefABCDEFx")


@given(UNICODE | st.binary().map(os.fsdecode) | UNICODE.map("bytes:".__add__))
def test_text_comes_back(text: str) -> None:
    """Every text and every file name survives the round trip through a strict JSON parser."""
    written = json.dumps(encode_text(text))
    assert written.isascii()
    read = json.loads(written)
    read.encode()  # no lone surrogate
    assert decode_text(read) == text


def test_bytes_convention() -> None:
    """Names that are not UTF-8, and names that look escaped, carry the prefix; nothing else does."""
    assert encode_text(os.fsdecode(b"usr/caf\xe9 %")) == "bytes:usr/caf%E9 %25"
    assert encode_text("bytes:x") == "bytes:bytes:x"
    assert encode_text("usr/café") == "usr/café"


@given(st.binary())
def test_it_is_percent_encoding(raw: bytes) -> None:
    """Bytes are written as the standard library's percent-encoding has them, so other programs can read them."""
    written = encode_text("bytes:" + os.fsdecode(raw)).removeprefix("bytes:bytes:")
    assert written == quote_from_bytes(raw, safe="/ !$&'()*+,;=:@")


@given(ASCII)
def test_escapes_of_other_writers(text: str) -> None:
    """Any ASCII behind the prefix is read as the standard library reads it: lower-case digits, stray ``%``."""
    assert os.fsencode(decode_text(f"bytes:{text}")) == unquote_to_bytes(text)


@pytest.mark.parametrize("text", ["bytes:é", "bytes:%E9€", "bytes:\udce9"])
def test_not_ascii(text: str) -> None:
    """What is not ASCII behind the prefix stands for no certain bytes."""
    with pytest.raises(BadInputError, match="not ASCII"):
        decode_text(text)


def test_lone_surrogate_of_no_byte() -> None:
    """Half a surrogate pair, which stands for no byte, still gives JSON that every parser takes."""
    json.dumps(encode_text("\ud800")).encode()


@given(st.text())
def test_any_text_can_be_written(text: str) -> None:
    """There is no text that breaks the writer."""
    encode_text(text).encode()
