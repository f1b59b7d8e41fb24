"""Layers of the new image against the old one's: untouched ones the same, rewritten ones entry for entry as planned."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields
from operator import attrgetter

from jettison.files.record import FileTable
from jettison.layers.entry import Entry
from jettison.layers.table import LayerTable
from jettison.plan.record import Plan
from jettison.proof.checks import told
from jettison.proof.record import Check
from jettison.rebuild.links import Key
from jettison.rebuild.places import Places


def check_layers(old: FileTable, new: FileTable, applied: Plan) -> Check:
    """Check that untouched layers are the same and that of the others exactly the planned entries are gone.

    This covers what the container cannot see: hidden entries and whiteouts.

    Args:
        old: of the original.
        new: of the new image.
        applied: the plan with its updates.

    Raises:
        UsageError: the plan names entries that the original does not have.
    """
    drops, anew = _touched(old, applied)
    added = [(target.layer, target.path) for step in applied.steps if step.action == "add" for target in step.targets]
    touched = {layer for layer, _ in (*drops, *anew, *added)}
    left = [_left(index, layer, drops) for index, layer in enumerate(old.layers)]
    if applied.layout is not None:
        new_layers = f"{len(old.layers)} cut into {len(new.layers)}"
        return told("layers", new_layers, list(_cut(left, anew, [path for _, path in added], new)))
    staying = [index for index, entries in enumerate(left) if entries or index not in touched]
    staying = staying or [index for index, _ in enumerate(left)][-1:]  # an image that has layers keeps one of them
    if len(staying) != len(new.layers):
        problem = f"the plan leaves {len(staying)} layers, the new image has {len(new.layers)}"
        return told("layers", problem, [problem])
    problems = [
        problem
        for index, layer in zip(staying, new.layers, strict=True)
        for problem in (
            _compare(index, left[index], anew, [path for where, path in added if where == index], layer)
            if index in touched
            else _same(index, old.layers[index], layer)
        )
    ]
    kept = sum(index not in touched for index in staying)
    gone = len(old.layers) - len(staying)
    return told("layers", f"{kept} untouched, {len(staying) - kept} rewritten, {gone} gone", problems)


def _touched(old: FileTable, applied: Plan) -> tuple[set[Key], set[Key]]:
    """Return the entries that go, and those that may be written anew.

    Written anew may be what a step links or updates, and every name of a file of which a step takes one, whatever layer
    it is in: it may have to link to another name, or hold the content itself.
    """
    places = Places(old)
    drops: set[Key] = set()
    named: set[Key] = set()
    for step in applied.steps:
        for target in step.targets if step.action != "add" else ():
            found = {(file.layer, file.index) for file in places.find(step, target.layer, target.path)}
            named |= found
            if step.action == "drop":
                drops |= found
            elif step.action == "link":
                named.add(places.one(step, target.layer, target.to))
    holders = {old.inodes.get(key, key) for key in named}
    links = {link for link, holder in old.inodes.items() if holder in holders}
    return drops, (links | holders | named) - drops


def _left(index: int, layer: LayerTable, drops: set[Key]) -> Sequence[tuple[Key, Entry]]:
    entries = (((index, number), entry) for number, entry in enumerate(layer.entries))
    return [(key, entry) for key, entry in entries if key not in drops]


def _same(index: int, old: LayerTable, new: LayerTable) -> Iterator[str]:
    if old.diff_id != new.diff_id:
        yield f"layer {index}: no step touches it, and its diff_id {old.diff_id} became {new.diff_id}"


def _compare(
    index: int, left: Sequence[tuple[Key, Entry]], anew: set[Key], added: Sequence[str], new: LayerTable
) -> Iterator[str]:
    """Compare the entries of a layer; what the added ones are is compared where the container sees them."""
    wanted, found = [*(entry.path for _, entry in left), *added], [entry.path for entry in new.entries]
    if wanted == found:
        for (key, old), entry in zip(left, new.entries, strict=False):
            if key not in anew and _bare(old) != _bare(entry):
                yield f"layer {index}: entry {old.path!r} differs, and no step changes it"
        return
    missing, extra = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    for path in missing:
        yield f"layer {index}: entry {path!r} is gone, and no step drops it"
    for path in extra:
        yield f"layer {index}: entry {path!r} is there, and the plan does not leave it"
    if not missing and not extra:
        yield f"layer {index}: its entries are in another order"


def _cut(
    left: Sequence[Sequence[tuple[Key, Entry]]], anew: set[Key], added: Sequence[str], new: FileTable
) -> Iterator[str]:
    """Compare all entries of an image whose layers were cut anew: none is gone, and none is there twice but folders.

    In which layer each is does not matter here: what the container sees is compared path by path.
    """
    staying = [pair for layer in left for pair in layer]
    there = [entry for layer in new.layers for entry in layer.entries]
    wanted = Counter([entry.path for _, entry in staying if entry.type != "dir"])
    found = Counter([entry.path for entry in there if entry.type != "dir"])
    folders = {entry.path for _, entry in staying if entry.type == "dir"}
    wanted.update(path for path in added if path in found)
    for path in (wanted - found).keys() | (folders - {entry.path for entry in there if entry.type == "dir"}):
        yield f"entry {path!r} is gone, and no step drops it"
    for path in found - wanted:
        yield f"entry {path!r} is there, and the plan does not leave it"
    changed = {entry.path for key, entry in staying if key in anew} | {*added}
    same = {_bare(entry) for _, entry in staying}
    for entry in there:
        if entry.path not in changed and _bare(entry) not in same:
            yield f"entry {entry.path!r} differs, and no step changes it"


_bare = attrgetter(*(field.name for field in fields(Entry) if field.name not in {"offset", "data", "end"}))
"""Returns an entry without its place in the tar."""
