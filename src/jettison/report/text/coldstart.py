"""What ``jettison coldstart`` says: the verdict first."""

from jettison.plan.coldstart.record import ColdStart, Lever, Phase, Prediction
from jettison.report.blocks import Block, Blocks, Column, Heading, Items, Paragraph, Table, right
from jettison.report.units import bandwidth_text, seconds_text, share_text, size_text

_BAR = 40
_TOP = 10
_WORDS = {
    "pull": "pull",
    "network": "network",
    "unpack": "unpacking, after the last byte",
    "create": "making the container",
    "imports": "imports",
    "load": "loading until ready",
    "first answer": "first answer",
}


def coldstart_blocks(record: ColdStart) -> Blocks:
    """Return the report on a cold start."""
    return (
        Heading(record.reference),
        Paragraph(_headline(record)),
        Paragraph(record.verdict),
        *_phases(record),
        *_levers(record),
        *_imports(record),
        *_model(record),
        *((Heading("To know"), Items(record.notes)) if record.notes else ()),
    )


def _headline(record: ColdStart) -> str:
    size = f"{size_text(record.stored)} in the pull, {size_text(record.disk)} unpacked"
    if not record.phases:
        return f"{size}."
    link = {"shaped": "shaped to", "paced": "paced to", "unshaped": "", "": ""}[record.link]
    over = f"over a link {link} {bandwidth_text(record.bandwidth)}" if link else "over this machine's loopback"
    times = f"the median of {record.passes} cold starts" if record.passes > 1 else "one cold start"
    until = "to the first answer" if record.phases[-1].name == "first answer" else "as far as was measured"
    return f"{seconds_text(record.total)} {until}, {over}, by {record.engine} ({times}); {size}."


def _phases(record: ColdStart) -> tuple[Block, ...]:
    if not record.phases:
        return ()
    longest = max(phase.seconds for phase in record.phases)
    columns = (Column("phase"), right("seconds"), right("share"), right("spread"), Column(""))
    rows = tuple(_phase(phase, record.total, longest) for phase in record.phases)
    total = ("all", seconds_text(record.total), "", "", "")
    extra = []
    if record.warm is not None:
        extra.append(f"where the image is there already: {seconds_text(record.warm)}")
    if record.second_answer is not None:
        extra.append(f"second answer: {record.second_answer:.2f} s")
    return (
        Heading("Where the seconds go"),
        Table(columns, rows, total),
        *([Paragraph("; ".join(extra))] if extra else []),
    )


def _phase(phase: Phase, total: float, longest: float) -> tuple[str, ...]:
    bar = "█" * max(1, round(_BAR * phase.seconds / longest)) if longest else ""
    spread = f"{phase.least:.1f}-{phase.most:.1f}" if phase.most - phase.least >= 0.05 else ""  # noqa: PLR2004 -- as rounded
    return _WORDS[phase.name], f"{phase.seconds:.2f} s", share_text(phase.seconds, total), spread, bar


def _levers(record: ColdStart) -> tuple[Block, ...]:
    if not record.levers:
        return ()
    columns = (right("saves"), Column("what"), Column("risk"), Column("how", fit="wrap"))
    rows = tuple(_lever(lever) for lever in record.levers)
    disk = f" and a disk that writes {size_text(record.disk_rate)}/s" if record.disk_rate else ""
    text = f"Worked out one by one from what is above{disk}; together they save less than their sum."
    return Heading("What would change it"), Table(columns, rows), Paragraph(text, "dim")


def _lever(lever: Lever) -> tuple[str, ...]:
    saved = "?" if lever.seconds is None else seconds_text(lever.seconds)
    return saved, lever.name, lever.risk, lever.how


def _imports(record: ColdStart) -> tuple[Block, ...]:
    if not record.imports:
        return ()
    columns = (right("seconds"), right("modules"), Column("package"))
    rows = tuple((f"{one.seconds:.2f}", str(one.modules), one.name) for one in record.imports[:_TOP])
    text = "From a run of its own with Python's import times on, which is slower; each package without what it imports."
    return Heading("Slowest imports"), Table(columns, rows), Paragraph(text, "dim")


def _model(record: ColdStart) -> tuple[Block, ...]:
    columns = (right("link"), right("download"), right("unpacking"), right("pull"))
    rows = tuple(_prediction(one) for one in record.predictions)
    source = "as this pull was measured" if record.measured else "as known of this machine"
    checked = f" With what was known before, it was {record.checked:+.0%} off." if record.checked is not None else ""
    disk = f", to a disk that writes {size_text(record.disk_rate)}/s" if record.disk_rate else ""
    text = f"Worked out with {size_text(record.unpack_rate)}/s unpacked, {source}{disk}.{checked}"
    return Heading("The pull on other links"), Table(columns, rows), Paragraph(text, "dim")


def _prediction(one: Prediction) -> tuple[str, ...]:
    return bandwidth_text(one.bandwidth), *(seconds_text(value) for value in (one.download, one.unpack, one.total))
