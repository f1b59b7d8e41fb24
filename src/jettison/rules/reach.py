"""Which operating-system packages something at run time needs, and the evidence, as a graph that ``explain`` walks.

Roots are what the container runs, everything that no Debian package owns, packages that were installed by name and are
no build tools, a table of packages that always matter, and what the user keeps. From there: a kept program brings its
interpreter, a kept ELF file what satisfies its NEEDED entries and what it opens by name, a kept package what it depends
on.
"""

import fnmatch
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jettison.elf.closure import needs
from jettison.elf.opened_by_name import OPENED_BY_NAME
from jettison.elf.scripts import SHELLS, is_shell
from jettison.files.record import Owner
from jettison.rules import debian
from jettison.rules.commands import command_lines, started, trail, which
from jettison.rules.names import matches
from jettison.rules.scene import Scene
from jettison.rules.status import Installed, installed

_PYTHON = re.compile(r"(?:.*/)?(?:lib)?python(?P<version>3\.\d+)(?:\.so[.\d]*)?\Z")
COMPILERS = ("cc", "gcc", "g++", "c++", "clang", "clang++", "nvcc", "tcc", "icx")


@dataclass(frozen=True, slots=True)
class Because:
    """Why a path or a package is needed: a clause, and the path or owner's key that needs it (``""`` for a root)."""

    reason: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """What is needed at run time.

    Attributes:
        because: by path and by owner's key.
        compilers: paths of compilers that stay: what they read stays as well.
    """

    because: Mapping[str, Because]
    compilers: tuple[str, ...]

    def chain(self, node: str) -> tuple[str, ...]:
        """Return the sentences from ``node`` (a path or an owner's key) up to a root; empty when nothing needs it."""
        return chain(self.because, node)


def chain(because: Mapping[str, Because], node: str) -> tuple[str, ...]:
    """Return the sentences from a node of a graph of reasons up to a root; empty when it is not in it."""
    lines: list[str] = []
    seen: set[str] = set()
    while node in because and node not in seen:
        seen.add(node)
        lines.append(f"{node} stays: {because[node].reason}")
        node = because[node].parent
    return tuple(lines)


def find_reach(scene: Scene) -> Reach:
    """Work out what is needed at run time."""
    walker = _Walker(scene)
    walker.roots()
    walker.run()
    if any(key in walker.because for name in debian.DISPLAYS for key in walker.named(name)):
        walker.draw()
        walker.run()
    found = (which(scene, name) for name in COMPILERS)
    real = {scene.resolve(path) for path in found if path}
    stay = sorted(path for path in real if path and walker.stays(path))
    return Reach(dict(walker.because), tuple(stay))


