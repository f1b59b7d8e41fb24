"""A # syntax line that is a comment only, because it is not the first line."""

import re
from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_SYNTAX = regex(r"\s*#\s*syntax\s*=\s*\S", re.IGNORECASE)


def _check(case: Case) -> Iterator[Find]:
    recipe = case.recipe
    if recipe.directive("syntax"):
        return
    for line in recipe.lines:
        text = recipe.text[line.start : line.end]
        if (
            line.kind == "comment"
            and _SYNTAX.match(text)
            and not any(each.line <= line.number <= each.last_line for each in recipe.instructions)
        ):
            first = recipe.lines[0].start
            moved = (Edit(first, first, text.strip() + recipe.newline), Edit(line.start, line.end, ""))
            yield Find(
                "this line chooses no frontend: it is a comment, because it is not at the top",
                (line.start, line.end),
                Fix("unsafe", moved, "move it to the top") if not recipe.directives else None,
            )
            return


SYNTAX_NOT_FIRST = Rule(
    name="syntax-not-first",
    title="# syntax is not the first line",
    severity="medium",
    confidence="high",
    why="Parser directives must stand before everything else: comments, blank lines and instructions. Anywhere else "
    "`# syntax=…` is a comment, and the builder's own frontend reads the file; what a newer one knows is then an "
    "error, "
    "or means something else. Moving it up is an unsafe fix: another frontend will read the file.",
    sources=("Dockerfile reference, Parser directives",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "# The service\n# syntax=docker/dockerfile:1\nFROM a\n",
            "# syntax=docker/dockerfile:1\n# The service\nFROM a\n",
        ),
        Example("\n# syntax=docker/dockerfile:1\nFROM a\n", "# syntax=docker/dockerfile:1\n\nFROM a\n"),
    ),
    good=(Example("# syntax=docker/dockerfile:1\nFROM a\n"), Example("FROM a\n# see syntax.md\n")),
)
