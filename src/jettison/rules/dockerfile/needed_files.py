"""Which files of a COPY an install of dependencies reads."""

import posixpath
import re
from collections.abc import Sequence

from jettison.dockerfile.project.copied import copied
from jettison.regex import regex
from jettison.rules.dockerfile.around import asks, context
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copies import Copying, absolute, copyings, is_under, workdir_of
from jettison.rules.dockerfile.project_installs import asks_for_local, reads_of
from jettison.rules.dockerfile.python_installs import PythonInstall, is_open
from jettison.rules.dockerfile.record import Safety
from jettison.rules.dockerfile.required import required_files

_NAME = regex(r"\$\{?(\w+)")
_OPEN_FILE = regex(r"(?:[\w.-]|\$\w+|\$\{\w+\})+")
_SPLIT = regex(r"\$\{?\w+\}?|[^$]+")


def needed_files(
    case: Case, copying: Copying, installs: Sequence[PythonInstall]
) -> tuple[tuple[str, ...], Safety] | None:
    """Return the context's files that the installs read from the COPY, and how sure it is that those are all.

    Returns:
        None when one is not known, or something else of the source is read.
    """
    names: dict[str, None] = {}
    safety: Safety = "safe"
    for install in installs:
        read = _of_project if install.tool == "project" else _of_conda if install.call.tool == "conda" else _of_pip
        found = read(case, copying, install)
        if found is None:
            return None
        names.update(dict.fromkeys(found))
        if install.tool == "pip" and found and context(case) is None:
            safety = "unsafe"
    return tuple(names), safety


def _of_pip(case: Case, copying: Copying, install: PythonInstall) -> tuple[str, ...] | None:
    """Return the files of the COPY that pip reads; None when one is not known."""
    if install.tool != "pip" or not _from_indexes(install):
        return None
    if is_open(install):
        return _open_files(case, copying, install)
    names: list[str] = []
    for file in (*install.files, *install.constraints):
        place = absolute(file, workdir_of(case, install.site)) if file else None
        if place and _brought_later(case, copying, install, place):
            continue
        source = copying.brings(place) if place else None
        found = required_files(context(case), source, constraint=file in install.constraints) if source else None
        if found is None:
            return None
        names += found
    return tuple(names)


def _of_conda(case: Case, copying: Copying, install: PythonInstall) -> tuple[str, ...] | None:
    """Return the environment file that conda reads; None when it asks pip for something that lies in the context."""
    if (install.call.group, install.call.action) != ("env", "create") or len(install.files) != 1 or is_open(install):
        return None
    place = absolute(install.files[0], workdir_of(case, install.site)) if install.files[0] else None
    source = copying.brings(place) if place else None
    entry = case.project.context.entries.get(source) if case.project and source else None
    if source is None or entry is None or entry.type != "file" or entry.ignored:
        return None
    asked = asks(case, source, "conda")
    local = any(one.source == "path" or one.editable for group in asked.groups for one in group.wanted)
    return None if asked.skips or local else (source,)


def _of_project(case: Case, copying: Copying, install: PythonInstall) -> tuple[str, ...] | None:
    """Return the files of the context that an install of the project's dependencies reads; None when not known."""
    reads, project = reads_of(install.call), context(case)
    workdir = workdir_of(case, install.site)
    if reads is None or project is None or workdir is None:
        return None
    if brings_into(case, copying, posixpath.join(workdir, ".venv")):
        return None
    found: list[str] = []
    for name in (*reads.needed, *reads.also):
        source = copying.brings(posixpath.join(workdir, name))
        entry = project.context.entries.get(source) if source else None
        if entry is not None and entry.type == "file" and not entry.ignored:
            found.append(entry.path)
        elif name in reads.needed or entry is not None:
            return None
    asked = {path: asks(case, path) for path in found if path.endswith((".lock", "pyproject.toml", "Pipfile"))}
    return None if asks_for_local(asked) else tuple(found)


def _open_files(case: Case, copying: Copying, install: PythonInstall) -> tuple[str, ...] | None:
    """Return the files of an install that a build argument names, with the argument in their names.

    Returns:
        None when the argument does not hold at the COPY already, or one of the files that it may name reads another.
    """
    project, state = context(case), copying.site.state
    words = [each.value for each in install.call.options if each.name in ("-r", "--requirement") and each.value]
    if project is None or len(words) != len(install.files) or install.constraints:
        return None
    found: list[str] = []
    for word in words:
        text = word.text
        known = all(install.site.state.variables.get(name) == state.variables.get(name) for name in _NAME.findall(text))
        if not known or not _OPEN_FILE.fullmatch(text) or copying.destination != workdir_of(case, install.site):
            return None
        pattern = re.compile(_SPLIT.sub(lambda part: "[^/]*" if part[0].startswith("$") else re.escape(part[0]), text))
        read = [required_files(project, path) for path in project.context.entries if pattern.fullmatch(path)]
        if not read or None in read:
            return None
        included = (name for names in read if names for name in names[1:])
        found += [text, *included]
    return tuple(found) if copying.sources == (".",) else None


def _from_indexes(install: PythonInstall) -> bool:
    """Whether all that is asked for comes over the network, from addresses that are known."""
    places = [install.index or "", *install.extra]
    if install.local or install.index is None or any(each and "://" not in each for each in places):
        return False
    named = all(asked.name or "://" in asked.text for asked in install.asked if asked.word)
    return named and not any("file:" in text for text in (*places, *(asked.text for asked in install.asked)))


def _brought_later(case: Case, copying: Copying, install: PythonInstall, place: str) -> bool:
    """Whether another COPY in between puts a file where the install reads it."""
    return any(
        each.brings(place) is not None and not each.whole
        for each in copyings(case, stage=install.site.stage)
        if copying.site.instruction.line < each.site.instruction.line < install.site.instruction.line
    )


def brings_into(case: Case, copying: Copying, folder: str) -> bool:
    """Whether a COPY brings files into a folder; without a context it may."""
    project = context(case)
    if project is None:
        return True
    taken = copied(project.context, copying.sources)
    places = [copying.lands(file) for file in taken.files]
    return any(place is None or is_under(place, folder) for place in places)
