"""Reports as Markdown."""

from hypothesis import given
from hypothesis import strategies as st

from jettison.report.blocks import Code, Column, Heading, Items, Paragraph, Table, right
from jettison.report.markdown import markdown


def test_blocks() -> None:
    """Each block has its form, numbers are aligned to the right, and a total is the last row."""
    table = Table((Column("what"), right("size")), (("a|b", "1 MB"),), ("all", "1 MB"))
    text = markdown((Heading("T"), Paragraph("p <b>"), table, Items(("one", "two")), Code("x\n```\ny")))
    assert text == (
        "## T\n\np \\<b\\>\n\n| what | size |\n| --- | ---: |\n| a\\|b | 1 MB |\n| all | 1 MB |\n\n- one\n- two\n\n"
        "```text\nx\n` ` `\ny\n```\n"
    )


@given(st.text(max_size=60))
def test_any_cell(text: str) -> None:
    """Whatever a cell holds, the table has its rows and its columns."""
    lines = markdown((Table((Column("a"), Column("b")), ((text, "x"),)),)).splitlines()
    assert len(lines) == 3
    assert lines[2].replace("\\\\", "").replace("\\|", "").count("|") == 3
