"""Packages from Anaconda's own channel."""

from collections.abc import Iterator

from jettison.regex import regex
from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.bodies import text_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.conda_calls import conda_installs
from jettison.rules.dockerfile.record import Example, Find, Rule

_INSTALLER = regex(r"\b(?:Miniconda[23]|Anaconda[23])-")
_AVOIDED = regex(
    r"override-channels|nodefaults|remove\s+channels\s+defaults|tos\s+accept|default_channels|repodata_fns"
)


def _check(case: Case) -> Iterator[Find]:
    if any(_AVOIDED.search(text_of(case, site)) for site in case.sites):
        return
    for site, call in conda_installs(case):
        base = base_of(case.image(site.stage))
        company = base is not None and base.repository.startswith("continuumio/")
        installed = any(_INSTALLER.search(text_of(case, each)) for each in case.named("RUN", "ADD"))
        if (company or installed) and site.stage in case.built and call.head[0].value != "micromamba":
            yield Find(
                "this conda looks at Anaconda's own channel, which larger organisations must pay for",
                call.command.span,
            )
            return


CONDA_DEFAULTS_CHANNEL = Rule(
    name="conda-defaults-channel",
    title="conda uses Anaconda's own channel",
    severity="info",
    confidence="medium",
    why="Miniconda and Anaconda look at the channel `defaults`. Its terms ask organisations above 200 people for a "
    "licence, and since 2025 conda refuses to use it in a build unless the terms are accepted there. Mixed with "
    "`conda-forge` it makes the solver slow, and gives packages that do not fit. Miniforge and micromamba use "
    "`conda-forge` alone.",
    sources=("Anaconda's terms of service", "conda-anaconda-tos"),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM continuumio/miniconda3\nRUN conda install -y -c conda-forge numpy\n"),
        Example("FROM debian:12\nRUN bash Miniconda3-py311_24.1.2-0-Linux-x86_64.sh -b\nRUN conda install numpy\n"),
    ),
    good=(
        Example("FROM continuumio/miniconda3\nRUN conda install -y --override-channels -c conda-forge numpy\n"),
        Example("FROM condaforge/miniforge3\nRUN conda install -y numpy\n"),
        Example("FROM mambaorg/micromamba\nRUN micromamba install -y numpy\n"),
    ),
)
