"""pipenv install that may write the lock anew."""

from collections.abc import Iterator

from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("pipenv", "install"):
        answered = call.has("--deploy", "--ignore-pipfile", "-r", "--requirements") or call.operands
        if site.stage in case.built and not answered:
            yield Find(
                "pipenv install writes the lock anew when it does not fit: the build then installs what nobody tested",
                call.command.span,
                _fix(site, call),
            )


def _fix(site: Site, call: Call) -> Fix | None:
    word = call.head[-1]
    if not site.editable or not call.command.plain or not word.whole:
        return None
    return Fix("unsafe", (insert_after(word, "--deploy"),), "fail when the lock does not fit")


PIPENV_NOT_DEPLOY = Rule(
    name="pipenv-not-deploy",
    title="pipenv install without --deploy",
    severity="medium",
    confidence="high",
    why="`pipenv install` locks again when `Pipfile.lock` is missing or does not fit. `--deploy` makes that an error, "
    "and "
    "`pipenv sync` takes the lock as it is. The fix is unsafe: a build with a stale lock then fails, as it should.",
    sources=("pipenv's documentation, --deploy",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM python:3.11-slim\nRUN pipenv install --system\n",
            "FROM python:3.11-slim\nRUN pipenv install --deploy --system\n",
        ),
    ),
    good=(
        Example("FROM python:3.11-slim\nRUN pipenv install --system --deploy\n"),
        Example("FROM python:3.11-slim\nRUN pipenv sync --system\n"),
    ),
)
