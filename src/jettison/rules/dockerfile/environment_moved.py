"""Virtual environments copied to another path."""

import posixpath
from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copying import Copying, copyings
from jettison.rules.dockerfile.places import joined, within
from jettison.rules.dockerfile.record import Example, Find, Rule
from jettison.rules.dockerfile.stored import environment_made


def _check(case: Case) -> Iterator[Find]:
    for copying in copyings(case):
        if copying.site.stage not in case.shipped or copying.origin is None or copying.to is None:
            continue
        origin = case.scopes.find(copying.origin, copying.site.stage)
        for made in _made(case, origin) if origin is not None else ():
            lands = _lands(copying, made)
            if lands and lands != made:
                yield Find(
                    f"the environment {made} is copied to {lands}: the first line of its programs names the old path",
                    copying.instruction.span,
                )


def _made(case: Case, stage: int) -> Iterator[str]:
    stages = {each.index for each in case.scopes.lineage(stage)}
    found: dict[str, None] = {}
    for site in case.sites:
        for call in site.calls if site.stage in stages and site.instruction.name == "RUN" else ():
            path = environment_made(case, site, call)
            if path and not call.has("--relocatable"):
                found[path] = None
    return iter(found)


def _lands(copying: Copying, made: str) -> str | None:
    """Return where an environment lies behind a COPY; None when it does not bring it. COPY takes a folder's content."""
    for source in copying.sources:
        top = joined("/", source)
        if top and within(made, top) and copying.to:
            return posixpath.normpath(posixpath.join(copying.to, posixpath.relpath(made, top)))
    return None


ENVIRONMENT_MOVED = Rule(
    name="environment-moved",
    title="a virtual environment copied to another path",
    severity="medium",
    confidence="high",
    why="Programs in a virtual environment (`uvicorn`, `gunicorn`, `pip`) begin with the absolute path of its "
    "interpreter, and `activate` holds it as well. Copied elsewhere they end with `no such file or directory`; "
    "only `bin/python` itself goes on. Make the environment where it will be, or with `uv venv --relocatable`.",
    sources=("PEP 405", "Python's documentation, venv: environments are not portable"),
    check=_check,
    fixes="none",
    bad=(
        Example(
            "FROM python:3.11 AS build\nRUN python -m venv /opt/venv\nFROM python:3.11-slim\n"
            "COPY --from=build /opt/venv /venv\n"
        ),
        Example(
            "FROM python:3.11 AS build\nWORKDIR /src\nRUN python -m venv .venv\nFROM python:3.11-slim\n"
            "COPY --from=build /src /app\n"
        ),
    ),
    good=(
        Example(
            "FROM python:3.11 AS build\nRUN python -m venv /opt/venv\nFROM python:3.11-slim\n"
            "COPY --from=build /opt/venv/ /opt/venv/\n"
        ),
        Example(
            "FROM python:3.11 AS build\nRUN uv venv --relocatable /opt/venv\nFROM python:3.11-slim\n"
            "COPY --from=build /opt/venv /venv\n"
        ),
        Example(
            "FROM python:3.11 AS build\nRUN python -m venv /opt/venv\nFROM python:3.11-slim\n"
            "COPY --from=build /app /srv\n"
        ),
    ),
)
