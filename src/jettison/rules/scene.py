"""An image as the rules see it: the file table with the indexes that every rule needs, made once."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from jettison.elf.closure import Libraries, make_libraries
from jettison.elf.facts import ElfFacts
from jettison.elf.ldcache import CacheEntry, read_cache
from jettison.elf.ldconf import conf_dirs
from jettison.elf.scripts import Script, parse_script, script_from_json
from jettison.errors import BadInputError
from jettison.files.record import File, FileTable
from jettison.files.resolve import resolve

_PYTHON = re.compile(r"(?P<prefix>.*?)(?:^|/)lib/python3\.\d+/os\.py\Z")
MAX_LINKS = 40


@dataclass(frozen=True, slots=True)
class Scene:
    """The file table with its indexes.

    Attributes:
        table: what was read.
        held: visible paths that the user's keep patterns hold, and at tier 3 what workloads asked for: no rule may take
            them, and what they need stays.
        used: those of them that only workloads hold: a rule may make them smaller, where they serve as before.
        released: keys of owners that the user drops: they count as installed for nothing.
        files_of: by owner's key (``""`` for nobody), visible entries that are no directories.
        elfs: facts of every visible ELF file, by path.
        scripts: every visible script whose first line is known, by path.
        stdlibs: folders ``…/lib/python3.N`` of interpreters that no package brought (as in ``python:slim``).
        libraries: what ld.so has to choose from.
    """

    table: FileTable
    held: frozenset[str]
    released: frozenset[str]
    files_of: Mapping[str, tuple[File, ...]]
    elfs: Mapping[str, ElfFacts]
    scripts: Mapping[str, Script]
    stdlibs: tuple[str, ...]
    libraries: Libraries = field(repr=False)
    used: frozenset[str] = frozenset()

    def is_fixed(self, path: str) -> bool:
        """Whether the user keeps a visible path as it is."""
        return path in self.held and path not in self.used

    def resolve(self, path: str) -> str | None:
        """Return the real path of ``path``, symlinks followed inside the rootfs; None when nothing is there."""
        return self.libraries.resolve(path)


def make_scene(
    table: FileTable, *, held: frozenset[str] = frozenset(), released: frozenset[str] = frozenset()
) -> Scene:
    """Index a file table for the rules.

    Args:
        table: what was read.
        held: visible paths that the user keeps.
        released: keys of owners that the user drops.
    """
    files_of: defaultdict[str, list[File]] = defaultdict(list)
    for file in table.visible.values():
        if file.entry.type != "dir":
            files_of[file.owner].append(file)
    elfs = elfs_of(table, table.visible)
    return Scene(
        table,
        held,
        released,
        {key: tuple(files) for key, files in files_of.items()},
        elfs,
        _scripts(table),
        _stdlibs(table),
        libraries_of(table, table.visible),
    )


def elfs_of(table: FileTable, visible: Mapping[str, File]) -> dict[str, ElfFacts]:
    """Return the facts of the ELF files among ``visible``, hard links included, by path."""
    found: dict[str, ElfFacts] = {}
    for path, file in visible.items():
        place = (file.layer, file.index)
        facts = table.elfs.get(place) or table.elfs.get(table.inodes.get(place, place))
        if facts is not None and file.entry.type in ("file", "hardlink"):
            found[path] = facts
    return found


def libraries_of(table: FileTable, visible: Mapping[str, File]) -> Libraries:
    """Return what ld.so would have to choose from if the rootfs were ``visible`` (a part of the table's)."""

    @cache
    def real(path: str) -> str | None:
        return resolve(visible, path)

    texts = {path: text for path, text in table.texts.items() if path in visible}
    return make_libraries(elfs_of(table, visible), real, _cached(texts, real), conf_dirs(texts), _search_path(table))


def _cached(texts: Mapping[str, bytes], real: Callable[[str], str | None]) -> tuple[CacheEntry, ...]:
    """Return the cache's entries whose library is there; a cache that cannot be read counts as none."""
    try:
        entries = read_cache(texts["etc/ld.so.cache"]) if "etc/ld.so.cache" in texts else ()
    except BadInputError:
        return ()
    return tuple(entry for entry in entries if real(entry.path))


def environment(table: FileTable) -> dict[str, str]:
    """Return the image's environment variables."""
    pairs = (item.partition("=") for item in table.image.config.process.env)
    return {name: value for name, _, value in pairs}


def _search_path(table: FileTable) -> tuple[str, ...]:
    return tuple(part.strip("/") for part in environment(table).get("LD_LIBRARY_PATH", "").split(":") if part)


def _scripts(table: FileTable) -> dict[str, Script]:
    """Collect scripts from what the script observer saw, else from first lines captured as texts."""
    found: dict[str, Script] = {}
    for path, file in table.visible.items():
        seen = table.layers[file.layer].observed.get("script", {}).get(file.index) if table.layers else None
        text = table.texts.get(path, b"")
        script = script_from_json(seen) if seen is not None else parse_script(text)
        if script is not None and file.entry.type in ("file", "hardlink"):
            found[path] = script
    return found


def _stdlibs(table: FileTable) -> tuple[str, ...]:
    found = (
        path.removesuffix("/os.py") for path, file in table.visible.items() if _PYTHON.match(path) and not file.owner
    )
    return tuple(found)
