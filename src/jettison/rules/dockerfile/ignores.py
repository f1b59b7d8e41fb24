"""Comments that say: this finding is meant. Ours, hadolint's and BuildKit's.

``# jettison ignore=RULE,RULE`` in front of an instruction, ``# jettison global ignore=…`` anywhere; hadolint's comments
of the same form with its codes; BuildKit's directive ``# check=skip=CHECK,CHECK``. All names that a rule goes by count.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.record import Recipe
from jettison.regex import regex

_COMMENT = regex(
    r"#\s*(?P<tool>jettison|hadolint)\s+(?P<everywhere>global\s+)?ignore\s*=\s*(?P<names>[\w-]+(?:\s*,\s*[\w-]+)*)",
    re.IGNORECASE,
)
_SKIP = regex(r"(?:^|;)\s*skip=([\w,\s-]+)")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One name in one comment.

    Attributes:
        name: of a rule, as written.
        tool: whose comment it is: ``jettison``, ``hadolint`` or ``check``.
        line: of the comment.
        lines: first and last line of the instruction that it is about; None: the whole file.
        span: of the comment's line.
        alone: whether it is the only name in its comment.
    """

    name: str
    tool: str
    line: int
    lines: tuple[int, int] | None
    span: tuple[int, int]
    alone: bool

    def covers(self, names: tuple[str, ...], line: int) -> bool:
        """Whether it is about a finding at ``line`` of the rule that goes by ``names``."""
        if self.name not in names and not (self.tool == "check" and self.name == "all" and _is_check(names)):
            return False
        return self.lines is None or self.lines[0] <= line <= self.lines[1]


def _is_check(names: tuple[str, ...]) -> bool:
    """Whether one of the names is a check of BuildKit's: these are in camel case."""
    return any(name[:1].isupper() and not name[-1:].isdigit() for name in names)


def ignores_of(recipe: Recipe) -> tuple[Ignore, ...]:
    """Return the ignores of a recipe, in order."""
    return (*_directive(recipe), *_comments(recipe))


def _directive(recipe: Recipe) -> Iterator[Ignore]:
    directive = recipe.directive("check")
    match = _SKIP.search(directive.value) if directive else None
    if directive and match:
        names = [name.strip() for name in match[1].split(",") if name.strip()]
        for name in names:
            yield Ignore(name, "check", directive.line, None, directive.span, alone=False)


def _comments(recipe: Recipe) -> Iterator[Ignore]:
    for line in recipe.lines:
        if line.kind != "comment":
            continue
        match = _COMMENT.match(recipe.text[line.start : line.end].strip())
        if not match:
            continue
        names = [name.strip() for name in match["names"].split(",")]
        about = None if match["everywhere"] else _instruction_below(recipe, line.number)
        if about is None and not match["everywhere"]:
            about = (0, 0)  # nothing follows it
        for name in names:
            yield Ignore(name, match["tool"].lower(), line.number, about, (line.start, line.end), len(names) == 1)


def _instruction_below(recipe: Recipe, number: int) -> tuple[int, int] | None:
    """Return the lines of the instruction that the comment at line ``number`` stands above, or inside."""
    found = next((each for each in recipe.instructions if each.last_line >= number), None)
    return (found.line, found.last_line) if found else None
