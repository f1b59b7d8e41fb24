"""uv installs without bytecode."""

from collections.abc import Iterator

from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.bodies import text_of
from jettison.rules.dockerfile.caches import is_set
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    if any("compileall" in text_of(case, site) for site in case.named("RUN")):
        return
    for site, call in case.calls("uv", "install", "sync"):
        if site.stage not in case.built or (call.action == "install" and call.group != "pip"):
            continue
        given = call.has("--compile-bytecode", "--no-compile-bytecode", "--compile", "--no-compile")
        if not given and not is_set(site, call, "UV_COMPILE_BYTECODE") and not _only_tools(call):
            yield Find(
                "uv writes no bytecode unless told to: each start of a container compiles what it imports",
                call.command.span,
                _fix(site, call),
            )


def _only_tools(call: Call) -> bool:
    """Whether nothing that a service imports is installed."""
    return bool(call.operands) and all(
        (word.value or "").startswith(("pip", "setuptools", "wheel")) for word in call.operands
    )


def _fix(site: Site, call: Call) -> Fix | None:
    word = call.head[-1]
    if not site.editable or not call.command.plain or not word.whole:
        return None
    return Fix("safe", (insert_after(word, "--compile-bytecode"),), "compile while building")


UV_BYTECODE = Rule(
    name="uv-bytecode",
    title="uv installs without bytecode",
    severity="low",
    confidence="high",
    why="pip compiles what it installs; uv does not. Without bytecode the imports of a service take about twice as "
    "long, "
    "at each start of a container, since what it compiles is lost with it: 5 s for a torch detector. "
    "`--compile-bytecode`, or `UV_COMPILE_BYTECODE=1`, pays once in the build. The image grows by the bytecode, about "
    "3 % of a torch environment.",
    sources=("measured: torch detector 5 s slower without", "uv's documentation, Using uv in Docker"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.12-slim\nRUN uv pip install --system torch==2.4.1\n",
            "FROM python:3.12-slim\nRUN uv pip install --compile-bytecode --system torch==2.4.1\n",
        ),
        Example("FROM python:3.12-slim\nRUN bash -c 'uv sync --locked'\n"),
    ),
    good=(
        Example("FROM python:3.12-slim\nENV UV_COMPILE_BYTECODE=1\nRUN uv sync --locked\n"),
        Example("FROM python:3.12-slim\nRUN uv sync --locked && python -m compileall -q .venv\n"),
        Example("FROM python:3.12-slim\nRUN uv pip install --system setuptools\n"),
    ),
)
