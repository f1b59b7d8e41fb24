"""What ``jettison trace`` says."""

from collections.abc import Sequence

from jettison.plan.keep.summary import TracedShare, TraceReport
from jettison.report.blocks import Block, Blocks, Column, Heading, Items, Paragraph, Table, right
from jettison.report.units import count_text, counted, seconds_text, share_text, size_text
from jettison.report.words import digest_text, owner_text, top_rows
from jettison.run.trace.record import TracedRun

_PHASES = {"start": "until ready", "probes": "by probes", "once": "by commands that end"}
_GPU = {"none": "", "missing": "not found", "visible": "seen", "used": "used"}


def trace_blocks(report: TraceReport, *, top: int = 20) -> Blocks:
    """Return the report on a trace.

    Args:
        report: what to report.
        top: owners listed.
    """
    total = report.total
    share = share_text(total.used, total.disk)
    text = (
        f"{counted(total.opened, 'file')} of {count_text(total.files)} were used: {size_text(total.used)} of "
        f"{size_text(total.disk)} ({share}). {counted(total.asked, 'more', 'more')} were asked for and not opened, "
        f"{counted(report.directories, 'directory', 'directories')} listed, and {counted(report.missing, 'path')} "
        "asked for in vain."
    )
    return (
        Heading(f"Trace of {digest_text(report.image)}"),
        _runs(report.runs),
        Paragraph(text),
        Heading("When files were first asked for"),
        _shares(report.phases, "phase", top),
        Heading("By owner"),
        _shares(report.owners, "owner", top),
        *_problems(report.problems),
    )


def _runs(runs: Sequence[TracedRun]) -> Table:
    columns = (Column("workload"), right("ready"), right("processes"), right("calls"), Column("GPU"), Column("by"))
    rows = tuple(
        (
            run.workload,
            seconds_text(run.ready) if run.passed else "failed",
            count_text(len(run.processes)),
            count_text(run.events),
            _GPU[run.gpu],
            run.method,
        )
        for run in runs
    )
    return Table(columns, rows)


def _shares(shares: Sequence[TracedShare], name: str, top: int) -> Table:
    columns = (Column(name, fit="end"), right("used"), right("of"), right("files"), right("of"), right("asked for"))

    def cells(share: TracedShare) -> tuple[str, ...]:
        label = _PHASES[share.name] if name == "phase" else owner_text(share.name)
        return (label, *_figures([share]))

    def rest(others: Sequence[TracedShare], words: str) -> tuple[str, ...]:
        return (words, *_figures(others))

    return Table(columns, top_rows(tuple(shares), top, cells, rest))


def _figures(shares: Sequence[TracedShare]) -> tuple[str, ...]:
    def total(name: str) -> int:
        return sum(getattr(share, name) for share in shares)

    sizes = (size_text(total("used")), size_text(total("disk")))
    counts = (count_text(total(name)) for name in ("opened", "files", "asked"))
    return (*sizes, *counts)


def _problems(problems: Sequence[str]) -> tuple[Block, ...]:
    if not problems:
        return ()
    text = "Nothing should be removed by this trace:"
    return Paragraph(text, "bad"), Items(tuple(problems))
