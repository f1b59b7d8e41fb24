"""A service in conda's own environment."""

from collections.abc import Iterator

from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.conda_calls import conda_installs
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    for site, call in conda_installs(case):
        base = base_of(case.image(site.stage))
        if site.stage not in case.shipped or base is None or base.family != "conda" or "micromamba" in base.repository:
            continue
        into_base = call.action == "install" and all(name == "base" for name in call.values("-n", "--name"))
        if into_base and call.operands and not call.has("-p", "--prefix"):
            yield Find(
                "this installs into conda's own environment, so that conda and its solver ship with the service",
                call.command.span,
            )
            return


CONDA_BASE_ENVIRONMENT = Rule(
    name="conda-base-environment",
    title="a service in conda's own environment",
    severity="info",
    confidence="high",
    why="The environment `base` holds conda, its solver and a Python for both, which a service "
    "never calls, and versions that the service is tied to. An environment at a path of its own "
    "(`conda create -p /opt/env`) can be copied alone into a small final stage, at the same path.",
    sources=("conda's documentation, Managing environments", "conda-pack"),
    check=_check,
    fixes="none",
    bad=(Example("FROM condaforge/miniforge3\nRUN conda install -y numpy=1.26\n"),),
    good=(
        Example("FROM condaforge/miniforge3\nRUN conda create -y -p /opt/env numpy=1.26\n"),
        Example("FROM condaforge/miniforge3\nRUN conda install -y -n work numpy=1.26\n"),
        Example("FROM mambaorg/micromamba\nRUN micromamba install -y -n base numpy=1.26\n"),
    ),
)
