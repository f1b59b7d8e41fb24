"""Every difference between two rootfs must be explained by a step of the plan, and every step must have happened."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from jettison.files.folders import folders_of
from jettison.files.record import FileTable
from jettison.plan.content import EMPTY
from jettison.plan.record import Plan, Target
from jettison.proof.checks import told
from jettison.proof.record import Check
from jettison.proof.view import Node, View, shown_time
from jettison.rebuild.edits import added_entry
from jettison.rebuild.links import Key
from jettison.rebuild.places import Places
from jettison.rules.package_caches import is_cache

_OWN = -1  # stands for a layer: content that no entry of the original holds


@dataclass(frozen=True, slots=True)
class Intent:
    """What a plan does to the rootfs, in paths that the container sees.

    Attributes:
        dropped: paths whose entry goes, with the step.
        careless: those of them that a step of tier 0 drops, though they are seen and no caches.
        linked: paths that become hard links, with the path they share from then on.
        updated: paths with new content, with its digest.
        pruned: paths of libraries that parts were taken from (:mod:`jettison.proof.pruned` says which).
        added: paths that are new, as they are to be, but for their size.
        shadows: directories whose entry goes, while an entry for them in a lower layer stays.
    """

    dropped: Mapping[str, str]
    careless: frozenset[str]
    linked: Mapping[str, str]
    updated: Mapping[str, str]
    pruned: frozenset[str]
    added: Mapping[str, Node]
    shadows: frozenset[str]


def check_differences(before: View, after: View, applied: Plan) -> Check:
    """Compare two rootfs, path by path.

    Compared are type, mode, owner, mtime, link target, content, device, extended attributes, and which paths are hard
    links of each other; directories too.

    Args:
        before: rootfs of the original.
        after: rootfs of the new image.
        applied: the plan with its updates; one without steps allows no difference.

    Raises:
        UsageError: the plan names entries that the original does not have.
    """
    intent = read_intent(before.table, applied)
    problems = [*_compare(before, after, intent), *_link_sets(before, after, intent)]
    gone = len(before.nodes.keys() - after.nodes.keys())
    detail = (
        f"{len(before.nodes)} paths compared: {gone} gone, {len(intent.linked)} linked, {len(intent.updated)} updated, "
        f"{len(intent.pruned)} pruned, "
        f"all as the plan says"
        if not problems
        else f"{len(before.nodes)} paths compared, {len(problems)} differences that no step explains"
    )
    return told("differences-explained", detail, problems)


def read_intent(old: FileTable, applied: Plan) -> Intent:
    """Work out what a plan does to the rootfs of an image.

    Raises:
        UsageError: it names entries that the image does not have.
    """
    places = Places(old)
    seen: dict[Key, str] = {(file.layer, file.index): path for path, file in old.visible.items()}
    drops: dict[Key, str] = {}
    linked: dict[str, str] = {}
    updated: dict[str, str] = {}
    pruned: set[str] = set()
    added: dict[str, Node] = {}
    for step in applied.steps:
        for target in step.targets:
            if step.action == "add":
                added[target.path] = _added(target)
                continue
            if step.action == "drop":
                drops.update(
                    ((file.layer, file.index), step.id) for file in places.find(step, target.layer, target.path)
                )
                continue
            path = seen.get(places.one(step, target.layer, target.path))
            if path is None:
                continue  # hidden: the container sees neither the old nor the new
            if step.action in ("update", "stub"):
                updated[path] = target.to if step.action == "update" else EMPTY.digest
            elif step.action == "prune":
                pruned.add(path)
            else:
                linked[path] = _shared(old, places.one(step, target.layer, target.to), seen)
    dropped = {seen[key]: step for key, step in drops.items() if key in seen}
    dirs = {path for path in dropped if old.visible[path].entry.type == "dir"}
    lossless = {step.id for step in applied.steps if step.tier == 0}
    careless = frozenset(
        path for path, step in dropped.items() if step in lossless and not (is_cache(path) or "/__pycache__/" in path)
    )
    shadows = frozenset(
        file.path
        for file in old.files
        if file.path in dirs and file.entry.type == "dir" and (file.layer, file.index) not in drops
    )
    return Intent(dropped, careless, linked, updated, frozenset(pruned), added, shadows)


def _added(target: Target) -> Node:
    entry = added_entry(target, 0)
    return Node(entry.type, entry.mode, 0, 0, entry.mtime, "", 0, entry.digest, entry.device, entry.xattrs)


def _shared(old: FileTable, key: Key, seen: Mapping[Key, str]) -> str:
    """Return where the copy that stays is seen; its stored path when the container does not see it."""
    if key in seen:
        return seen[key]
    return old.layers[key[0]].entries[key[1]].path


def _compare(before: View, after: View, intent: Intent) -> Iterator[str]:
    implied = folders_of(after.nodes) - {"", *after.nodes}
    for path, node in before.nodes.items():
        found = after.nodes.get(path)
        if path in intent.dropped and found is None:
            if path in intent.careless:
                yield f"{path}: step {intent.dropped[path]} of tier 0 takes it, and the container sees it"
            elif path in implied:
                yield f"{path}: step {intent.dropped[path]} drops it, while what lies in it stays"
        elif path in intent.dropped and path not in intent.shadows:
            yield f"{path}: step {intent.dropped[path]} drops it, and it is still there"
        elif found is None:
            yield f"{path}: gone, and no step drops it"
        else:
            yield from _differences(path, _expected(path, node, found, intent), found)
            yield from _unlike(path, node, before, intent)
    for path in sorted(after.nodes.keys() - before.nodes.keys()):
        if path not in intent.added:
            yield f"{path}: new, and no step makes it"
        else:
            found = after.nodes[path]
            yield from _differences(path, replace(intent.added[path], size=found.size), found)
    yield from (f"{path}: a step makes it, and it is not there" for path in intent.added if path not in after.nodes)


def _expected(path: str, node: Node, found: Node, intent: Intent) -> Node:
    """Return what should be there: a link keeps its content, and of an update the digest says it all."""
    if path in intent.pruned:
        return replace(node, digest=found.digest, size=found.size)
    return replace(node, digest=intent.updated[path], size=found.size) if path in intent.updated else node


def _unlike(path: str, node: Node, before: View, intent: Intent) -> Iterator[str]:
    """Check that a path is linked only to what it was in all respects: the two share owner, mode and time as well."""
    shared = intent.linked.get(path, path)
    other = before.nodes.get(shared, node)
    if other != node:
        fields_of = [field.name for field in fields(Node) if getattr(node, field.name) != getattr(other, field.name)]
        yield f"{path}: linked to {shared}, which differs in {', '.join(fields_of)}"


def _differences(path: str, wanted: Node, found: Node) -> Iterator[str]:
    if wanted == found:
        return
    if wanted.type != found.type:
        yield f"{path}: a {wanted.type} became a {found.type}"
        return
    for field in fields(Node):
        one, other = getattr(wanted, field.name), getattr(found, field.name)
        if one != other:
            show = _SHOWN.get(field.name, repr)
            yield f"{path}: {field.name} {show(one)} became {show(other)}"


_SHOWN: Mapping[str, Callable[[Any], str]] = {"mode": oct, "mtime": shown_time, "digest": str}


def _link_sets(before: View, after: View, intent: Intent) -> Iterator[str]:
    """Check that the paths that share content are those that should.

    Each path is given the content it should have; between these and what is found there must be a one-to-one relation.
    """
    forth: dict[Key, tuple[Key, str]] = {}
    back: dict[Key, tuple[Key, str]] = {}
    for number, path in enumerate(sorted(before.inodes.keys() & after.inodes.keys())):
        if path in intent.dropped:
            continue
        wanted, found = _wanted(path, number, before, intent), after.inodes[path]
        there, other = forth.setdefault(wanted, (found, path))
        if there != found:
            yield f"{path}: no longer a hard link of {other}"
        there, other = back.setdefault(found, (wanted, path))
        if there != wanted:
            yield f"{path}: became a hard link of {other}"


def _wanted(path: str, number: int, before: View, intent: Intent) -> Key:
    if path in intent.updated or path in intent.pruned:
        return _OWN, number  # a file of its own
    shared = intent.linked.get(path, path)
    return before.inodes.get(shared, (_OWN, number))
