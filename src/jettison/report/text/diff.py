"""What ``jettison diff`` says."""

from collections.abc import Sequence

from jettison.files.diff import GroupDiff, ImageDiff, PathDiff
from jettison.report.blocks import Block, Blocks, Column, Heading, Paragraph, Table, right
from jettison.report.units import change_text, count_text, delta_text, size_text
from jettison.report.words import owner_text, top_rows

_SIZES = (right("before"), right("after"), right("difference"))


def diff_blocks(record: ImageDiff, *, by: str = "owner", top: int = 30) -> Blocks:
    """Return the report on a difference.

    Args:
        record: what to report.
        by: ``owner``, ``kind`` or ``path``: what a row is about.
        top: rows at most.
    """
    head = (Heading(f"{record.before} → {record.after}"), _sizes(record))
    if not record.paths:
        return *head, Paragraph("Containers of both see the same files.", "good")
    if by == "path":
        return *head, *_paths(record.paths, top)
    return *head, *_groups(by, record.owners if by == "owner" else record.kinds, top)


def _sizes(record: ImageDiff) -> Table:
    pairs = (
        ("on disk", record.disk_before, record.disk_after),
        ("in the pull", record.pull_before, record.pull_after),
    )
    rows = tuple((name, *_change(old, new), change_text(old, new)) for name, old, new in pairs)
    shared = ("layers in both", "", count_text(record.layers_shared), "", "")
    return Table((Column(""), *_SIZES, right("")), (*rows, shared))


def _change(before: int, after: int) -> tuple[str, str, str]:
    return size_text(before), size_text(after), delta_text(after - before)


def _groups(by: str, groups: Sequence[GroupDiff], top: int) -> tuple[Block, ...]:
    counts = (right("added"), right("removed"), right("changed"))

    def cells(group: GroupDiff) -> tuple[str, ...]:
        return _group(owner_text(group.name), [group])

    def rest(others: Sequence[GroupDiff], words: str) -> tuple[str, ...]:
        return _group(words, others)

    rows = top_rows(groups, top, cells, rest)
    table = Table((Column(by, fit="end"), *_SIZES, *counts), rows, _group("all that differ", groups))
    return Heading(f"By {by}"), table


def _group(name: str, groups: Sequence[GroupDiff]) -> tuple[str, ...]:
    sizes = _change(sum(group.before for group in groups), sum(group.after for group in groups))
    added, removed = sum(group.added for group in groups), sum(group.removed for group in groups)
    return name, *sizes, count_text(added), count_text(removed), count_text(sum(group.changed for group in groups))


def _paths(paths: Sequence[PathDiff], top: int) -> tuple[Block, ...]:
    ordered = sorted(paths, key=lambda path: (-abs(path.after - path.before), path.path))

    def cells(path: PathDiff) -> tuple[str, ...]:
        words = f"{path.change}: {', '.join(path.what)}" if path.what else path.change
        return (*_change(path.before, path.after), words, "/" + path.path)

    def rest(others: Sequence[PathDiff], words: str) -> tuple[str, ...]:
        return (*_change(sum(path.before for path in others), sum(path.after for path in others)), "", words)

    columns = (*_SIZES, Column("change", fit="end"), Column("path", fit="start"))
    return Heading("By path"), Table(columns, top_rows(ordered, top, cells, rest))
