"""PATH without the system's folders."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.dockerfile.record import Word
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("ENV"):
        for name, value, word in site.instruction.pairs():
            expanded = site.state.expand(value, case.recipe.escape)
            if name != "PATH" or "$" in value or site.stage not in case.built or not _drops(expanded or value):
                continue
            yield Find(
                f"PATH={value} has no folder of the system's programs: no shell is found behind it",
                word.span,
                _fix(word, value),
            )


def _drops(value: str) -> bool:
    """Whether neither the shell's folder nor the one that it is linked to is in a PATH."""
    folders = [folder.rstrip("/") for folder in value.strip("\"'").split(":")]
    return "/bin" not in folders and "/usr/bin" not in folders


def _fix(word: Word, value: str) -> Fix | None:
    if not word.whole or word.text != f"PATH={value}" or not value or set(value) & set("\"' "):
        return None
    return Fix("unsafe", (Edit(word.span[1], word.span[1], ":$PATH"),), "keep the PATH that is there")


PATH_OVERRIDE = Rule(
    name="path-override",
    title="PATH without the system's folders",
    severity="high",
    confidence="high",
    why="ENV replaces the value: what the base image had on its PATH (`/usr/bin`, `/bin`, `/usr/local/bin`) is "
    "gone for all that follows, the service included. `ENV PATH=/opt/venv/bin:$PATH` puts a folder in front.",
    sources=("Dockerfile reference, ENV",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM python:3.11-slim\nENV PATH=/opt/venv/bin\n", "FROM python:3.11-slim\nENV PATH=/opt/venv/bin:$PATH\n"
        ),
        Example('FROM python:3.11-slim\nENV A=1 PATH="/opt/venv/bin"\n'),
    ),
    good=(
        Example('FROM python:3.11-slim\nENV PATH="/opt/venv/bin:${PATH}"\n'),
        Example("FROM python:3.11-slim\nENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin\n"),
        Example("FROM python:3.11-slim\nENV PYTHONPATH=/app\n"),
    ),
)
