"""What became of instructions over several steps, said as one."""

from collections.abc import Iterator, Sequence

from jettison.dockerfile.record import Instruction, Recipe
from jettison.rebuild.dockerfile.account import Account
from jettison.rules.dockerfile.finding import Change

_WEIGHT = ("kept", "moved", "changed", "added", "dropped")


def followed(first: Sequence[Change], second: Sequence[Change]) -> tuple[Change, ...]:
    """Follow instructions through two steps.

    Args:
        first: from the old file to the one between; every instruction of the old file is in it, kept ones too.
        second: from the file between to the new one.

    Returns:
        what became of the old file's instructions, in their order; then what the new one has besides. An instruction
        that was added first and dropped then is in neither file, and is not told.
    """
    behind: dict[int, list[Change]] = {}
    for change in second:
        behind.setdefault(change.line, []).append(change)
    made = [each for change in first for each in _through(change, behind)]
    return (*(each for each in made if each.line), *(each for each in made if not each.line), *behind.get(0, ()))


def _through(change: Change, behind: dict[int, list[Change]]) -> Iterator[Change]:
    if not change.new_line:
        yield change
        return
    for then in behind.get(change.new_line, ()):
        if change.what == "added" and then.what == "dropped":
            continue
        what = "added" if change.what == "added" else max(change.what, then.what, key=_WEIGHT.index)
        rules = tuple(dict.fromkeys((*change.rules, *then.rules)))
        reason = "; ".join(filter(None, dict.fromkeys((change.reason, then.reason))))
        text = then.instruction if change.what == "added" else change.instruction
        yield Change(change.line, then.new_line, text, what, rules, reason)


def changes_by_hand(recipe: Recipe, account: Account, rule: str, reason: str) -> tuple[Change, ...]:
    """Say what became of every instruction by edits that add others, and change none.

    Args:
        recipe: the old one.
        account: of the edits.
        rule: what made them.
        reason: of what was added.
    """
    made: list[Change] = []
    for old, place in zip(recipe.instructions, account.places, strict=True):
        new_line = account.recipe.instructions[place].line if place is not None else 0
        made.append(Change(old.line, new_line, head_of(old), "kept" if new_line else "dropped"))
    for index in account.added:
        new = account.recipe.instructions[index]
        made.append(Change(0, new.line, head_of(new), "added", (rule,), reason))
    return tuple(made)


def head_of(instruction: Instruction) -> str:
    """Return the beginning of an instruction on one line, for reports."""
    return " ".join(f"{instruction.keyword} {instruction.body.text}".split())[:80]
