"""Blocks → text of a given width, with or without colour; the same blocks always give the same characters.

Rich draws progress (:mod:`jettison.report.bars`); reports are drawn here, so that a pipe gets bytes that no library's
next version changes, and a second look at an image does not pay 70 ms for an import.
"""

from collections.abc import Iterator, Sequence

from jettison.report.blocks import Block, Blocks, Code, Column, Heading, Items, Paragraph, Table
from jettison.report.escape import cells, plain

PIPE_WIDTH = 100
_GAP = "  "
_LEAST = 12
_ELLIPSIS = "…"
_CODES = {"good": "32", "bad": "31", "dim": "2", "heading": "1"}


def draw(blocks: Blocks, *, width: int = PIPE_WIDTH, colour: bool = False) -> str:
    """Return the report as text.

    Args:
        blocks: what to draw; their texts are untrusted and get escaped.
        width: columns to fill at most (a cell that must be kept whole may go over).
        colour: whether ANSI sequences may be used.

    Returns:
        Lines without trailing spaces, each ended by a newline.
    """
    lines: list[str] = []
    before: Block | None = None
    for block in blocks:
        if before and not isinstance(before, Heading):
            lines.append("")
        before = block
        lines.extend(_lines(block, width, colour=colour))
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _lines(block: Block, width: int, *, colour: bool) -> Iterator[str]:
    if isinstance(block, Heading):
        yield _paint(plain(block.text), "heading", colour=colour)
    elif isinstance(block, Paragraph):
        for line in wrap(plain(block.text), width):
            yield _paint(line, block.tone, colour=colour)
    elif isinstance(block, Items):
        for item in block.items:
            for number, line in enumerate(wrap(plain(item), width - 2)):
                yield _paint(("- " if number == 0 else "  ") + line, block.tone, colour=colour)
    elif isinstance(block, Code):
        for line in block.text.splitlines():
            yield f"    {plain(line.expandtabs(4))}"
    else:
        yield from _table(block, width, colour=colour)


def _paint(line: str, tone: str, *, colour: bool) -> str:
    return f"\x1b[{_CODES[tone]}m{line}\x1b[0m" if colour and tone else line


def _table(table: Table, width: int, *, colour: bool) -> Iterator[str]:
    titles = tuple(column.title for column in table.columns)
    rows = [tuple(plain(cell) for cell in row) for row in table.rows]
    total = tuple(plain(cell) for cell in table.total)
    widths = _widths(table.columns, [titles, *rows, *([total] if total else [])], width)
    if any(titles):
        for line in _row(table.columns, titles, widths):
            yield _paint(line.rstrip(), "dim", colour=colour)
    for row in rows:
        yield from _row(table.columns, row, widths)
    if total:
        for line in _row(table.columns, total, widths):
            yield _paint(line.rstrip(), "heading", colour=colour)


def _widths(columns: Sequence[Column], rows: Sequence[tuple[str, ...]], width: int) -> list[int]:
    """Return each column's width: what its cells need, the widest flexible ones shortened until the table fits."""
    widths = [max(cells(row[i]) for row in rows) for i in range(len(columns))]
    over = sum(widths) + len(_GAP) * (len(columns) - 1) - width
    flexible = [i for i, column in enumerate(columns) if column.fit != "keep"]
    while over > 0 and flexible:
        widest = max(flexible, key=lambda i: widths[i])
        others = [widths[i] for i in flexible if widths[i] < widths[widest]]
        cut = min(over, max(1, widths[widest] - max(others, default=0)), widths[widest] - _LEAST)
        if cut <= 0:
            break
        widths[widest] -= cut
        over -= cut
    return widths


def _row(columns: Sequence[Column], row: tuple[str, ...], widths: Sequence[int]) -> Iterator[str]:
    parts = [_fit(cell, size, column) for cell, size, column in zip(row, widths, columns, strict=True)]
    for number in range(max(len(part) for part in parts)):
        texts = (part[number] if number < len(part) else "" for part in parts)
        aligned = (
            _pad(text, size, right=column.right) for text, size, column in zip(texts, widths, columns, strict=True)
        )
        yield _GAP.join(aligned)


def _fit(cell: str, size: int, column: Column) -> list[str]:
    if column.fit == "keep" or cells(cell) <= size:
        return [cell]
    if column.fit == "wrap":
        return wrap(cell, size)
    if column.fit == "start":
        return [_ELLIPSIS + _last(cell, size - 1)]
    return [_first(cell, size - 1) + _ELLIPSIS]


def _pad(text: str, size: int, *, right: bool) -> str:
    blank = " " * (size - cells(text))
    return blank + text if right else text + blank


def _first(text: str, size: int) -> str:
    """Return the longest beginning of ``text`` that takes at most ``size`` columns."""
    used = 0
    for number, char in enumerate(text):
        used += cells(char)
        if used > size:
            return text[:number]
    return text


def _last(text: str, size: int) -> str:
    return _first(text[::-1], size)[::-1]


def wrap(text: str, width: int) -> list[str]:
    """Return ``text`` in lines of at most ``width`` columns, broken at spaces, inside a word only when it must be."""
    lines, line = [], ""
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if cells(candidate) <= width:
            line = candidate
            continue
        if line:
            lines.append(line)
        rest = word
        while cells(rest) > width:
            head = _first(rest, max(width, 2))
            lines.append(head)
            rest = rest[len(head) :]
        line = rest
    return [*lines, line]
