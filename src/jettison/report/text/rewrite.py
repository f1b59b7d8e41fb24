"""What ``jettison rewrite`` says."""

from jettison.rebuild.dockerfile.record import Rewrite
from jettison.report.blocks import Block, Blocks, Column, Heading, Items, Paragraph, Table
from jettison.report.lint.text import change_text
from jettison.report.units import counted
from jettison.report.words import skip_blocks


def rewrite_blocks(made: Rewrite, output: str) -> Blocks:
    """Return the report on a rewrite.

    Args:
        made: what to report.
        output: the folder it was written to.
    """
    blocks: list[Block] = [Heading(f"{made.source} rewritten for {made.target}, in {output}")]
    if made.refusals:
        blocks.append(Paragraph("The stages stay as they are; only findings were mended. Why, and what you can do:"))
        blocks.append(Items(tuple(f"{each.reason}: {each.advice}" for each in made.refusals)))
    if made.choices:
        rows = tuple((each.about, each.chosen, "; ".join(each.reasons)) for each in made.choices)
        columns = (Column("decision"), Column("", fit="wrap"), Column("why", fit="wrap"))
        blocks += [Heading("Decisions"), Table(columns, rows)]
    changed = tuple(change_text(each) for each in made.changes if each.what != "kept")
    if changed:
        blocks += [Heading("What became of the instructions"), Items(changed)]
    files = Table(
        (Column("file"), Column("what for", fit="wrap")), tuple((each.name, each.purpose) for each in made.files)
    )
    blocks += [Heading("Written"), files, *skip_blocks(made.skips, 12)]
    left = counted(len(made.findings), "finding") + " left: jettison lint lists them"
    blocks.append(
        Paragraph(f"Proven by structure only: parsed, and every instruction accounted for; not built. {left}.")
    )
    return tuple(blocks)
