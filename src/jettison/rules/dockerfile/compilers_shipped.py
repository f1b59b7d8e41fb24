"""Compilers and headers left in the image."""

from collections.abc import Iterator

from jettison.regex import regex
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.compiling import Sign, in_words, signs
from jettison.rules.dockerfile.packages import Package, packages
from jettison.rules.dockerfile.record import Claim, Example, Find, Rule
from jettison.rules.dockerfile.shipping import environments, shipped_installs

_COMPILERS = regex(
    r"build-essential|build-base|(?:gcc|g\+\+|clang|gfortran|cpp|llvm)(?:-\d+)?|gcc-c\+\+|make|cmake3?|ninja(?:-build)?|"
    r"meson|autoconf|automake|libtool|pkg-config|pkgconf|rustc|cargo|golang(?:-go)?|nasm|yasm|bison|flex|swig|ccache|"
    r"nvidia-cuda-toolkit|cuda-(?:nvcc|toolkit|compiler)[\w.-]*|default-jdk|openjdk-\d+-jdk|linux-headers|nodejs-dev"
)
_HEADERS = regex(r"[\w.+-]+-(?:dev|devel|headers)(?:-[\d.-]+)?")
_OTHERS = regex(r"git(?:-lfs)?|subversion|mercurial|patchelf")
_NEEDED_BY_JIT = regex(
    r"build-essential|(?:gcc|g\+\+|clang)(?:-\d+)?|libc6-dev|musl-dev|python3(?:\.\d+)?-dev|python-dev"
)


def _check(case: Case) -> Iterator[Find]:
    installs = shipped_installs(case)
    runs = tuple(sign for sign in signs(case, installs, environments(case)) if sign.kind == "runs")
    for site in case.named("RUN"):
        if site.stage not in case.shipped or _cleans(site):
            continue
        found = [each for each in packages(case) if each.site is site and not _exempt(each, runs)]
        tools = [each for each in found if _COMPILERS.fullmatch(each.name) or _HEADERS.fullmatch(each.name)]
        if tools:
            tools += [each for each in found if _OTHERS.fullmatch(each.name)]
            yield _find(case, tools, runs)


def _exempt(package: Package, runs: tuple[Sign, ...]) -> bool:
    if any(sign.with_nvcc for sign in runs):
        return True
    return bool(runs) and _NEEDED_BY_JIT.fullmatch(package.name) is not None


def _cleans(site: Site) -> bool:
    """Whether the body removes packages whose names are not known, or all that nothing needs."""
    return any(
        call.tool in ("apt", "dnf", "apk") and call.action == "autoremove" and _marks(site) for call in site.calls
    )


def _marks(site: Site) -> bool:
    return site.script is not None and any(command.name == "apt-mark" for command in site.script.commands)


def _find(case: Case, tools: list[Package], runs: tuple[Sign, ...]) -> Find:
    names = tuple(dict.fromkeys(each.name for each in tools))
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")  # noqa: PLR2004 -- a line
    one = len(case.scopes.stages) == 1
    how = "`jettison rewrite` makes a builder stage for them" if one else "install them in a builder stage"
    spared = f" (a compiler may stay for {in_words(runs, 1)})" if runs else ""
    start = min(tools, key=lambda each: each.word.span)
    small = all(_HEADERS.fullmatch(name) for name in names)
    return Find(
        f"{shown} {'stays' if len(names) == 1 else 'stay'} in the image, for the build only: {how}{spared}",
        start.word.span,
        None,
        (Claim("debs", names, base=case.image(start.site.stage) or ""),) if start.call.tool == "apt" else (),
        severity="low" if small else None,
    )


COMPILERS_SHIPPED = Rule(
    name="compilers-shipped",
    title="Compilers and headers stay in the image",
    severity="medium",
    confidence="medium",
    why="`build-essential` is 250 to 350 MB installed, `cmake` 100; `-dev` packages bring headers and static "
    "libraries. "
    "Nothing in a running service reads them, and they are what an intruder looks for. Install them in a builder stage "
    "and copy the result; of a `-dev` package the runtime library alone is needed.\n\n"
    "Nothing is said of packages that the same RUN removes again, of stages that are not shipped, and of a compiler "
    "where something compiles as it runs (Triton, vllm, deepspeed). git alone is left alone.",
    sources=("40 % of 148 public ML Dockerfiles",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM python:3.12-slim\nRUN apt-get update && apt-get install -y build-essential git curl\n"),
        Example("FROM debian:bookworm\nRUN apt-get update && apt-get install -y libsndfile1-dev\n"),
        Example("FROM alpine:3.22\nRUN apk add --no-cache gcc musl-dev\n"),
        Example(
            "FROM python:3.12-slim AS a\nRUN apt-get update && apt-get install -y cmake\nFROM a\nRUN pip install vllm\n"
        ),
    ),
    good=(
        Example(
            "FROM python:3.12 AS build\nRUN apt-get update && apt-get install -y build-essential\n"
            "FROM python:3.12-slim\nCOPY --from=build /opt/venv /opt/venv\n"
        ),
        Example(
            "FROM python:3.12-slim\nRUN apt-get update && apt-get install -y gcc && pip install x && "
            "apt-get purge -y --auto-remove gcc\n"
        ),
        Example("FROM alpine:3.22\nRUN apk add --no-cache --virtual .build gcc && pip install x && apk del .build\n"),
        Example("FROM python:3.12-slim\nRUN apt-get update && apt-get install -y git curl libgomp1\n"),
        Example(
            "FROM python:3.12-slim\nRUN apt-get update && apt-get install -y gcc libc6-dev && pip install triton\n"
        ),
    ),
)
