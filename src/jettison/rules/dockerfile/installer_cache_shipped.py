"""The caches of uv, Poetry, pipenv and PDM left in a layer."""

from collections.abc import Iterator, Sequence

from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.cache_kept import kept, mount_fix
from jettison.rules.dockerfile.caches import is_set
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.installs import index_of, weighed
from jettison.rules.dockerfile.record import Claim, Example, Find, Fix, Rule

_ACTIONS = {
    "uv": ("install", "sync", "add"),
    "poetry": ("install", "add", "sync"),
    "pipenv": ("install", "sync"),
    "pdm": ("install", "sync", "add"),
}


def _check(case: Case) -> Iterator[Find]:
    for tool, actions in _ACTIONS.items():
        for site, calls in kept(case, tool, *actions):
            names = tuple(name for call in calls for name in weighed(call)) if tool != "uv" else ()
            yield Find(
                f"{tool} keeps what it downloads in its cache, and this layer keeps the cache",
                calls[0].command.span,
                _fix(case, site, calls),
                (Claim("downloads", names, index=index_of(calls[0])),) if names else (),
                severity="low" if tool == "uv" else None,
            )


def _fix(case: Case, site: Site, calls: Sequence[Call]) -> Fix | None:
    fix = mount_fix(case, site, calls[0])
    if calls[0].tool != "uv":
        return fix
    words = [call.head[-1] for call in calls]
    if not site.editable or not all(call.command.plain for call in calls) or not all(word.whole for word in words):
        return None
    if fix is None:
        return Fix("safe", tuple(insert_after(word, "--no-cache") for word in words), "keep no cache")
    copies = [call.head[-1] for call in calls if not call.has("--link-mode") and not is_set(site, call, "UV_LINK_MODE")]
    return Fix("safe", (*fix.edits, *(insert_after(word, "--link-mode=copy") for word in copies)), fix.description)


INSTALLER_CACHE_SHIPPED = Rule(
    name="installer-cache-shipped",
    title="the cache of uv, Poetry, pipenv or PDM stays in the image",
    severity="medium",
    confidence="medium",
    why="These tools cache below `~/.cache` as pip does. Poetry, pipenv and PDM leave each wheel a second time. uv "
    "links files from its cache, so that a layer that holds both stores them once; what is left over is small unless "
    "`UV_LINK_MODE=copy` is set. Poetry's `--no-cache` is about the lists of its sources and leaves the wheels, so the "
    "fix is a mount, where the user is root and the folder is known. Out of a mount, another file system, uv has "
    "to copy: `--link-mode=copy` says so.",
    sources=(
        "uv's documentation, Caching",
        "Poetry's documentation, Configuration: cache-dir",
        "pipenv: PIPENV_CACHE_DIR",
    ),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.11-slim\nRUN poetry install --only main\n",
            "FROM python:3.11-slim\nRUN --mount=type=cache,target=/root/.cache/pypoetry poetry install --only main\n",
        ),
        Example(
            "FROM python:3.11-slim\nRUN uv sync --locked\n",
            "FROM python:3.11-slim\nRUN --mount=type=cache,target=/root/.cache/uv uv sync --link-mode=copy --locked\n",
        ),
        Example(
            "FROM registry.example/ml:3\nRUN uv sync --locked\n",
            "FROM registry.example/ml:3\nRUN uv sync --no-cache --locked\n",
        ),
        Example("FROM registry.example/ml:3\nRUN pipenv sync --system\n"),
    ),
    good=(
        Example("FROM python:3.11-slim\nENV UV_NO_CACHE=1\nRUN uv sync --locked\n"),
        Example("FROM python:3.11-slim\nRUN --mount=type=cache,target=/root/.cache/uv uv sync --locked\n"),
        Example("FROM python:3.11-slim\nENV POETRY_CACHE_DIR=/tmp/p\nRUN poetry install && rm -rf $POETRY_CACHE_DIR\n"),
        Example("FROM python:3.11-slim AS build\nRUN poetry install\nFROM python:3.11-slim\nCOPY --from=build /v /v\n"),
    ),
)
