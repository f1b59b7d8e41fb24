"""Weights downloaded from a hub without a revision."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.downloads import downloads
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    for each in downloads(case):
        if each.hub and not each.pinned and each.site.stage in case.built:
            yield Find(
                f"{each.what} is downloaded as it is on the day of the build: name the commit (--revision, revision=)",
                each.span,
            )


WEIGHTS_UNPINNED = Rule(
    name="weights-unpinned",
    title="Weights are downloaded without a revision",
    severity="low",
    confidence="medium",
    why="A model's repository changes like any other: new weights, another tokenizer, other code for "
    "`trust_remote_code`. Without a commit a build next month gives another service, and a layer that is cached keeps "
    "an old one unseen. A branch or tag moves; a full commit does not.",
    sources=("documentation of huggingface_hub, download",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM python:3.12-slim\nRUN huggingface-cli download org/model --local-dir /m\n"),
        Example("FROM python:3.12-slim\nRUN hf download org/model --revision main\n"),
        Example("FROM python:3.12-slim\nRUN python -c \"from a import b; b.from_pretrained('org/model')\"\n"),
    ),
    good=(
        Example(f"FROM python:3.12-slim\nRUN hf download org/model --revision {'a' * 40}\n"),
        Example("FROM python:3.12-slim\nARG COMMIT\nRUN hf download org/model --revision $COMMIT\n"),
        Example("FROM python:3.12-slim\nRUN python -c \"x.from_pretrained('m', revision='abc')\"\n"),
        Example("FROM python:3.12-slim\nRUN hf login\n"),
    ),
)
