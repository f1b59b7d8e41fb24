"""What ``jettison estimate`` says."""

from jettison.plan.dockerfile.estimate import Estimate, LayerEstimate
from jettison.report.blocks import Block, Blocks, Column, Heading, Items, Paragraph, Table, right
from jettison.report.units import size_text


def estimate_blocks(made: Estimate) -> Blocks:
    """Return the report."""
    rows = tuple(_row(layer) for layer in made.layers)
    columns = (right("line"), Column("instruction", fit="end"), right("on disk"), right("in the pull"))
    total = ("", "in all", _size(made.disk, guess=made.estimated), _size(made.pull, guess=made.estimated))
    blocks: list[Block] = [Heading(f"{made.name}, before it is built"), Table(columns, rows, total)]
    parts = tuple(
        f"line {layer.line}: {part.what}: {_size(part.disk, guess=part.estimated)} ({part.source})"
        for layer in made.layers
        for part in layer.parts
    )
    blocks += [Heading("Of what"), Items(parts)] if parts else []
    unknown = tuple(
        f"line {layer.line}: {each.subject}: {each.reason}" for layer in made.layers for each in layer.unknown
    )
    if unknown:
        blocks += [Heading("Not in the numbers"), Items(unknown)]
    if made.estimated:
        asks = "; nobody was asked" if made.offline else ""
        blocks.append(Paragraph(f"~ marks guesses, from ratios or from the nearest thing that is known{asks}."))
    return tuple(blocks)


def _row(layer: LayerEstimate) -> tuple[str, str, str, str]:
    more = "" if not layer.unknown else " +?"
    disk, pull = _size(layer.disk, guess=layer.estimated), _size(layer.pull, guess=layer.estimated)
    return str(layer.line), layer.instruction, disk + more, pull + more


def _size(size: int, *, guess: bool) -> str:
    return f"~{size_text(size)}" if guess else size_text(size)
