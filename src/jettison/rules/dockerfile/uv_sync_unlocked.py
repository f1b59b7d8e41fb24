"""uv sync that may write the lock anew."""

from collections.abc import Iterator

from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.caches import is_set
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_VARIABLES = ("UV_FROZEN", "UV_LOCKED", "UV_NO_SYNC")


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("uv", "sync"):
        answered = call.has("--frozen", "--locked", "--script") or any(is_set(site, call, name) for name in _VARIABLES)
        if site.stage in case.built and call.group == "" and not answered:
            yield Find(
                "uv sync writes the lock anew when it does not fit: the build then installs what nobody tested",
                call.command.span,
                _fix(site, call),
            )


def _fix(site: Site, call: Call) -> Fix | None:
    word = call.head[-1]
    if not site.editable or not call.command.plain or not word.whole:
        return None
    return Fix("unsafe", (insert_after(word, "--locked"),), "fail when the lock does not fit")


UV_SYNC_UNLOCKED = Rule(
    name="uv-sync-unlocked",
    title="uv sync without --locked or --frozen",
    severity="medium",
    confidence="high",
    why="`uv sync` resolves again when `uv.lock` is missing or does not fit `pyproject.toml`. `--locked` makes that an "
    "error; `--frozen` takes the lock as it is. The fix is unsafe: a build whose lock is missing or stale then fails, "
    "as it should.",
    sources=("uv's documentation, Locking and syncing",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM python:3.12-slim\nRUN uv sync --no-dev\n",
            "FROM python:3.12-slim\nRUN uv sync --locked --no-dev\n",
        ),
        Example("FROM python:3.12-slim\nRUN uv sync || true\n"),
    ),
    good=(
        Example("FROM python:3.12-slim\nRUN uv sync --frozen\n"),
        Example("FROM python:3.12-slim\nENV UV_FROZEN=1\nRUN uv sync\n"),
        Example("FROM python:3.12-slim\nRUN uv pip sync requirements.txt\n"),
    ),
)
