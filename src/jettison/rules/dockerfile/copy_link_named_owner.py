"""COPY --link with an owner by name."""

from collections.abc import Iterator

from jettison.dockerfile.edit import replace_word
from jettison.dockerfile.record import Flag
from jettison.rules.dockerfile.accounts import group_number, user_number
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("COPY", "ADD"):
        link, chown = site.instruction.flag("link"), site.instruction.flag("chown")
        if link is None or link.value in ("false", "0") or chown is None or not chown.value:
            continue
        owner = site.state.expand(chown.value, case.recipe.escape)
        if owner and any(part and not part.isdecimal() for part in owner.split(":")):
            yield Find(
                f"{site.instruction.name} --link cannot look up {owner}: it does not see the stage's /etc/passwd",
                chown.word.span,
                _fix(case, site, chown, owner),
            )


def _fix(case: Case, site: Site, chown: Flag, owner: str) -> Fix | None:
    user, colon, group = owner.partition(":")
    uid = user_number(case, site, user)
    gid = group_number(case, site, group) if colon else uid
    if uid is None or gid is None or not chown.word.whole:
        return None
    numbers = f"{uid}:{gid}" if colon else f"{uid}"
    return Fix("safe", (replace_word(chown.word, f"--chown={numbers}"),), "name the owner by its numbers")


COPY_LINK_NAMED_OWNER = Rule(
    name="copy-link-named-owner",
    title="COPY --link with an owner by name",
    severity="high",
    confidence="high",
    why="`--link` makes the layer without looking at those below, so there is no `/etc/passwd` to find a name in, and "
    "the build fails. Numbers need no file. The fix is made when the recipe itself says the numbers.",
    sources=("BuildKit: `invalid user index` for a name with --link", "Dockerfile reference, COPY --link"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.11-slim\nRUN useradd -m -u 1000 app\nCOPY --link --chown=app:app . /app\n",
            "FROM python:3.11-slim\nRUN useradd -m -u 1000 app\nCOPY --link --chown=1000:1000 . /app\n",
        ),
        Example("FROM python:3.11-slim\nRUN useradd -m app\nCOPY --link --chown=app . /app\n"),
    ),
    good=(
        Example("FROM python:3.11-slim\nCOPY --link --chown=1000:1000 . /app\n"),
        Example("FROM python:3.11-slim\nRUN useradd app\nCOPY --chown=app . /app\n"),
        Example("FROM python:3.11-slim\nARG UID=1000\nCOPY --link --chown=$UID . /app\n"),
    ),
)
