"""A build argument from before FROM that a stage uses without declaring it."""

import re
from collections.abc import Iterator

from jettison.dockerfile.edit import insert_behind
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_USE = regex(r"\$(?:\{(\w+)[^}]*\}|(\w+))")


def _check(case: Case) -> Iterator[Find]:
    told: set[tuple[int, str]] = set()
    for site in case.sites:
        for name in _used(site):
            key = (site.stage, name)
            if name in case.scopes.arguments and name not in site.state.variables and key not in told:
                told.add(key)
                stage = case.scopes.stages[site.stage]
                fix = None
                if not any(each.name == "ENV" for each in stage.instructions):
                    edit = insert_behind(case.recipe, stage.start, f"ARG {name}")
                    fix = Fix("unsafe", (edit,), f"declare ARG {name} in the stage")
                message = f"{name} is empty here: an ARG before FROM counts in FROM lines only"
                yield Find(message, site.instruction.keyword_span, fix)


def _used(site: Site) -> Iterator[str]:
    """Give the variables that an instruction reads and does not set itself."""
    instruction = site.instruction
    if instruction.name in ("CMD", "ENTRYPOINT", "HEALTHCHECK", "ONBUILD", "FROM"):
        return
    body = instruction.body.text
    for match in _USE.finditer(body):
        name = match[1] or match[2]
        if not re.search(rf"\b{name}=|\b(?:for|read)\s+(?:-\w+\s+)*{name}\b", body):
            yield name


ARGUMENT_NOT_DECLARED = Rule(
    name="argument-not-declared",
    title="an ARG from before FROM is used without being declared in the stage",
    severity="medium",
    confidence="medium",
    why="An ARG before the first FROM belongs to no stage. A stage that wants its value says `ARG NAME` again, "
    "without a "
    "value; else the variable is empty, and `pip install torch==$TORCH` becomes `torch==`. The fix is unsafe: what was "
    "empty gets a value.",
    sources=("Dockerfile reference, Understand how ARG and FROM interact", "BuildKit's check UndefinedVar"),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "ARG V=2.1\nFROM python:3.11\nRUN pip install torch==$V\n",
            "ARG V=2.1\nFROM python:3.11\nARG V\nRUN pip install torch==$V\n",
        ),
        Example("ARG V=2.1\nFROM python:3.11\nENV A=1\nWORKDIR /app/${V}\n"),
    ),
    good=(
        Example("ARG V=3.11\nFROM python:$V\nRUN echo\n"),
        Example("ARG V=2\nFROM a\nARG V\nRUN echo $V\n"),
        Example("ARG V=2\nFROM a\nRUN V=3 && echo $V\n"),
        Example("ARG i\nFROM a\nRUN for i in 1 2; do echo $i; done\n"),
    ),
    aliases=("UndefinedVar",),
)
