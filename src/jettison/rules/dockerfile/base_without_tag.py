"""Bases named without a tag, or with ``latest``."""

from collections.abc import Iterator

from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    for stage in case.scopes.stages:
        base = base_of(stage.image)
        if base is None or base.digest or base.family == "scratch" or "$" in base.image:
            continue
        if base.tag in ("", "latest"):
            said = "has no tag, which means latest" if not base.tag else "is whatever was pushed last"
            yield Find(
                f"{base.image} {said}: a build next month may give another system, Python or CUDA",
                stage.start.words[0].span,
            )


BASE_WITHOUT_TAG = Rule(
    name="base-without-tag",
    title="The base has no tag",
    severity="low",
    confidence="high",
    why="`latest`, written or meant, moves to the next major release without a change in the file. Name the version "
    "that the code was tried on. Stages, `scratch`, digests and names that are given from outside are left alone.",
    sources=("Dockerfile reference, FROM",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM python\nCOPY app.py /app/\n"),
        Example("FROM continuumio/miniconda3:latest\nCOPY app.py /app/\n"),
    ),
    good=(
        Example("FROM python:3.11-slim\nCOPY app.py /app/\n"),
        Example("FROM scratch\nCOPY app /app\n"),
        Example("FROM python:3.11 AS latest\nFROM latest\nCOPY app.py /app/\n"),
        Example("ARG BASE\nFROM ${BASE}\nCOPY app.py /app/\n"),
        Example(f"FROM python@sha256:{'0' * 64}\nCOPY app.py /app/\n"),
        Example("FROM localhost:5000/tools:1.2\nCOPY app.py /app/\n"),
    ),
    aliases=("DL3006", "DL3007"),
)
