"""Where a path in an instruction or a command leads: working directories, ``cd``, known variables."""

import posixpath
import re
from collections.abc import Iterator

from jettison.dockerfile.shell.record import Command, ShellWord
from jettison.dockerfile.tools.record import Option
from jettison.regex import regex
from jettison.rules.dockerfile.bases import Base, base_of
from jettison.rules.dockerfile.bodies import whole_body
from jettison.rules.dockerfile.case import Case, Site

AT_ROOT = frozenset({"python", "debian", "ubuntu", "alpine", "cuda", "distroless", "scratch", "rhel"})
"""Families of base images whose working directory is ``/``: their Dockerfiles have no WORKDIR."""
_ONLY_VARIABLES = regex(r"(?:[^$`*?\[\\\"'{}]|\$\w+|\$\{\w+\})+$")
_BRACES = regex(r"(?<!\$)\{[^}]*(?:,|\.\.)")
_MENTION = regex(r"\$\{?(\w+)")


def base_at(case: Case, stage: int) -> Base | None:
    """Return what is known of the image at the bottom of a stage."""
    return base_of(case.image(stage))


def earlier(case: Case, site: Site) -> Iterator[Site]:
    """Give the instructions in front of one whose results it sees, those of the stages it is built on included."""
    stages = {stage.index for stage in case.scopes.lineage(site.stage)}
    for other in case.sites:
        if other is site:
            return
        if other.stage in stages:
            yield other


def later(case: Case, site: Site) -> Iterator[Site]:
    """Give the instructions behind one in its own stage."""
    seen = False
    for other in case.sites:
        if other.stage == site.stage and seen:
            yield other
        seen = seen or other is site


def folder_of(case: Case, site: Site) -> str | None:
    """Return the working directory of an instruction; None when it is not known."""
    if site.state.workdir is not None:
        return site.state.workdir
    base = base_at(case, site.stage)
    if base is None or base.family not in AT_ROOT:
        return None
    return None if any(other.instruction.name == "WORKDIR" for other in earlier(case, site)) else "/"


def joined(folder: str | None, path: str | None) -> str | None:
    """Return ``path`` made absolute, ``.`` and ``..`` resolved; None when it cannot be."""
    if not path or path.startswith("~") or (folder is None and not path.startswith("/")):
        return None
    return posixpath.normpath(posixpath.join(folder or "/", path))


def within(path: str, folder: str) -> bool:
    """Whether ``path`` is ``folder``, or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def text_of(site: Site, word: ShellWord) -> str | None:
    """Return what a command receives for a word, variables of the recipe replaced; None when it is not known."""
    if _BRACES.search(word.text):
        return None  # bash makes several words of it, sh does not
    if word.value is not None:
        return word.value
    text = word.text[1:-1] if word.text[:1] == '"' == word.text[-1:] and len(word.text) > 1 else word.text
    if not _ONLY_VARIABLES.match(text):
        return None
    if any(name in shadowed(site) for name in _MENTION.findall(text)):
        return None
    return site.state.expand(text)


def value_of(site: Site, option: Option | None) -> str | None:
    """Return an option's value, variables of the recipe replaced; None when it has none, or it is not known."""
    if option is None or option.text is not None or option.value is None:
        return option.text if option else None
    if option.value is not option.word:
        return text_of(site, option.value)
    name, equals, text = option.value.text.partition("=")
    return text_of(site, ShellWord(text, None, option.value.span)) if equals and name == option.name else None


def shadowed(site: Site) -> frozenset[str]:
    """Return the shell variables that a body sets itself: the recipe's of the same name say nothing there."""
    if site.script is None:
        return frozenset()
    body = whole_body(site)
    return frozenset(re.findall(r"(?:^|[\s;&|({])(\w+)=", body)) | frozenset(re.findall(r"\bfor\s+(\w+)", body))


def folder_at(case: Case, site: Site, command: Command) -> str | None:
    """Return the working directory in which a command of a body runs: WORKDIR, and the ``cd`` in front of it."""
    folder = folder_of(case, site)
    for other in site.script.commands if site.script else ():
        if other.span[0] >= command.span[0]:
            break
        if other.name in ("cd", "pushd", "popd"):
            known = other.plain and other.name == "cd" and len(other.words) == 2 and other.words[1].text != "-"  # noqa: PLR2004 -- cd FOLDER
            folder = joined(folder, text_of(site, other.words[1])) if known else None
    return folder


def place_of(case: Case, site: Site, command: Command, word: ShellWord) -> str | None:
    """Return the absolute path that a word of a command means; None when it is not known."""
    return joined(folder_at(case, site, command), text_of(site, word))


def covered_place(case: Case, site: Site, command: Command, word: ShellWord) -> str | None:
    """Return the folder that ``FOLDER/*`` is about, or what :func:`place_of` gives."""
    if word.value is None and word.text.endswith("/*") and not re.search(r"[*?\[]", word.text[:-1]):
        return joined(
            folder_at(case, site, command), text_of(site, ShellWord(word.text[:-2], word.text[:-2], word.span))
        )
    return place_of(case, site, command, word)
