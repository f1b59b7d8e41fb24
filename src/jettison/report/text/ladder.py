"""What ``jettison ladder`` says."""

from jettison.proof.ladder import Ladder, Rung
from jettison.report.blocks import Block, Blocks, Column, Heading, Items, Paragraph, Table, right
from jettison.report.units import bandwidth_text, seconds_text, size_text

_BAR = 30


def ladder_blocks(record: Ladder) -> Blocks:
    """Return the table of steps, the chart, and what each step did."""
    cold = f", cold starts over a link of {bandwidth_text(record.bandwidth)}" if record.bandwidth else ""
    text = f"Built by {record.builder}, run by {record.engine}{cold}. Every step had to answer as the first does."
    return (
        Heading(f"{record.project}, step by step"),
        Paragraph(text),
        _table(record),
        *_chart(record),
        Heading("Steps"),
        Items(tuple(f"{rung.name}: {rung.detail}" for rung in record.rungs)),
        Heading("To know"),
        Items(record.notes),
    )


def _table(record: Ladder) -> Table:
    first = record.rungs[0]
    columns = (
        Column("step"),
        Column("proof"),
        right("on disk"),
        right(""),
        right("in the pull"),
        right(""),
        right("build"),
        right("after a change"),
        right("ready"),
        right("cold start"),
        right(""),
    )
    return Table(columns, tuple(_row(rung, first) for rung in record.rungs))


def _row(rung: Rung, first: Rung) -> tuple[str, ...]:
    if not rung.image:
        return (rung.name, rung.state, *[""] * 9)
    return (
        rung.name,
        "" if rung.state == "first" else rung.state,
        size_text(rung.disk),
        _times(first.disk, rung.disk, rung, first),
        size_text(rung.pull),
        _times(first.pull, rung.pull, rung, first),
        *(_seconds(value) for value in (rung.build_seconds, rung.change_seconds, rung.ready_seconds)),
        _seconds(rung.cold_seconds),
        _times(first.cold_seconds, rung.cold_seconds, rung, first),
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else seconds_text(value)


def _times(before: float | None, after: float | None, rung: Rung, first: Rung) -> str:
    """Return how many times less it is than at first."""
    return f"÷ {before / after:.1f}" if before and after and rung is not first else ""


def _chart(record: Ladder) -> tuple[Block, ...]:
    """Return bars of the pull, and of the cold start where it was measured."""
    shown = [rung for rung in record.rungs if rung.image]
    most_pull = max((rung.pull for rung in shown), default=0)
    most_cold = max((rung.cold_seconds or 0.0 for rung in shown), default=0.0)
    if not most_pull:
        return ()
    cold = (Column("cold start"),) if most_cold else ()
    rows = tuple(
        (rung.name, _bar(rung.pull / most_pull), *((_bar((rung.cold_seconds or 0.0) / most_cold),) if cold else ()))
        for rung in shown
    )
    return (Table((Column("step"), Column("in the pull"), *cold), rows),)


def _bar(share: float) -> str:
    return "█" * max(1, round(_BAR * share)) if share else ""
