"""Copies of what seldom changes behind copies of what changes often."""

from collections.abc import Iterator
from itertools import pairwise

from jettison.dockerfile.edit import Edit
from jettison.dockerfile.project.history import Frequency, History, frequency
from jettison.rules.dockerfile.around import context
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copies import Copying, is_under
from jettison.rules.dockerfile.ignoring import takers
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_COMMITS = 20
"""Commits from which on a history says something."""
_TIMES = 4
"""How many times as often the one changes."""
_OFTEN = 0.1


def _check(case: Case) -> Iterator[Find]:
    project, history = context(case), case.history
    if project is None or history is None or history.commits < _COMMITS:
        return
    copies = [(copying, taken.files) for copying, taken in takers(case, project) if taken.files]
    for (first, early), (second, late) in pairwise(copies):
        if first.site.stage != second.site.stage or set(early) & set(late):
            continue
        often, seldom = _of(history, early), _of(history, late)
        if often.share >= _OFTEN and often.commits >= _TIMES * max(seldom.commits, 1):
            yield Find(
                f"what line {first.site.instruction.line} copies changed in {often.commits} of {history.commits} "
                f"commits, what line {second.site.instruction.line} copies in {seldom.commits}: the other way "
                f"round the "
                "second one's layer stays",
                second.site.instruction.span,
                _fix(case, first, second),
            )


def _of(history: History, files: tuple[str, ...]) -> Frequency:
    return frequency(history, files)


def _fix(case: Case, first: Copying, second: Copying) -> Fix | None:
    """Return the fix: two neighbours that write to places apart change places."""
    one, two = first.site.instruction, second.site.instruction
    lines = case.recipe.lines[one.line - 1 : two.last_line]
    neighbours = one.last_line + 1 == two.line and all(line.kind == "instruction" for line in lines)
    if not neighbours or not _apart(first, second) or not case.recipe.text[slice(*two.span)].endswith("\n"):
        return None
    if any(flag.name == "from" for each in (one, two) for flag in each.flags) or one.heredocs or two.heredocs:
        return None
    text = case.recipe.text
    return Fix("safe", (Edit(*one.span, text[slice(*two.span)]), Edit(*two.span, text[slice(*one.span)])), "swap them")


def _apart(first: Copying, second: Copying) -> bool:
    one, two = first.destination, second.destination
    return one is not None and two is not None and not is_under(one, two) and not is_under(two, one)


_FILES = {"src/app.py": "", "conf/a.yaml": "", "README.md": ""}
_LOG = "".join(f"\x01{at:040x} {1_700_000_000 + at * 86400}\nsrc/app.py\n" for at in range(30))
_EVEN = "".join(f"\x01{at:040x} {1_700_000_000 + at * 86400}\nsrc/app.py\nconf/a.yaml\n" for at in range(30))

COPY_ORDER_BY_CHANGE = Rule(
    name="copy-order-by-change",
    title="What changes often is copied first",
    severity="low",
    confidence="medium",
    why="A changed COPY builds all layers behind it again. With the repository's history at hand, files that seldom "
    "change and are copied right behind files that often do are shown, with both counts. The fix swaps two neighbours "
    "that write to places apart; anything else is left to a person: of fixers that reorder without proof, one in seven "
    "results is not the same.",
    sources=("Doctor (2025): reordering by change frequency cuts rebuild time by 26.5 %, 86 % of results the same",),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.12-slim\nCOPY src /app/src\nCOPY conf /app/conf\n",
            "FROM python:3.12-slim\nCOPY conf /app/conf\nCOPY src /app/src\n",
            _FILES,
            _LOG,
        ),
        Example("FROM python:3.12-slim\nCOPY src /app\nCOPY conf /app/conf\n", None, _FILES, _LOG),
        Example("FROM python:3.12-slim\nCOPY src /app/src\n# settings\nCOPY conf /app/conf\n", None, _FILES, _LOG),
    ),
    good=(
        Example("FROM python:3.12-slim\nCOPY conf /app/conf\nCOPY src /app/src\n", None, _FILES, _LOG),
        Example("FROM python:3.12-slim\nCOPY src /app/src\nCOPY conf /app/conf\n", None, _FILES, _EVEN),
        Example("FROM python:3.12-slim\nCOPY src /app/src\nCOPY conf /app/conf\n", None, _FILES),
        Example("FROM python:3.12-slim\nCOPY src /app/src\nCOPY conf /app/conf\n"),
    ),
)
