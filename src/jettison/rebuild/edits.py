"""From a plan to edits: what becomes of each entry of each layer, worked out before a byte is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from jettison.errors import UsageError
from jettison.files.record import FileTable
from jettison.layers.entry import Entry, EntryType
from jettison.plan.record import Action, Plan, Step, Target
from jettison.rebuild.links import Key, Member, as_file, find_members
from jettison.rebuild.places import Places
from jettison.rebuild.prune import PrunedFile
from jettison.rebuild.record import Removed
from jettison.rebuild.relink import Fates, Write, relink

_T = TypeVar("_T")
_NOTHING: Mapping[Key, PrunedFile] = {}


@dataclass(frozen=True, slots=True)
class LayerEdits:
    """What becomes of one layer; entries that are not named stay as they are, byte for byte.

    Attributes:
        drops: indices of entries that go.
        writes: entries written anew, by the index of the entry whose place they take.
        spools: indices of entries whose content is needed at another place.
        adds: entries that are new, behind all others.
    """

    drops: frozenset[int]
    writes: Mapping[int, Write]
    spools: frozenset[int]
    adds: tuple[Write, ...] = ()

    @property
    def touched(self) -> bool:
        """Whether the layer has to be rewritten."""
        return bool(self.drops or self.writes or self.adds)


def make_edits(
    table: FileTable,
    plan: Plan,
    updates: Sequence[tuple[Step, bytes]],
    pruned: Mapping[Key, PrunedFile] = _NOTHING,
) -> tuple[tuple[LayerEdits, ...], tuple[Removed, ...]]:
    """Work out what becomes of every entry that a plan touches.

    Args:
        table: of the image.
        plan: its ``drop`` and ``link`` steps are applied.
        updates: ``update`` and ``add`` steps with the content for their file.
        pruned: what the ``prune`` steps made of their targets.

    Returns:
        The edits, one a layer, lowest first; and the removal list.

    Raises:
        UsageError: the plan is for another image, or a step cannot be done.
    """
    if plan.layers != table.image.config.diff_ids:
        raise UsageError(
            f"the plan was made for another image ({plan.image or 'unnamed'})",
            hint=f"make one for {table.image.name} with 'jettison plan'",
        )
    places = Places(table)
    members = find_members(table)
    fates = _fates(places, members, plan, updates, pruned)
    writes: dict[Key, Write] = {key: _update(members[key], members, new) for key, new in fates.updates.items()}
    writes.update(relink(members, fates))
    sources = {write.source: None for write in writes.values() if write.source is not None}
    adds = {layer: tuple(_adds(updates, layer)) for layer in range(len(table.layers))}
    edits = tuple(
        LayerEdits(drops=frozenset(drops), writes=dict(anew), spools=frozenset(spools), adds=adds[layer])
        for layer, (drops, anew, spools) in enumerate(
            zip(_by_layer(table, fates.drops), _by_layer(table, writes), _by_layer(table, sources), strict=True)
        )
    )
    return edits, tuple(row for step in applied(plan, updates).steps for row in _rows(places, step, pruned))


def applied(plan: Plan, updates: Sequence[tuple[Step, bytes]]) -> Plan:
    """Return the plan as it is applied: its ``drop`` and ``link`` steps, then the updates that go with them."""
    kept = (step for step in plan.steps if step.action not in ("update", "add"))
    return replace(plan, steps=(*kept, *(step for step, _ in updates)))


def _adds(updates: Sequence[tuple[Step, bytes]], layer: int) -> Iterator[Write]:
    """Give the entries that are new in a layer."""
    for step, content in updates:
        for _, target in _targets((step,), "add"):
            if target.layer == layer:
                yield Write(added_entry(target, len(content)), content if target.to else b"")


def added_entry(target: Target, size: int) -> Entry:
    """Return the entry that an ``add`` step's target stands for: root's, readable by all, of no time.

    Args:
        target: without a digest it is a folder.
        size: bytes of the file's content.
    """
    kind: EntryType = "file" if target.to else "dir"
    mode = 0o644 if target.to else 0o755
    return Entry(target.path, kind, size if target.to else 0, mode, 0, 0, 0, "", target.to, (0, 0), (), 0, 0, 0)


def _by_layer(table: FileTable, things: Mapping[Key, _T]) -> Sequence[Mapping[int, _T]]:
    """Sort things by the layer of their key: one mapping a layer, by the entry's index."""
    sorted_out: list[dict[int, _T]] = [{} for _ in table.layers]
    for (layer, index), thing in things.items():
        sorted_out[layer][index] = thing
    return sorted_out


def _fates(
    places: Places,
    members: Mapping[Key, Member],
    plan: Plan,
    updates: Sequence[tuple[Step, bytes]],
    pruned: Mapping[Key, PrunedFile],
) -> Fates:
    """Decide for each entry; what goes needs no update, and what is updated is no longer linked."""
    drops = dict.fromkeys(
        (file.layer, file.index)
        for step, target in _targets(plan.steps, "drop")
        for file in places.find(step, target.layer, target.path)
    )
    contents: dict[Key, bytes | Path] = {key: file.path for key, file in pruned.items() if key not in drops}
    contents |= {
        key: b""
        for step, target in _targets(plan.steps, "stub")
        if (key := _updated(places, members, step, target)) not in drops
    }
    contents |= {
        key: content
        for step, content in updates
        for _, target in _targets((step,), "update")
        if (key := _updated(places, members, step, target)) not in drops
    }
    links = {
        key: to
        for step, target in _targets(plan.steps, "link")
        for key, to in (_linked(places, members, step, target),)
        if key not in drops and key not in contents
    }
    fates = Fates(drops, links, contents)
    for key, to in links.items():
        if not fates.kept(to):
            raise UsageError(
                f"plan: {members[key].file.path!r} would be linked to {members[to].file.path!r}, which does not stay"
            )
    return fates


def _targets(steps: Iterable[Step], action: Action) -> Iterable[tuple[Step, Target]]:
    return ((step, target) for step in steps if step.action == action for target in step.targets)


def _updated(places: Places, members: Mapping[Key, Member], step: Step, target: Target) -> Key:
    key = places.one(step, target.layer, target.path)
    if key not in members or as_file(members[key], members).type != "file":
        raise UsageError(f"step {step.id!r}: {target.path!r} of layer {target.layer} is not a file")
    return key


def _linked(places: Places, members: Mapping[Key, Member], step: Step, target: Target) -> tuple[Key, Key]:
    key, to = places.one(step, target.layer, target.path), places.one(step, target.layer, target.to)
    where = f"plan, step {step.id!r}: {target.path!r} of layer {target.layer} cannot be linked to {target.to!r}"
    if key not in members or to not in members:
        raise UsageError(f"{where}: both must be files")
    if members[key].content == members[to].content:
        raise UsageError(f"{where}: they are one file already")
    return key, to


def _update(member: Member, members: Mapping[Key, Member], content: bytes | Path) -> Write:
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    return Write(replace(as_file(member, members), size=size, digest=""), content)


def _rows(places: Places, step: Step, pruned: Mapping[Key, PrunedFile]) -> Iterable[Removed]:
    if step.action == "add":
        for target in step.targets:
            yield Removed(target.path, target.layer, 0, step.action, step.tier, step.rule, step.id, step.reason)
        return
    for target in step.targets:
        for file in places.find(step, target.layer, target.path):
            size = 0 if step.action == "update" else file.entry.size
            if step.action == "prune":
                size -= pruned[file.layer, file.index].content.size
            yield Removed(file.path, file.layer, size, step.action, step.tier, step.rule, step.id, step.reason)
