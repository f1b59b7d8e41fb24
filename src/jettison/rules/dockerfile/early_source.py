"""Moves a COPY of the source behind an install of dependencies, where that provably changes nothing.

What is proved: the install and all between it and the COPY read none of the files moved past them but the named ones,
which are copied before; they write nothing where the COPY writes; what the COPY itself means is the same further down.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.edit import Edit, insert_behind
from jettison.dockerfile.record import Instruction
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.around import context
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.copies import Copying, absolute, copyings, is_under, workdir_of
from jettison.rules.dockerfile.mounts import mounts_of
from jettison.rules.dockerfile.python_installs import PythonInstall
from jettison.rules.dockerfile.record import Fix, Safety
from jettison.rules.dockerfile.required import required_files
from jettison.rules.dockerfile.tables import words

_QUIET = frozenset(
    ("ENV", "ARG", "LABEL", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD", "ENTRYPOINT", "MAINTAINER", "WORKDIR", "USER")
)
_SYSTEM = re.compile(
    r"/(?:(?:usr|etc|lib|lib64|bin|sbin|root|opt|var|proc|sys|dev|run|home|home/[^/]+|tmp|usr/src)/?)?$"
    r"|/(?:etc|lib|lib64|bin|sbin|proc|sys|dev|run)/|/usr/(?:local|lib\d*|bin|sbin|share|include|libexec)(?:/|$)"
    r"|/var/(?:lib|cache|log|tmp|run)(?:/|$)|/opt/(?:conda|\w*venv\w*|python\w*|mamba\w*|nvidia)(?:/|$)"
    r"|/(?:root|home/[^/]+)/\."
)
"""Places that an install writes to, or reads its settings from."""
_TOOL_VARIABLES = re.compile(
    r"PATH|VIRTUAL_ENV|HOME|PYTHONUSERBASE|PYTHONPYCACHEPREFIX|(?:PIP|UV|CONDA|POETRY|XDG|APT)_\w+"
)
_FILE_VARIABLES = re.compile(
    r"PIP_(?:CONFIG_FILE|FIND_LINKS|REQUIREMENT|CONSTRAINT|CERT|TARGET|PREFIX|ROOT|SRC|LOG|EDITABLE)"
)
_HARMLESS_ASSIGNMENTS = words("DEBIAN_FRONTEND PIP_NO_CACHE_DIR PIP_DISABLE_PIP_VERSION_CHECK TZ LC_ALL LANG")
_PIP_OPTIONS = words(
    """
    -r --requirement -c --constraint -U --upgrade --no-cache-dir -q --quiet -v --verbose --user --pre -f --find-links
    --disable-pip-version-check --upgrade-strategy -i --index-url --extra-index-url --trusted-host --timeout
    --default-timeout --retries --no-input --prefer-binary --only-binary --no-binary --require-hashes
    --break-system-packages --ignore-installed -I --force-reinstall --no-deps --progress-bar --root-user-action
    --no-warn-script-location --no-build-isolation --no-compile --compile --use-pep517 --proxy --isolated
    --no-python-version-warning --use-deprecated --use-feature
    """
)
_HARMLESS_APT = words("install update upgrade clean autoremove remove purge autoclean dist-upgrade")


@dataclass(frozen=True, slots=True)
class Early:
    """A copy of the source before an install.

    Attributes:
        copying: the copy.
        sites: the instructions behind it that install, in order.
        installs: what is installed for Python in the stage.
    """

    copying: Copying
    sites: tuple[Site, ...]
    installs: tuple[PythonInstall, ...]


def mended(case: Case, early: Early) -> Fix | None:
    """Return the fix, which moves the COPY as far as that is proved; None when it is not for the first install."""
    fixes = (_behind(case, early, site) for site in reversed(early.sites))
    return next((fix for fix in fixes if fix), None)


def _behind(case: Case, early: Early, end: Site) -> Fix | None:
    copying = early.copying
    between = [site for site in case.sites if site.stage == end.stage and _is_between(site, copying, end)]
    if not _movable(case, copying, between) or not all(_independent(case, copying, site) for site in between):
        return None
    wanted = _wanted(case, early, between)
    if wanted is None:
        return None
    names, safety = wanted
    text = _source_text(case, copying.site.instruction)
    if not text:
        return None
    here = copying.site.instruction
    first = "".join(line + case.recipe.newline for line in _first_copies(case, copying, names))
    above = "" if first else _comments(case, here)
    start = Edit(here.span[0] - len(above), here.span[1], first)
    moved = insert_behind(case.recipe, end.instruction, *above.splitlines(), text)
    return Fix(safety, (start, moved), "copy the source behind the install")


def _comments(case: Case, instruction: Instruction) -> str:
    """Return the comment lines directly above an instruction, which go where it goes; not a file's first lines."""
    number = instruction.line
    while number > 1 and case.recipe.lines[number - 2].kind == "comment":
        number -= 1
    start = case.recipe.lines[number - 1].start
    return "" if number == 1 else case.recipe.text[start : instruction.span[0]]


