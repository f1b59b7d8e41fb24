"""Every kept ELF file must find its libraries as well as before."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from jettison.elf.closure import Found, Libraries, make_libraries, needs
from jettison.elf.facts import ElfFacts
from jettison.elf.ldcache import CacheEntry, read_cache
from jettison.elf.ldconf import conf_dirs
from jettison.errors import BadInputError
from jettison.files.record import FileTable
from jettison.proof.checks import told
from jettison.proof.record import Check
from jettison.proof.view import View

_CACHE = "etc/ld.so.cache"
_BY_SONAME = "by soname"


def check_libraries(old: View, new: View, pruned: frozenset[str] = frozenset()) -> Check:
    """Check the NEEDED closure and the interpreter of every ELF file that the new image shows.

    A file lacks nothing that it had: each NEEDED entry that something satisfied still is, by the same content, and not
    only by a library that merely carries the name elsewhere.

    Args:
        old: rootfs of the original.
        new: rootfs of the new image.
        pruned: paths whose content may differ; what they hold is another check's matter.
    """
    before, after = _libraries(old), _libraries(new)
    problems = [
        problem
        for path, facts in sorted(after.facts.items())
        if path in before.facts
        for problem in _compare(path, facts, _Side(old, before), _Side(new, after), pruned)
    ]
    already = sum(bool(needs(path, facts, before).missing) for path, facts in before.facts.items())
    detail = f"{len(after.facts)} ELF files find their libraries as before"
    if already:
        detail += f"; {already} files of the original lacked some"
    return told("needed-closure", detail, problems)


@dataclass(frozen=True, slots=True)
class _Side:
    view: View
    libraries: Libraries


def _compare(path: str, facts: ElfFacts, old: _Side, new: _Side, pruned: frozenset[str]) -> Iterator[str]:
    before, after = old.libraries, new.libraries
    interpreter = facts.interpreter.lstrip("/")
    if interpreter and before.resolve(interpreter) and not after.resolve(interpreter):
        yield f"{path}: its interpreter {facts.interpreter} is gone"
    found = {each.name: each for each in needs(path, facts, after).resolved}
    for had in needs(path, before.facts[path], before).resolved:
        has = found.get(had.name)
        if has is None:
            yield f"{path}: needs {had.name}, which was {had.path}, and nothing provides it now"
        elif _weaker(had, has):
            yield f"{path}: needs {had.name}, found before by {had.how} at {had.via}, now only by name at {has.path}"
        elif has.path == had.path and has.path in pruned:
            continue
        elif old.view.nodes[had.path].digest != new.view.nodes[has.path].digest:
            yield f"{path}: needs {had.name}, which was {had.path}, and finds {has.path} with other content"


def _weaker(had: Found, has: Found) -> bool:
    return has.how == _BY_SONAME and had.how != _BY_SONAME


def _libraries(view: View) -> Libraries:
    table = view.table
    facts = {path: table.elfs[key] for path, key in view.inodes.items() if key in table.elfs}
    env = dict(item.split("=", 1) for item in table.image.config.process.env if "=" in item)
    dirs = [part.strip("/") for part in env.get("LD_LIBRARY_PATH", "").split(":") if part]
    return make_libraries(facts, cache(view.resolve), _cached(table), conf_dirs(table.texts), dirs)


def _cached(table: FileTable) -> tuple[CacheEntry, ...]:
    try:
        return read_cache(table.texts[_CACHE]) if _CACHE in table.texts else ()
    except BadInputError:
        return ()  # ld.so passes over a cache that it cannot read
