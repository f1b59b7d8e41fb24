"""What ``jettison gpu`` says."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from jettison.files.gpu import GpuReport, GpuRow
from jettison.report.blocks import Block, Blocks, Column, Heading, Paragraph, Table, right
from jettison.report.units import count_text, counted, share_text, size_text
from jettison.report.words import owner_text, skip_blocks, top_rows

_SIZES = (right("entries"), right("on disk"), right("unpacked"), right("share"))


def gpu_blocks(report: GpuReport, *, top: int = 12) -> Blocks:
    """Return the report on GPU code.

    Args:
        report: what to say.
        top: rows of each table.
    """
    if not report.rows:
        return Heading(report.reference), Paragraph("No GPU code was found."), *skip_blocks(report.skips, top)
    share = share_text(report.code, report.disk)
    about = f"{size_text(report.code)} of GPU code in {counted(report.libraries, 'library', 'libraries')}: {share} of "
    return (
        Heading(report.reference),
        Paragraph(f"{about}{size_text(report.disk)}"),
        *architecture_blocks(report.rows, top),
        *_owners(report.rows, top),
        *_libraries(report.rows, top),
        *skip_blocks(report.skips, top),
    )


def architecture_blocks(rows: Sequence[GpuRow], top: int) -> tuple[Block, ...]:
    """Return GPU code by architecture and kind; nothing when there is none."""
    return _table("GPU code by architecture", "code", rows, lambda row: row.code, top) if rows else ()


def _owners(rows: Sequence[GpuRow], top: int) -> tuple[Block, ...]:
    if not any(row.owner for row in rows):
        return ()
    return _table("By owner", "owner", rows, lambda row: owner_text(row.owner), top)


def _libraries(rows: Sequence[GpuRow], top: int) -> tuple[Block, ...]:
    """Return one row a library, with the architectures that take most of it."""
    codes: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        codes[row.path][row.code] += row.disk
    order = sorted(codes, key=lambda path: (-sum(codes[path].values()), path))

    def cells(path: str) -> tuple[str, ...]:
        most = sorted(codes[path].items(), key=lambda pair: (-pair[1], pair[0]))
        text = ", ".join(f"{code} {size_text(size)}" for code, size in most[:4]) + (", …" if len(most) > 4 else "")  # noqa: PLR2004 -- as many as fit
        return size_text(sum(codes[path].values())), path, text

    def rest(paths: Sequence[str], words: str) -> tuple[str, ...]:
        return size_text(sum(sum(codes[path].values()) for path in paths)), words, ""

    columns = (right("GPU code"), Column("library", fit="start"), Column("of that", fit="wrap"))
    return Heading("By library"), Table(columns, top_rows(order, top, cells, rest))


def _table(title: str, head: str, rows: Sequence[GpuRow], key: Callable[[GpuRow], str], top: int) -> tuple[Block, ...]:
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        for place, value in enumerate((row.entries, row.disk, row.raw)):
            sums[key(row)][place] += value
    total = sum(row.disk for row in rows)
    order = sorted(sums.items(), key=lambda pair: (-pair[1][1], pair[0]))

    def figures(cells: Sequence[Sequence[int]]) -> tuple[str, ...]:
        entries, disk, raw = (sum(cell[place] for cell in cells) for place in range(3))
        return count_text(entries), size_text(disk), size_text(raw), share_text(disk, total)

    def cells(pair: tuple[str, list[int]]) -> tuple[str, ...]:
        return pair[0], *figures([pair[1]])

    def rest(pairs: Sequence[tuple[str, list[int]]], words: str) -> tuple[str, ...]:
        return words, *figures([cell for _, cell in pairs])

    table = Table(
        (Column(head, fit="end"), *_SIZES), top_rows(order, top, cells, rest), ("all", *figures(list(sums.values())))
    )
    return Heading(title), table