def _is_between(site: Site, copying: Copying, end: Site) -> bool:
    return copying.site.instruction.line < site.instruction.line <= end.instruction.line


def _movable(case: Case, copying: Copying, between: list[Site]) -> bool:
    """Whether the COPY means the same behind ``between``."""
    instruction, place = copying.site.instruction, copying.destination
    flags = {flag.name for flag in instruction.flags}
    if instruction.name != "COPY" or instruction.json or place is None or not copying.sources:
        return False
    if flags - {"chown", "chmod", "link"} or _SYSTEM.match(place) or place.count("/") == 0:
        return False
    text = case.recipe.text[instruction.span[0] : instruction.span[1]]
    if "$" in text or any(source.startswith("..") for source in copying.sources):
        return False
    relative = not instruction.words[-1].text.startswith("/")
    if relative and any(site.instruction.name == "WORKDIR" for site in between):
        return False
    # --chown by name is looked up in the image: a user that is made in between would not be there before.
    return not any(site.instruction.name in ("ONBUILD", "SHELL", "VOLUME") for site in between)


def _source_text(case: Case, instruction: Instruction) -> str:
    """Return the COPY as it stands, without its line ending; empty when it has comments in it."""
    lines = case.recipe.lines[instruction.line - 1 : instruction.last_line]
    if any(line.kind != "instruction" for line in lines):
        return ""
    return case.recipe.text[slice(*instruction.span)].rstrip("\r\n")


def _independent(case: Case, copying: Copying, site: Site) -> bool:
    """Whether an instruction neither reads nor writes what the COPY brings; of the install its files are seen to."""
    place = copying.destination or "/"
    name = site.instruction.name
    if name in _QUIET:
        return True
    if name in ("COPY", "ADD"):
        other = next(
            (each for each in copyings(case, stage=site.stage) if each.site.instruction is site.instruction), None
        )
        return other is not None and _apart(copying, other)
    return name == "RUN" and _run_is_independent(case, site, place)


def _apart(first: Copying, second: Copying) -> bool:
    """Whether two copies write to places that have nothing in common."""
    one, two = _places(first), _places(second)
    return bool(one and two) and not any(is_under(a, b) or is_under(b, a) for a in one for b in two)


def _places(copying: Copying) -> tuple[str, ...]:
    """Return where a COPY writes; empty when that is not known."""
    if copying.destination is None or not copying.sources:
        return ()
    if copying.whole or any("*" in source or "?" in source or "[" in source for source in copying.sources):
        return (copying.destination,)
    plain = all(posixpath.splitext(source)[1] for source in copying.sources)
    if copying.folder and plain:
        return tuple(posixpath.join(copying.destination, posixpath.basename(source)) for source in copying.sources)
    return (copying.destination,)


def _run_is_independent(case: Case, site: Site, place: str) -> bool:
    if (
        not site.editable
        or site.script is None
        or site.instruction.heredocs
        or len(site.calls) != len(site.script.commands)
    ):
        return False
    if any(
        mount.type not in ("cache", "tmpfs", "secret", "ssh") or is_under(mount.target, place)
        for mount in mounts_of(site)
    ):
        return False
    if _tools_live_in(case, site, place):
        return False
    return all(_harmless(call, place) for call in site.calls)


