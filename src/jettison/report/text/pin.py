"""What ``jettison pin`` says."""

from jettison.rebuild.dockerfile.pins import Pin, PinReport
from jettison.report.blocks import Block, Blocks, Column, Heading, Paragraph, Table
from jettison.report.units import counted
from jettison.report.words import skip_blocks

_DONE = {"pinned": "pinned", "moved": "moved", "unpinned": "not held", "outdated": "out of date", "skipped": "skipped"}
_SHOWN = 19  # of a digest: `sha256:` and twelve digits


def pin_blocks(report: PinReport) -> Blocks:
    """Return the report."""
    blocks: list[Block] = []
    for file in report.files:
        rows = tuple(_row(pin) for pin in file.pins)
        columns = (
            Column("line", right=True),
            Column("where"),
            Column("reference", fit="wrap"),
            Column("state", fit="wrap"),
        )
        blocks.append(Heading(file.name + (" (written)" if file.written else "")))
        blocks.append(Table(columns, rows) if rows else Paragraph("It refers to no image and no action."))
    blocks += skip_blocks(report.skips, 12)
    pins = [pin for file in report.files for pin in file.pins]
    told = [(word, sum(pin.state == state for pin in pins)) for state, word in _DONE.items()]
    counts = ", ".join(f"{count} {word}" for word, count in told if count)
    blocks.append(Paragraph(f"{counted(len(pins), 'reference')}{': ' + counts if counts else ', all held'}."))
    return tuple(blocks)


def _row(pin: Pin) -> tuple[str, str, str, str]:
    name, _, digest = pin.reference.partition("@sha256:")
    shown = f"{name}@{f'sha256:{digest}'[:_SHOWN]}…" if digest else pin.reference
    state = _DONE.get(pin.state, pin.state)
    if pin.digest and pin.state != "current":
        state += f" → {pin.digest[:_SHOWN]}…"
    return str(pin.line), pin.where, shown, f"{state} ({pin.reason})" if pin.reason else state
