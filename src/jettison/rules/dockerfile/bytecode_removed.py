"""Bytecode that is not made, or thrown away: each cold start compiles again."""

from collections.abc import Iterator

from jettison.dockerfile.edit import remove_word
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        for call in site.calls:
            option = call.option("--no-compile") if call.tool == "pip" else None
            if option:
                fix = None
                if site.editable and call.command.plain and option.word.whole:
                    edit = remove_word(case.recipe, option.word)
                    fix = Fix("safe", (edit,), "compile while building") if edit else None
                yield Find("pip installs without bytecode: Python compiles at each cold start", option.word.span, fix)
        yield from _deleted(case, site)


def _deleted(case: Case, site: Site) -> Iterator[Find]:
    if site.stage not in case.built or site.script is None:
        return
    for command in site.script.commands:
        texts = [word.text.strip("'\"\\") for word in command.words]
        removes = "-delete" in texts or "rm" in texts or command.name == "rm"
        if removes and any(
            text in ("*.pyc", "*.py[co]", "__pycache__", "*.pyo") or "__pycache__" in text for text in texts
        ):
            yield Find("bytecode is deleted: Python compiles again at each cold start", command.span)


BYTECODE_REMOVED = Rule(
    name="bytecode-removed",
    title="bytecode is not made, or deleted",
    severity="low",
    confidence="medium",
    why="Without `__pycache__` Python compiles every module it imports, at every cold start, since the container "
    "cannot "
    "keep the result: it added 5 s to each start of a detector, and doubled the imports of numpy, pandas and torch. "
    "The bytecode is 2 to 3 % of such an image.",
    sources=("import of pandas, cold, without and with bytecode: 1.44 and 1.21 s; of torch 3.42 and 2.69 s",),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.11\nRUN pip install --no-compile torch\n",
            "FROM python:3.11\nRUN pip install torch\n",
        ),
        Example("FROM python:3.11\nRUN pip install torch && find / -name '*.pyc' -delete\n"),
    ),
    good=(
        Example("FROM python:3.11\nRUN pip install torch\n"),
        Example("FROM python:3.11\nRUN rm -rf /tmp/build\n"),
    ),
)
