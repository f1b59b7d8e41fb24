"""Bases that are not held by a digest."""

from collections.abc import Iterator

from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    seen: set[str] = set()
    for stage in case.scopes.stages:
        base = base_of(stage.image)
        if base is None or stage.index not in case.built or base.image in seen:
            continue
        seen.add(base.image)
        if not base.digest and base.family != "scratch" and base.tag not in ("", "latest"):
            yield Find(
                f"{base.image} is held by its tag only, which is pushed anew; `jettison pin` writes the "
                f"digest beside it",
                stage.start.words[0].span,
            )


BASE_WITHOUT_DIGEST = Rule(
    name="base-without-digest",
    title="The base is not held by a digest",
    severity="info",
    confidence="high",
    why="A tag is moved whenever the image is built anew, so two builds of one commit can differ. "
    "`python:3.11-slim@sha256:…` always gives the same, and is moved deliberately: `jettison pin --update`, or a "
    "bot. This is for production; 98 % of public files do without. A base without a tag is another finding.",
    sources=("98 % of 148 public ML Dockerfiles have none",),
    check=_check,
    fixes="none",
    bad=(Example("FROM python:3.11-slim\nCOPY app.py /app/\n"),),
    good=(
        Example(f"FROM python:3.11-slim@sha256:{'0' * 64}\nCOPY app.py /app/\n"),
        Example("FROM scratch\nCOPY app /app\n"),
        Example(f"FROM python:3.11-slim@sha256:{'0' * 64} AS a\nFROM a\nCOPY app.py /app/\n"),
        Example("ARG BASE\nFROM ${BASE}\nCOPY app.py /app/\n"),
    ),
)
