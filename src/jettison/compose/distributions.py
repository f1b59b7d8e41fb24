"""The layers of the Python distributions: each large one on its own, the small ones together."""

import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jettison.compose.bytecode import Interpreter
from jettison.compose.install import Way, install_wheel, unpacked_size
from jettison.compose.layering import Content, Made, Workshop, make_key, make_layer
from jettison.compose.record import Target, Wheel
from jettison.compose.tree import Node, Tree
from jettison.compose.wheels import wheel_cache
from jettison.errors import MachineError

LARGE = 50_000_000  # bytes unpacked: at 120 MB/s, what engines unpack with, less than half a second


@dataclass(frozen=True, slots=True)
class Setting:
    """What wheels are installed into.

    Attributes:
        target: the interpreter.
        compile: whether bytecode is made.
        mtime: seconds since the epoch.
        present: directories that lower layers have.
        interpreter: gives what makes bytecode, with a remark when it is not the image's own.
    """

    target: Target
    compile: bool
    mtime: int
    present: frozenset[str]
    interpreter: Callable[[], tuple[Interpreter | None, str]]


def wheel_path(wheel: Wheel) -> Path:
    """Return where the cache has a wheel.

    Raises:
        MachineError: it has vanished meanwhile.
    """
    path = wheel_cache().path(f"{wheel.sha256}.whl")
    if path is None:
        raise MachineError(f"{wheel.filename} vanished from the cache", hint="run it again")
    return path


def group_wheels(wheels: Sequence[Wheel], room: int) -> list[tuple[str, tuple[Wheel, ...]]]:
    """Return groups with names, lowest layer first: the large ones one by one, the small ones together.

    Args:
        wheels: sorted by name.
        room: the most groups there may be, at least 1.
    """
    sizes = {wheel.name: unpacked_size(wheel_path(wheel), wheel) for wheel in wheels}
    large = sorted((wheel for wheel in wheels if sizes[wheel.name] > LARGE), key=lambda wheel: -sizes[wheel.name])
    small_too = len(large) < len(wheels) or len(large) > room
    alone = {wheel.name for wheel in large[: room - 1 if small_too else room]}
    groups: list[tuple[str, tuple[Wheel, ...]]] = [
        (f"python {wheel.name} {wheel.version}", (wheel,)) for wheel in wheels if wheel.name in alone
    ]
    if rest := tuple(wheel for wheel in wheels if wheel.name not in alone):
        groups.append((f"python, {len(rest)} distributions", rest))
    return groups


def shared_files(wheels: Sequence[Wheel]) -> tuple[str, ...]:
    """Return a remark for each pair of distributions that bring the same file: only one of them can win."""
    owner: dict[str, str] = {}
    clashes: dict[tuple[str, str], list[str]] = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel_path(wheel)) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/") and ".dist-info/" not in name]
        for name in names:
            first = owner.setdefault(name, wheel.name)
            if first != wheel.name:
                clashes.setdefault((first, wheel.name), []).append(name)
    return tuple(
        f"{first} and {second} both bring {names[0]} ({len(names)} files in all); which one is used is luck"
        for (first, second), names in sorted(clashes.items())
    )


def make_distributions(wheels: Sequence[Wheel], setting: Setting, room: int, shop: Workshop) -> list[Made]:
    """Return the layers of the distributions, lowest first.

    Raises:
        BadInputError: a wheel is malformed or hostile.
    """
    return [
        make_layer(name, _key(group, setting, shop), lambda group=group: _content(group, setting, shop), shop)  # type: ignore[misc]
        for name, group in group_wheels(wheels, room)
    ]


def _key(group: Sequence[Wheel], setting: Setting, shop: Workshop) -> str:
    missing = sorted(_parents(setting.target) - setting.present)
    facts: list[Any] = [[w.sha256 for w in group], asdict(setting.target), setting.compile, setting.mtime, missing]
    return make_key("wheels", facts, shop.options)


def _parents(target: Target) -> set[str]:
    found = set()
    for folder in (target.folder, target.folder.partition("/lib/")[0] + "/bin"):
        parts = folder.split("/")
        found |= {"/".join(parts[:n]) for n in range(1, len(parts) + 1)}
    return found


def _content(group: Sequence[Wheel], setting: Setting, shop: Workshop) -> Content:
    interpreter, note = setting.interpreter() if setting.compile else (None, "")
    way = Way(setting.target, interpreter, timestamps=False, mtime=setting.mtime)
    tree = install_all(group, way, shop)
    nodes = {path: node for path, node in tree.nodes.items() if path not in setting.present or not _is_dir(node)}
    return Content(nodes, (note,) if note else ())


def _is_dir(node: Node) -> bool:
    return node.entry.type == "dir"


def install_all(wheels: Sequence[Wheel], way: Way, shop: Workshop) -> Tree:
    """Install wheels side by side, and put them together in the order of their names.

    Raises:
        BadInputError: a wheel is malformed or hostile.
    """

    def one(wheel: Wheel) -> Tree:
        tree = Tree(mtime=way.mtime)
        install_wheel(wheel_path(wheel), wheel, way, tree, shop.scratch / f"{wheel.sha256}.spool")
        task.advance(wheel.size)
        return tree

    total = sum(wheel.size for wheel in wheels)
    together = Tree(mtime=way.mtime)
    with shop.progress.task("install wheels", total) as task, ThreadPoolExecutor() as pool:
        for tree in pool.map(one, wheels):
            for node in tree.nodes.values():
                together.put(node.entry, node.content, owner=node.owner)
    return together
