"""ENV and LABEL in the form without an equals sign."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_PLAIN = regex(r"[\w./:,@%+=$\{\}-]+")
_BLANKS = regex(r"[\w./:,@%+= $\{\}-]+")


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("ENV", "LABEL"):
        instruction = site.instruction
        if instruction.args[2:3] != ("",):
            continue
        name, value = instruction.args[:2]
        fix = None
        made = value if _PLAIN.fullmatch(value) else f'"{value}"' if _BLANKS.fullmatch(value) else None
        if made and len(instruction.args) == 3:  # noqa: PLR2004 -- name, value and the mark of the form
            edit = Edit(*instruction.body.span(0, len(instruction.body.text)), f"{name}={made}")
            fix = Fix("safe", (edit,), "write it with =")
        yield Find(f"{instruction.name} {name} is in the old form without =", instruction.keyword_span, fix)


LEGACY_KEY_VALUE = Rule(
    name="legacy-key-value",
    title="ENV or LABEL without =",
    severity="info",
    confidence="high",
    why="In `ENV A B C=D` the variable A gets the value `B C=D`: the old form takes one variable and all of the line. "
    "Values with quotes or backslashes are left to you, since they mean different things in the two forms.",
    sources=("Dockerfile reference, ENV", "BuildKit's check LegacyKeyValueFormat"),
    check=_check,
    fixes="safe",
    bad=(
        Example("FROM a\nENV PATH /opt/bin:$PATH\n", "FROM a\nENV PATH=/opt/bin:$PATH\n"),
        Example("FROM a\nENV A b c\n", 'FROM a\nENV A="b c"\n'),
        Example('FROM a\nENV A "b" c\n'),
    ),
    good=(Example("FROM a\nENV A=b C=d\n"),),
    aliases=("LegacyKeyValueFormat",),
)
