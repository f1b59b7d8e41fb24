"""Blank lines inside a continued instruction."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for instruction in case.recipe.instructions:
        lines = case.recipe.lines[instruction.line - 1 : instruction.last_line]
        blank = [line for line in lines if line.kind == "blank"]
        if blank:
            edits = tuple(Edit(line.start, line.end, "") for line in blank)
            place = (blank[0].start, blank[0].end)
            fix = Fix("safe", edits, "remove the blank lines") if lines[-1].kind != "blank" else None
            yield Find("a blank line in the middle of an instruction; builders warn, and will refuse it", place, fix)


EMPTY_CONTINUATION = Rule(
    name="empty-continuation",
    title="a blank line inside a continued instruction",
    severity="info",
    confidence="high",
    why="A blank line behind a backslash is skipped by today's builders with a warning that it will become an "
    "error. It "
    "often hides a missing backslash one line above.",
    sources=("BuildKit's check NoEmptyContinuation",),
    check=_check,
    fixes="safe",
    bad=(Example("FROM a\nRUN b && \\\n\n    c\n", "FROM a\nRUN b && \\\n    c\n"),),
    good=(Example("FROM a\nRUN b && \\\n    # why\n    c\n"), Example("FROM a\nRUN <<EOF\na\n\nb\nEOF\n")),
    aliases=("NoEmptyContinuation",),
)
