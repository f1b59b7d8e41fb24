"""From what workloads did to all that has to stay: a graph walked breadth first, each path with its reason."""

import fnmatch
import functools
import re
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping

from jettison.elf.closure import needs
from jettison.elf.opened_by_name import OPENED_BY_NAME, OpenedByName
from jettison.files.folders import folders_of
from jettison.files.owners.python import info_folder
from jettison.files.record import File
from jettison.files.resolve import real_path
from jettison.plan.keep.always import DRIVER, GPU, always
from jettison.plan.keep.imports import Import, find_constants, find_imports
from jettison.plan.keep.modules import STDLIB, Modules, find_modules, is_extension, place_of
from jettison.plan.keep.record import LARGEST, Evidence
from jettison.rules.commands import command_lines, started, trail, which
from jettison.rules.inside import LICENCE
from jettison.rules.kept import Kept
from jettison.rules.reach import Because
from jettison.rules.scene import Scene, environment
from jettison.rules.traced import area_of
from jettison.run.pyhook import SITE
from jettison.run.trace.record import CONTENT, Access

_TESTS = re.compile(r"(?:^|/)(?:tests?|testing)/")
_PURE = (".py", ".pyc", ".pyi")
_CONSOLE = ("console_scripts", "gui_scripts")
_IMPORT_LIKE = (".py", ".pyc", ".so")


def find_kept(scene: Scene, evidence: Evidence, restored: Mapping[str, str] | None = None) -> Kept:
    """Work out what stays.

    Args:
        scene: the image.
        evidence: the trace, and how far what it saw is followed.
        restored: paths, and areas of the rule ``traced``, that stay although no trace asks for them, with the reasons.
    """
    walker = _Walker(scene, evidence)
    walker.roots()
    walker.restore(restored or {})
    walker.run()
    walker.last()
    return Kept(walker.because, walker.used, walker.listed)


