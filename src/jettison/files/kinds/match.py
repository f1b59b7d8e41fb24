"""Kinds matched: the table compiled into look-ups, and folders judged once each."""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from jettison.elf.facts import ElfFacts
from jettison.files.kinds.table import (
    DIRECTORY,
    EXECUTABLE,
    KINDS,
    MODEL_WEIGHTS,
    OBJECT,
    OTHER,
    SHARED_LIBRARY,
    SPECIAL,
    WHITEOUT,
    Kind,
)
from jettison.layers.entry import WHITEOUT_PREFIX, Entry

_VERSIONED = re.compile(r"\.so(?:\.\d[\w-]*)+\Z")
_PYTHON_LIBRARY = re.compile(r"(?:site-packages|dist-packages|python[23](?:\.\d+)?)\Z")
_PROGRAM_FOLDERS = frozenset({"bin", "sbin", "libexec"})
_BY_TYPE = {"dir": DIRECTORY, "char": SPECIAL, "block": SPECIAL, "fifo": SPECIAL}
_SINGLE_FILES = ("var/lib", "var/log")  # trees may name files (``var/log/dpkg.log``), all of which lie below these
_EXECUTABLE_BITS = 0o111
_MODELS = next(kind.suffixes for kind in KINDS if kind.name == MODEL_WEIGHTS)
_FORMATS = {
    ".pt": "pytorch",
    ".pth": "pytorch",
    ".ckpt": "checkpoint",
    ".pb": "tensorflow",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
    ".keras": "keras",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".npz": "numpy",
    ".engine": "tensorrt",
    ".pdparams": "paddle",
    ".caffemodel": "caffe",
    ".mlmodel": "coreml",
}


def model_format(path: str) -> str:
    """Return the format of model weights by the end of their name, such as ``pytorch`` or ``onnx``."""
    dot, suffix = path.rpartition(".")[1:]
    return _FORMATS.get(dot + suffix.lower(), suffix.lower()) if dot and "/" not in suffix else "unknown"


