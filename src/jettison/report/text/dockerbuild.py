"""What ``jettison build`` says of a Dockerfile."""

from jettison.build.record import Build
from jettison.report.blocks import Blocks, Column, Heading, Paragraph, Table, right
from jettison.report.units import counted, seconds_text


def docker_build_blocks(record: Build) -> Blocks:
    """Return how long each step took, and where the image is."""
    rows = tuple(("cache" if step.cached else seconds_text(step.seconds), step.name) for step in record.steps)
    table = (Table((right("seconds"), Column("step", fit="end")), rows),) if rows else ()
    cached = f", {record.cached} of {counted(len(rows), 'step')} from a cache" if rows else ""
    text = f"Built in {seconds_text(record.seconds)} by {record.builder}{cached}. It is {record.out}."
    return Heading(record.context), *table, Paragraph(text)
