"""Names of stages that are used twice, reserved, or in upper case."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule

_RESERVED = ("scratch", "context")


def _check(case: Case) -> Iterator[Find]:
    seen: dict[str, int] = {}
    for stage in case.scopes.stages:
        if not stage.name:
            continue
        word = stage.start.words[2]
        if stage.name in seen:
            yield Find(
                f"stage {stage.name} is also the name of line {seen[stage.name]}'s", word.span, severity="medium"
            )
        if stage.name in _RESERVED:
            yield Find(f"{stage.name} is a reserved name", word.span, severity="medium")
        if word.text != stage.name:
            yield Find(f"stage {word.text}: stages are named in lower case", word.span)
        seen[stage.name] = stage.start.line


STAGE_NAME = Rule(
    name="stage-name",
    title="a stage's name is taken, reserved or in upper case",
    severity="info",
    confidence="high",
    why="Of two stages with one name, `COPY --from` and `--target` mean the later one, whatever was meant. "
    "`scratch` and "
    "`context` mean something else already. Names ignore case, so upper case only hides that two are the same.",
    sources=("BuildKit's checks DuplicateStageName, ReservedStageName, StageNameCasing",),
    check=_check,
    fixes="none",
    bad=(Example("FROM a AS b\nFROM c AS b\n"), Example("FROM a AS scratch\n"), Example("FROM a AS Build\n")),
    good=(Example("FROM a AS b\nFROM b AS c\n"),),
    aliases=("DuplicateStageName", "ReservedStageName", "StageNameCasing", "DL3024"),
)