class Classifier:
    """Says what files are. Makes use of files of one folder coming in numbers: a folder is judged once."""

    def __init__(self, kinds: tuple[Kind, ...] = KINDS) -> None:
        self._names = [(re.compile(rf"(?:{kind.names})\Z"), kind.name) for kind in kinds if kind.names]
        self._any_name = re.compile("|".join(rf"(?:{kind.names})\Z" for kind in kinds if kind.names))
        self._programs = [(re.compile(rf"(?:{kind.programs})\Z"), kind.name) for kind in kinds if kind.programs]
        self._suffixes = dict(_suffixes(kind for kind in kinds if not kind.general))
        self._general = dict(_suffixes(kind for kind in kinds if kind.general))
        self._trees = _compile((tree, kind.name) for kind in kinds if not kind.general for tree in kind.trees)
        self._loose_trees = _compile((tree, kind.name) for kind in kinds for tree in kind.loose_trees)
        self._general_trees = _compile((tree, kind.name) for kind in kinds if kind.general for tree in kind.trees)
        self._folders = _compile((folder, kind.name) for kind in kinds for folder in kind.folders)
        self._python = _compile((folder, kind.name) for kind in kinds for folder in kind.python_folders)
        self._loose = _compile((folder, kind.name) for kind in kinds for folder in kind.loose_folders)
        self._judge = cache(self._judge_folder)
        self._part = lru_cache(4096)(self._judge_part)

    def kind(self, path: str, entry: Entry, facts: ElfFacts | None = None) -> str:
        """Return the name of the kind of ``entry``, which lies at ``path``; see :mod:`jettison.files.kinds.table`.

        Args:
            path: in the rootfs. Symlinks and hard links are judged by it as the file would be.
            entry: the tar member.
            facts: what is known of an ELF file.
        """
        if entry.type in _BY_TYPE:
            return _BY_TYPE[entry.type]
        parent, _, name = path.rpartition("/")
        if name.startswith(WHITEOUT_PREFIX):
            return WHITEOUT
        tree, folder, loose, general, programs = self._judge(parent)
        lower = name.lower()
        return (
            (self._trees(path) if parent.startswith(_SINGLE_FILES) else tree)
            or (self._by_name(lower) if self._any_name.match(lower) else "")
            or folder
            or (self._by_program(name) if programs else "")
            or self._by_suffix(self._suffixes, lower, entry)
            or loose
            or _by_facts(facts, in_programs=programs)
            or (EXECUTABLE if programs else "")
            or general
            or self._by_suffix(self._general, lower, entry)
            or (EXECUTABLE if entry.type == "file" and entry.mode & _EXECUTABLE_BITS else OTHER)
        )

    def _by_name(self, name: str) -> str:
        return next((kind for pattern, kind in self._names if pattern.match(name)), "")

    def _by_program(self, name: str) -> str:
        return next((kind for pattern, kind in self._programs if pattern.match(name)), "")

    def _by_suffix(self, table: dict[str, tuple[str, int]], name: str, entry: Entry) -> str:
        _, dot, suffix = name.rpartition(".")
        if not dot:
            return ""
        found = table.get(dot + suffix)
        if found is not None:
            return found[0] if entry.size >= found[1] or entry.type != "file" else ""
        return SHARED_LIBRARY if table is self._suffixes and _VERSIONED.search(name) else ""

    def _judge_folder(self, folder: str) -> tuple[str, str, str, str, bool]:
        """Return what a folder says of its files: by tree, by folder, loosely, generally; and if it is for programs."""
        strict = loose = before = ""
        python = False
        for part in folder.split("/"):
            by_folder, in_python, by_loose, is_python = self._part(before, part)
            strict = strict or by_folder or (in_python if python else "")
            loose = loose or by_loose
            python = python or is_python
            before = part
        loose = self._loose_trees(folder) or loose
        return (
            self._trees(folder),
            strict,
            loose,
            self._general_trees(folder),
            before in _PROGRAM_FOLDERS,
        )

    def _judge_part(self, before: str, part: str) -> tuple[str, str, str, bool]:
        """Return what a name says after its parent: anywhere, in Python libraries, loosely; and if it is such a one."""
        pair = f"{before}/{part}"
        return (
            self._folders(pair) or self._folders(part),
            self._python(pair) or self._python(part),
            self._loose(pair) or self._loose(part),
            _PYTHON_LIBRARY.match(part) is not None,
        )


def _suffixes(kinds: Iterable[Kind]) -> Iterator[tuple[str, tuple[str, int]]]:
    for kind in kinds:
        for suffix, least in kind.suffixes.items():
            yield suffix, (kind.name, least)


class _compile:  # noqa: N801 -- stands for a function: built once, called often
    """Look-up of a path by the longest of several trees (``*`` for part of a name), or of a name by patterns."""

    def __init__(self, rules: Iterable[tuple[str, str]]) -> None:
        ordered = sorted(rules, key=lambda rule: -len(rule[0]))
        self._kinds = [kind for _, kind in ordered]
        patterns = (re.escape(rule).replace(r"\*", "[^/]*") for rule, _ in ordered)
        self._pattern = re.compile("|".join(f"({pattern})(?:/|\\Z)" for pattern in patterns) or r"(?!)")

    def __call__(self, text: str) -> str:
        found = self._pattern.match(text)
        return self._kinds[found.lastindex - 1] if found and found.lastindex else ""


def _by_facts(facts: ElfFacts | None, *, in_programs: bool) -> str:
    if facts is None:
        return ""
    if facts.type == "rel":
        return OBJECT
    if facts.type == "exec" or facts.interpreter or in_programs:
        return EXECUTABLE
    return SHARED_LIBRARY if facts.type == "dyn" else ""


def is_model_link(path: str) -> bool:
    """Whether the name of a symlink says that it leads to model weights (hubs keep contents under nameless blobs)."""
    dot, suffix = path.rpartition(".")[1:]
    return _MODELS.get(f"{dot}{suffix}".lower(), 1) == 0
