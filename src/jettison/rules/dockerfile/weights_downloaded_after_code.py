"""Weights downloaded behind a COPY of the code."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copies import copyings
from jettison.rules.dockerfile.downloads import downloads
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    for each in downloads(case):
        if each.site.stage not in case.built:
            continue
        code = next(
            (
                copying
                for copying in copyings(case, stage=each.site.stage)
                if copying.whole and copying.site.instruction.line < each.site.instruction.line
            ),
            None,
        )
        if code is not None:
            yield Find(
                f"{each.what} is downloaded again for each change of the code, which is copied in line "
                f"{code.site.instruction.line}: download it before",
                each.span,
            )


WEIGHTS_DOWNLOADED_AFTER_CODE = Rule(
    name="weights-downloaded-after-code",
    title="Weights are downloaded after the code is copied",
    severity="medium",
    confidence="high",
    why="Weights change with a release, code with each commit. A download behind `COPY . .` runs again at "
    "each of them, "
    "and its layer, gigabytes often, is stored and pushed again. Move it above the COPY, or to a stage of its own. "
    "Only downloads that name what they fetch are looked at: a script of the project may need the code.",
    sources=("Docker's documentation, build cache invalidation",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM python:3.12-slim\nCOPY . /app\nRUN wget -P /m https://example.com/v1/model.safetensors\n"),
        Example("FROM python:3.12-slim\nCOPY . /app\nRUN hf download org/model --local-dir /m\n"),
    ),
    good=(
        Example("FROM python:3.12-slim\nRUN wget -P /m https://example.com/v1/model.safetensors\nCOPY . /app\n"),
        Example("FROM python:3.12-slim\nCOPY . /app\nRUN python download.py\n"),
        Example("FROM python:3.12-slim\nCOPY . /app\nRUN wget https://example.com/install.sh\n"),
    ),
)
