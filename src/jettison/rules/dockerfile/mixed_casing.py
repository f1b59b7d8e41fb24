"""Keywords in upper and lower case side by side."""

from collections import Counter
from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.dockerfile.record import Instruction
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    keywords = Counter(_is_lower(instruction) for instruction in case.recipe.instructions)
    lower = keywords[True] > keywords[False]
    for instruction in case.recipe.instructions:
        right = instruction.keyword.lower() if lower else instruction.keyword.upper()
        if instruction.keyword != right:
            fix = Fix("safe", (Edit(*instruction.keyword_span, right),), f"write {right}")
            yield Find(f"{instruction.keyword}, while most keywords are as in {right}", instruction.keyword_span, fix)
        yield from _as(instruction, right)


def _is_lower(instruction: Instruction) -> bool:
    return instruction.keyword == instruction.keyword.lower()


def _as(instruction: Instruction, right: str) -> Iterator[Find]:
    words = instruction.words
    if instruction.name != "FROM" or len(words) < 3 or words[1].text.lower() != "as":  # noqa: PLR2004 -- FROM x AS y
        return
    made = "as" if right.islower() else "AS"
    if words[1].text != made:
        yield Find(
            f"{words[1].text} beside {right}",
            words[1].span,
            Fix("safe", (Edit(*words[1].span, made),), f"write {made}"),
        )


MIXED_CASING = Rule(
    name="mixed-casing",
    title="keywords in different cases",
    severity="info",
    confidence="high",
    why="Keywords in one case are found by eye and by grep. The case that most keywords of the file have is kept.",
    sources=("BuildKit's checks ConsistentInstructionCasing and FromAsCasing",),
    check=_check,
    fixes="safe",
    bad=(
        Example("FROM a as b\nrun c\nCMD d\n", "FROM a AS b\nRUN c\nCMD d\n"),
        Example("from a AS b\nrun c\n", "from a as b\nrun c\n"),
    ),
    good=(Example("FROM a AS b\nRUN c\n"), Example("from a as b\nrun c\n")),
    aliases=("ConsistentInstructionCasing", "FromAsCasing"),
)
