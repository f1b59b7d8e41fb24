"""Poetry installs what developers need."""

from collections.abc import Iterator

from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.bodies import text_of
from jettison.rules.dockerfile.caches import is_set
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_ANSWERS = ("--only", "--without", "--no-dev", "--only-root", "--with", "--no-root-only")


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("poetry", "install", "sync"):
        answered = (
            call.has(*_ANSWERS) or is_set(site, call, "POETRY_INSTALL_WITHOUT") or is_set(site, call, "POETRY_WITHOUT")
        )
        if site.stage in case.built and not answered:
            yield Find(
                f"poetry {call.action} installs the groups for developers as well",
                call.command.span,
                _fix(case, site, call),
            )


def _fix(case: Case, site: Site, call: Call) -> Fix | None:
    old = any("poetry==1.1" in text_of(case, each) or "poetry==1.0" in text_of(case, each) for each in case.sites)
    word = call.head[-1]
    if old or not site.editable or not call.command.plain or not word.whole:
        return None
    return Fix("unsafe", (insert_after(word, "--only main"),), "install the main group only")


POETRY_INSTALLS_DEV = Rule(
    name="poetry-installs-dev",
    title="Poetry installs the groups for developers",
    severity="low",
    confidence="medium",
    why="Without `--only` or `--without`, Poetry installs every group that is not optional: test runners, linters, "
    "notebooks. The fix is unsafe, since a service may import something that stands in such a group, and this may be "
    "the image that runs the tests.",
    sources=("Poetry's documentation, Dependency groups",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM python:3.11-slim\nRUN poetry install --no-root\n",
            "FROM python:3.11-slim\nRUN poetry install --only main --no-root\n",
        ),
        Example("FROM python:3.11-slim\nRUN pip install poetry==1.1.13\nRUN poetry install\n"),
    ),
    good=(
        Example("FROM python:3.11-slim\nRUN poetry install --only main\n"),
        Example("FROM python:3.11-slim\nRUN poetry install --no-dev\n"),
        Example(
            "FROM python:3.11 AS test\nRUN poetry install\nFROM python:3.11-slim\nRUN poetry install --without dev\n"
        ),
    ),
)