class _Walker:
    """Each path is entered once, or again when fewer lazy imports lead to it."""

    def __init__(self, scene: Scene, evidence: Evidence) -> None:
        self.scene, self.evidence = scene, evidence
        self.visible = scene.table.visible
        self.because: dict[str, Because] = {}
        self.used: dict[str, str] = {}
        self.listed: dict[str, str] = {}
        self._depth: dict[str, int] = {}
        self._todo: deque[str] = deque()
        self._compiled: list[str] = []
        self._owners: set[str] = set()
        self._packages: set[tuple[str, str]] = set()
        self._openers = [row for row in OPENED_BY_NAME if row.then]
        self._names: defaultdict[str, list[str]] = defaultdict(list)
        for path, file in self.visible.items():
            if file.entry.type in ("file", "hardlink", "symlink"):
                self._names[path.rpartition("/")[2]].append(path)
        opened = [path for path, one in evidence.trace.accesses.items() if CONTENT & set(one.how)]
        self.modules: Modules = find_modules(self._files(), opened, self._path())

    def _files(self) -> Iterator[str]:
        return (path for path, file in self.visible.items() if file.entry.type != "dir")

    def _path(self) -> Iterator[str]:
        """Give the folders that PYTHONPATH and ``.pth`` files name."""
        yield from (part.strip("/") for part in environment(self.scene.table).get("PYTHONPATH", "").split(":") if part)
        for path in self._files():
            site, _, name = path.rpartition("/")
            if name.endswith(".pth") and SITE.match(site):
                for line in self.evidence.read(path).decode("utf-8", "replace").splitlines():
                    if line.strip() and not line.startswith(("#", "import ", "import\t")):
                        text = line.strip() if line.startswith("/") else f"{site}/{line.strip()}"
                        if folder := real_path(self.visible, text):
                            yield folder

    # --- where it begins ----------------------------------------------------------------------------------------------

    def roots(self) -> None:
        """Enter what workloads did, what the container starts, and what always stays."""
        for path, access in self.evidence.trace.accesses.items():
            self._accessed(path, access)
        for label, argv in command_lines(self.scene):
            for name in started(argv):
                if program := which(self.scene, name):
                    self.need_path(program, Because(f"{label} starts it"))
        self._without_being_asked()

    def _without_being_asked(self) -> None:
        for path, file in self.visible.items():
            if "/" not in path and file.entry.type == "symlink":
                self.need(path, Because("paths of every kind lead through it"))
            elif file.entry.type != "dir" and (reason := always(path)):
                self.need(path, Because(reason))
        for path in sorted(self.scene.held):
            self.need_path(path, Because("the user keeps it"))
        if not any(run.gpu == "used" for run in self.evidence.trace.runs):
            for path in self._files():
                if self._for_gpu(path):
                    self.need(path, Because("it is for a GPU, and no workload was traced on one"))

    def _for_gpu(self, path: str) -> bool:
        facts = self.scene.elfs.get(path)
        if facts is not None and (facts.gpu or any(DRIVER.match(name) for name in facts.needed)):
            return True
        return GPU.fullmatch(path) is not None

    def restore(self, restored: Mapping[str, str]) -> None:
        """Enter what a proof did not hold without."""
        for path, file in self.visible.items() if restored else ():
            if reason := restored.get(path):
                self.used[path] = reason
                self.need_path(path, Because(reason))
            elif file.entry.type != "dir" and (reason := restored.get(area_of(file))):
                self.need(path, Because(reason))

    def _accessed(self, path: str, access: Access) -> None:
        file = self.visible.get(path)
        run = self.evidence.trace.runs[access.run]
        argv = run.processes[access.process].argv
        who = " ".join(argv)[:60] or f"process {run.processes[access.process].pid}"
        reason = (
            f"{'/'.join(access.how)} by {who!r} in workload {run.workload!r}, {access.seconds:.2f} s after its start"
        )
        if (file is None or file.entry.type == "dir") and "list" in access.how and not self._is_python(path):
            self.listed[path] = reason
        self.used[path] = reason
        self.need(path, Because(reason))

    def _is_python(self, folder: str) -> bool:
        """Whether a directory is listed by Python's import, which looks for modules, not for what there is."""
        return folder in self.modules.folders and folder in self.modules.files

    # --- entering -----------------------------------------------------------------------------------------------------

    def need(self, path: str, because: Because, depth: int = 0) -> None:
        """Note that an entry stays, for which ``depth`` lazy imports were followed."""
        if path not in self.visible or self._depth.get(path, depth + 1) <= depth:
            return
        self._depth[path] = depth
        self.because.setdefault(path, because)
        self._todo.append(path)

    def need_path(self, path: str, because: Because, depth: int = 0) -> None:
        """Note that a path stays, with the symlinks on its way."""
        for real in trail(self.scene, path):
            self.need(real, because, depth)

    def run(self) -> None:
        """Follow everything until nothing new is found; what compiled modules import comes last, it takes longest."""
        while self._todo or self._compiled:
            while self._todo:
                path = self._todo.popleft()
                self._follow(path, self._depth[path])
            if self._compiled:
                self._follow_constants(self._compiled.pop())

    def _follow(self, path: str, depth: int) -> None:
        file = self.visible[path]
        if file.entry.type == "symlink":
            self.need_path(path, Because("a link that stays leads to it", path), depth)
            return
        if file.entry.type == "dir":
            return
        if file.owner and file.owner not in self._owners:
            self._owners.add(file.owner)
            self._brought(file)
        if path in self.scene.elfs:
            self._follow_elf(path, depth)
        if script := self.scene.scripts.get(path):
            for name in started(script.argv):
                if found_program := which(self.scene, name):
                    self.need_path(found_program, Because(f"it interprets {path}", path), depth)
        if place_of(path):
            self._follow_module(path, depth)

    def _follow_elf(self, path: str, depth: int) -> None:
        facts = self.scene.elfs[path]
        if facts.interpreter:
            self.need_path(facts.interpreter, Because(f"it loads {path}", path), depth)
        for found in needs(path, facts, self.scene.libraries).resolved:
            self.need_path(found.via, Because(f"{path} needs {found.name}", path), depth)
        self._open_by_name(path, depth)

    def _open_by_name(self, path: str, depth: int) -> None:
        name = path.rpartition("/")[2]
        for row in self._openers:
            if fnmatch.fnmatchcase(name, row.when):
                for other in self._opened(row, path):
                    self.need_path(other, Because(f"{path} opens it by name: {row.evidence}", path), depth)

    def _opened(self, row: OpenedByName, path: str) -> Iterator[str]:
        folder = path.rpartition("/")[0]
        for pattern in row.then:
            for name in fnmatch.filter(self._names, pattern):
                yield from (each for each in self._names[name] if not row.beside or each.startswith(f"{folder}/"))

    # --- owners -------------------------------------------------------------------------------------------------------

    def _brought(self, file: File) -> None:
        """Note what stays with an owner of which something stays: its records, its licences, its settings."""
        owner = self.scene.table.owners.get(file.owner)
        because = Because(f"{file.path} stays, of {file.owner}", file.path)
        for other in self.scene.files_of.get(file.owner, ()):
            settings = other.path.startswith("etc/")  # the package database names them, and they are small
            if settings or LICENCE.match(other.path) or info_folder(other.path):
                self.need(other.path, because)
        if owner is not None and owner.type == "python":
            self._plugins(owner.record.rpartition("/")[0])

    def _plugins(self, info: str) -> None:
        """Note the modules that a distribution offers to others by its entry points."""
        path = f"{info}/entry_points.txt"
        if path not in self.visible:
            return
        group = ""
        for line in self.evidence.read(path).decode("utf-8", "replace").splitlines():
            if line.strip().startswith("["):
                group = line.strip(" []")
            elif "=" in line and group not in _CONSOLE:
                module = line.partition("=")[2].partition(":")[0].partition("[")[0].strip()
                because = Because(f"an entry point of the group {group} names it", path)
                self._need_module(tuple(module.split(".")), because, self.evidence.lazy)

    # --- Python -------------------------------------------------------------------------------------------------------

    def _follow_module(self, path: str, depth: int) -> None:
        for other in self.modules.own(path):
            if other.endswith(_PURE):
                self.need(other, Because("they are one module", path), depth)
        for other in self.modules.above(path):
            self.need(other, Because("its package begins with it", path), depth)
        if path in self.used:
            self._follow_package(path)
        if path.endswith(".py"):
            self._follow_imports(path, depth)
        elif is_extension(path) and self.visible[path].entry.size <= LARGEST:
            self._compiled.append(path)

    def _follow_package(self, path: str) -> None:
        """Note the pure modules that stay with one that was used, as far as the user wants it."""
        owner, folder = self.visible[path].owner, (place_of(path) or ("", ""))[0]
        if (owner, folder) in self._packages:
            return
        self._packages.add((owner, folder))
        near = self.evidence.python != "module" and not SITE.match(folder)
        for other in self.modules.beside(path) if near else ():
            if other.endswith(_PURE) and not _TESTS.search(other):
                self.need(other, Because("a module beside it was used", path), self.evidence.lazy)
        whole = owner and self.evidence.python == "distribution"
        for file in self.scene.files_of.get(owner, ()) if whole else ():
            if file.path.endswith(_PURE):
                self.need(file.path, Because(f"a module of {owner} was used", path), self.evidence.lazy)

    def _follow_imports(self, path: str, depth: int) -> None:
        parts = self.modules.name_of(path)
        package = parts if path.endswith("/__init__.py") else parts[:-1]
        root = self.modules.root_of(path)
        if _TESTS.search(path) and path not in self.used:
            return
        known = self.evidence.known
        if path not in known:
            known[path] = tuple(find_imports(self.evidence.read(path)))
        for one in known[path]:
            further = depth + one.lazy
            if further > self.evidence.lazy:
                continue
            for name in _targets(one, package):
                because = Because(f"{path} imports {'.'.join(name)}{' lazily' if one.lazy else ''}", path)
                self._need_module(name, because, further, path, root)

    def _follow_constants(self, path: str) -> None:
        """Follow what an extension module may import: its own distribution's modules that its constants name."""
        depth, package = self._depth[path], self.modules.name_of(path)[:-1]
        beside = [
            name for name, files in self.modules.around(path).items() if not any(one in self.because for one in files)
        ]
        root = self.modules.root_of(path)
        if not package:
            return
        for name in sorted(find_constants(self.evidence.read(path), beside, package[0])):
            parts = tuple(name.split("."))
            parts = parts if len(parts) > 1 else (*package, name)
            because = Because(f"{path} names {'.'.join(parts)} in its constants", path)
            self._need_module(parts, because, depth, path, root)

    def _need_module(self, name: tuple[str, ...], because: Because, depth: int, by: str = "", root: str = "-") -> None:
        """Note that a module stays; a library's own only when its distribution is in use already."""
        for other in self.modules.find(name, root if root != "-" else ""):
            if self._may_follow(by, other):
                self.need(other, because, depth)

    def _may_follow(self, by: str, other: str) -> bool:
        owner = self.visible[other].owner
        if not by or not owner or STDLIB.match(other.rpartition("/")[0]):
            return True
        mine = self.visible[by].owner
        return not mine or mine == owner or owner in self._used_owners

    @functools.cached_property
    def _used_owners(self) -> frozenset[str]:
        """Whose modules workloads imported."""
        accesses = self.evidence.trace.accesses.items()
        modules = (path for path, one in accesses if CONTENT & set(one.how) and path.endswith(_IMPORT_LIKE))
        return frozenset(self.visible[path].owner for path in modules if path in self.visible) - {""}

    # --- what follows from all ----------------------------------------------------------------------------------------

    def last(self) -> None:
        """Let stay what is small and somebody may go by: symlinks to what stays, directories without an entry."""
        folders = folders_of(self.because)
        for path, file in self.visible.items():
            if file.entry.type == "symlink" and path not in self.because:
                real = real_path(self.visible, path)
                if real is not None and (real in self.because or real in folders):
                    self.because[path] = Because(f"it leads to /{real}, which stays", real)
        for folder, reason in self.used.items():
            if folder not in self.visible and folder not in folders:
                below = [path for path in self._files() if path.startswith(f"{folder}/")]
                if below:
                    least = min(below, key=lambda path: (self.visible[path].entry.size, path))
                    self.because[least] = Because(f"/{folder} would be gone without it: {reason}")


def _targets(one: Import, package: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Give the modules that an import may mean: the one named, and each name taken from it."""
    dots = len(one.module) - len(one.module.lstrip("."))
    base = tuple(part for part in one.module.lstrip(".").split(".") if part)
    if dots:
        base = (*package[: len(package) - dots + 1], *base)
    if base:
        yield base
    yield from ((*base, name) for name in one.names)
