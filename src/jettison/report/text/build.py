"""What ``jettison build`` says."""

from jettison.compose.record import BuildResult, BuiltLayer
from jettison.report.blocks import Block, Blocks, Column, Heading, Items, Paragraph, Table, right
from jettison.report.units import counted, size_text
from jettison.report.words import digest_text, skip_blocks


def build_blocks(result: BuildResult) -> Blocks:
    """Return the report on a composed image: its layers, what is in it, and what was left out."""
    return (
        Heading(f"{result.name} → {result.out}"),
        _layers(result),
        *_warnings(result.warnings),
        *skip_blocks(result.skips),
        Paragraph(f"{_inside(result)}Written to {result.out} ({digest_text(result.digest)})."),
    )


def _layers(result: BuildResult) -> Table:
    columns = (Column("layer", fit="end"), right("unpacked"), right("stored"), Column(""))
    disk = "" if result.below else size_text(result.size)
    total = ("all", disk, size_text(result.stored), "")
    below = ((counted(result.below, "layer") + " of the base image", "", "", ""),) if result.below else ()
    return Table(columns, (*below, *(_layer(layer) for layer in result.layers)), total)


def _layer(layer: BuiltLayer) -> tuple[str, ...]:
    return layer.name, size_text(layer.size), size_text(layer.stored), "from the cache" if layer.cached else "made"


def _inside(result: BuildResult) -> str:
    """Return how many packages and distributions are in it, as the beginning of a sentence; empty when none."""
    packages, wheels = result.resolved.packages, result.resolved.wheels
    debian = f"{counted(len(packages), 'package')} of {result.resolved.suite}" if packages else ""
    python = counted(len(wheels), "Python distribution") if wheels else ""
    words = ", ".join(part for part in (debian, python) if part)
    return f"{words}. " if words else ""


def _warnings(warnings: tuple[str, ...]) -> tuple[Block, ...]:
    return (Heading("Mind"), Items(warnings, "bad")) if warnings else ()
