"""Poetry installs a project whose code is not there yet."""

from collections.abc import Iterator

from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.record import Instruction
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_LISTS = ("pyproject.toml", "poetry.lock", "poetry.toml", "requirements", "README", "LICENSE", ".python-version")


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("poetry", "install", "sync"):
        if site.stage not in case.built or call.has("--no-root", "--only-root", "--no-directory"):
            continue
        lineage = {stage.index for stage in case.scopes.lineage(site.stage)}
        before = [
            each for each in case.sites if each.stage in lineage and each.instruction.span < site.instruction.span
        ]
        copies = [each.instruction for each in before if each.instruction.name in ("COPY", "ADD")]
        makes = any(
            command.name in ("mkdir", "touch", "git", "tar")
            for each in before
            if each.script
            for command in each.script.commands
        )
        copies = [copy for copy in copies if copy.flag("from") is None]
        if (
            copies
            and all(_only_lists(copy) for copy in copies)
            and not makes
            and not site.instruction.flags_named("mount")
        ):
            yield Find(
                "poetry is to install the project itself here, whose code is copied later: Poetry 2 fails, 1 warns",
                call.command.span,
                _fix(site, call),
            )


def _only_lists(copy: Instruction) -> bool:
    sources = [word.text for word in copy.words[:-1]]
    return (
        bool(sources) and not copy.heredocs and all(source.rpartition("/")[2].startswith(_LISTS) for source in sources)
    )


def _fix(site: Site, call: Call) -> Fix | None:
    word = call.head[-1]
    if not site.editable or not call.command.plain or not word.whole:
        return None
    return Fix("unsafe", (insert_after(word, "--no-root"),), "install what the project needs, not itself")


POETRY_ROOT_BEFORE_SOURCE = Rule(
    name="poetry-root-before-source",
    title="Poetry installs a project whose code is not there yet",
    severity="medium",
    confidence="medium",
    why="`poetry install` installs the project as well. In a layer for the dependencies only its lists are there: "
    "Poetry 2 ends with an error, Poetry 1 warns and goes on. `--no-root` says what is meant; run `poetry install "
    "--only-root` behind the copy of the code if the project has to be installed.",
    sources=("Poetry's documentation, install: --no-root",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM python:3.11-slim\nCOPY pyproject.toml poetry.lock ./\nRUN poetry install --only main\nCOPY . .\n",
            "FROM python:3.11-slim\nCOPY pyproject.toml poetry.lock ./\n"
            "RUN poetry install --no-root --only main\nCOPY . .\n",
        ),
        Example("FROM python:3.11\nCOPY pyproject.toml ./\nRUN if true; then poetry install; fi\n"),
    ),
    good=(
        Example("FROM python:3.11-slim\nCOPY pyproject.toml poetry.lock ./\nRUN poetry install --no-root\nCOPY . .\n"),
        Example("FROM python:3.11-slim\nCOPY . .\nRUN poetry install --only main\n"),
        Example(
            "FROM python:3.11-slim\nCOPY pyproject.toml .\nRUN mkdir app && touch app/__init__.py\nRUN poetry install\n"
        ),
    ),
)
