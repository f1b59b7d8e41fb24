"""Owner and mode given by a later layer, moved to the COPY that stores the files."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jettison.dockerfile.edit import Edit, add_flag, remove_word
from jettison.dockerfile.edit_commands import remove_command
from jettison.dockerfile.shell.record import ShellWord
from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.bodies import whole_body
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.copying import Copying, copying_of
from jettison.rules.dockerfile.places import base_at, covered_place, earlier, folder_of, place_of, shadowed, within
from jettison.rules.dockerfile.record import Safety
from jettison.rules.dockerfile.stored import Stored, brought_by_base, stored_before

_STILL = frozenset(
    (
        "ENV",
        "ARG",
        "LABEL",
        "EXPOSE",
        "USER",
        "CMD",
        "ENTRYPOINT",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "SHELL",
        "MAINTAINER",
        "VOLUME",
    )
)
"""Instructions that change no file."""
_ELSEWHERE = frozenset({"apt", "apk", "dnf", "useradd", "adduser", "groupadd", "usermod", "set", "ldconfig"})
"""Tools that write nothing into the working directory."""
_SYSTEM = regex(
    r"/(?:bin|boot|dev|etc|lib\w*|media|mnt|proc|run|sbin|srv|sys|tmp|usr(?:/[^/]+){0,2}|var(?:/[^/]+)?|opt|root|home(?:/[^/]+)?"
    r"|opt/conda|workspace|home/jovyan/work)?$"
)
"""Folders that a base image, or the making of a user, puts something into."""


@dataclass(frozen=True, slots=True)
class Relabel:
    """A call that stores again what a layer below holds.

    Attributes:
        site: its RUN.
        call: chown or chmod.
        word: the path as written.
        path: the same, absolute.
        stored: what is stored again, and where it is from; None: the base image's.
        what: for messages.
    """

    site: Site
    call: Call
    word: ShellWord
    path: str
    stored: Stored | None
    what: str


def relabels(case: Case, tool: str) -> Iterator[Relabel]:
    """Give the calls of chown or chmod over files of layers below, once for each path."""
    for site, call in case.calls(tool):
        if site.stage not in case.shipped or call.command.name == "chgrp" or "negated" in call.command.inside:
            continue
        deep = call.has("-R", "--recursive")
        for word in call.operands if call.has("--reference") else call.operands[1:]:
            path = covered_place(case, site, call.command, word)
            if path is not None and (found := _restored(case, site, call, word, path, deep=deep)):
                yield found


def _restored(case: Case, site: Site, call: Call, word: ShellWord, path: str, *, deep: bool) -> Relabel | None:
    matching = [stored for stored in stored_before(case, site) if _meant(case, site, stored, path, deep=deep)]
    large = [stored for stored in matching if not stored.small]
    if matching:
        stored = (large or matching)[0]
        return Relabel(
            site, call, word, path, stored, f"what {stored.how} on line {stored.site.instruction.line} stored"
        )
    brought = brought_by_base(case, site, path) if deep else None
    return Relabel(site, call, word, path, None, f"the base image's {brought}") if brought else None


def _meant(case: Case, site: Site, stored: Stored, path: str, *, deep: bool) -> bool:
    if within(stored.path, path):
        return deep or _is_file(stored, path)
    return deep and within(path, stored.path) and not _made(case, site, path)


def _is_file(stored: Stored, path: str) -> bool:
    return stored.path == path and stored.how in ("COPY", "ADD", "a download") and "." in path.rpartition("/")[2]


def _made(case: Case, site: Site, path: str) -> bool:
    """Whether a ``mkdir`` made a folder, so that nothing of a COPY need be in it."""
    for other in (*earlier(case, site), site):
        for call in other.calls:
            if call.tool == "mkdir" and any(
                (place := place_of(case, other, call.command, word)) is not None and within(place, path)
                for word in call.operands
            ):
                return True
        if other.instruction.name == "WORKDIR" and other is not site and _entered(case, other) == path:
            return True
    return False


def _entered(case: Case, site: Site) -> str | None:
    at = next(index for index, other in enumerate(case.sites) if other is site)
    following = case.sites[at + 1 : at + 2]
    return following[0].state.workdir if following else None


def sources(case: Case, found: Relabel) -> tuple[Copying, ...] | None:
    """Return the COPYs that alone fill the path of a recursive call; None when others may have.

    From the first of them to the call nothing but COPYs elsewhere and instructions without files; in front of them
    nothing that names the path, or writes into a working directory there.
    """
    wanted: list[Copying] = []
    before = list(earlier(case, found.site))
    while before and (site := before[-1]).stage == found.site.stage:
        copying = copying_of(case, site)
        if copying is None and site.instruction.name not in _STILL:
            break
        if copying is not None and copying.to is None:
            return None
        if copying is not None and copying.to and (within(copying.to, found.path) or is_itself(copying, found.path)):
            wanted.append(copying)
        elif copying is not None and any(
            within(found.path, place) or within(place, found.path) for place in copying.places()
        ):
            return None
        before.pop()
    if not wanted or not _quiet(found.site, found.call):
        return None
    replaced = all(is_itself(copying, found.path) for copying in wanted)  # whatever was there, COPY put a file over it
    filled = not replaced and any(_may_fill(case, site, found.path) for site in before)
    return None if filled else tuple(reversed(wanted))


def _may_fill(case: Case, site: Site, path: str) -> bool:
    """Whether an instruction may put something into a folder."""
    copying = copying_of(case, site)
    if copying is not None:
        return copying.to is None or any(within(place, path) or within(path, place) for place in copying.places()[:1])
    if site.instruction.name == "ONBUILD":
        return True
    if site.instruction.name != "RUN":
        return False
    name = path.rpartition("/")[2]
    body = whole_body(site)
    folder = folder_of(case, site)
    if _elsewhere(site) and path not in body and not _unknown(site, body, path):
        return False
    if path in body or name in re.split(r"[\s/\"'=]+", body) or _unknown(site, body, path):
        return True
    return folder is None or within(folder, path)


def _unknown(site: Site, body: str, path: str) -> bool:
    """Whether a variable in a body may hold a path."""
    for name in re.findall(r"\$\{?([A-Za-z_]\w*)", body):
        known = site.state.variables.get(name)
        if name not in shadowed(site) and known is not None and (known.value is None or path in known.value):
            return True
    return False


def _elsewhere(site: Site) -> bool:
    commands = len(site.script.commands) if site.script and not site.script.opaque else -1
    return commands == len(site.calls) and all(call.tool in _ELSEWHERE or _installs(call) for call in site.calls)


def _installs(call: Call) -> bool:
    """Whether a call installs packages into the interpreter, and nothing from or into the working directory."""
    if call.tool == "rm":
        return all(word.text.startswith("/var/lib/apt/lists") for word in call.operands)
    if call.tool not in ("pip", "uv") or call.action != "install" or call.has("-e", "--editable", "-t", "--target"):
        return False
    return not any(word.text.startswith((".", "/", "git+")) or word.value is None for word in call.operands)


def _quiet(site: Site, call: Call) -> bool:
    """Whether nothing in front of a call in its body writes where it may matter."""
    if site.script is None:
        return False
    front = [command for command in site.script.commands if command.span[0] < call.command.span[0]]
    known = [each for each in site.calls if each.command in front]
    quiet = (*_ELSEWHERE, call.tool)
    return len(front) == len(known) and all(each.tool in quiet or _installs(each) for each in known)


def simple(found: Relabel) -> bool:
    """Whether a call is one that can be edited: ``chown -R OWNER PATH`` by root, and no more."""
    call = found.call
    options = {option.name for option in call.options}
    words = call.command.words
    return (
        found.site.editable
        and call.command.plain
        and not call.wrappers
        and not call.command.redirects
        and len(call.operands) == 2  # noqa: PLR2004 -- owner or mode, and one path
        and options <= {"-R", "--recursive"}
        and all(word.whole for word in words)
        and found.word.value == found.word.text
    )


def run_by_root(case: Case, site: Site) -> bool:
    """Whether a RUN is known to run as root."""
    user = site.state.user
    if user is None:
        base = base_at(case, site.stage)
        return base is not None and base.user == "root"
    return user.partition(":")[0] in ("root", "0")


def safety(case: Case, found: Relabel) -> Safety:
    """Return how sure it is that nothing else is in the folder: a base image that is not known may fill it."""
    base = base_at(case, found.site.stage)
    known = base is not None and base.family not in ("", "jupyter", "ngc")
    return "safe" if known and not _SYSTEM.match(found.path) else "unsafe"


def mended(case: Case, found: Relabel, flags: Sequence[tuple[Copying, str]]) -> tuple[Edit, ...] | None:
    """Return the edits that add a flag to each COPY and take the recursion from the call.

    The call keeps the folder itself, which COPY leaves as it is where it existed; where it stands alone and the COPYs
    make exactly the path, it goes.
    """
    adding = [add_flag(copying.instruction, flag) for copying, flag in flags]
    if all(is_itself(copying, found.path) for copying, _ in flags):
        assert found.site.script is not None  # noqa: S101 -- the site is editable
        edit = remove_command(case.recipe, found.site.instruction, found.site.script, found.call.command)
        return (*adding, edit) if edit else None
    if not found.call.has("-R", "--recursive"):
        return None
    removals = [_without(case, option.word) for option in found.call.options]
    return None if None in removals else (*adding, *(edit for edit in dict.fromkeys(removals) if edit))


def _without(case: Case, word: ShellWord) -> Edit | None:
    return remove_word(case.recipe, word) if word.text in ("-R", "--recursive") else None


def is_itself(copying: Copying, path: str) -> bool:
    """Whether a COPY makes the path itself: one file, or a folder that was not there."""
    if not copying.known or len(copying.sources) != 1 or copying.to is None:
        return False
    if copying.folder:
        return len(copying.places()) > 1 and copying.places()[1] == path and _file_name(path)
    return copying.to == path and _file_name(path) and _file_name(copying.sources[0])


def _file_name(path: str) -> bool:
    """Whether a name is a file's by its ending: folders with dots of this kind are nobody's."""
    return bool(
        re.search(r"\.(?:sh|bash|py|pl|rb|txt|json|ya?ml|toml|cfg|conf|ini|pth?|onnx|bin|safetensors|gguf)$", path)
    )
