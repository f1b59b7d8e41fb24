"""Files stored a second time because a later layer changes their owner."""

import re
from collections.abc import Iterator

from jettison.regex import regex
from jettison.rules.dockerfile.accounts import account_named, group_exists, group_number, user_number
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copying import Copying
from jettison.rules.dockerfile.places import shadowed
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule
from jettison.rules.dockerfile.relabel import Relabel, mended, relabels, run_by_root, safety, simple, sources
from jettison.rules.dockerfile.weights import stored_again

_OWNER = regex(r"(?P<user>[\w-]+|\$\{?\w+\}?)(?::(?P<group>[\w-]+|\$\{?\w+\}?))?$")


def _check(case: Case) -> Iterator[Find]:
    for found in relabels(case, "chown"):
        recursive = found.call.has("-R", "--recursive")
        small = found.stored is not None and found.stored.small
        yield Find(
            f"chown {'-R ' if recursive else ''}stores {found.what} a second time ({found.path})",
            found.call.command.span,
            _fix(case, found),
            stored_again(case, found.stored.site) if found.stored and recursive else (),
            severity="info" if small else None,
        )


def _fix(case: Case, found: Relabel) -> Fix | None:
    if not simple(found) or not run_by_root(case, found.site) or found.stored is None:
        return None
    filled = sources(case, found)
    if not filled or any(copying.instruction.name != "COPY" or not _bare(copying) for copying in filled):
        return None
    flags = [(copying, flag) for copying in filled if (flag := _flag(case, found, copying))]
    edits = mended(case, found, flags) if len(flags) == len(filled) else None
    return Fix(safety(case, found), edits, "give the owner where the files are copied") if edits else None


def _bare(copying: Copying) -> bool:
    return not copying.instruction.flag("chown") and not copying.instruction.heredocs


def _flag(case: Case, found: Relabel, copying: Copying) -> str | None:
    """Return ``--chown=…`` that means the same as the command; None when that cannot be shown."""
    match = _OWNER.match(re.sub(r'^"(.*)"$', r"\1", found.call.operands[0].text))
    if not match or (match["group"] is None and copying.origin is not None):
        return None
    user = _name(case, found, copying, match["user"], group=False)
    # chown USER leaves the group, which is root's here; COPY --chown=USER would take the user's number for the group
    group = "0" if match["group"] is None else _name(case, found, copying, match["group"], group=True)
    return f"--chown={user}:{group}" if user and group else None


def _name(case: Case, found: Relabel, copying: Copying, text: str, *, group: bool) -> str | None:
    """Return what a user or group is called at the COPY: as it is if it exists there, else its number."""
    name = text
    if text.startswith("$"):
        value = copying.site.state.expand(text)
        same = value is not None and value == found.site.state.expand(text)
        if not same or value is None or text.strip("${}") in shadowed(found.site):
            return None
        name = value
    if name.isdecimal() or (name == "root" and not copying.instruction.flag("link")):
        return text
    exists = group_exists if group else account_named
    if not copying.instruction.flag("link") and exists(case, copying.site, name):
        return text
    number = (group_number if group else user_number)(case, found.site, name)
    return None if number is None else str(number)


CHOWN_IN_LATER_LAYER = Rule(
    name="chown-in-later-layer",
    title="chown -R stores files of a layer below again",
    severity="medium",
    confidence="high",
    why="A layer holds whole files. `chown -R` over what an earlier COPY, clone or base image stored writes each of "
    "them into a new layer, content and all. `COPY --chown=` gives the owner where the files are stored.\n\n"
    "The fix is made where only COPYs fill the folder: they get `--chown=`, and the command keeps the folder itself "
    "(COPY does not change a folder that is there). A user that does not exist yet at the COPY is written as its "
    "number, when the recipe says it. `chown USER` leaves the group: the flag then says `:0`.",
    sources=("measured: 317 MB against 267 MB for one file of 50 MB", "Dockerfile reference, COPY --chown"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.11-slim\nRUN useradd -m -u 1000 app\nWORKDIR /app\nCOPY . .\n"
            "RUN chown -R app:app /app\nUSER app\n",
            "FROM python:3.11-slim\nRUN useradd -m -u 1000 app\nWORKDIR /app\nCOPY --chown=app:app . .\n"
            "RUN chown app:app /app\nUSER app\n",
        ),
        Example(
            "FROM python:3.11-slim\nWORKDIR /app\nCOPY src ./src\nCOPY --link models /app/models\nEXPOSE 80\n"
            "RUN useradd -m -u 1001 app \\\n    && chown -R app:app /app\nUSER app\n",
            "FROM python:3.11-slim\nWORKDIR /app\nCOPY --chown=1001:1001 src ./src\n"
            "COPY --link --chown=1001:1001 models /app/models\nEXPOSE 80\n"
            "RUN useradd -m -u 1001 app \\\n    && chown app:app /app\nUSER app\n",
        ),
        Example(
            "FROM debian:bookworm\nCOPY weights /models\nRUN chown -R 1000 /models\n",
            "FROM debian:bookworm\nCOPY --chown=1000:0 weights /models\nRUN chown 1000 /models\n",
        ),
        Example("FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN useradd app && chown -R app:app /app\n"),
        Example("FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN make -j && chown -R 1000:1000 /app\n"),
        Example("FROM pytorch/pytorch:2.4.0-cuda12.4-cudnn9-runtime\nRUN chown -R 1000:1000 /opt/conda\n"),
    ),
    good=(
        Example("FROM python:3.11-slim\nRUN useradd -m app && mkdir /data && chown -R app:app /data\n"),
        Example("FROM python:3.11-slim\nWORKDIR /app\nCOPY --chown=1000:1000 . .\nRUN chown 1000:1000 /app\n"),
        Example(
            "FROM debian:bookworm AS a\nCOPY w /w\nRUN chown -R 1:1 /w\nFROM debian:bookworm\nCOPY --from=a /w /w\n"
        ),
        Example("FROM debian:bookworm\nCOPY . /app\nRUN mkdir -p /app/cache && chown -R 1000:1000 /app/cache\n"),
    ),
)
