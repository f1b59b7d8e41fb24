"""An editable install in the shipped image."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.dockerfile.tools.record import Call, Option
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.installs import pip_installs
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for site, call in pip_installs(case):
        options = [option for option in call.options if option.name in ("-e", "--editable")]
        if site.stage in case.shipped and options:
            remote = any("://" in (option.text or "") for option in options)
            yield Find(
                "an editable install of a repository: the whole clone, history and all, is in the image"
                if remote
                else "an editable install: the image needs the source tree where it is, tests and all",
                call.command.span,
                _fix(case, site, call, options),
                severity="medium" if remote else None,
            )
    for site, call in case.calls("setup.py", "develop"):
        if site.stage in case.shipped:
            yield Find("setup.py develop leaves a link to the source tree", call.command.span)


def _fix(case: Case, site: Site, call: Call, options: list[Option]) -> Fix | None:
    if not site.editable or not call.command.plain:
        return None
    edits: list[Edit] = []
    for option in options:
        value = option.value
        between = case.recipe.text[option.word.span[1] : value.span[0]] if value else "\n"
        if value is None or value is option.word or between.strip(" ") or option.word.text not in ("-e", "--editable"):
            return None
        edits.append(Edit(option.word.span[0], value.span[0], ""))
    return Fix("unsafe", tuple(edits), "install it for good")


EDITABLE_INSTALL_SHIPPED = Rule(
    name="editable-install-shipped",
    title="an editable install in the image",
    severity="low",
    confidence="high",
    why="`pip install -e` writes a link. It is for people who edit: an image holds the sources, their tests and their "
    "build files for it, and breaks when they move or a mount hides them. `pip install .` copies what is needed, so "
    "that the source can stay in the build stage. The fix is unsafe: files that the package does not declare are found "
    "through the link and not after it.",
    sources=("pip's documentation, Editable installs",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM python:3.11-slim\nCOPY . /app\nRUN pip install --no-cache-dir -e /app\n",
            "FROM python:3.11-slim\nCOPY . /app\nRUN pip install --no-cache-dir /app\n",
        ),
        Example(
            "FROM python:3.11\nRUN pip install -e git+https://e.example/x#egg=x\n",
            "FROM python:3.11\nRUN pip install git+https://e.example/x#egg=x\n",
        ),
        Example("FROM python:3.11\nRUN python setup.py develop\n"),
    ),
    good=(
        Example("FROM python:3.11-slim\nRUN pip install .\n"),
        Example("FROM python:3.11 AS b\nRUN pip install -e .\nFROM python:3.11-slim\nCOPY --from=b /a /a\n"),
    ),
)
