"""Secrets asked for as build arguments."""

import re
from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.places import later
from jettison.rules.dockerfile.record import Example, Find, Rule
from jettison.rules.dockerfile.secrets import secret_name


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("ARG"):
        if site.stage not in case.built:
            continue
        for name, value, word in site.instruction.pairs():
            if not value and secret_name(name) and _used(case, site, name):
                yield Find(
                    f"the build argument {name} is a secret by its name, and build arguments are kept in the image's "
                    "history and provenance",
                    word.span,
                    severity=None if site.stage in case.shipped else "low",
                )


def _used(case: Case, site: Site, name: str) -> bool:
    pattern = re.compile(rf"\$(?:{name}\b|\{{{name}\b)")
    for other in later(case, site):
        text = case.recipe.text[other.instruction.span[0] : other.instruction.span[1]]
        if other.instruction.name == "RUN" and pattern.search(text):
            return True
    return False


SECRET_BUILD_ARGUMENT = Rule(
    name="secret-build-argument",
    title="a secret as a build argument",
    severity="medium",
    confidence="medium",
    why="A RUN is recorded together with the build arguments that it sees, in the history of a stage that is "
    "shipped and in the provenance of the others. `RUN --mount=type=secret,id=NAME,env=NAME` gives the same "
    "variable to one command, and records nothing (Dockerfile syntax 1.10 and newer; before that, read "
    "`/run/secrets/NAME`).",
    sources=("BuildKit: SecretsUsedInArgOrEnv", "Dockerfile reference, RUN --mount=type=secret"),
    check=_check,
    fixes="none",
    bad=(
        Example(
            "FROM python:3.11\nARG PIP_TOKEN\nRUN pip config set global.extra-index-url https://$PIP_TOKEN@example.org/\n"
        ),
        Example("FROM python:3.11 AS b\nARG API_KEY\nRUN ./get ${API_KEY}\nFROM python:3.11\nCOPY --from=b /a /a\n"),
    ),
    good=(
        Example("FROM python:3.11\nRUN --mount=type=secret,id=t,env=PIP_TOKEN pip install private\n"),
        Example("FROM python:3.11\nARG PIP_TOKEN\nRUN pip install numpy\n"),
        Example("FROM python:3.11\nARG KEY_ID\nRUN echo $KEY_ID\n"),
    ),
)
