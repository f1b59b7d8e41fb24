"""Where an image's Python modules lie: from files to modules, and from dotted names to files."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jettison.files.folders import folders_of
from jettison.run.pyhook import SITE

STDLIB = re.compile(r"(?:.*/)?(?:lib|lib64)/python3\.\d+(?:/lib-dynload)?\Z")
_EXTENSION = re.compile(r"(?P<stem>[^/.]+)(?:\.cpython-[\w-]+|\.abi3)?\.so\Z")
_BYTECODE = re.compile(r"(?P<folder>.*?)/?__pycache__/(?P<stem>[^/]+?)\.(?:cpython|pypy)-\w+(?:\.opt-\d)?\.pyc\Z")
_INIT = "__init__"


@dataclass(frozen=True, slots=True)
class Modules:
    """The modules of an image.

    Attributes:
        files: paths of a module's files (source, extension module, bytecode) by folder and name.
        folders: every folder that has modules, and all above it.
        roots: folders that Python looks into: site folders, the standard library, those of the application.
    """

    files: Mapping[str, Mapping[str, tuple[str, ...]]] = field(repr=False)
    folders: frozenset[str] = field(repr=False)
    roots: tuple[str, ...]

    def root_of(self, path: str) -> str:
        """Return the root that a module's file belongs to; ``-`` when it belongs to none."""
        found = [root for root in self.roots if path.startswith(f"{root}/" if root else "")]
        return max(found, key=len, default="-")

    def name_of(self, path: str) -> tuple[str, ...]:
        """Return the dotted name of a module's file, in parts, relative to its root; empty when it has none."""
        place = place_of(path)
        root = self.root_of(path)
        if place is None or root == "-":
            return ()
        folder, stem = place
        inner = folder.removeprefix(root).strip("/")
        parts = tuple(inner.split("/")) if inner else ()
        return parts if stem == _INIT else (*parts, stem)

    def find(self, parts: tuple[str, ...], first: str = "") -> tuple[str, ...]:
        """Return the files that importing a module needs: its own, and the ``__init__`` of all packages above.

        Of each root that has it: an image may have several Pythons, and which of them imports is not asked.

        Args:
            parts: its dotted name.
            first: root that is looked into before the others.
        """
        found: dict[str, None] = {}
        for root in dict.fromkeys((first, *self.roots)):
            if parts and root in self.folders:
                found.update(dict.fromkeys(self._below(root, parts)))
        return tuple(found)

    def _below(self, root: str, parts: tuple[str, ...]) -> tuple[str, ...]:
        found: list[str] = []
        here = root
        for number, part in enumerate(parts):
            inner = f"{here}/{part}".lstrip("/")
            own = self.files.get(here, {}).get(part, ())
            package = self.files.get(inner, {}).get(_INIT, ())
            if package or (inner in self.folders and not own):
                found += package
                here = inner
            elif own and number == len(parts) - 1:
                return (*found, *own)
            else:
                return tuple(found) if number else ()
        return tuple(found)

    def beside(self, path: str) -> tuple[str, ...]:
        """Return the files of the modules that lie in the folder of a module's file."""
        return tuple(each for files in self.around(path).values() for each in files)

    def above(self, path: str) -> Iterator[str]:
        """Give the files of the ``__init__`` of each package that a module's file lies in."""
        place = place_of(path)
        folder, root = place[0] if place else "", self.root_of(path)
        while folder and folder != root and len(folder) > len(root):
            yield from self.files.get(folder, {}).get(_INIT, ())
            folder = folder.rpartition("/")[0]

    def around(self, path: str) -> Mapping[str, tuple[str, ...]]:
        """Return the modules that lie in the folder of a module's file: their files, by name."""
        place = place_of(path)
        return self.files.get(place[0], {}) if place else {}

    def own(self, path: str) -> tuple[str, ...]:
        """Return all files of the module that a file is of: bytecode with its source, the source with its bytecode."""
        place = place_of(path)
        return self.files.get(place[0], {}).get(place[1], ()) if place else ()


def is_extension(path: str) -> bool:
    """Whether a path is an extension module's, by its name."""
    return _EXTENSION.match(path.rpartition("/")[2]) is not None


def place_of(path: str) -> tuple[str, str] | None:
    """Return the folder and the name of the module that a file is of; None for what is no module's file."""
    folder, _, name = path.rpartition("/")
    if name.endswith(".py"):
        return folder, name.removesuffix(".py")
    if match := _BYTECODE.match(path):
        return match["folder"], match["stem"]
    if match := _EXTENSION.match(name):
        return folder, match["stem"]
    return (folder, name.removesuffix(".pyc")) if name.endswith(".pyc") else None


def find_modules(paths: Iterable[str], used: Iterable[str], more: Iterable[str] = ()) -> Modules:
    """Index the modules of an image.

    Args:
        paths: of its visible files.
        used: those that workloads opened: the application's own folders are found by them.
        more: folders that Python looks into besides, as PYTHONPATH and ``.pth`` files say.
    """
    files: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in paths:
        if place := place_of(path):
            files[place[0]][place[1]].append(path)
    folders = folders_of(files) | files.keys()
    roots = {folder for folder in folders if SITE.match(folder) or STDLIB.match(folder)}
    roots |= folders & set(more)
    for path in used:
        if path.endswith((".py", ".pyc")) and (place := place_of(path)):
            folder = place[0]
            while folder and _INIT in files.get(folder, {}):
                folder = folder.rpartition("/")[0]
            if not any(folder == root or folder.startswith(f"{root}/") for root in roots if root):
                roots.add(folder)
    frozen = {folder: {name: tuple(each) for name, each in names.items()} for folder, names in files.items()}
    return Modules(frozen, frozenset(folders), tuple(sorted(roots)))
