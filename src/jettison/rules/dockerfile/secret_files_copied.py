"""Files that look like secrets, copied into the image."""

from collections.abc import Iterator

from jettison.dockerfile.project.flags import flag_file
from jettison.rules.dockerfile.around import context
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copies import copyings
from jettison.rules.dockerfile.ignoring import takers
from jettison.rules.dockerfile.record import Confidence, Example, Find, Rule

_SHOWN = 3


def _check(case: Case) -> Iterator[Find]:
    project = context(case)
    taken = {id(copying): files.files for copying, files in takers(case, project)} if project else {}
    for copying in copyings(case):
        if copying.origin is not None or copying.site.stage not in case.built:
            continue
        names = taken.get(id(copying), copying.sources)
        found = [name for name in names if flag_file(name) == "secret"]
        if found:
            shipped = copying.site.stage in case.shipped
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            yield Find(
                f"line {copying.site.instruction.line} copies {', '.join(found[:_SHOWN])}{more}: whoever has the image "
                "has it, removed later or not; give it at run time, or to the build by RUN --mount=type=secret",
                copying.site.instruction.span,
                severity=None if shipped else "medium",
                confidence=_confidence(copying.sources, found),
            )


def _confidence(sources: tuple[str, ...], found: list[str]) -> Confidence | None:
    """A file that is named is meant; settings of npm hold a token now and then only."""
    named = any(name in sources and not name.endswith(("npmrc", ".env")) for name in found)
    return None if named else "medium"


SECRET_FILES_COPIED = Rule(
    name="secret-files-copied",
    title="A file that looks like a secret is copied",
    severity="high",
    confidence="high",
    why="Keys, `.env` files, credentials of clouds and registries lie in project folders, and `COPY . .` takes them "
    "along. A layer keeps what a later one removes; a builder's layers are kept in caches that are pushed. Only names "
    "are looked at, never contents; examples, templates and public keys are left alone. Keeping them out by "
    "`.dockerignore` may take away what the service reads as it starts, so there is no fix by machine.",
    sources=("Docker's documentation, build secrets",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM python:3.12-slim\nCOPY id_rsa /root/.ssh/\n"),
        Example("FROM python:3.12-slim\nCOPY app.py .env /app/\n"),
        Example("FROM python:3.12-slim\nCOPY . /app\n", None, {"app.py": "", "conf/credentials.json": "{}"}),
    ),
    good=(
        Example("FROM python:3.12-slim\nCOPY . /app\n", None, {"app.py": "", ".env.example": ""}),
        Example("FROM python:3.12-slim\nCOPY . /app\n", None, {"app.py": "", ".env": "", ".dockerignore": ".env\n"}),
        Example("FROM python:3.12-slim\nCOPY . /app\n"),
        Example("FROM python:3.12-slim\nRUN --mount=type=secret,id=key cat /run/secrets/key\n"),
        Example("FROM a AS a\nCOPY --from=b /keys/id_rsa /x\n"),
    ),
)
