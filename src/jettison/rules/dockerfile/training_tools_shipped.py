"""Tools for training and development in an image that serves."""

import re
from collections.abc import Iterator

from jettison.rules.dockerfile.around import code
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.python_installs import Asked, PythonInstall
from jettison.rules.dockerfile.record import Claim, Example, Find, Fix, Rule
from jettison.rules.dockerfile.service import purpose, starts
from jettison.rules.dockerfile.shipping import shipped_installs
from jettison.rules.dockerfile.tables import words
from jettison.rules.dockerfile.words_in_runs import without_words

_TOOLS = words(
    """
    jupyter notebook jupyterlab jupyter-client jupyter-server ipykernel ipywidgets nbconvert nbformat ipython jupytext
    tensorboard tensorboardx tensorboard-data-server wandb comet-ml neptune aim visdom
    pytest black flake8 mypy isort pylint ruff pre-commit ipdb pdbpp sphinx mkdocs tox nox coverage hypothesis debugpy
    pyright bandit autopep8 yapf pydocstyle pycodestyle pytype interrogate safety pip-audit twine line-profiler
    memory-profiler nbstripout papermill pudb
    """
)


def _check(case: Case) -> Iterator[Find]:
    if purpose(case) != "service":
        return
    for install in shipped_installs(case):
        found = tuple(asked for asked in install.asked if _is_tool(case, asked))
        if found and install.call.command.plain:
            yield _find(case, install, found)


def _is_tool(case: Case, asked: Asked) -> bool:
    name = asked.name
    known = name in _TOOLS or re.match(r"pytest-|flake8-|sphinx-|mkdocs-|types-", name) is not None
    return known and not _used(case, name)


def _used(case: Case, name: str) -> bool:
    """Whether the recipe runs the tool, as it builds or as it starts."""
    module = name.replace("-", "_")
    if re.search(rf"\b{re.escape(name)}\b", starts(case)) or module in _imported(case):
        return True
    return any(
        command.name == name or any(word.value == name for word in command.words[1:3] if command.words[1].value == "-m")
        for site in case.named("RUN")
        if site.script
        for command in site.script.commands
        if len(command.words) > 1
    )


def _imported(case: Case) -> set[str]:
    """Return the modules that the context's code imports, its tests left out; submodules by their first part."""
    return {
        each.module.partition(".")[0].lower()
        for file in code(case).files
        if not re.search(r"(?:^|/)(?:tests?/|test_|conftest)", file.path) and not file.path.endswith(".ipynb")
        for each in file.imports
    }


def _find(case: Case, install: PythonInstall, found: tuple[Asked, ...]) -> Find:
    places = [asked.word for asked in found if asked.word]
    edits = without_words(case.recipe, install.site, install.call, places) if len(places) == len(found) else None
    names = ", ".join(f"{asked.name}{asked.where}" for asked in found)
    return Find(
        f"{names}: for training and development, and this image starts a service",
        places[0].span if places else install.call.command.span,
        Fix("unsafe", edits, "leave them out") if edits else None,
        (Claim("wheels", tuple(asked.text for asked in found)),),
    )


TRAINING_TOOLS_SHIPPED = Rule(
    name="training-tools-shipped",
    title="A service ships tools for training and development",
    severity="low",
    confidence="medium",
    why="Notebooks, experiment trackers' clients, test runners and linters are no part of a service; Jupyter alone "
    "brings about 100 packages. Keep them in a requirements file of their own, for the training image. Only images "
    "that start a server are looked at, and what the file itself runs is left alone. The fix is unsafe: the code may "
    "import one of them.",
    sources=("the lesson: training and inference images apart",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM python:3.12-slim\nRUN pip install fastapi jupyter tensorboard torch\nCMD uvicorn app:app\n",
            "FROM python:3.12-slim\nRUN pip install fastapi torch\nCMD uvicorn app:app\n",
        ),
        Example(
            'FROM python:3.12-slim\nRUN pip install \\\n    fastapi \\\n    "pytest>=8" \\\n    pytest-cov\n'
            "CMD uvicorn app:app\n",
            "FROM python:3.12-slim\nRUN pip install \\\n    fastapi\nCMD uvicorn app:app\n",
        ),
        Example(
            'FROM python:3.12-slim\nRUN pip install jupyterlab\nRUN pip install torch\nCMD ["python", "serve.py"]\n'
        ),
    ),
    good=(
        Example("FROM python:3.12-slim\nRUN pip install jupyter torch\nCMD jupyter lab\n"),
        Example("FROM python:3.12-slim\nRUN pip install tensorboard torch\nCMD python train.py\n"),
        Example("FROM python:3.12-slim\nRUN pip install fastapi torch\nCMD uvicorn app:app\n"),
        Example("FROM python:3.12-slim\nRUN pip install fastapi pytest && pytest /tests\nCMD uvicorn app:app\n"),
        Example(
            "FROM python:3.12-slim\nCOPY . /app\nRUN pip install wandb torch\nCMD uvicorn app:app\n",
            None,
            {"app.py": "import wandb\n"},
        ),
        Example("FROM python:3.12-slim AS t\nRUN pip install pytest\nFROM python:3.12-slim\nCMD uvicorn app:app\n"),
    ),
)
