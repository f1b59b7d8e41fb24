"""Fixes made until none is left, each round parsed again and accounted for."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jettison.dockerfile.record import Instruction, Recipe
from jettison.finding import Skip
from jettison.plan.dockerfile.fixes import FixStep, choose_fixes
from jettison.rebuild.dockerfile.account import Account, NotAccountedError, make_edits, same_instruction
from jettison.rules.dockerfile.case import make_case
from jettison.rules.dockerfile.finding import Change
from jettison.rules.dockerfile.lint import Found, Linted, lint
from jettison.rules.dockerfile.record import Rule
from jettison.rules.dockerfile.registry import DOCKERFILE_RULES

if TYPE_CHECKING:
    from jettison.dockerfile.project.read import Project

_ROUNDS = 12
"""More than any real file took (4); a set of fixes that does not come to rest is not made."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A recipe after its fixes.

    Attributes:
        recipe: the new one.
        linted: what is left.
        steps: the fixes made, in order.
        changes: what became of every instruction, added ones last.
        files: other files to write, by name.
        skips: fixes that were not made, with the reason.
    """

    recipe: Recipe
    linted: Linted
    steps: tuple[FixStep, ...]
    changes: tuple[Change, ...]
    files: dict[str, str] = field(default_factory=dict)
    skips: tuple[Skip, ...] = ()


@dataclass(slots=True)
class _Work:
    """The state between rounds."""

    recipe: Recipe
    linted: Linted
    steps: list[FixStep]
    history: list[tuple[Account, tuple[FixStep, ...]]]
    left: dict[tuple[str, str], str]


def fix_recipe(
    recipe: Recipe,
    project: "Project | None",
    *,
    unsafe: bool = False,
    proven: Collection[str] = (),
    rules: Sequence[Rule] = DOCKERFILE_RULES,
) -> Fixed:
    """Make all fixes of a recipe that hold.

    A fix that would lose or swallow an instruction, break the file, or give rise to a finding that was not there
    before is not made, and a skip says so. What comes out gives nothing more to fix: a second run changes nothing.

    Args:
        recipe: the recipe.
        project: the files around it.
        unsafe: whether fixes are made that may change what the image does.
        proven: rules whose unsafe fixes are made in any case.
        rules: all, or some.
    """
    left: dict[tuple[str, str], str] = {}
    while True:
        work = _Work(recipe, lint(make_case(recipe, project), rules), [], [], left)
        for _ in range(_ROUNDS):
            if not _round(work, project, rules, unsafe=unsafe, proven=proven):
                return _finished(recipe, work)
        restless = {(step.rule, step.message) for _, steps in work.history[_ROUNDS // 2 :] for step in steps}
        left.update(dict.fromkeys(restless, "its fix does not come to rest"))


def _round(
    work: _Work, project: "Project | None", rules: Sequence[Rule], *, unsafe: bool, proven: Collection[str]
) -> bool:
    """Make one round of fixes; whether there was anything to do."""
    steps = tuple(
        step
        for step in choose_fixes(work.linted.found, unsafe=unsafe, proven=proven, leave=work.left.keys())
        if step.fix.edits or step.fix.files.keys() - _files(work).keys()
    )
    if not steps:
        return False
    made = _tried(work, steps, project, rules)
    if isinstance(made, str):  # together they do not hold: find out which, and take the others in the next round
        alone = [(step, _tried(work, (step,), project, rules)) for step in steps]
        refused = {(step.rule, step.message): reason for step, reason in alone if isinstance(reason, str)}
        work.left.update(refused)
        if refused:
            return True
        steps, made = steps[:1], alone[0][1]
    assert not isinstance(made, str)  # noqa: S101 -- refused ones have returned
    _take(work, steps, *made)
    return True


def _tried(
    work: _Work, steps: tuple[FixStep, ...], project: "Project | None", rules: Sequence[Rule]
) -> tuple[Account, Linted] | str:
    """Return what fixes make; or why they must not be made."""
    try:
        account = make_edits(work.recipe, [edit for step in steps for edit in step.fix.edits])
    except NotAccountedError as error:
        return error.message
    linted = lint(make_case(account.recipe, project), rules)
    more = _counts(linted) - _counts(work.linted)
    return f"it would give rise to {', '.join(sorted(more))}" if more else (account, linted)


def _take(work: _Work, steps: tuple[FixStep, ...], account: Account, linted: Linted) -> None:
    work.recipe, work.linted = account.recipe, linted
    work.steps += steps
    work.history.append((account, steps))


def _counts(linted: Linted) -> Counter[str]:
    return Counter(found.rule for found in linted.found)


def _files(work: _Work) -> dict[str, str]:
    return {name: text for step in work.steps for name, text in step.fix.files.items()}


def _finished(old: Recipe, work: _Work) -> Fixed:
    skips = tuple(Skip(f"{old.name}: fix of {rule}", reason) for (rule, _), reason in work.left.items())
    files = _files(work)
    left = tuple(found for found in work.linted.found if not _is_mended(found, files))
    return Fixed(work.recipe, replace(work.linted, found=left), tuple(work.steps), changes_of(old, work), files, skips)


def _is_mended(found: Found, files: dict[str, str]) -> bool:
    """Whether a finding is about files only that are written now: the rules have not seen them."""
    return found.fix is not None and not found.fix.edits and found.fix.files.keys() <= files.keys()


def changes_of(old: Recipe, work: _Work) -> tuple[Change, ...]:
    """Follow every instruction through all rounds."""
    now: list[int | None] = list(range(len(old.instructions)))
    origin: dict[int, int] = {index: index for index in range(len(old.instructions))}
    rules: dict[int, list[FixStep]] = {index: [] for index in range(len(old.instructions))}
    added: dict[int, list[FixStep]] = {}
    before = old
    for account, steps in work.history:
        moved: dict[int, int] = {}
        new_added: dict[int, list[FixStep]] = {}
        for index, place in enumerate(account.places):
            about = [step for step in steps if _about(step, before.instructions[index])]
            if index in origin:
                rules[origin[index]] += about if index in account.touched else []
                now[origin[index]] = place
                if place is not None:
                    moved[place] = origin[index]
            elif place is not None:
                new_added[place] = added.get(index, []) + (about if index in account.touched else [])
        for index in account.added:
            new_added[index] = [step for step in steps if _inserts(step, account.recipe.instructions[index])]
        origin, added, before = moved, new_added, account.recipe
    return _changes(old, before, now, rules, added)


def _about(step: FixStep, instruction: Instruction) -> bool:
    start, end = instruction.span
    return any(edit.start < end and (edit.end > start or edit.start > start) for edit in step.fix.edits)


def _inserts(step: FixStep, instruction: Instruction) -> bool:
    text = instruction.body.text.split("\\")[0].strip() or instruction.keyword
    return any(instruction.keyword in edit.text and text[:40] in edit.text for edit in step.fix.edits)


def _changes(
    old: Recipe,
    new: Recipe,
    now: list[int | None],
    rules: dict[int, list[FixStep]],
    added: dict[int, list[FixStep]],
) -> tuple[Change, ...]:
    made: list[Change] = []
    fresh = dict(added)
    for index, instruction in enumerate(old.instructions):
        place, what = now[index], "changed" if rules[index] else "kept"
        steps = rules[index]
        if place is None:
            twin = next((at for at in fresh if same_instruction(new.instructions[at], instruction)), None)
            what = "dropped" if twin is None else "moved"
            if twin is not None:
                steps = steps + fresh.pop(twin)
                place = twin
        line = new.instructions[place].line if place is not None else 0
        made.append(_change(instruction, instruction.line, line, what, steps))
    made += [_change(new.instructions[at], 0, new.instructions[at].line, "added", steps) for at, steps in fresh.items()]
    return tuple(made)


def _change(instruction: Instruction, line: int, new_line: int, what: str, steps: list[FixStep]) -> Change:
    names = tuple(dict.fromkeys(step.rule for step in steps))
    reason = "; ".join(dict.fromkeys(step.fix.description for step in steps))
    text = " ".join(f"{instruction.keyword} {instruction.body.text}".split())
    return Change(line, new_line, text[:80], what, names, reason)
