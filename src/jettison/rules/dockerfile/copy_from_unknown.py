"""COPY --from or a mount that names a stage which comes later, or is misspelt."""

import difflib
from collections.abc import Iterator

from jettison.dockerfile.scope import sources_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    stages = case.scopes.stages
    names = [stage.name for stage in stages if stage.name]
    for site in case.named("COPY", "ADD", "RUN"):
        for name in sources_of(site.instruction):
            low = name.lower()
            if case.scopes.find(name, site.stage) is not None or "$" in name:
                continue
            own = stages[site.stage].name
            if low == own or (low.isdecimal() and int(low[:6]) == site.stage):
                yield Find(f"{name} is the stage itself", site.instruction.keyword_span, severity="high")
            elif low in names:
                yield Find(f"stage {name} comes later: it is taken for an image", site.instruction.keyword_span)
            elif not set(low) & set("/:.@") and (near := difflib.get_close_matches(low, names, 1, 0.75)):
                message = f"{name} is no stage, so it is taken for an image; is {near[0]} meant?"
                yield Find(message, site.instruction.keyword_span, confidence="medium")


COPY_FROM_UNKNOWN = Rule(
    name="copy-from-unknown",
    title="COPY --from names no stage before it",
    severity="high",
    confidence="high",
    why="A name behind `--from` that is no earlier stage is an image's name, and the builder pulls it from a registry: "
    "whoever owns that name there decides what gets into the image.",
    sources=("Dockerfile reference, COPY --from", "hadolint DL3022, DL3023"),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM a AS builder\nFROM b\nCOPY --from=bulder /x /x\n"),
        Example("FROM a\nCOPY --from=later /x /x\nFROM b AS later\n"),
        Example("FROM a AS self\nCOPY --from=self /x /x\n"),
    ),
    good=(
        Example("FROM a AS builder\nFROM b\nCOPY --from=builder /x /x\nCOPY --from=0 /y /y\n"),
        Example("FROM a\nCOPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/\n"),
    ),
    aliases=("DL3022", "DL3023"),
)
