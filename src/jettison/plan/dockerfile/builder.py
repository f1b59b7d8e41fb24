"""The builder: the old recipe as it was, up to the last thing that installs or compiles."""

import re
from collections.abc import Iterator

from jettison.plan.dockerfile.layout import BUILDER, VENV, Work, interpreter_of, packages_of, venv_env
from jettison.plan.dockerfile.rewrite_record import Piece
from jettison.rules.dockerfile.case import Site

_INSTALLERS = frozenset(["poetry", "uv", "pipenv", "pdm", "hatch", "virtualenv", "poetry-plugin-export"])
_SYSTEM_MODULES = re.compile(r"python3-(?!dev$|pip$|venv$|setuptools$|wheel$|distutils$|virtualenv$|full$|minimal$).+")
_DOWNLOADERS = frozenset(["curl", "wget", "hf", "tar", "unzip", "mkdir", "mv", "rm", "ln", "chmod"])
CONFIG = ("LABEL", "EXPOSE", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "CMD", "ENTRYPOINT", "USER", "MAINTAINER")
"""Instructions that are about the running container only."""


def builder_of(work: Work) -> Iterator[Piece]:
    """Give the builder's pieces."""
    start = work.start
    flags = "".join(f" {flag.word.text}" for flag in start.flags)
    text = work.text(start)
    head = text[: text.rindex(start.keyword)] if text.count("\n") > 1 else ""
    yield Piece(
        f"{head}FROM{flags} {start.words[0].text} AS {BUILDER}\n", work.at(start), "changed", "the build's stage"
    )
    made = False
    for site in work.case.sites:
        at = work.at(site.instruction)
        if at > work.last:
            return
        if site.instruction.name in CONFIG:
            continue
        if site.instruction.name == "RUN" and _skipped_in_builder(work, at):
            continue
        if not made and work.environment == VENV and _installs(work, at):
            yield from _venv(work, site)
            made = True
        yield Piece(work.text(site.instruction), at)


def _installs(work: Work, at: int) -> bool:
    """Whether an instruction is the first that installs what the service is to have: installers are not shipped."""
    for part in work.parts.get(at, ()):
        if part.kind == "build":
            return True
        if part.kind == "python":
            names = [word.value for call in part.calls for word in call.operands]
            installer = bool(names) and all(_plain_name(name) in _INSTALLERS for name in names)
            configures = all(call.action in ("config", "self") for call in part.calls)
            if not (installer or configures) or not part.whole:
                return True
    return False


def _plain_name(name: str | None) -> str:
    return re.split(r"[\[=<>~!;@ ]", name or "", maxsplit=1)[0].lower()


def _skipped_in_builder(work: Work, at: int) -> bool:
    """Whether a RUN is nothing to the builder: it fetches files that nothing behind it in the builder names."""
    parts = work.parts[at]
    if not all(part.kind in ("other", "files", "clean") for part in parts):
        return False
    calls = parts[0].site.calls
    if not calls or any(call.tool not in _DOWNLOADERS for call in calls) or parts[0].site.script is None:
        return False
    if len(calls) != len(parts[0].site.script.commands) or not any(
        call.tool in ("curl", "wget", "hf") for call in calls
    ):
        return False
    later = "".join(work.text(i) for i in work.case.recipe.instructions[at + 1 : work.last + 1] if i.name == "RUN")
    words = {word.text.strip("'\"").rpartition("/")[2] for call in calls for word in call.command.words[1:]}
    return not any(word and word in later for word in words if len(word) > 3)  # noqa: PLR2004 -- `-o`, `.`


def _venv(work: Work, site: Site) -> Iterator[Piece]:
    python = interpreter_of(work)
    packages = packages_of(work)
    system = work.base.family == "pytorch" or any(_SYSTEM_MODULES.fullmatch(name) for name in packages)
    if work.base.family in ("debian", "ubuntu", "cuda"):
        name = f"{python}-venv"
        if name not in packages and "python3-full" not in packages:
            text = f"RUN apt-get update && apt-get install -y --no-install-recommends {name}\n"
            yield Piece(text, None, "added", "makes virtual environments")
    flag = " --system-site-packages" if system else ""
    text = f"RUN {python} -m venv{flag} {VENV}\n{venv_env()}"
    if any(call.tool == "uv" for parts in work.parts.values() for part in parts for call in part.calls):
        text += f"ENV UV_PROJECT_ENVIRONMENT={VENV} UV_PYTHON={VENV}/bin/python\n"
    assert site.instruction.name == "RUN"  # noqa: S101 -- only RUN installs
    yield Piece(text, None, "added", "all distributions land in one folder, which is copied")
