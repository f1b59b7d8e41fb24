"""What ``jettison compare`` says."""

from jettison.proof.comparison import Compared, Comparison
from jettison.report.blocks import Blocks, Column, Heading, Paragraph, Table, right
from jettison.report.units import bandwidth_text, change_text, count_text, seconds_text, size_text


def comparison_blocks(record: Comparison) -> Blocks:
    """Return the table of images, each against the first."""
    cold = any(image.cold_seconds is not None for image in record.images)
    measured = any(image.ready_seconds is not None for image in record.images)
    columns = (
        Column("image", fit="start"),
        right("on disk"),
        right(""),
        right("in the pull"),
        right(""),
        right("layers"),
        right("paths"),
        right("pull + unpack"),
        *((right("ready"), right("memory")) if measured else ()),
        *((right("cold start"),) if cold else ()),
    )
    rows = tuple(
        (*_row(image, record.images[0], measured=measured), *((_cold(image),) if cold else ()))
        for image in record.images
    )
    note = (
        f"Percentages are against the first. Pull and unpack are estimates for a link of "
        f"{bandwidth_text(record.bandwidth)} and {size_text(record.unpack_speed)}/s of unpacking on this machine"
        f"{'; time to ready and peak memory are measured' if measured else ''}"
        f"{', as are cold starts to the first answer, over such a link.' if cold else '.'}"
    )
    return Heading("Comparison"), Table(columns, rows), Paragraph(note, "dim")


def _cold(image: Compared) -> str:
    return "-" if image.cold_seconds is None else seconds_text(image.cold_seconds)


def _row(image: Compared, first: Compared, *, measured: bool) -> tuple[str, ...]:
    size = image.size
    total = seconds_text(image.pull_seconds + image.unpack_seconds)
    ready = "-" if image.ready_seconds is None else seconds_text(image.ready_seconds)
    memory = "-" if image.memory is None else size_text(image.memory)
    return (
        size.name,
        size_text(size.disk),
        "" if image is first else change_text(first.size.disk, size.disk),
        size_text(size.pull),
        "" if image is first else change_text(first.size.pull, size.pull),
        count_text(size.layers),
        count_text(size.files),
        total,
        *((ready, memory) if measured else ()),
    )
