"""Words that several reports use: instructions, digests, owners, and tables cut short without hiding anything."""

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from jettison.finding import Skip
from jettison.report.blocks import Block, Heading, Items
from jettison.report.units import counted

Row = TypeVar("Row")
_SHELL = re.compile(r"(?:RUN )?(?:\|\d+ .*? )?/bin/(?:ba)?sh -c (?:#\(nop\) +)?")
_NOP = re.compile(r"/bin/(?:ba)?sh -c #\(nop\) +")
_DIGEST_DIGITS = 12


def instruction_text(created_by: str) -> str:
    """Return a layer's instruction as its author wrote it: without the shell, BuildKit's mark and line breaks."""
    text = " ".join(word for word in created_by.split() if word != "\\").removesuffix("# buildkit").rstrip()
    if nop := _NOP.match(text):
        return text[nop.end() :]
    if shell := _SHELL.match(text):
        return "RUN " + text[shell.end() :]
    return text or "(unknown)"


def digest_text(digest: str) -> str:
    """Return a digest short, as people compare them: ``sha256:0123456789ab``."""
    algorithm, colon, digits = digest.partition(":")
    return f"{algorithm}{colon}{digits[:_DIGEST_DIGITS]}"


def owner_text(key: str) -> str:
    """Return an owner's key as words: ``deb:libc6`` stays, nobody is named."""
    return key or "(nobody)"


def top_rows(
    rows: Sequence[Row],
    top: int,
    cells: Callable[[Row], tuple[str, ...]],
    rest: Callable[[Sequence[Row], str], tuple[str, ...]],
) -> tuple[tuple[str, ...], ...]:
    """Return the cells of the first ``top`` rows, and of one more row that sums up the rest, so that totals hold.

    Args:
        rows: largest first.
        top: how many to show.
        cells: a row's cells.
        rest: the cells for the rows left out, given these and their number in words.
    """
    shown, others = rows[:top], rows[top:]
    if len(others) == 1:
        shown, others = rows, ()
    last = (rest(others, counted(len(others), "other")),) if others else ()
    return (*(cells(row) for row in shown), *last)


def first_items(items: Sequence[str], top: int) -> tuple[str, ...]:
    """Return the first ``top`` sentences, and one that says how many more there are."""
    more = len(items) - top
    return (*items[:top], *([f"… and {more:,} more"] if more > 0 else []))


def skip_blocks(skips: Sequence[Skip], top: int = 12) -> tuple[Block, ...]:
    """Return the section on what was left out, and why; nothing when there is nothing."""
    if not skips:
        return ()
    items = tuple(f"{skip.subject}: {skip.reason}" for skip in skips)
    return Heading("Left out"), Items(first_items(items, top))
