"""Which directories ld.so searches, and which libraries in them ldconfig puts into its cache (ldconfig(8))."""

import fnmatch
from collections.abc import Callable, Iterable, Mapping

from jettison.elf.facts import ElfFacts
from jettison.elf.ldcache import CacheEntry, flags_of

CONF = "etc/ld.so.conf"
SYSTEM_DIRS = ("lib", "usr/lib")
TEMPORARY = (".dpkg-new", ".dpkg-tmp", ".tmp", "-gdb.py")
MAX_PATTERNS = 1000  # include lines followed; each is matched against every captured text


def conf_dirs(texts: Mapping[str, bytes], path: str = CONF) -> tuple[str, ...]:
    """Return the directories that ``etc/ld.so.conf`` lists, its includes followed, without a leading slash.

    Args:
        texts: contents by path without a leading slash; files that are not there count as empty.
        path: the file to read. Each file is read once, however often it is included.
    """
    found: dict[str, None] = {}
    seen = {path}
    patterns: set[str] = set()
    todo = _lines(texts, path)
    while todo:
        line = todo.pop()
        if not line.startswith("include"):
            found.update(dict.fromkeys(part.strip("/") for part in line.replace(",", " ").split() if part[0] == "/"))
            continue
        for name in reversed(_included(texts, line, patterns, seen)):
            todo += _lines(texts, name)
    return tuple(found)


def _included(texts: Mapping[str, bytes], line: str, patterns: set[str], seen: set[str]) -> list[str]:
    """Return the files that an include line names and that were not read, and note them and its patterns."""
    found: list[str] = []
    for pattern in line.split()[1:]:
        whole = pattern.strip("/") if pattern.startswith("/") else f"etc/{pattern}"
        if whole not in patterns and len(patterns) < MAX_PATTERNS:
            patterns.add(whole)
            found += (name for name in sorted(fnmatch.filter(texts, whole)) if name not in seen)
            seen.update(found)
    return found


def _lines(texts: Mapping[str, bytes], path: str) -> list[str]:
    """Return the lines of a file without comments and blanks, the last first."""
    lines = texts.get(path, b"").decode("utf-8", "surrogateescape").splitlines()
    return [line.partition("#")[0].strip() for line in reversed(lines)]


def cacheable(name: str) -> bool:
    """Whether ldconfig looks at a file of this name: ``lib*.so*`` and ``ld-*.so*``, temporary files left out."""
    return (
        name.startswith(("lib", "ld-")) and ".so" in name and not name.endswith(TEMPORARY) and ".#prelink#" not in name
    )


def cache_name(name: str, facts: ElfFacts, *, is_link: bool) -> str:
    """Return under which name ldconfig enters a file of a directory: its soname, or a link's own name.

    Args:
        name: the file's or link's name.
        facts: of the library itself.
        is_link: whether ``name`` is a symlink; ``libfoo.so`` beside a soname ``libfoo.so.1`` is entered as itself.
    """
    soname = facts.soname or name
    return name if is_link and name.endswith(".so") and soname.startswith(name) else soname


def cache_entries(
    dirs: Iterable[str],
    names: Mapping[str, Iterable[tuple[str, bool]]],
    facts_at: Callable[[str], ElfFacts | None],
) -> tuple[CacheEntry, ...]:
    """Return what ldconfig would put into the cache.

    Args:
        dirs: directories in the order of ``etc/ld.so.conf``, without a leading slash; the system's are added.
        names: by directory, the names in it, each with whether it is a symlink.
        facts_at: the facts of the library that a path leads to, symlinks followed; None when it is none.
    """
    found: dict[CacheEntry, None] = {}
    for folder in dict.fromkeys((*dirs, *SYSTEM_DIRS)):
        for name, is_link in sorted(names.get(folder, ())):
            facts = facts_at(f"{folder}/{name}") if cacheable(name) else None
            flags = flags_of(facts) if facts else None
            if facts and flags is not None and facts.type == "dyn":
                soname = cache_name(name, facts, is_link=is_link)
                found[CacheEntry(soname, f"/{folder}/{soname}", flags)] = None
    return tuple(found)
