"""All rules over one recipe."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jettison.dockerfile.edit import Edit
from jettison.dockerfile.record import Recipe
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.finding import RecipeFinding
from jettison.rules.dockerfile.ignores import Ignore, ignores_of
from jettison.rules.dockerfile.record import Find, Fix, Rule
from jettison.rules.dockerfile.registry import DOCKERFILE_RULES

UNNEEDED = "unneeded-ignore"
_SHOWN = 4
_WIDEST = 400


@dataclass(frozen=True, slots=True)
class Found:
    """A finding and how it is mended."""

    rule: str
    finding: RecipeFinding
    fix: Fix | None


@dataclass(frozen=True, slots=True)
class Linted:
    """What all rules found.

    Attributes:
        found: by place.
        ignored: how many findings comments silence.
    """

    found: tuple[Found, ...]
    ignored: int


def lint(case: Case, rules: Sequence[Rule] = DOCKERFILE_RULES) -> Linted:
    """Run rules over a recipe.

    Args:
        case: the recipe and what is around it.
        rules: all, or some.
    """
    ignores = ignores_of(case.recipe)
    used: set[Ignore] = set()
    found: list[Found] = []
    ignored = 0
    for rule in rules:
        names = (rule.name, *rule.aliases)
        for find in rule.check(case):
            line = case.recipe.line_at(find.span[0])
            silent = [ignore for ignore in ignores if ignore.covers(names, line)]
            used.update(silent)
            ignored += bool(silent)
            if not silent:
                found.append(_found(case.recipe, rule, find))
    found += _unneeded(case.recipe, ignores, used, rules)
    order = {rule.name: at for at, rule in enumerate(rules)}
    found.sort(key=lambda each: (each.finding.line, order.get(each.rule, len(order)), each.finding.column))
    return Linted(tuple(found), ignored)


def _found(recipe: Recipe, rule: Rule, find: Find) -> Found:
    finding = RecipeFinding(
        rule.name,
        find.severity or rule.severity,
        find.confidence or rule.confidence,
        find.message,
        *_position(recipe, find.span),
        excerpt=_excerpt(recipe, find.span),
        fix=find.fix.description if find.fix else "",
        safety=find.fix.safety if find.fix else "",
        claims=find.claims,
    )
    return Found(rule.name, finding, find.fix)


def _position(recipe: Recipe, span: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return line, column, last line and last column of a place."""
    start, end = span
    line = recipe.line_at(start)
    last = recipe.line_at(max(start, end - 1))
    return line, start - recipe.lines[line - 1].start + 1, last, end - recipe.lines[last - 1].start + 1


def _excerpt(recipe: Recipe, span: tuple[int, int]) -> tuple[str, ...]:
    first, _, last, _ = _position(recipe, span)
    lines = recipe.lines[first - 1 : min(last, first + _SHOWN - 1)]
    return tuple(recipe.text[line.start : line.end].rstrip("\r\n")[:_WIDEST] for line in lines)


def _unneeded(recipe: Recipe, ignores: tuple[Ignore, ...], used: set[Ignore], rules: Sequence[Rule]) -> Iterator[Found]:
    """Give our own ignores that silence nothing: what they were for is gone, or they are misspelt."""
    known = {name for rule in rules for name in (rule.name, *rule.aliases)}
    everything = {name for rule in DOCKERFILE_RULES for name in (rule.name, *rule.aliases)}
    for ignore in ignores:
        if ignore.tool != "jettison" or ignore in used or (ignore.name in everything and ignore.name not in known):
            continue
        why = "silences nothing" if ignore.name in everything else "names no rule"
        fix = Fix("safe", (Edit(*ignore.span, ""),), "remove the comment") if ignore.alone else None
        yield Found(
            UNNEEDED,
            RecipeFinding(
                UNNEEDED,
                "info",
                "high",
                f"this ignore of {ignore.name} {why}",
                *_position(recipe, ignore.span),
                excerpt=_excerpt(recipe, ignore.span),
                fix=fix.description if fix else "",
                safety="safe" if fix else "",
            ),
            fix,
        )
