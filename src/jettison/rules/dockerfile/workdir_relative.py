"""WORKDIR by a relative path with nothing in front of it."""

from collections.abc import Iterator

from jettison.dockerfile.edit import replace_word
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.places import AT_ROOT, base_at, earlier, joined
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("WORKDIR"):
        text = site.state.expand(site.instruction.args[0], case.recipe.escape) if site.instruction.args else None
        first = not any(other.instruction.name == "WORKDIR" for other in earlier(case, site))
        if text and first and not text.startswith("/") and not (len(text) > 1 and text[1] == ":"):
            yield Find(
                f"WORKDIR {text} depends on the base image's working directory", site.instruction.span, _fix(case, site)
            )


def _fix(case: Case, site: Site) -> Fix | None:
    base = base_at(case, site.stage)
    words = site.instruction.words
    if base is None or base.family not in AT_ROOT or len(words) != 1 or not words[0].whole:
        return None
    text = words[0].text
    place = joined("/", text)
    if place is None or not place[1:].replace("/", "").replace("-", "").replace("_", "").replace(".", "").isalnum():
        return None
    return Fix("safe", (replace_word(words[0], place),), "name the folder from the root")


WORKDIR_RELATIVE = Rule(
    name="workdir-relative",
    title="the first WORKDIR is relative",
    severity="low",
    confidence="high",
    why="A relative path goes on from the base image's working directory, which may be another one with the next "
    "tag. The fix is made for bases whose working directory is known to be `/`.",
    sources=("BuildKit: WorkdirRelativePath", "hadolint DL3000"),
    check=_check,
    fixes="safe",
    bad=(
        Example("FROM python:3.11-slim\nWORKDIR app\n", "FROM python:3.11-slim\nWORKDIR /app\n"),
        Example("FROM example/base:1\nWORKDIR app\n"),
    ),
    good=(
        Example("FROM python:3.11-slim\nWORKDIR /app\nWORKDIR src\n"),
        Example("FROM python:3.11-slim AS a\nWORKDIR /a\nFROM a\nWORKDIR b\n"),
        Example("FROM python:3.11-slim\nARG DIR\nWORKDIR $DIR\n"),
    ),
    aliases=("WorkdirRelativePath", "DL3000"),
)
