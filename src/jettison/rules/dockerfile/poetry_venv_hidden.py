"""Poetry's environment in a cache mount."""

from collections.abc import Iterator

from jettison.rules.dockerfile.bodies import text_of
from jettison.rules.dockerfile.caches import folder_of, is_set
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.mounts import mounts_of
from jettison.rules.dockerfile.record import Example, Find, Rule

_ELSEWHERE = ("virtualenvs.create", "virtualenvs.in-project", "virtualenvs.path", "poetry.toml")
_VARIABLES = ("POETRY_VIRTUALENVS_CREATE", "POETRY_VIRTUALENVS_IN_PROJECT", "POETRY_VIRTUALENVS_PATH", "VIRTUAL_ENV")


def _check(case: Case) -> Iterator[Find]:
    told = any(word in text_of(case, site) for site in case.sites for word in _ELSEWHERE)
    for site, call in case.calls("poetry", "install", "sync"):
        folder = folder_of(case, site, call)
        if told or not folder or any(is_set(site, call, name) for name in _VARIABLES):
            continue
        mount = next((each for each in mounts_of(site, "cache") if each.covers(f"{folder}/virtualenvs")), None)
        venv_elsewhere = (
            any(command.name in (".", "source") for command in site.script.commands) if site.script else True
        )
        copied_all = any(
            site.instruction.words and site.instruction.words[0].text == "." for site in case.named("COPY")
        )
        if mount and not venv_elsewhere:
            yield Find(
                f"Poetry makes its environment in {folder}/virtualenvs, inside this mount: it is not in the image",
                mount.flag.word.span,
                confidence="low" if copied_all else None,
            )


POETRY_VENV_HIDDEN = Rule(
    name="poetry-venv-hidden",
    title="Poetry's environment is in a cache mount",
    severity="high",
    confidence="medium",
    why="Unless told otherwise Poetry makes virtual environments below its cache folder. A cache mount on that folder "
    "takes them: the build succeeds and the image has no packages. Set `POETRY_VIRTUALENVS_IN_PROJECT=1` or "
    "`POETRY_VIRTUALENVS_CREATE=false`, or mount only `cache` and `artifacts` below it.",
    sources=("Poetry's documentation, Configuration: virtualenvs.path",),
    check=_check,
    fixes="none",
    bad=(
        Example(
            "FROM python:3.11-slim\nRUN --mount=type=cache,target=/root/.cache/pypoetry poetry install --only main\n"
        ),
    ),
    good=(
        Example(
            "FROM python:3.11-slim\nENV POETRY_VIRTUALENVS_IN_PROJECT=1\n"
            "RUN --mount=type=cache,target=/root/.cache/pypoetry poetry install --only main\n"
        ),
        Example(
            "FROM python:3.11-slim\nRUN poetry config virtualenvs.create false\n"
            "RUN --mount=type=cache,target=/root/.cache/pypoetry poetry install --only main\n"
        ),
        Example(
            "FROM python:3.11-slim\n"
            "RUN --mount=type=cache,target=/root/.cache/pypoetry/artifacts poetry install --only main\n"
        ),
    ),
)
