"""What satisfies the NEEDED entries of an ELF file in a rootfs, by the rules of ld.so(8), without running anything.

DT_RPATH, which counts only without DT_RUNPATH; ``LD_LIBRARY_PATH`` of the image; DT_RUNPATH; then the cache, then the
default directories. Departures from ld.so: the RPATH of the file that loads another is not handed down; and, towards
finding more, a library with the SONAME that is asked for is accepted last wherever it lies, noted as ``by soname``,
because an earlier import may have loaded it (wheels preload theirs).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from jettison.elf.facts import ElfFacts
from jettison.elf.ldcache import CacheEntry

PLATFORMS = {62: "x86_64", 183: "aarch64", 3: "i686"}
TRIPLETS = {(62, 64): "x86_64-linux-gnu", (183, 64): "aarch64-linux-gnu", (3, 32): "i386-linux-gnu"}
DEFAULT_DIRS = ("lib64", "usr/lib64", "lib", "usr/lib")
KERNEL = frozenset({"linux-vdso.so.1", "linux-gate.so.1"})


@dataclass(frozen=True, slots=True)
class Libraries:
    """What ld.so has to choose from in a rootfs.

    Attributes:
        resolve: gives the real path of a path, symlinks followed inside the rootfs; None when nothing is there.
        facts: of every ELF file, by real path.
        cached: paths without a leading slash by name, from ``etc/ld.so.cache``.
        dirs: of ``etc/ld.so.conf``, without a leading slash.
        first: of ``LD_LIBRARY_PATH``, likewise.
        sonames: real paths by SONAME, or by file name where a library has none; sorted.
    """

    resolve: Callable[[str], str | None]
    facts: Mapping[str, ElfFacts]
    cached: Mapping[str, tuple[str, ...]]
    dirs: tuple[str, ...]
    first: tuple[str, ...]
    sonames: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """What satisfies one NEEDED entry.

    Attributes:
        name: the entry.
        path: the real path of the library.
        via: the path through which it was found (symlinks on the way must stay); equal to ``path`` when found directly.
        how: ``rpath``, ``environment``, ``cache``, ``directory``, ``path`` (the entry has a slash) or ``by soname``.
    """

    name: str
    path: str
    via: str
    how: str


@dataclass(frozen=True, slots=True)
class Needs:
    """The NEEDED entries of one file: ``resolved`` and ``missing``, each in the file's order."""

    resolved: tuple[Found, ...] = ()
    missing: tuple[str, ...] = ()


def make_libraries(
    facts: Mapping[str, ElfFacts],
    resolve: Callable[[str], str | None],
    cache: Iterable[CacheEntry] = (),
    dirs: Iterable[str] = (),
    first: Iterable[str] = (),
) -> Libraries:
    """Return what ld.so has to choose from.

    Args:
        facts: of every ELF file that is there, by real path.
        resolve: see :class:`Libraries`.
        cache: entries of ``etc/ld.so.cache``.
        dirs: directories searched as well, without a leading slash.
        first: directories of ``LD_LIBRARY_PATH``, likewise.
    """
    cached: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for entry in cache:
        cached[entry.soname][entry.path.lstrip("/")] = None
    sonames: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(facts):
        if facts[path].type == "dyn":
            for name in {facts[path].soname, path.rpartition("/")[2]} - {""}:
                sonames[name].append(path)
    return Libraries(
        resolve,
        facts,
        {name: tuple(paths) for name, paths in cached.items()},
        tuple(dict.fromkeys(dirs)),
        tuple(dict.fromkeys(first)),
        {name: tuple(paths) for name, paths in sonames.items()},
    )


def needs(path: str, facts: ElfFacts, libraries: Libraries) -> Needs:
    """Resolve the NEEDED entries of one ELF file.

    Args:
        path: where it lies in the rootfs, without a leading slash (``$ORIGIN`` is its directory).
        facts: of the file.
        libraries: what there is.
    """
    resolved: list[Found] = []
    missing: list[str] = []
    own = facts.runpath or facts.rpath
    dirs = tuple(expand(part, path, facts) for part in own)
    for name in facts.needed:
        found = None if name in KERNEL else _find(name, dirs, facts, libraries)
        if found:
            resolved.append(found)
        elif name not in KERNEL:
            missing.append(name)
    return Needs(tuple(resolved), tuple(missing))


def expand(part: str, path: str, facts: ElfFacts) -> str:
    """Expand ``$ORIGIN``, ``$LIB`` and ``$PLATFORM`` in one directory of a RUNPATH; no leading slash."""
    lib = f"lib/{TRIPLETS[facts.machine, facts.bits]}" if (facts.machine, facts.bits) in TRIPLETS else "lib"
    values = {"ORIGIN": "/" + path.rpartition("/")[0], "LIB": lib, "PLATFORM": PLATFORMS.get(facts.machine, "")}
    for name, value in values.items():
        part = part.replace("${" + name + "}", value).replace("$" + name, value)
    return part.lstrip("/")


def _find(name: str, dirs: tuple[str, ...], facts: ElfFacts, libraries: Libraries) -> Found | None:
    if "/" in name:
        candidates: Iterable[tuple[str, str]] = [(name.lstrip("/"), "path")]
    else:
        candidates = _candidates(name, dirs, facts, libraries)
    for via, how in candidates:
        real = libraries.resolve(via)
        if real is not None and _fits(libraries.facts.get(real), facts):
            return Found(name, real, via, how)
    return None


def _candidates(name: str, dirs: tuple[str, ...], facts: ElfFacts, libraries: Libraries) -> Iterable[tuple[str, str]]:
    own = [(f"{folder.rstrip('/')}/{name}", "rpath") for folder in dirs]
    environment = [(f"{folder}/{name}", "environment") for folder in libraries.first]
    yield from environment + own if facts.runpath else own + environment
    yield from ((via, "cache") for via in libraries.cached.get(name, ()))
    triplet = TRIPLETS.get((facts.machine, facts.bits))
    multiarch = (f"lib/{triplet}", f"usr/lib/{triplet}") if triplet else ()
    yield from ((f"{folder}/{name}", "directory") for folder in (*libraries.dirs, *multiarch, *DEFAULT_DIRS))
    yield from ((path, "by soname") for path in libraries.sonames.get(name, ()))


def _fits(candidate: ElfFacts | None, facts: ElfFacts) -> bool:
    """Whether ld.so would take a library: same processor and width. Facts that could not be read fit."""
    if candidate is None:
        return False
    return not candidate.machine or (candidate.machine, candidate.bits) == (facts.machine, facts.bits)