def _tools_live_in(case: Case, site: Site, place: str) -> bool:
    """Whether a variable leads a tool to the place of the source, or it is not known where it leads."""
    stages = {stage.index for stage in case.scopes.lineage(site.stage)}
    for each in case.sites:
        if each.stage not in stages or each.instruction.name not in ("ENV", "ARG"):
            continue
        for name, value, _ in each.instruction.pairs():
            if _TOOL_VARIABLES.fullmatch(name) and any(_leads(each, part, name, place) for part in value.split(":")):
                return True
    return False


def _leads(site: Site, part: str, name: str, place: str) -> bool:
    plain = part.strip("\"'")
    if plain in (f"${name}", f"${{{name}}}", ""):
        return False
    known = site.state.expand(plain)
    if known is None or (known.startswith("/") and is_under(known, place)):
        return True
    return _FILE_VARIABLES.fullmatch(name) is not None and not known.startswith(("/", "http"))


def _harmless(call: Call, place: str) -> bool:
    """Whether a call reads and writes nothing at ``place``; what pip reads is seen to elsewhere."""
    command = call.command
    program = call.head[0].value or ""
    if not command.plain or command.redirects or any(wrapper not in ("sudo", "env") for wrapper in call.wrappers):
        return False
    if any(assignment.name not in _HARMLESS_ASSIGNMENTS for assignment in command.assignments):
        return False
    if any("$(" in word.text or "`" in word.text for word in command.words):
        return False
    if "/" in program and (not program.startswith("/") or is_under(program, place)):
        return False
    return _means_no_harm(call, place)


def _means_no_harm(call: Call, place: str) -> bool:
    if call.tool == "pip":
        return call.action == "install" and all(option.name in _PIP_OPTIONS for option in call.options)
    if call.tool in ("apt", "apk", "dnf"):
        return call.action in _HARMLESS_APT and not any("/" in word.text for word in call.operands)
    if call.tool == "rm":
        return all(_elsewhere(word.text.strip("\"'"), place) for word in call.operands)
    return call.tool == "echo" or (call.tool == "set" and bool(call.options))


def _elsewhere(path: str, place: str) -> bool:
    plain = path.partition("*")[0].rstrip("/")
    return path.startswith("/") and "$" not in path and not is_under(plain, place) and not is_under(place, plain or "/")


def _wanted(case: Case, early: Early, between: list[Site]) -> tuple[tuple[str, ...], Safety] | None:
    """Return the context's files that the installs read from the COPY, and how sure it is that those are all.

    Returns:
        None when one is not known, or something else of the source is read.
    """
    names: dict[str, None] = {}
    safety: Safety = "safe"
    inside = [each for each in early.installs if any(each.site.instruction is site.instruction for site in between)]
    for install in inside:
        if install.tool != "pip" or not _from_indexes(install):
            return None
        for file in (*install.files, *install.constraints):
            place = absolute(file, workdir_of(case, install.site)) if file else None
            if place is None:
                return None
            source = early.copying.brings(place)
            if _brought_later(case, early.copying, install, place):
                continue
            if source is None:
                return None
            found = required_files(context(case), source, constraint=file in install.constraints)
            if found is None:
                return None
            names.update(dict.fromkeys(found))
            safety = safety if context(case) is not None else "unsafe"
    return tuple(names), safety


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


def _first_copies(case: Case, copying: Copying, names: tuple[str, ...]) -> Iterator[str]:
    """Give the COPY instructions for the named files, one a folder."""
    instruction = copying.site.instruction
    flags = "".join(f"{case.recipe.text[slice(*flag.word.span)]} " for flag in instruction.flags)
    target = instruction.words[-1].text
    start = target if target.endswith("/") else f"{'.' if target in ('.', './') else target}/"
    below: dict[str, list[str]] = {}
    for name in names:
        place = copying.lands(name) or name
        relative = posixpath.relpath(place, copying.destination or "/")
        below.setdefault(posixpath.dirname(relative), []).append(name)
    for folder, files in below.items():
        yield f"{instruction.keyword} {flags}{' '.join(files)} {start}{folder + '/' if folder else ''}"
