"""A whole stage copied over another."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copying import copyings
from jettison.rules.dockerfile.places import base_at
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    for copying in copyings(case):
        if copying.site.stage not in case.shipped or copying.origin is None or copying.to != "/":
            continue
        stage = case.scopes.find(copying.origin, copying.site.stage)
        bases = [base_at(case, each) for each in (stage, copying.site.stage) if each is not None]
        gathered = any(base is None or base.family == "scratch" for base in bases)
        if "/" in copying.sources and stage is not None and not gathered:
            yield Find(
                f"the whole of {copying.origin} is copied over this stage: its base is stored a second time",
                copying.instruction.span,
            )


STAGE_COPIED_WHOLE = Rule(
    name="stage-copied-whole",
    title="a whole stage is copied over another",
    severity="medium",
    confidence="medium",
    why="`COPY --from=build / /` brings compilers, caches and the system again, into one layer that shares nothing "
    "with any other image. Copy what is needed: the environment, the program. On `scratch` it is a way to make one "
    "layer of many, and is left alone.",
    sources=("OCI image specification, layer",),
    check=_check,
    fixes="none",
    bad=(Example("FROM python:3.11 AS build\nRUN make\nFROM python:3.11-slim\nCOPY --from=build / /\n"),),
    good=(
        Example("FROM python:3.11 AS build\nRUN make\nFROM python:3.11-slim\nCOPY --from=build /opt/venv /opt/venv\n"),
        Example("FROM python:3.11 AS build\nRUN make\nFROM scratch\nCOPY --from=build / /\n"),
        Example("FROM scratch AS files\nCOPY a /a\nFROM python:3.11-slim\nCOPY --from=files / /\n"),
    ),
)
