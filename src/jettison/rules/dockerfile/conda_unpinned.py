"""conda packages without versions."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.conda_calls import conda_installs, specs_of
from jettison.rules.dockerfile.record import Example, Find, Rule

_SHOWN = 3


def _check(case: Case) -> Iterator[Find]:
    for site, call in conda_installs(case):
        loose = [
            spec.name for spec in specs_of(call) if not spec.version and spec.name not in ("conda", "pip", "mamba")
        ]
        if site.stage in case.built and loose and call.action != "update":
            more = f" and {len(loose) - _SHOWN} more" if len(loose) > _SHOWN else ""
            yield Find(f"{', '.join(loose[:_SHOWN])}{more} without a version", call.command.span)


CONDA_UNPINNED = Rule(
    name="conda-unpinned",
    title="conda packages without a version",
    severity="low",
    confidence="high",
    why="The next build gets other versions, and the solver may choose another build of everything else with them. "
    "`conda-lock`, or `conda list --explicit`, writes all versions down; `name=1.2` at least fixes what you named.",
    sources=("conda's documentation, Managing environments",),
    check=_check,
    fixes="none",
    bad=(Example("FROM continuumio/miniconda3\nRUN conda install -y -c conda-forge faiss-gpu numpy=1.26\n"),),
    good=(
        Example("FROM continuumio/miniconda3\nRUN conda install -y numpy=1.26 'scipy>=1.10'\n"),
        Example("FROM continuumio/miniconda3\nRUN conda env create -f environment.yml\n"),
        Example("FROM continuumio/miniconda3\nRUN conda update -n base conda\n"),
    ),
)
