"""uv told to link across file systems."""

from collections.abc import Iterator

from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.caches import folder_of, is_set
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.mounts import covered, mounts_of
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("uv", "install", "sync", "add"):
        folder = folder_of(case, site, call)
        mounted = (
            covered(site, folder) if folder else any("/uv" in (each.target or "") for each in mounts_of(site, "cache"))
        )
        if mounted and not call.has("--link-mode") and not is_set(site, call, "UV_LINK_MODE"):
            yield Find(
                "uv's cache mount is another file system: uv cannot link from it, warns, and copies",
                call.command.span,
                _fix(site, call),
            )


def _fix(site: Site, call: Call) -> Fix | None:
    word = call.head[-1]
    if not site.editable or not call.command.plain or not word.whole:
        return None
    return Fix("safe", (insert_after(word, "--link-mode=copy"),), "copy at once")


UV_LINK_MODE = Rule(
    name="uv-link-mode",
    title="uv's cache mount without link mode copy",
    severity="info",
    confidence="high",
    why="uv installs by hard links into its cache. From a cache mount that cannot work, since a mount is another file "
    "system: uv warns in each build and copies. `--link-mode=copy`, or `UV_LINK_MODE=copy`, says so from the start. "
    "The "
    "image is the same.",
    sources=("uv's documentation, Using uv in Docker, Caching",),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.12-slim\nRUN --mount=type=cache,target=/root/.cache/uv uv sync --locked\n",
            "FROM python:3.12-slim\nRUN --mount=type=cache,target=/root/.cache/uv uv sync --link-mode=copy --locked\n",
        ),
        Example(
            "FROM python:3.12-slim\nRUN --mount=type=cache,target=/root/.cache/uv (cd /a && uv pip install x)\n",
        ),
    ),
    good=(
        Example(
            "FROM python:3.12-slim\nENV UV_LINK_MODE=copy\n"
            "RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked\n"
        ),
        Example("FROM python:3.12-slim\nRUN uv sync --locked\n"),
    ),
)
