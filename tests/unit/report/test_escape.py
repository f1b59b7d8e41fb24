import os
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.records import inspection

from jettison.report.escape import cells, plain
from jettison.report.layout import draw
from jettison.report.text.inspection import inspection_blocks


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("a\nroot: ok", "a\\nroot: ok"),
        ("a\rb\tc", "a\\rb\\tc"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("line\u2028break", "line\\u2028break"),
        (os.fsdecode(b"caf\xe9"), "caf\\xe9"),
        ("\U000e0001tag", "\\U000e0001tag"),
        ("café 日本 ok", "café 日本 ok"),
    ],
)
def test_hostile_names(name: str, shown: str) -> None:
    """Escape sequences, faked lines, overrides and bytes that are not UTF-8 are written out; what is seen stays."""
    assert plain(name) == shown


@given(st.text() | st.binary().map(os.fsdecode))
def test_nothing_invisible_passes(text: str) -> None:
    """Whatever the name, what is drawn has only characters that can be seen or are spaces, and can be encoded."""
    shown = plain(text)
    assert all(unicodedata.category(char)[0] != "C" and char not in "\u2028\u2029" for char in shown)
    shown.encode()


def test_reports_escape_what_images_say() -> None:
    """A hostile instruction and path reach the drawn report escaped."""
    record = inspection()
    layers = (replace(record.layers[0], created_by="RUN \x1b[2J evil"), *record.layers[1:])
    largest = (replace(record.largest[0], path="tmp/\x1b]0;x\x07\n\u202e"),)
    text = draw(inspection_blocks(replace(record, layers=layers, largest=largest, reference="\x1b[1m")))
    assert "\x1b" not in text
    assert "\\x1b[2J evil" in text
    assert "\\n\\u202e" in text


def test_cells() -> None:
    """East Asian wide characters take two columns, combining ones none."""
    assert [cells(text) for text in ("abc", "日本", "e\u0301", "é")] == [3, 4, 1, 1]
