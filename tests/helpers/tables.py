"""File tables made in memory from a compact description: no tar, no disk; the observers see the contents."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jettison.elf.observer import ElfObserver
from jettison.elf.scripts import ScriptObserver
from jettison.files.capture import TextObserver
from jettison.files.hints import PythonObserver
from jettison.files.read import make_table
from jettison.files.record import FileTable
from jettison.layers.entry import Entry
from jettison.layers.table import LayerTable, Observer
from jettison.oci.digest import sha256
from jettison.oci.image import Config, Descriptor, Extent, Image, Layer, Platform, Process

STATES = "var/lib/apt/extended_states"
SITE = "usr/local/lib/python3.11/site-packages"


@dataclass(frozen=True)
class Link:
    """A symlink."""

    to: str


@dataclass(frozen=True)
class Hard:
    """A hard link to a path of the same layer."""

    to: str


@dataclass(frozen=True)
class Dir:
    """A directory."""

    mode: int = 0o755


@dataclass(frozen=True)
class Data:
    """A file with attributes of its own."""

    content: bytes = b""
    mode: int = 0o644
    mtime: int = 0


Item = bytes | Link | Hard | Dir | Data
Tree = dict[str, Item]


def table(*layers: Mapping[str, Item], argv: Sequence[str] = (), **process: Any) -> FileTable:
    """Return the file table of an image.

    Args:
        layers: by path, what each holds, lowest first, in the order of the tar; parent directories are added.
        argv: the image's command.
        process: other fields of :class:`jettison.oci.image.Process`.
    """
    tables = [_layer(tree) for tree in layers]
    process.setdefault("env", ("PATH=/usr/local/bin:/usr/bin:/bin",))
    return make_table(_image(tables, Process(cmd=tuple(argv), **process)), tables)


def _image(tables: Sequence[LayerTable], process: Process) -> Image:
    diff_ids = tuple(each.diff_id for each in tables)
    config = Config(b"{}", sha256(b"{}"), {}, Platform("linux", "amd64"), diff_ids, (), process)
    layers = tuple(
        Layer(index, Descriptor("", each.digest, each.stored, {}), each.diff_id, Extent("", 0, each.stored), "")
        for index, each in enumerate(tables)
    )
    return Image("test", b"", "", sha256("".join(diff_ids).encode()), (), {}, config, layers)


def _layer(tree: Mapping[str, Item]) -> LayerTable:
    whole = _with_parents(tree)
    entries = []
    at = 0
    for path, item in whole.items():
        content = _content(item)
        end = at + 512 + -(-len(content) // 512) * 512
        entries.append(_entry(path, item, content, (at, at + 512, end)))
        at = end
    observers: tuple[Observer, ...] = (TextObserver(), PythonObserver(), ElfObserver(), ScriptObserver())
    observed = {observer.name: _observe(observer, entries, whole) for observer in observers}
    name = sha256(repr(sorted((path, repr(item)) for path, item in whole.items())).encode())
    return LayerTable(name, name, "none", at, at, tuple(entries), ((0, 0), (at, at)), False, observed)


def _with_parents(tree: Mapping[str, Item]) -> Tree:
    whole: Tree = {}
    for path, item in tree.items():
        parts = path.split("/")
        for depth in range(1, len(parts)):
            parent = "/".join(parts[:depth])
            if parent not in tree:
                whole.setdefault(parent, Dir())
        whole[path] = item
    return whole


def _content(item: Item) -> bytes:
    return item.content if isinstance(item, Data) else item if isinstance(item, bytes) else b""


def _entry(path: str, item: Item, content: bytes, place: tuple[int, int, int]) -> Entry:
    mode = item.mode if isinstance(item, Dir | Data) else 0o644
    mtime = item.mtime if isinstance(item, Data) else 0
    link = item.to if isinstance(item, Link | Hard) else ""
    kind: Any = {Link: "symlink", Hard: "hardlink", Dir: "dir"}.get(type(item), "file")
    digest = sha256(content) if kind == "file" else ""
    return Entry(path, kind, len(content), mode, 0, 0, mtime, link, digest, (0, 0), (), *place)


def _observe(observer: Observer, entries: Sequence[Entry], tree: Mapping[str, Item]) -> dict[int, Any]:
    found = {}
    for index, entry in enumerate(entries):
        sink = observer.begin(entry.path, entry.size) if entry.type == "file" else None
        if sink is not None:
            sink.feed(_content(tree[entry.path]))
            if (value := sink.finish()) is not None:
                found[index] = value
    return found


@dataclass(frozen=True)
class Deb:
    """A Debian package: its files, and what its stanza says."""

    name: str
    files: Mapping[str, Item] = field(default_factory=dict)
    depends: str = ""
    section: str = "libs"
    priority: str = "optional"
    extra: str = ""


def debian(*packages: Deb, automatic: Sequence[str] | None = None) -> Tree:
    """Return a tree with packages installed: their files, dpkg's status, lists and sums.

    Args:
        packages: to install.
        automatic: names that apt's extended_states marks as installed for others; None for no such file.
    """
    tree: Tree = {}
    for package in packages:
        copyright_file = f"usr/share/doc/{package.name}/copyright"
        files = {copyright_file: package.name.encode(), **package.files}
        tree.update(files)
        info = f"var/lib/dpkg/info/{package.name}"
        folders = {parent for path in files for parent in _parents(path)}
        tree[f"{info}.list"] = "".join(f"/{path}\n" for path in sorted({*files, *folders})).encode()
        sums = (f"{hashlib.md5(_content(item)).hexdigest()}  {path}\n" for path, item in sorted(files.items()))  # noqa: S324 -- dpkg's format
        tree[f"{info}.md5sums"] = "".join(sums).encode()
    tree["var/lib/dpkg/status"] = "\n".join(_stanza(package) for package in packages).encode()
    if automatic is not None:
        states = (f"Package: {name}\nArchitecture: amd64\nAuto-Installed: 1\n" for name in automatic)
        tree[STATES] = "\n".join(states).encode()
    return tree


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _stanza(package: Deb) -> str:
    lines = [
        f"Package: {package.name}",
        "Status: install ok installed",
        f"Priority: {package.priority}",
        f"Section: {package.section}",
        "Architecture: amd64",
        "Version: 1.0",
        *([f"Depends: {package.depends}"] if package.depends else []),
        *([package.extra] if package.extra else []),
    ]
    return "\n".join(lines) + "\n"


def distribution(name: str, files: Mapping[str, Item], *, requires: Sequence[str] = (), site: str = SITE) -> Tree:
    """Return a tree with a Python distribution installed: files relative to ``site``, and its records."""
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n" + "".join(
        f"Requires-Dist: {each}\n" for each in requires
    )
    whole = {**files, f"{info}/METADATA": metadata.encode()}
    rows = []
    for path, item in whole.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(_content(item)).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(_content(item))}\n")
    record = "".join(rows) + f"{info}/RECORD,,\n"
    tree: Tree = {f"{site}/{path}": item for path, item in whole.items()}
    return {**tree, f"{site}/{info}/RECORD": record.encode()}
