"""What rules tell from base names, from dates, and from COPY."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.dockerfile.edit import apply_edits
from jettison.dockerfile.parse import parse_text
from jettison.rules.dockerfile.base_end_of_life import BASE_END_OF_LIFE
from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.case import make_case
from jettison.rules.dockerfile.copies import copyings
from jettison.rules.dockerfile.end_of_life import releases_of
from jettison.rules.dockerfile.record import Rule
from jettison.rules.dockerfile.registry import DOCKERFILE_RULES

MINE = (
    "source-before-dependencies",
    "weights-with-code",
    "cuda-twice",
    "torch-cuda-on-cpu",
    "torch-extra-index",
    "devel-base-shipped",
    "base-too-large",
    "training-tools-shipped",
    "heavy-alternate",
)
MENDED = [
    (rule, at)
    for rule in DOCKERFILE_RULES
    if rule.name in MINE
    for at, example in enumerate(rule.bad)
    if example.after and not example.files
]


@pytest.mark.parametrize(
    ("rule", "at"), MENDED, ids=lambda value: value.name if isinstance(value, Rule) else str(value)
)
@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_fixes_keep_line_endings_and_a_missing_last_one(rule: Rule, at: int, ending: str) -> None:
    """A fix of a file with CRLF gives a file with CRLF; without an ending of the last line it gives none."""
    example = rule.bad[at]
    assert example.after is not None
    before = example.before.removesuffix("\n").replace("\n", ending)
    after = example.after.removesuffix("\n").replace("\n", ending)
    fixes = [find.fix for find in rule.check(make_case(parse_text(before))) if find.fix]
    assert apply_edits(before, {edit for fix in fixes for edit in fix.edits}) == after


def test_a_release_ends_on_its_day_and_not_before() -> None:
    """The rule has no clock: what day it is is said."""
    recipe = parse_text("FROM ubuntu:22.04\n")
    assert not list(BASE_END_OF_LIFE.check(make_case(recipe, today=date(2027, 6, 1))))
    assert list(BASE_END_OF_LIFE.check(make_case(recipe, today=date(2027, 6, 2))))
    assert not list(BASE_END_OF_LIFE.check(make_case(recipe)))


@pytest.mark.parametrize(
    ("image", "names"),
    [
        ("python:3.8-slim-buster", ["Debian 10 (buster)", "Python 3.8"]),
        ("python:3.12", ["Python 3.12"]),
        ("nvidia/cuda:11.8.0-runtime-ubuntu20.04", ["Ubuntu 20.04"]),
        ("nvidia/cuda:10.2-devel-centos7", ["CentOS 7"]),
        ("debian:12.5-slim", ["Debian 12 (bookworm)"]),
        ("ubuntu:focal-20240427", ["Ubuntu 20.04"]),
        ("node:18-alpine3.18", ["Node 18", "Alpine 3.18"]),
        ("gcr.io/distroless/python3-debian11", ["Debian 11 (bullseye)"]),
        ("centos:centos7.9.2009", ["CentOS 7"]),
        ("pytorch/pytorch:2.3.1-cuda12.1-cudnn8-runtime", []),
        ("example/python-buster:1", []),
    ],
)
def test_what_a_name_says_it_is_made_of(image: str, names: list[str]) -> None:
    """Releases are known by the name: by codename, by number, within tags of CUDA."""
    base = base_of(image)
    assert base is not None
    assert [each.name for each in releases_of(base)] == names


_NAME = st.text("abc", min_size=1, max_size=3)


@settings(deadline=None)
@given(st.sampled_from([".", "src", "a.txt", "a.txt b.txt"]), st.sampled_from([".", "./", "/x/", "sub/"]), _NAME)
def test_where_a_file_lands_it_is_brought_from(sources: str, target: str, name: str) -> None:
    """A file that a COPY brings to a place is found from that place again."""
    text = f"FROM python:3.12-slim\nWORKDIR /w\nCOPY {sources} {target}\n"
    (copying,) = copyings(make_case(parse_text(text)))
    file = {".": f"{name}/f", "src": f"src/{name}/f"}.get(sources, sources.split(maxsplit=1)[0])
    place = copying.lands(file)
    assert place is not None
    assert copying.brings(place) == file


def test_a_destination_that_is_no_folder_by_its_form_is_the_file() -> None:
    """COPY of one file to a name gives it that name, unless the name is a working directory's."""
    text = "FROM python:3.12-slim\nWORKDIR /app\nCOPY a.txt /b.txt\nCOPY c.txt /app\n"
    first, second = copyings(make_case(parse_text(text)))
    assert first.lands("a.txt") == "/b.txt"
    assert second.lands("c.txt") == "/app/c.txt"
