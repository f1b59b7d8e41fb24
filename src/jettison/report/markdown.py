"""Blocks → GitHub-flavoured Markdown: for pull requests, job summaries and READMEs."""

import re
from collections.abc import Iterator

from jettison.report.blocks import Block, Blocks, Code, Heading, Items, Paragraph, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#])")


def markdown(blocks: Blocks) -> str:
    """Return a report as Markdown; what comes from images cannot break out of its cell."""
    return "\n\n".join("\n".join(_lines(block)) for block in blocks) + "\n"


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading(text):
            yield f"## {_plain(text)}"
        case Paragraph(text):
            yield _plain(text)
        case Items(items):
            yield from (f"- {_plain(item)}" for item in items)
        case Code(text):
            yield from ("```text", *text.replace("```", "` ` `").splitlines(), "```")
        case Table():
            yield from _table(block)


def _table(table: Table) -> Iterator[str]:
    yield _row([column.title for column in table.columns])
    yield "| " + " | ".join("---:" if column.right else "---" for column in table.columns) + " |"
    for cells in (*table.rows, *((table.total,) if table.total else ())):
        yield _row(cells)


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return "| " + " | ".join(_plain(cell) for cell in cells) + " |"


def _plain(text: str) -> str:
    """Return text on one line with nothing in it that Markdown or HTML would take for its own."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return _SPECIAL.sub(r"\\\1", line).strip()
