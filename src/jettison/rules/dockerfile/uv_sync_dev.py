"""uv sync installs what developers need."""

from collections.abc import Iterator

from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.caches import is_set
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_ANSWERS = (
    *("--no-dev", "--only-group", "--no-default-groups", "--only-dev", "--dev", "--no-group", "--all-groups"),
    *("--group", "--script"),
)


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("uv", "sync"):
        answered = call.has(*_ANSWERS) or is_set(site, call, "UV_NO_DEV") or is_set(site, call, "UV_NO_DEFAULT_GROUPS")
        if site.stage in case.built and call.group == "" and not answered:
            yield Find("uv sync installs the group dev as well", call.command.span, _fix(site, call))


def _fix(site: Site, call: Call) -> Fix | None:
    word = call.head[-1]
    if not site.editable or not call.command.plain or not word.whole:
        return None
    return Fix("unsafe", (insert_after(word, "--no-dev"),), "leave the group dev out")


UV_SYNC_DEV = Rule(
    name="uv-sync-dev",
    title="uv sync installs the group dev",
    severity="low",
    confidence="medium",
    why="uv installs the dependency group `dev` unless told not to: test runners, linters, notebooks. The fix is "
    "unsafe, "
    "since a service may import something that stands in that group, and this may be the image that runs the tests.",
    sources=("uv's documentation, Managing dependencies: default groups",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM python:3.12-slim\nRUN uv sync --locked\n",
            "FROM python:3.12-slim\nRUN uv sync --no-dev --locked\n",
        ),
    ),
    good=(
        Example("FROM python:3.12-slim\nRUN uv sync --locked --no-dev\n"),
        Example("FROM python:3.12-slim\nRUN uv sync --locked --group serve\n"),
        Example("FROM python:3.12-slim\nENV UV_NO_DEV=1\nRUN uv sync --locked\n"),
    ),
)
