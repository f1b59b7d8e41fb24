"""What ``jettison restore`` says."""

from jettison.rebuild.restored import RestoreResult
from jettison.report.blocks import Blocks, Heading, Items, Paragraph
from jettison.report.units import counted, seconds_text, size_text
from jettison.report.words import digest_text, first_items, skip_blocks

_MOST = 20


def restore_blocks(result: RestoreResult) -> Blocks:
    """Return the report on what came back."""
    paths = tuple(f"/{path}: {reason}" for path, reason in result.paths.items())
    text = (
        f"{counted(len(result.paths), 'path')} came back: {size_text(result.disk)} on disk, {size_text(result.pull)} "
        f"in the pull, in a layer of their own; {counted(len(result.databases), 'record')} of packages say so."
    )
    end = f"Written in {seconds_text(result.seconds)} to {result.out} ({digest_text(result.digest)})."
    return (
        Heading(f"{result.image} → {result.out}"),
        Paragraph(text),
        Items(first_items(paths, _MOST)),
        *skip_blocks(result.skips),
        Paragraph(f"{end} The proof of the slimmed image does not cover it."),
    )
