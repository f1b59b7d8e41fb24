"""Python environments copied to where their interpreter is not."""

from collections.abc import Iterator

from jettison.regex import regex
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copying import Copying, copyings
from jettison.rules.dockerfile.interpreters import Environment, Interpreter, environments, interpreter_of
from jettison.rules.dockerfile.places import within
from jettison.rules.dockerfile.record import Example, Find, Rule

_PACKAGES = regex(r"/python(?P<minor>3\.\d+)/(?P<kind>site|dist)-packages")


def _check(case: Case) -> Iterator[Find]:
    for copying in copyings(case):
        if copying.site.stage not in case.shipped or copying.origin is None:
            continue
        here = interpreter_of(case, copying.site.stage)
        origin = case.scopes.find(copying.origin, copying.site.stage)
        if here is None or origin is None:
            continue
        message = _environment(case, copying, origin, here) or _packages(case, copying, here)
        if message:
            yield Find(message, copying.instruction.span)


def _environment(case: Case, copying: Copying, origin: int, here: Interpreter) -> str:
    for made in environments(case, origin):
        if any(within(made.path, source.rstrip("/") or "/") for source in copying.sources if source.startswith("/")):
            return _differs(made, here)
    return ""


def _differs(made: Environment, here: Interpreter) -> str:
    there = made.interpreter
    if there.musl != here.musl and here.path:
        return f"{made.path} was made on Alpine (musl) or goes to it: compiled packages load on one of the two only"
    if there.path != here.path:
        lacks = f"here it is {here.path}3" if here.path else "this stage has no interpreter"
        return f"{made.path} points at {there.path}3, where it was made: {lacks}"
    if there.minor and here.minor and there.minor != here.minor:
        return f"{made.path} was made with Python {there.minor}, here it is {here.minor}: its packages are not found"
    return ""


def _packages(case: Case, copying: Copying, here: Interpreter) -> str:
    if "PYTHONPATH" in case.scopes.stages[copying.site.stage].end.variables:
        return ""
    to = copying.to or ""
    match = _PACKAGES.search(to) or next(
        (found for source in copying.sources if (found := _PACKAGES.search(source))), None
    )
    if match is None or not (_PACKAGES.search(to) or within("/usr/local/lib", to or "/x")):
        return ""
    if here.minor and match["minor"] != here.minor and here.path:
        return f"packages of Python {match['minor']} are copied to a stage with {here.minor}, which does not look there"
    debian = here.path == "/usr/bin/python" and match["kind"] == "site"
    return f"{here.path}3 does not look into {to}: Debian's reads dist-packages" if debian else ""


PYTHON_MISMATCH = Rule(
    name="python-mismatch",
    title="a Python environment without its interpreter",
    severity="high",
    confidence="high",
    why="A virtual environment is not complete: `bin/python` is a link to the interpreter that made it, and its "
    "packages lie in a folder named by the minor version. Made on `python:3.11-slim` it points at "
    "`/usr/local/bin/python3`, which distroless, Debian, Ubuntu and CUDA images do not have: theirs is "
    "`/usr/bin/python3`, if there is any. Copying `site-packages` has the same limits. Build on the same base, or "
    "copy the interpreter as well.\n\nStages that get an interpreter from elsewhere (copied, uv, conda, "
    "deadsnakes) are left alone.",
    sources=("PEP 405", "the images' own folders", "distroless: python3-debian12 is Python 3.11, debian13 is 3.13"),
    check=_check,
    fixes="none",
    bad=(
        Example(
            "FROM python:3.11-slim AS build\nRUN python -m venv /opt/venv\nFROM gcr.io/distroless/python3-debian12\n"
            "COPY --from=build /opt/venv /opt/venv\n"
        ),
        Example(
            "FROM python:3.11-slim AS build\nWORKDIR /app\nRUN uv sync --frozen\nFROM python:3.12-slim\n"
            "COPY --from=build /app /app\n"
        ),
        Example(
            "FROM python:3.11 AS build\nRUN pip install numpy\nFROM python:3.12-slim\n"
            "COPY --from=build /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages\n"
        ),
        Example(
            "FROM python:3.11-alpine AS build\nRUN python -m venv /opt/venv\nFROM python:3.11-slim\n"
            "COPY --from=build /opt/venv /opt/venv\n"
        ),
        Example(
            "FROM python:3.10 AS build\nRUN python -m venv /v\nFROM nvidia/cuda:12.4.1-base-ubuntu22.04\n"
            "RUN apt-get update && apt-get install -y python3\nCOPY --from=build /v /v\n"
        ),
    ),
    good=(
        Example(
            "FROM python:3.11 AS build\nRUN python -m venv /opt/venv\nFROM python:3.11-slim\n"
            "COPY --from=build /opt/venv /opt/venv\n"
        ),
        Example(
            "FROM python:3.11 AS build\nRUN python -m venv /opt/venv\nFROM debian:bookworm-slim\n"
            "COPY --from=build /usr/local /usr/local\nCOPY --from=build /opt/venv /opt/venv\n"
        ),
        Example(
            "FROM debian:12 AS build\nRUN apt-get install -y python3-venv && python3 -m venv /venv\n"
            "FROM gcr.io/distroless/python3-debian12\nCOPY --from=build /venv /venv\n"
        ),
        Example(
            "FROM python:3.11 AS build\nRUN uv python install 3.12 && uv venv /v\nFROM debian:bookworm-slim\n"
            "COPY --from=build /root/.local/share/uv/python /root/.local/share/uv/python\nCOPY --from=build /v /v\n"
        ),
        Example(
            "FROM python:3.11 AS build\nRUN pip install numpy\nFROM python:3.11-slim\n"
            "COPY --from=build /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages\n"
        ),
    ),
)
