"""Bytecode made at build time by the image's own interpreter, so that the first start does not have to."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jettison.compose.tree import Node, Stored, Tree, make_entry
from jettison.errors import BadInputError
from jettison.oci.image import Extent

TIMEOUT = 900
LOADERS = ("lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1", "lib/ld-linux-armhf.so.3", "lib/ld-linux.so.2")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """How to start a Python on this machine.

    Attributes:
        command: argv before Python's own arguments.
        env: its whole environment.
        origin: ``image`` or ``host``.
    """

    command: tuple[str, ...]
    env: Mapping[str, str]
    origin: str


@dataclass(frozen=True, slots=True)
class Source:
    """A source file to compile: where its text is, its path in the image, and its mtime (None: never checked)."""

    text: Extent
    name: str
    mtime: int | None


def cache_path(name: str, python: str) -> str:
    """Return where the bytecode of a source belongs (PEP 3147), for ``python`` such as ``3.11``."""
    folder, _, file = name.rpartition("/")
    stem = file.removesuffix(".py")
    return f"{folder}/__pycache__/{stem}.cpython-{python.replace('.', '')}.pyc"


def image_interpreter(tree: Tree, path: str, python: str, root: Path) -> Interpreter | None:
    """Unpack what the image's interpreter needs into a folder and return how to run it; None when it does not run here.

    The interpreter is started by the image's own loader with the image's own libraries, so that nothing of this
    machine gets into the result.

    Args:
        tree: the base, of signed packages.
        path: the interpreter's path in the image.
        python: its version, such as ``3.11``.
        root: the folder.
    """
    loader = next((name for name in LOADERS if tree.resolve(name) in tree.nodes), "")
    if not loader or tree.resolve(path) not in tree.nodes:
        return None
    folders = sorted({name.rpartition("/")[0] for name in tree.nodes if ".so" in name and name.startswith("usr/lib")})
    wanted = {tree.resolve(loader), tree.resolve(path)}
    for name, node in tree.nodes.items():
        library = ".so" in name and name.startswith("usr/lib") and "/python3" not in name
        standard = name.startswith((f"usr/lib/python{python}/", f"etc/python{python}/"))
        if (library or standard) and node.entry.type in {"file", "symlink"}:
            wanted.add(name)
    _unpack(tree, wanted, root)
    interpreter = Interpreter(
        (
            str(root / tree.resolve(loader)),
            "--library-path",
            ":".join(str(root / folder) for folder in folders if "/python3" not in folder),
            str(root / tree.resolve(path)),
        ),
        {"PYTHONHOME": str(root / "usr"), "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"},
        "image",
    )
    return interpreter if _version(interpreter) == python else None


def _unpack(tree: Tree, names: set[str], root: Path) -> None:
    """Write files of the tree, each at its real path, links as copies of what they lead to: nothing leads outside."""
    for name in sorted(names):
        node = tree.nodes.get(tree.resolve(name))
        if node is None or node.content is None:
            continue
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "wb") as file:
            file.writelines(node.content.pieces())
        target.chmod(0o755 if node.entry.mode & 0o100 else 0o644)


def host_interpreter(python: str) -> Interpreter | None:
    """Return a Python of this machine with the same minor version, or None."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    path = sys.executable if running == python else shutil.which(f"python{python}")
    if not path:
        return None
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"}
    interpreter = Interpreter((path,), env, "host")
    return interpreter if _version(interpreter) == python else None


def _version(interpreter: Interpreter) -> str:
    code = "import sys, json, marshal, struct, importlib.util; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(  # noqa: S603 -- signed packages, or this machine's own Python
            [*interpreter.command, "-S", "-s", "-B", "-c", code],
            env=dict(interpreter.env),
            capture_output=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else ""


def compile_sources(interpreter: Interpreter, sources: Sequence[Source], output: Path) -> tuple[Extent | None, ...]:
    """Compile sources in one fresh process, in the given order, and return where the bytecode of each lies.

    Args:
        interpreter: what compiles.
        sources: what to compile.
        output: a new file for all the bytecode.

    Returns:
        An extent a source; None where it does not compile (some wheels ship templates and Python 2).

    Raises:
        BadInputError: the interpreter failed.
    """
    jobs = (
        {"file": s.text.path, "offset": s.text.offset, "size": s.text.size, "name": s.name, "mtime": s.mtime}
        for s in sources
    )
    program = (files("jettison.compose") / "driver.py").read_text()
    try:
        done = subprocess.run(  # noqa: S603 -- as above
            [*interpreter.command, "-S", "-s", "-B", "-c", program, str(output)],
            env=dict(interpreter.env),
            input="".join(json.dumps(job) + "\n" for job in jobs).encode(),
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BadInputError(f"making bytecode took more than {TIMEOUT} s") from error
    sizes = [int(line) for line in done.stdout.split()]
    if done.returncode or len(sizes) != len(sources):
        complaint = done.stderr.decode(errors="replace").strip()[-200:]
        raise BadInputError(f"making bytecode failed at {sources[len(sizes)].name}: {complaint}")
    offset, made = 0, list[Extent | None]()
    for size in sizes:
        made.append(Extent(str(output), offset, size) if size else None)
        offset += size
    return tuple(made)


def compile_tree(tree: Tree, interpreter: Interpreter, python: str, output: Path, *, timestamps: bool) -> None:
    """Add bytecode for the standard library and Debian's own distributions to a base."""
    found: list[tuple[str, Node, Extent]] = []
    for path, node in sorted(tree.nodes.items()):
        inside = path.startswith((f"usr/lib/python{python}/", "usr/lib/python3/"))
        if inside and path.endswith(".py") and isinstance(node.content, Stored):
            found.append((path, node, node.content.extent))
    sources = [
        Source(extent, path, node.entry.mtime // 1_000_000_000 if timestamps else None) for path, node, extent in found
    ]
    for (path, node, _), extent in zip(found, compile_sources(interpreter, sources, output), strict=True):
        if extent is not None:
            entry = make_entry(cache_path(path, python), "file", mode=0o644, size=extent.size, mtime=tree.mtime)
            tree.put(entry, Stored(extent), owner=node.owner)
