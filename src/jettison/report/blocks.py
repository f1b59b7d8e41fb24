"""What a report is made of, as data: each format (text now, Markdown and HTML later) draws the same blocks."""

from dataclasses import dataclass
from typing import Literal

Fit = Literal["keep", "wrap", "start", "end"]
Tone = Literal["", "good", "bad", "dim"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        title: its head.
        right: aligned to the right, as numbers are.
        fit: what happens when the table is too wide: ``keep`` (never shortened), ``wrap`` (goes on below), ``start``
            (the beginning is left out: paths) or ``end`` (the end is left out: instructions).
    """

    title: str
    right: bool = False
    fit: Fit = "keep"


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of what follows."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences, wrapped at the width; ``tone`` says whether they are good or bad news."""

    text: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; every row has one cell a column.

    Attributes:
        columns: in order.
        rows: cells as text; untrusted, the drawing escapes them.
        total: a last row, set apart; empty for none.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """A list of sentences, one an item."""

    items: tuple[str, ...]
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Code:
    """Lines as they are, indented."""

    text: str


Block = Heading | Paragraph | Table | Items | Code
Blocks = tuple[Block, ...]


def right(title: str) -> Column:
    """Return a column of numbers."""
    return Column(title, right=True)
