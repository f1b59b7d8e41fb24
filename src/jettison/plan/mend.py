"""What follows from a draft: bytecode with its source, dangling links, empty folders; and what must come back."""

import re
from collections import defaultdict
from collections.abc import Iterator

from jettison.elf.closure import Found, Libraries, needs
from jettison.errors import RefusedError
from jettison.files.folders import parents_of
from jettison.files.record import File
from jettison.files.resolve import resolve
from jettison.plan.draft import USER, Draft, Part
from jettison.rules.commands import trail
from jettison.rules.scene import Scene, libraries_of

_FIXED = re.compile(
    r"(?:[^/]+|usr/[^/]+|usr/local/[^/]+|usr/(?:lib|share)/(?:x86_64-linux-gnu|aarch64-linux-gnu|locale|doc|man|info)"
    r"|etc/.+|var(?:/.+)?|home/.+|root/.+|tmp/.+|run/.+|srv/.+)\Z"
)
"""Directories that stay when they become empty: programs write into them, or expect them."""


def with_bytecode(draft: Draft) -> None:
    """Take bytecode in ``__pycache__`` along with the source that goes."""
    folders: defaultdict[str, list[File]] = defaultdict(list)
    for path, file in draft.table.visible.items():
        if path.endswith(".pyc") and "/__pycache__/" in path:
            folders[path.rpartition("/")[0]].append(file)
    for folder, files in folders.items():
        source = folder.removesuffix("__pycache__")
        for file in files:
            module = file.path.rpartition("/")[2].partition(".")[0]
            part = draft.part_of(f"{source}{module}.py")
            if part is not None and file.path not in draft.held:
                draft.take(part, file)


def keep_needed(draft: Draft, scene: Scene) -> None:
    """Let come back what a kept ELF file needs, until every one finds its libraries as before.

    Raises:
        RefusedError: the user drops what a kept ELF file needs.
    """
    while lost := _lost(draft, scene):
        before = len(draft.taken)
        for path, found in lost:
            _bring_back(draft, scene, path, found)
        if len(draft.taken) == before:
            return


def _lost(draft: Draft, scene: Scene) -> list[tuple[str, Found]]:
    """Return for each kept ELF file what it found before and does not find now."""
    left = draft.left()
    after = libraries_of(draft.table, left)
    return [
        (path, found)
        for path, facts in scene.elfs.items()
        if path in left
        for found in _missed(path, scene.libraries, after)
    ]


def _missed(path: str, before: Libraries, after: Libraries) -> Iterator[Found]:
    facts = before.facts[path]
    now = {found.name: found for found in needs(path, facts, after).resolved}
    for found in needs(path, facts, before).resolved:
        has = now.get(found.name)
        if has is None or has.path != found.path or (has.how == "by soname" and found.how != "by soname"):
            yield found
    interpreter = facts.interpreter.lstrip("/")
    real = before.resolve(interpreter) if interpreter else None
    if real is not None and after.resolve(interpreter) is None:
        yield Found(interpreter, real, interpreter, "path")


def _bring_back(draft: Draft, scene: Scene, path: str, found: Found) -> None:
    for real in trail(scene, found.via):
        part = draft.part_of(real)
        if part is None:
            continue
        if part.rule == USER:
            raise RefusedError(
                f"--drop takes {real} away, and {path} needs it as {found.name}",
                hint=f"drop {path} as well, or keep {real}",
            )
        whole = part.files.values() if part.rule == "os-packages" else (draft.table.visible[real],)
        for file in tuple(whole):
            draft.bring_back(file.path, f"{path} needs {found.name}")


def follow(draft: Draft) -> None:
    """Take links that lead nowhere now and directories that nothing is left in, until there are no more."""
    listed = _listed(draft)
    while _take_dangling(draft) + _take_empty(draft, listed):
        pass


def _take_dangling(draft: Draft) -> int:
    left = draft.left()
    taken = 0
    for path, file in tuple(left.items()):
        if file.entry.type == "symlink" and path not in draft.held and path not in draft.keeps:
            real = resolve(draft.table, path)
            if real is not None and resolve(left, path) is None and (part := _part_at(draft, real)):
                draft.take(part, file)
                taken += 1
    return taken


def _part_at(draft: Draft, path: str) -> Part | None:
    """Return the part that took ``path``, or took the last of what was below it."""
    if part := draft.part_of(path):
        return part
    for part in draft.parts.values():
        if part.action == "drop" and any(
            file.visible and file.path.startswith(f"{path}/") for file in part.files.values()
        ):
            return part
    return None


def _take_empty(draft: Draft, listed: frozenset[str]) -> int:
    """Take directories whose last entries go, deepest first."""
    children: defaultdict[str, list[str]] = defaultdict(list)
    for path in draft.table.visible:
        if path:
            children[path.rpartition("/")[0]].append(path)
    entries: defaultdict[str, list[File]] = defaultdict(list)
    busy: set[str] = set()
    for file in draft.table.files:
        entries[file.path].append(file)
        if file.entry.is_opaque or file.entry.whiteout:
            busy.update(parents_of(file.path) if (file.layer, file.index) not in draft.taken else ())
    taken = 0
    for path in sorted(children, key=lambda path: -path.count("/")):
        part = draft.part_of(children[path][0])
        if part is None or draft.part_of(path) or not _may_go(draft, path, children[path], listed, busy):
            continue
        for file in entries[path]:
            draft.take(part, file)
        taken += bool(entries[path])
    return taken


def _may_go(draft: Draft, path: str, children: list[str], listed: frozenset[str], busy: set[str]) -> bool:
    if not path or path in draft.held or path in draft.used or path in listed or path in busy or _FIXED.match(path):
        return False
    process = draft.table.image.config.process
    if any(f"{name.strip('/')}/".startswith(f"{path}/") for name in (process.workdir, *process.volumes) if name):
        return False
    parts = map(draft.part_of, children)
    return all(part is not None and part.tier > 0 for part in parts) and path in draft.table.visible


def _listed(draft: Draft) -> frozenset[str]:
    """Return what the lists of Debian packages that stay name."""
    names: set[str] = set()
    for path, text in draft.table.texts.items():
        if path.startswith("var/lib/dpkg/info/") and path.endswith(".list") and draft.part_of(path) is None:
            names.update(line.strip("/") for line in text.decode("utf-8", "surrogateescape").splitlines())
    return frozenset(names | {f"usr/{name}" for name in names})
