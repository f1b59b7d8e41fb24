"""Edits made, and proof that no instruction was lost, swallowed or changed by accident.

The new text is parsed again. Each instruction that no edit touches must stand where the edits put it, equal in all its
parts; each other one must be in the text of an edit. Anything else is a failure, never an output.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from jettison.dockerfile.edit import Edit, apply_edits
from jettison.dockerfile.parse import parse_text
from jettison.dockerfile.record import Instruction, Recipe
from jettison.errors import BadInputError, RefusedError


class NotAccountedError(RefusedError):
    """Edits that would lose, swallow or change an instruction that they are not about; nothing was written."""


@dataclass(frozen=True, slots=True)
class Account:
    """What edits did to a recipe.

    Attributes:
        recipe: the new one.
        places: for each old instruction the index of the new one; None when it was dropped.
        touched: indices of old instructions that an edit changed.
        added: indices of new instructions that no old one became.
    """

    recipe: Recipe
    places: tuple[int | None, ...]
    touched: frozenset[int]
    added: tuple[int, ...]


def make_edits(recipe: Recipe, edits: Sequence[Edit]) -> Account:
    """Make edits and account for every instruction.

    Args:
        recipe: the old one.
        edits: none overlaps another.

    Raises:
        NotAccountedError: the new text does not parse, or an instruction is not where it must be.
    """
    ordered = sorted(set(edits), key=lambda edit: (edit.start, edit.end))
    try:
        new = parse_text(apply_edits(recipe.text, ordered), recipe.name)
    except BadInputError as error:
        raise NotAccountedError(f"the edited file would not parse: {error.message}") from None
    if new.escape != recipe.escape:
        raise NotAccountedError("the edited file would have another escape character")
    starts = {each.span[0]: index for index, each in enumerate(new.instructions)}
    places: list[int | None] = []
    touched: set[int] = set()
    for index, old in enumerate(recipe.instructions):
        if _touched(old, ordered):
            touched.add(index)
        places.append(_place(old, ordered, new, starts))
    kept = {place for place in places if place is not None}
    if len(kept) != sum(place is not None for place in places):
        raise NotAccountedError("two instructions would become one")
    added = tuple(index for index in range(len(new.instructions)) if index not in kept)
    for index in added:
        if not _in_an_edit(new.instructions[index], ordered):
            raise NotAccountedError(f"line {new.instructions[index].line} would become an instruction")
    return Account(new, tuple(places), frozenset(touched), added)


def _touched(old: Instruction, edits: Sequence[Edit]) -> bool:
    start, end = old.span
    return any(edit.start < end and edit.end > start for edit in edits if edit.start < edit.end) or any(
        start < edit.start < end for edit in edits if edit.start == edit.end
    )


def _place(old: Instruction, edits: Sequence[Edit], new: Recipe, starts: dict[int, int]) -> int | None:
    start, end = old.span
    cover = next((edit for edit in edits if edit.start <= start and edit.end >= end and edit.start < edit.end), None)
    place = _shifted(start, edits)
    if cover:
        found = starts.get(_shifted(cover.start, edits)) if cover.text and cover.start == start else None
        return found if cover.text.strip() else None
    found = starts.get(place)
    if found is None:
        raise NotAccountedError(f"the instruction at line {old.line} would be lost: {_head(old)}")
    if not _touched(old, edits) and not same_instruction(old, new.instructions[found]):
        raise NotAccountedError(f"the instruction at line {old.line} would change: {_head(old)}")
    if new.instructions[found].name not in (old.name, *_renamed(old, edits)):
        raise NotAccountedError(f"the instruction at line {old.line} would become another one: {_head(old)}")
    return found


def _renamed(old: Instruction, edits: Sequence[Edit]) -> tuple[str, ...]:
    """Return the keywords that an edit of the keyword itself puts there."""
    return tuple(edit.text.upper() for edit in edits if (edit.start, edit.end) == old.keyword_span)


def _shifted(place: int, edits: Sequence[Edit]) -> int:
    """Return where a place of the old text is in the new one; insertions at it stand in front of it."""
    return place + sum(len(edit.text) - (edit.end - edit.start) for edit in edits if edit.end <= place)


def _in_an_edit(new: Instruction, edits: Sequence[Edit]) -> bool:
    shift = 0
    for edit in edits:
        start = edit.start + shift
        if start <= new.span[0] < start + len(edit.text):
            return True
        shift += len(edit.text) - (edit.end - edit.start)
    return False


def same_instruction(first: Instruction, second: Instruction) -> bool:
    """Whether two instructions mean the same to the builder: all parts but their places."""
    return _meaning(first) == _meaning(second)


def _meaning(instruction: Instruction) -> tuple[object, ...]:
    flags = tuple((flag.name, flag.value) for flag in instruction.flags)
    heredocs = tuple((each.name, each.content, each.chomp, each.expand) for each in instruction.heredocs)
    child = _meaning(instruction.child) if instruction.child else None
    return instruction.name, flags, instruction.args, instruction.json, instruction.body.text, heredocs, child


def _head(instruction: Instruction) -> str:
    return f"{instruction.keyword} {instruction.body.text}"[:60]
