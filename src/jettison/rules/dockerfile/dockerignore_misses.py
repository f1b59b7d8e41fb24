"""Things that an ignore file lets through."""

from collections.abc import Iterator

from jettison.dockerfile.project.context import Flagged, flagged
from jettison.dockerfile.project.copied import Copied
from jettison.dockerfile.project.flags import Flag
from jettison.dockerfile.project.read import Project
from jettison.rules.dockerfile.around import context
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copies import Copying
from jettison.rules.dockerfile.ignoring import in_megabytes, takers, waste, written
from jettison.rules.dockerfile.record import Claim, Example, Find, Fix, Rule

_LEAST: dict[Flag, int] = {"data": 5_000_000, "output": 1_000_000, "notebook": 500_000}
"""Bytes from which on a thing is worth a finding; what is smaller costs nobody anything."""
_WHAT: dict[Flag, str] = {
    "data": "data: mount it, or keep it out, unless the service reads it",
    "output": "the output of runs: keep it out",
    "notebook": "notebooks: keep them out",
}
_MOST = 5


def _check(case: Case) -> Iterator[Find]:
    project = context(case)
    if project is None:
        return
    broad = [
        (copying, taken)
        for copying, taken in takers(case, project)
        if copying.whole or len(taken.files) > len(copying.sources)
    ]
    if project.context.ignore.path:
        yield from _useless(case, project, broad)
    yield from _doubtful(project, broad)


def _useless(case: Case, project: Project, broad: list[tuple[Copying, Copied]]) -> Iterator[Find]:
    for copying, taken in broad:
        files = set(taken.files)
        found = [each for each in waste(case, project) if _holds(files, each.found)]
        made = written(project, (each.pattern for each in found)) if found else None
        if made is None:
            continue
        size = sum(each.found.size for each in found)
        shown = ", ".join(f"{each.found.path} ({in_megabytes(each.found.size)})" for each in found[:3])
        yield Find(
            f"{project.context.ignore.path} lets {shown} through, and line {copying.site.instruction.line} copies it",
            copying.site.instruction.span,
            Fix("safe", (), "add it to the ignore file", made),
            (Claim("bytes", size=size, source="files of the build context"),),
        )
        return


def _doubtful(project: Project, broad: list[tuple[Copying, Copied]]) -> Iterator[Find]:
    shown = 0
    for each in flagged(project.context):
        least = _LEAST.get(each.flag)
        if least is None or each.size < least or not each.count or shown >= _MOST:
            continue
        taker = next((copying for copying, taken in broad if _holds(set(taken.files), each)), None)
        if taker is not None:
            shown += 1
            yield Find(
                f"line {taker.site.instruction.line} copies {each.path} ({in_megabytes(each.size)}), "
                f"{_WHAT[each.flag]}",
                taker.site.instruction.span,
                None,
                (Claim("bytes", size=each.size, source="files of the build context"),),
                confidence="low" if each.flag == "data" else "medium",
            )


def _holds(files: set[str], each: Flagged) -> bool:
    return each.path in files or any(file.startswith(f"{each.path}/") for file in files)


DOCKERIGNORE_MISSES = Rule(
    name="dockerignore-misses",
    title="The build context sends what the image does not need",
    severity="medium",
    confidence="high",
    why="What the ignore file lets through is copied by `COPY . .` and by folders: `.git`, caches, virtual "
    "environments, and, in projects of this field, data sets, checkpoints of runs and notebooks, often gigabytes. The "
    "fix adds what no service reads; it never keeps out what a COPY or a mount names, nor the repository where the "
    "build reads it. Data, runs and notebooks are shown with their size, from a few megabytes on, and left "
    "to a person.",
    sources=("a study of 1,993 ML Dockerfiles (MSR 2026)",),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.12-slim\nCOPY . /app\n",
            "FROM python:3.12-slim\nCOPY . /app\n",
            {"app.py": "", ".git/HEAD": "ref", ".dockerignore": "*.md\n"},
        ),
        Example(
            "FROM python:3.12-slim\nCOPY src /app/src\n",
            "FROM python:3.12-slim\nCOPY src /app/src\n",
            {"src/app.py": "", "src/__pycache__/app.pyc": "x", ".dockerignore": "# nothing\n!README.md\n"},
        ),
        Example("FROM python:3.12-slim\nCOPY . /app\n", None, {"data/train.csv": "1,2\n" * 1_500_000, "app.py": ""}),
    ),
    good=(
        Example("FROM python:3.12-slim\nCOPY . /app\n"),
        Example(
            "FROM python:3.12-slim\nCOPY . /app\n", None, {"app.py": "", ".git/HEAD": "ref", ".dockerignore": ".git\n"}
        ),
        Example(
            "FROM python:3.12-slim\nCOPY .git /app/.git\nCOPY . /app\n",
            None,
            {"app.py": "", ".git/HEAD": "ref", ".dockerignore": "*.md\n"},
        ),
        Example(
            "FROM python:3.12-slim\nCOPY . /app\nRUN git -C /app describe > /version\n",
            None,
            {"app.py": "", ".git/HEAD": "ref", ".dockerignore": "*.md\n"},
        ),
        Example("FROM python:3.12-slim\nCOPY . /app\n", None, {"data/train.csv": "1,2\n", ".dockerignore": "*.md\n"}),
    ),
)
