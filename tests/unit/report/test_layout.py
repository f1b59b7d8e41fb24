from hypothesis import given
from hypothesis import strategies as st

from jettison.report.blocks import Block, Column, Heading, Items, Paragraph, Table, right
from jettison.report.escape import cells
from jettison.report.layout import draw, wrap

TABLE = Table(
    (right("size"), Column("path", fit="start"), Column("why", fit="wrap"), Column("what", fit="end")),
    (
        (
            "1.0 MB",
            "/usr/local/lib/python3.11/site-packages/x.so",
            "no kept library needs it at all",
            "RUN pip install x",
        ),
    ),
    ("1.0 MB", "", "", ""),
)


def test_shortening() -> None:
    """In a narrow table paths lose their beginning, instructions their end, sentences go on below; numbers stay."""
    assert draw((TABLE,), width=64).splitlines() == [
        "  size  path               why                 what",
        "1.0 MB  …te-packages/x.so  no kept library     RUN pip install x",
        "                           needs it at all",
        "1.0 MB",
    ]


@given(
    st.lists(st.tuples(st.text(max_size=60), st.text(max_size=60)), max_size=5),
    st.integers(min_value=40, max_value=120),
)
def test_width_is_kept(rows: list[tuple[str, str]], width: int) -> None:
    """Whatever the cells hold, a table of flexible columns is no wider than asked for, and every line is one line."""
    blocks: tuple[Block, ...] = (
        Heading("x"),
        Table((Column("a", fit="start"), Column("b", fit="wrap")), tuple(rows)),
        Items(("y",)),
    )
    for line in draw(blocks, width=width).split("\n"):
        assert cells(line) <= width
        assert line == line.rstrip(" ")


@given(st.text(max_size=300), st.integers(min_value=2, max_value=50))
def test_wrap_loses_nothing(text: str, width: int) -> None:
    """Wrapping loses only spaces, and no line is too wide (but for one wide character in too narrow a space)."""
    lines = wrap(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(cells(line) <= width for line in lines)


def test_colour_only_when_asked() -> None:
    """Without colour there is no escape sequence; with it, the text is the same but for these."""
    blocks: tuple[Block, ...] = (Heading("Title"), Paragraph("bad news", "bad"), TABLE)
    assert "\x1b" not in draw(blocks)
    coloured = draw(blocks, colour=True)
    assert "\x1b[31mbad news\x1b[0m" in coloured
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m"):
        coloured = coloured.replace(code, "")
    assert [line.rstrip() for line in coloured.splitlines()] == draw(blocks).splitlines()
