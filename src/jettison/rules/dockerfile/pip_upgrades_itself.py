"""pip upgraded to whatever is newest."""

from collections.abc import Iterator

from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.installs import wishes_of
from jettison.rules.dockerfile.record import Example, Find, Rule

_TOOLS = {"pip", "setuptools", "wheel"}


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("pip", "install"):
        wishes = wishes_of(call)
        base = base_of(case.image(site.stage))
        upgrades = call.has("-U", "--upgrade") and wishes and all(wish.name in _TOOLS for wish in wishes)
        if upgrades and any(wish.name == "pip" and not wish.version for wish in wishes):
            recent = base is not None and base.family == "python"
            yield Find(
                "pip is replaced by the newest one of the day"
                + (", though this base image brings a recent pip: both are stored" if recent else ""),
                call.command.span,
            )


PIP_UPGRADES_ITSELF = Rule(
    name="pip-upgrades-itself",
    title="pip is upgraded without a version",
    severity="info",
    confidence="high",
    why="pip's releases change what builds: resolver, isolation, metadata that is refused. `pip install pip==24.2` is "
    "as "
    "short. The `python` images bring the pip of their release; replacing it stores a second one.",
    sources=("pip's release notes",),
    check=_check,
    fixes="none",
    bad=(Example("FROM python:3.11-slim\nRUN pip install --no-cache-dir --upgrade pip setuptools\n"),),
    good=(
        Example("FROM python:3.11-slim\nRUN pip install -U pip==24.2\n"),
        Example("FROM python:3.11-slim\nRUN pip install -U 'pip<25'\n"),
        Example("FROM python:3.11-slim\nRUN pip install -U flask\n"),
    ),
)
