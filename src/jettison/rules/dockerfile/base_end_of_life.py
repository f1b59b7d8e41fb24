"""Bases that get no more security fixes."""

from collections.abc import Iterator

from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.end_of_life import CHECKED, releases_of
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    today = case.today or CHECKED
    for stage in case.scopes.stages:
        base = base_of(stage.image)
        if base is None or stage.index not in case.built:
            continue
        for release in releases_of(base):
            if release.ends < today:
                shipped = stage.index in case.shipped
                yield Find(
                    f"{release.name} in {base.image} gets no security fixes since {release.ends.isoformat()}; "
                    f"{release.next} does",
                    stage.start.words[0].span,
                    severity=None if shipped else "low",
                )


BASE_END_OF_LIFE = Rule(
    name="base-end-of-life",
    title="The base gets no more security fixes",
    severity="medium",
    confidence="high",
    why="A release whose support has ended gets no fixes for vulnerabilities found since; its package mirrors move to "
    "an archive sooner or later, and then the build fails. Only what the image's name says is looked at (`buster`, "
    "`ubuntu18.04`, `python:3.8`), in a table of dates that ships; Debian counts with its long-term support. There is "
    "no fix by machine: a newer release can change what the code sees.",
    sources=(
        "distro-info-data",
        "the Python developer's guide, status of versions",
        "Alpine's and Node's release pages",
    ),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM python:3.7-slim-buster\nCOPY app.py /app/\n"),
        Example("FROM nvidia/cuda:11.3.1-runtime-ubuntu18.04\nCOPY app.py /app/\n"),
        Example("ARG VERSION=18.04\nFROM ubuntu:${VERSION}\nCOPY app.py /app/\n"),
        Example("FROM centos:7 AS build\nRUN make\nFROM scratch\nCOPY --from=build /a /a\n"),
        Example("FROM python:3.12-alpine3.15\nCOPY app.py /app/\n"),
    ),
    good=(
        Example("FROM python:3.12-slim-bookworm\nCOPY app.py /app/\n"),
        Example("FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\nCOPY app.py /app/\n"),
        Example("FROM example/ubuntu-tools:18.04\nCOPY app.py /app/\n"),
        Example("ARG BASE\nFROM ${BASE}\nCOPY app.py /app/\n"),
        Example("FROM ubuntu:18.04 AS unused\nFROM debian:bookworm\nCOPY app.py /app/\n"),
    ),
)
