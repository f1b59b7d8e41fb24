from hypothesis import given
from hypothesis import strategies as st

from jettison.rebuild.record import Removed
from jettison.rebuild.removed import COLUMNS, escape, removed_lines

NAMES = st.binary(min_size=1, max_size=30).map(lambda raw: raw.decode("utf-8", "surrogateescape"))


def unescape(cell: str) -> bytes:
    return cell.encode().decode("unicode_escape").encode("latin-1") if cell.isascii() else cell.encode()


@given(NAMES)
def test_any_name_stays_one_cell(name: str) -> None:
    """Whatever bytes a name has, its cell is text without tabs, line ends or control characters."""
    text = escape(name).decode("utf-8")
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in text)
    assert not text.count("\u2028")
    assert len(text.splitlines()) == 1


@given(st.binary(min_size=1, max_size=30).filter(bytes.isascii))
def test_escapes_can_be_undone(raw: bytes) -> None:
    """The escapes are those of Python and C, so that a name can be had back."""
    assert unescape(escape(raw.decode()).decode()) == raw


def test_the_list_has_a_head_and_a_line_a_target() -> None:
    """Tabs and line ends in names and reasons do not break the table."""
    row = Removed("a\tb\n\udcff", 1, 2, "drop", 0, "rule", "step", "why\\")
    head, line = removed_lines([row])
    assert head.decode().rstrip("\n").split("\t") == list(COLUMNS)
    assert line == b"a\\tb\\n\\xff\t1\t2\tdrop\t0\trule\tstep\twhy\\\\\n"
