"""Bases named without a tag, or with ``latest``."""

from collections.abc import Iterator

from jettison.rules.dockerfile.bases import Base, base_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule
from jettison.rules.dockerfile.tables import words

_OFFICIAL = words(
    "golang rust gcc nginx httpd redis postgres mysql mongo busybox amazonlinux openjdk maven gradle ruby perl "
    "php r-base"
    " julia swift haskell elixir erlang clojure docker caddy traefik haproxy registry fedora rockylinux almalinux"
    " oraclelinux archlinux buildpack-deps eclipse-temurin pypy composer"
)


def _check(case: Case) -> Iterator[Find]:
    for stage in case.scopes.stages:
        base = base_of(stage.image)
        if base is None or base.digest or base.family == "scratch" or "$" in base.image or _is_context(base):
            continue
        if base.tag in ("", "latest"):
            said = "has no tag, which means latest" if not base.tag else "is whatever was pushed last"
            yield Find(
                f"{base.image} {said}: a build next month may give another system, Python or CUDA",
                stage.start.words[0].span,
            )


def _is_context(base: Base) -> bool:
    """Whether a name may be one of a build's own contexts (``--build-context deps=…``): short, and no known image."""
    return "/" not in base.repository and not base.family and base.repository not in _OFFICIAL and not base.tag


BASE_WITHOUT_TAG = Rule(
    name="base-without-tag",
    title="The base has no tag",
    severity="low",
    confidence="high",
    why="`latest`, written or meant, moves to the next major release without a change in the file. Name the version "
    "that the code was tried on. Stages, `scratch`, digests names that are given from outside, and short names "
    "of no known image, which may be contexts of the build, are left alone.",
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
        Example("FROM deps\nCOPY app.py /app/\n"),
        Example("FROM localhost:5000/tools:1.2\nCOPY app.py /app/\n"),
    ),
    aliases=("DL3006", "DL3007"),
)
