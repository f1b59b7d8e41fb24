"""A layer's stored bytes shared out among its entries: what each adds to the pull."""

from jettison.layers.table import LayerTable


def shares(table: LayerTable) -> tuple[list[int], int]:
    """Share out the bytes of a pull, in proportion to the marks around each entry.

    Args:
        table: a layer that was read.

    Returns:
        Bytes for each entry, header and padding included, and the rest: the end of the archive. They add up to
        ``table.pull`` exactly.
    """
    bounds = [entry.end for entry in table.entries]
    stored = _stored_at(table.marks, bounds)
    given = [after - before for before, after in zip([0, *stored], stored, strict=False)]
    return given, table.pull - (stored[-1] if stored else 0)


def stored_at(table: LayerTable, offset: int) -> int:
    """Return about how many bytes of a pull come before an offset in the uncompressed tar."""
    return _stored_at(table.marks, [offset])[0]


def _stored_at(marks: tuple[tuple[int, int], ...], offsets: list[int]) -> list[int]:
    """Interpolate between marks, rounded down; both ascend."""
    result = []
    index = 1
    for offset in offsets:
        while index < len(marks) - 1 and marks[index][0] < offset:
            index += 1
        (left, low), (right, high) = marks[index - 1], marks[index]
        result.append(low + (high - low) * (offset - left) // (right - left) if right > left else high)
    return result
