"""conda's package cache left in a layer."""

import re
from collections.abc import Iterator

from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.bodies import append, sudo, text_of
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.conda_calls import conda_installs
from jettison.rules.dockerfile.mounts import mounts_of
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_CLEANED = regex(r"\b(?:conda|mamba|micromamba)\S*\s[^\n;&|]*\bclean\b|\brm\b[^\n;&|]*/?pkgs\b|\bclean\b[^\n;&|]*-\w*a")


def _check(case: Case) -> Iterator[Find]:
    found: dict[int, tuple[Site, list[Call]]] = {}
    for site, call in conda_installs(case):
        if site.stage in case.shipped and not call.has("--dry-run", "--download-only"):
            found.setdefault(site.instruction.line, (site, []))[1].append(call)
    for site, calls in found.values():
        if not _CLEANED.search(text_of(case, site)) and not _mounted(site):
            yield Find(
                "conda keeps each archive that it downloads, and all of it unpacked, in its pkgs folder in this layer",
                calls[0].command.span,
                _fix(case, site, calls),
            )


def _mounted(site: Site) -> bool:
    mounts = mounts_of(site, "cache")
    return any(mount.target is None or re.search(r"pkgs|conda|mamba", mount.target) for mount in mounts)


def _fix(case: Case, site: Site, calls: list[Call]) -> Fix | None:
    softlinks = any("softlink" in text_of(case, each) for each in case.sites)
    program = calls[-1].head[0]
    if softlinks or not all(call.command.plain for call in calls) or program.value is None:
        return None
    edit = append(case, site, f"{sudo(site, 'conda')}{program.text} clean -afy")
    return Fix("safe", (edit,), "clean in the same layer") if edit else None


CONDA_CACHE_SHIPPED = Rule(
    name="conda-cache-shipped",
    title="conda's package cache stays in the image",
    severity="medium",
    confidence="high",
    why="conda keeps the archives that it downloaded and an unpacked copy of each package. Most unpacked files are "
    "hard "
    "links to those of the environment and cost nothing in the same layer; the archives and the files that conda "
    "rewrites are there twice. `conda clean -afy` in the same RUN, or a "
    "cache mount, keeps them out. No fix is offered where conda is told to use soft links: these would break.",
    sources=("conda's documentation, conda clean", "micromamba's Docker images"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM continuumio/miniconda3:24.1.2-0\nRUN conda install -y numpy\n",
            "FROM continuumio/miniconda3:24.1.2-0\nRUN conda install -y numpy \\\n    && conda clean -afy\n",
        ),
        Example(
            "FROM mambaorg/micromamba:1.5\nRUN micromamba install -y -n base \\\n    -f /tmp/env.yaml\n",
            "FROM mambaorg/micromamba:1.5\nRUN micromamba install -y -n base \\\n    -f /tmp/env.yaml \\\n"
            "    && micromamba clean -afy\n",
        ),
        Example("FROM continuumio/miniconda3\nRUN . /x && conda env update -f env.yml\n"),
    ),
    good=(
        Example("FROM continuumio/miniconda3\nRUN conda install -y numpy && conda clean --all\n"),
        Example("FROM continuumio/miniconda3\nRUN conda install -y numpy && rm -rf /opt/conda/pkgs\n"),
        Example("FROM continuumio/miniconda3\nRUN --mount=type=cache,target=/opt/conda/pkgs conda install -y numpy\n"),
        Example("FROM continuumio/miniconda3\nRUN conda run -n a python x.py\n"),
        Example("FROM continuumio/miniconda3 AS b\nRUN conda install x\nFROM debian:12\nCOPY --from=b /e /e\n"),
    ),
)
