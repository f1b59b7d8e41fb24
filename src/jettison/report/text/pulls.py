"""What ``jettison pulls`` says."""

from collections.abc import Sequence

from jettison.report.blocks import Blocks, Column, Heading, Paragraph, Table, right
from jettison.report.units import count_text, counted, seconds_text, size_text
from jettison.report.words import skip_blocks
from jettison.run.pullmetrics import PulledSize, RuntimePulls
from jettison.run.pulls import PulledImage, PullReport


def pulls_blocks(report: PullReport, *, by_node: bool = False, top: int = 20) -> Blocks:
    """Return the table of pulls.

    Args:
        report: what to report.
        by_node: a row for each node.
        top: rows of it.
    """
    rows = report.nodes if by_node else report.images
    if not rows and (report.sizes or report.runtime):
        return _metrics(report)
    if not rows:
        text = f"{counted(report.events, 'event')}, and none of a pull. Kubernetes keeps events for an hour by default."
        return Heading("Image pulls"), Paragraph(text)
    columns = (
        Column("image", fit="start"),
        *((Column("node", fit="end"),) if by_node else ()),
        right("pulls"),
        right("there"),
        right("failed"),
        right("size"),
        right("median"),
        right("p90"),
        right("longest"),
        right("waited"),
        right("rate"),
    )
    more = f" {count_text(len(rows) - top)} more rows are in --json." if len(rows) > top else ""
    note = (
        f"From {counted(report.events, 'event')}. Seconds are of the pull and its unpacking, which Kubernetes does not "
        f"tell apart; waiting in the kubelet's queue is beside it.{more}"
    )
    table = Table(columns, tuple(_row(one, by_node=by_node) for one in rows[:top]))
    return Heading("Image pulls"), table, Paragraph(note, "dim"), *_metrics(report), *skip_blocks(report.skips)


def _metrics(report: PullReport) -> Blocks:
    sizes = _sizes(report.sizes) if report.sizes else ()
    return (*sizes, *(_runtime(report.runtime) if report.runtime else ()))


def _runtime(one: RuntimePulls) -> Blocks:
    columns = (right("pulls"), right("failed"), right("under way"), right("mean rate"))
    counts = (count_text(number) for number in (one.pulls, one.failed, one.under_way))
    row = (*counts, f"{size_text(one.rate)}/s" if one.rate else "-")
    text = "From containerd's metrics, since it was started; the rate is of whole pulls, unpacking included."
    return Heading("Pulls of the node"), Table(columns, (row,)), Paragraph(text, "dim")


def _sizes(sizes: Sequence[PulledSize]) -> Blocks:
    columns = (Column("size"), right("pulls"), right("mean"), right("median"), right("p90"))
    rows = tuple(
        (
            one.size or "(any)",
            count_text(one.pulls),
            *(seconds_text(value) for value in (one.mean, one.median, one.p90)),
        )
        for one in sizes
    )
    text = "From a kubelet's metrics, since it was started; median and p90 are interpolated within its buckets."
    return Heading("Pulls by size"), Table(columns, rows), Paragraph(text, "dim")


def _row(one: PulledImage, *, by_node: bool) -> tuple[str, ...]:
    times = (one.median, one.p90, one.longest)
    return (
        one.image,
        *((one.node or "-",) if by_node else ()),
        count_text(one.pulls),
        count_text(one.present),
        count_text(one.failed),
        size_text(one.size) if one.size else "-",
        *(seconds_text(value) if one.pulls else "-" for value in times),
        "-" if one.waited is None else seconds_text(one.waited),
        f"{size_text(one.rate)}/s" if one.rate else "-",
    )
