"""python setup.py install."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("setup.py", "install", "develop"):
        if site.stage in case.built:
            yield Find(
                f"setup.py {call.action} fetches what it needs past pip: as eggs, without wheels, locks or constraints",
                call.command.span,
                _fix(site, call),
            )


def _fix(site: Site, call: Call) -> Fix | None:
    bare = call.action == "install" and not call.options and not call.operands and not call.wrappers
    words = call.head
    if not bare or not site.editable or not call.command.plain or not all(word.whole for word in words):
        return None
    if len(words) != 3 or words[1].value != "setup.py":  # noqa: PLR2004 -- python setup.py install
        return None
    edit = Edit(words[1].span[0], words[-1].span[1], "-m pip install --no-build-isolation .")
    return Fix("unsafe", (edit,), "install by pip")


SETUP_PY_INSTALL = Rule(
    name="setup-py-install",
    title="python setup.py install",
    severity="medium",
    confidence="high",
    why="setuptools has deprecated the command. It resolves dependencies by itself, downloads source archives and "
    "builds them, and leaves zipped eggs that pip cannot remove. The fix asks pip for the same, with the packages that "
    "are installed already (`--no-build-isolation`, which extensions of torch need); it is unsafe, because a build "
    "that "
    "relied on the old behaviour may need `wheel`, or a list of build requirements.",
    sources=("setuptools' documentation, Deprecated practices",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM python:3.9\nRUN git clone https://e.example/x && cd x && python setup.py install\n",
            "FROM python:3.9\nRUN git clone https://e.example/x && cd x && python -m pip install "
            "--no-build-isolation .\n",
        ),
        Example("FROM python:3.9\nRUN python setup.py develop\n"),
    ),
    good=(
        Example("FROM python:3.9\nRUN python setup.py bdist_wheel\n"),
        Example("FROM python:3.9\nRUN pip install .\n"),
    ),
)
