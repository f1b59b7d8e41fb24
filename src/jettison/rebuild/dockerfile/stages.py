"""A split as text, parsed again and accounted for."""

from collections.abc import Iterator

from jettison.dockerfile.parse import parse_text
from jettison.dockerfile.record import Recipe
from jettison.plan.dockerfile.rewrite_record import NewStage, Piece, Split
from jettison.rebuild.dockerfile.account import NotAccountedError, same_instruction
from jettison.rules.dockerfile.finding import Change


def write_split(recipe: Recipe, split: Split) -> tuple[str, tuple[Change, ...]]:
    """Write a split's text, and say what became of every instruction.

    Args:
        recipe: the old one.
        split: the new stages.

    Raises:
        NotAccountedError: an instruction would be lost, or a piece does not say what it was made to say.
    """
    text = "".join(_lines(recipe, split))
    new = parse_text(text, recipe.name)
    pieces = [*split.head, *(piece for stage in split.stages for piece in stage.pieces)]
    places: dict[int, int] = {}
    changes: list[Change] = []
    at = 0
    for piece in pieces:
        count = len(parse_text(_standing(piece.text)).instructions) - 1
        made = new.instructions[at : at + count]
        at += count
        if not made:
            continue
        if piece.origin is None:
            changes.append(_change(0, made[0].line, piece, made[0].keyword, made[0].body.text))
            continue
        old = recipe.instructions[piece.origin]
        if piece.what in ("kept", "moved") and not (count == 1 and same_instruction(old, made[0])):
            raise NotAccountedError(f"the instruction at line {old.line} would change")
        places.setdefault(piece.origin, made[0].line)
        changes.append(_change(old.line, made[0].line, piece, old.keyword, old.body.text))
    if at != len(new.instructions):
        raise NotAccountedError("the new file has instructions that nothing accounts for")
    for index, old in enumerate(recipe.instructions):
        if index in places:
            continue
        if index not in split.dropped:
            raise NotAccountedError(f"the instruction at line {old.line} would be lost")
    changes += _dropped(recipe, split, places)
    return text, tuple(changes)


def _standing(text: str) -> str:
    """Return a piece's text as a file of its own."""
    return f"FROM scratch\n{text}"


def _lines(recipe: Recipe, split: Split) -> Iterator[str]:
    for directive in recipe.directives:
        yield recipe.text[slice(*directive.span)] + "\n"
    for piece in split.head:
        yield piece.text
    for number, stage in enumerate(split.stages):
        yield "\n" if number or split.head or recipe.directives else ""
        yield from _stage(stage)


def _stage(stage: NewStage) -> Iterator[str]:
    before = ""
    for piece in stage.pieces:
        if before and piece.text.split(None, 1)[0] != before.split(None, 1)[0] and piece.text.startswith("#"):
            yield "\n"
        yield piece.text
        before = piece.text


def _change(line: int, new_line: int, piece: Piece, keyword: str, body: str) -> Change:
    text = " ".join(f"{keyword} {body}".split())[:80]
    return Change(line, new_line, text, piece.what, ("rewrite",) if piece.what != "kept" else (), piece.reason)


def _dropped(recipe: Recipe, split: Split, places: dict[int, int]) -> Iterator[Change]:
    for index, reason in sorted(split.dropped.items()):
        if index not in places:
            old = recipe.instructions[index]
            text = " ".join(f"{old.keyword} {old.body.text}".split())[:80]
            yield Change(old.line, 0, text, "dropped", ("rewrite",), reason)