class _Walker:
    """Breadth first over files and packages; each node is entered once, with the first reason found."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.because: dict[str, Because] = {}
        self._files: deque[str] = deque()
        self._packages: deque[str] = deque()
        self._debs = {key: owner for key, owner in scene.table.owners.items() if owner.type == "deb"}
        self._installed: Mapping[str, Installed] = installed(scene.table)
        self._by_name = _names(self._debs.values())
        self._openers = [row for row in OPENED_BY_NAME if row.then]
        self._deb_names = self._index_names()

    def stays(self, path: str) -> bool:
        """Whether a file is outside every package, or in one that is needed."""
        owner = self.scene.table.visible[path].owner
        return owner not in self._debs or owner in self.because

    def _index_names(self) -> dict[str, list[str]]:
        names: defaultdict[str, list[str]] = defaultdict(list)
        for key in self._debs:
            for file in self.scene.files_of.get(key, ()):
                if ".so" in file.path or file.path.endswith(".mgc"):
                    names[file.path.rpartition("/")[2]].append(file.path)
        return names

    def named(self, name: str) -> list[str]:
        """Return the packages that a name stands for: the one of that name, or those that provide it."""
        return self._by_name.get(name, [])

    def draw(self) -> None:
        """Note what serves drawing on a display as needed, for the packages that are."""
        for name, other in debian.DISPLAY_ONLY:
            for key in self.named(name):
                for provider in self.named(other)[:1] if key in self.because else ():
                    self.need_package(provider, Because(f"{key} depends on it, and the image can draw", key))

    def need_file(self, path: str, because: Because) -> None:
        """Note that the file at a real path, and its package, is needed."""
        if path in self.because or path not in self.scene.table.visible:
            return
        self.because[path] = because
        self._files.append(path)
        owner = self.scene.table.visible[path].owner
        if owner in self._debs:
            self.need_package(owner, Because(f"it holds {path}", path))

    def need_path(self, path: str, because: Because) -> None:
        """Note that a path is needed, with the symlinks on its way."""
        for real in trail(self.scene, path):
            self.need_file(real, because)

    def need_package(self, key: str, because: Because) -> None:
        """Note that a package is needed."""
        if key not in self.because:
            self.because[key] = because
            self._packages.append(key)

    def run(self) -> None:
        """Follow everything until nothing new is found."""
        while self._files or self._packages:
            while self._files:
                self._follow_file(self._files.popleft())
            if self._packages:
                self._follow_package(self._packages.popleft())

    def roots(self) -> None:
        """Enter what is needed of itself."""
        for label, argv in command_lines(self.scene):
            for name in started(argv):
                if path := which(self.scene, name):
                    self.need_path(path, Because(f"{label} starts it"))
        for path, file in self.scene.table.visible.items():
            if "/" not in path and file.entry.type == "symlink":
                self.need_file(path, Because("paths of every kind lead through it"))
        for path in sorted(self.scene.held):
            self.need_path(path, Because("the user keeps it"))
        for path in sorted({*self.scene.elfs, *self.scene.scripts}):
            owner = self.scene.table.visible[path].owner
            if owner not in self._debs and owner not in self.scene.released:
                self.need_file(path, Because(f"it is part of {owner}" if owner else "no package owns it"))
        self._named_roots()

    def _named_roots(self) -> None:
        for name, reason in debian.ALWAYS.items():
            for key in self.named(name):
                self._root(key, reason)
        for key in sorted(self._installed):
            if self._meant_to_run(self._installed[key]):
                self._root(
                    key, "it was installed by name, and is not known as a tool for building: the service may use it"
                )
        if trail(self.scene, "bin/sh"):
            self.need_path("bin/sh", Because("os.system, subprocess with shell=True and container exec start it"))
            for name, reason in debian.WITH_SHELL.items():
                for key in self.named(name):
                    self._root(key, reason)

    def _root(self, key: str, reason: str) -> None:
        if key not in self.scene.released:
            self.need_package(key, Because(reason))

    def _meant_to_run(self, package: Installed) -> bool:
        name = self._debs[package.key].name
        if not package.by_name or matches(name, debian.PYTHON_BUILD) or matches(name, debian.BUILD_NAMES):
            return False
        return package.section not in debian.BUILD_SECTIONS

    def _follow_file(self, path: str) -> None:
        if facts := self.scene.elfs.get(path):
            if facts.interpreter:
                self.need_path(facts.interpreter, Because(f"it loads {path}", path))
            for found in needs(path, facts, self.scene.libraries).resolved:
                reason = f"{path} needs {found.name}" + (" (by soname)" if found.how == "by soname" else "")
                self.need_path(found.via, Because(reason, path))
            self._open_by_name(path)
        if script := self.scene.scripts.get(path):
            self._follow_script(path, script.argv, script.words)
        if match := _PYTHON.match(path):
            self._need_stdlib(match["version"], path)

    def _open_by_name(self, path: str) -> None:
        name = path.rpartition("/")[2]
        for row in self._openers:
            if not fnmatch.fnmatchcase(name, row.when):
                continue
            for pattern in row.then:
                for other in fnmatch.filter(self._deb_names, pattern):
                    for place in self._deb_names[other]:
                        if self.scene.table.visible[place].owner not in self.scene.released:
                            self.need_path(place, Because(f"{path} opens it by name: {row.evidence}", path))

    def _follow_script(self, path: str, argv: tuple[str, ...], words: tuple[str, ...]) -> None:
        for name in started(argv):
            if found := which(self.scene, name):
                self.need_path(found, Because(f"it interprets {path}", path))
        for word in words:
            found = which(self.scene, word) if word not in SHELLS else None
            if found:
                self.need_path(found, Because(f"the script {path} may call it", path))
        if is_shell(argv) and not words:
            for name in debian.WITH_SCRIPTS:
                for key in self.named(name):
                    self.need_package(key, Because(f"the script {path} may call it, its text was not read", path))

    def _need_stdlib(self, version: str, path: str) -> None:
        prefix = f"usr/lib/python{version}/"
        for key, owner in self._debs.items():
            if not matches(owner.name, debian.PYTHON_BUILD) and not owner.name.endswith(("-tk", "-gdbm", "-testsuite")):
                files = self.scene.files_of.get(key, ())
                if any(file.path.startswith(prefix) and not file.path.startswith(f"{prefix}config-") for file in files):
                    self.need_package(key, Because(f"it brings modules of the standard library of {path}", path))

    def _follow_package(self, key: str) -> None:
        for file in self.scene.files_of.get(key, ()):
            if file.path in self.scene.elfs:
                self.need_file(file.path, Because(f"it is part of {key}", key))
        owner = self._debs[key]
        for group in owner.depends:
            if other := self._provider(owner.name, group):
                self.need_package(other, Because(f"{key} depends on it", key))

    def _provider(self, name: str, group: tuple[str, ...]) -> str:
        """Return the package that satisfies a dependency; empty when none does, or when it serves installation only."""
        for other in group:
            for key in self.named(other):
                if (
                    key in self.scene.released
                    or other in debian.MAINTAINER_ONLY
                    or (name, other) in debian.DISPLAY_ONLY
                ):
                    return ""
                return key
        return ""


def _names(debs: Iterable[Owner]) -> dict[str, list[str]]:
    """Return the packages by the names they answer to: their own first, then those that others provide."""
    debs = tuple(debs)
    names: defaultdict[str, list[str]] = defaultdict(list)
    for owner in debs:
        names[owner.name].append(owner.key)
    for owner in debs:
        for name in owner.provides:
            names[name].append(owner.key)
    return names
