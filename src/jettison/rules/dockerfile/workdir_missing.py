"""Code copied into the root of the file system."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copying import copyings
from jettison.rules.dockerfile.places import AT_ROOT, base_at
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    for copying in copyings(case):
        base = base_at(case, copying.site.stage)
        here = copying.to == "/" and copying.origin is None and copying.site.stage in case.shipped
        whole = any(source.rstrip("/") in ("", ".") for source in copying.sources)
        if here and whole and base is not None and base.family in AT_ROOT - {"scratch"}:
            yield Find(
                f"{copying.instruction.name} puts the whole context into /, among the system's folders",
                copying.instruction.span,
            )


WORKDIR_MISSING = Rule(
    name="workdir-missing",
    title="the context is copied into /",
    severity="low",
    confidence="high",
    why="Without WORKDIR a relative destination is the root of the file system: a folder of the project that is called "
    "`lib`, `bin` or `etc` is mixed with the system's, and the code cannot be given to a user as a whole.",
    sources=("Dockerfile reference, WORKDIR",),
    check=_check,
    fixes="none",
    bad=(Example('FROM python:3.11-slim\nCOPY . .\nCMD ["python", "app.py"]\n'),),
    good=(
        Example("FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n"),
        Example("FROM python:3.11-slim\nCOPY app.py .\n"),
        Example("FROM example/base\nCOPY . .\n"),
        Example("FROM scratch\nCOPY . /\n"),
    ),
)
