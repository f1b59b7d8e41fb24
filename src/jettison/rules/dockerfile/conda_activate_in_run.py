"""conda activate at the end of a RUN."""

from collections.abc import Iterator

from jettison.dockerfile.shell.record import Command
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        commands = [command for command in site.script.commands if command.name] if site.script else []
        if commands and not commands[-1].inside and _activates(commands[-1]):
            yield Find(
                "this activates an environment for the rest of this RUN only, and nothing follows: the next line "
                "starts anew",
                commands[-1].span,
            )


def _activates(command: Command) -> bool:
    words = [word.value for word in command.words]
    by_conda = command.name in ("conda", "mamba", "micromamba") and words[1:2] == ["activate"]
    by_source = command.name in ("source", ".") and len(words) > 1 and (words[1] or "").rpartition("/")[2] == "activate"
    return by_conda or by_source


CONDA_ACTIVATE_IN_RUN = Rule(
    name="conda-activate-in-run",
    title="an environment activated at the end of a RUN",
    severity="medium",
    confidence="high",
    why="Each RUN is a new shell; what it set is gone in the next. Later installations then go into another "
    "environment. Put the environment's `bin` first in `PATH` by `ENV`, or call `conda run -n NAME`.",
    sources=("the Dockerfile reference, RUN", "conda's documentation, activation"),
    check=_check,
    fixes="none",
    bad=(
        Example(
            "FROM condaforge/miniforge3\nRUN conda create -n a python=3.11 && conda activate a\nRUN pip install x\n"
        ),
        Example("FROM python:3.11\nRUN python -m venv /v\nRUN . /v/bin/activate\nRUN pip install x\n"),
    ),
    good=(
        Example("FROM condaforge/miniforge3\nRUN conda activate a && pip install x\n"),
        Example("FROM condaforge/miniforge3\nRUN echo 'conda activate a' >> ~/.bashrc\n"),
    ),
)
