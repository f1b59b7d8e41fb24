"""A build context without an ignore file."""

from collections.abc import Iterator

from jettison.rules.dockerfile.around import context
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.ignoring import USUAL, in_megabytes, waste, wholes, written
from jettison.rules.dockerfile.record import Claim, Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    project = context(case)
    if project is None or project.context.ignore.path or project.context.ignore.skips:
        return
    found = wholes(case, project)
    if not found:
        return
    copying = found[0][0]
    useless = waste(case, project)
    size = sum(each.found.size for each in useless)
    seen = ", ".join(f"{each.found.path} ({in_megabytes(each.found.size)})" for each in useless[:3])
    patterns = [each for each in USUAL if each != ".git" or any(one.pattern == ".git" for one in useless)]
    files = written(project, (*patterns, *(each.pattern for each in useless)))
    yield Find(
        f"there is no .dockerignore, and line {copying.site.instruction.line} copies all of the context"
        + (f", with {seen}" if seen else ""),
        copying.site.instruction.span,
        Fix("safe", (), "write a .dockerignore", files) if files else None,
        (Claim("bytes", size=size, source="files of the build context"),) if size else (),
        severity=None if size else "low",
    )


DOCKERIGNORE_MISSING = Rule(
    name="dockerignore-missing",
    title="There is no .dockerignore",
    severity="medium",
    confidence="high",
    why="`COPY . .` takes what lies around: the repository's history, caches, virtual environments. Each of them is "
    "stored in the image, sent to the builder, and changes the layer when it changes: a commit alone installs "
    "everything again when the COPY stands above the install. The fix writes a file with what no service reads: the "
    "repository (unless the build runs git, or takes its version from there), Python's and its tools' caches, virtual "
    "environments, editors' folders. Data, weights, notebooks and secrets are other findings: only a person knows "
    "whether the code reads them. Nothing is kept out that a COPY or a mount names.",
    sources=("a study of 1,993 ML Dockerfiles (MSR 2026): 96 % of rebuilds come through context files",),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.12-slim\nCOPY . /app\n",
            "FROM python:3.12-slim\nCOPY . /app\n",
            {"app.py": "", ".git/HEAD": "ref", "pkg/__pycache__/a.pyc": "x" * 99},
        ),
        Example("FROM python:3.12-slim\nADD . /app\n", "FROM python:3.12-slim\nADD . /app\n", {"app.py": ""}),
    ),
    good=(
        Example("FROM python:3.12-slim\nCOPY . /app\n"),
        Example("FROM python:3.12-slim\nCOPY . /app\n", None, {"app.py": "", ".dockerignore": ".git\n"}),
        Example("FROM python:3.12-slim\nCOPY app.py /app/\n", None, {"app.py": "", ".git/HEAD": "ref"}),
    ),
)
