"""A health check that calls what the image does not have."""

import json
from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.regex import regex
from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.image_tools import lacks
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_ADDRESS = regex(r"(?:curl|wget)\s[^|;&]*?(?P<url>https?://[^\s'\"$|;&]+)[^|;&$]*(?:\|\|\s*exit 1)?")


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("HEALTHCHECK"):
        if site.stage not in case.shipped or not site.instruction.args or site.instruction.args[0].upper() != "CMD":
            continue
        for name in _programs(site):
            if lacks(case, name):
                message = f"the health check calls {name}, which the image does not have: it is always unhealthy"
                yield Find(message, site.instruction.keyword_span, _fix(case, site))
                break


def _programs(site: Site) -> Iterator[str]:
    if site.script is not None:
        yield from (command.name for command in site.script.commands)
    elif site.instruction.json and len(site.instruction.args) > 1:
        yield site.instruction.args[1].rpartition("/")[2]


def _fix(case: Case, site: Site) -> Fix | None:
    """Ask by Python's standard library, where the interpreter is on PATH and the address is plain."""
    body = site.instruction.body
    text = " ".join(site.instruction.args[1:]) if site.instruction.json else body.text
    match = _ADDRESS.fullmatch(text.strip())
    base = base_of(case.image(site.stage))
    if not match or base is None or base.family != "python":
        return None
    request = f"import urllib.request; urllib.request.urlopen('{match['url']}', timeout=4)"
    made = json.dumps(["python", "-c", request])
    return Fix("safe", (Edit(*body.span(0, len(body.text)), made),), "ask by Python's standard library")


HEALTHCHECK_TOOL_MISSING = Rule(
    name="healthcheck-tool-missing",
    title="the health check calls a program that the image does not have",
    severity="high",
    confidence="medium",
    why="Slim and distroless bases have no curl and no wget. A health check that calls one fails forever, and an "
    "orchestrator that believes it restarts a healthy service. Python's standard library asks as well: "
    "`urllib.request.urlopen` fails on any status from 400, as `curl -f` does. Where a RUN may have brought the "
    "program "
    "(its name, or a script, is in it), nothing is said.",
    sources=("common advice that is wrong: a check by curl or requests fails where they are not installed",),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.11-slim\nHEALTHCHECK --start-period=60s CMD curl -f http://localhost:8000/health || exit "
            "1\n",
            "FROM python:3.11-slim\nHEALTHCHECK --start-period=60s CMD "
            '["python", "-c", "import urllib.request; '
            "urllib.request.urlopen('http://localhost:8000/health', timeout=4)\"]\n",
        ),
        Example("FROM debian:bookworm-slim\nHEALTHCHECK CMD curl -f http://localhost/ || exit 1\n"),
    ),
    good=(
        Example("FROM python:3.11\nHEALTHCHECK CMD curl -f http://localhost/\n"),
        Example("FROM python:3.11-slim\nRUN apt-get install -y curl\nHEALTHCHECK CMD curl -f http://localhost/\n"),
        Example("FROM python:3.11-alpine\nHEALTHCHECK CMD wget -q http://localhost/\n"),
        Example("FROM python:3.11-slim\nRUN ./install.sh\nHEALTHCHECK CMD curl -f http://localhost/\n"),
        Example("FROM python:3.11-slim\nHEALTHCHECK NONE\n"),
    ),
)
