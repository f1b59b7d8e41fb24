"""Layers of the new image against the old one's: untouched ones the same, rewritten ones entry for entry as planned."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence

from jettison.files.folders import folders_of
from jettison.files.record import FileTable
from jettison.layers.entry import Entry, bare
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
        return told("layers", new_layers, list(_check_cut(left, anew, added, new)))
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
            if key not in anew and bare(old) != bare(entry):
                yield f"layer {index}: entry {old.path!r} differs, and no step changes it"
        return
    missing, extra = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    for path in missing:
        yield f"layer {index}: entry {path!r} is gone, and no step drops it"
    for path in extra:
        yield f"layer {index}: entry {path!r} is there, and the plan does not leave it"
    if not missing and not extra:
        yield f"layer {index}: its entries are in another order"


def _check_cut(
    left: Sequence[Sequence[tuple[Key, Entry]]], anew: set[Key], added: Sequence[tuple[int, str]], new: FileTable
) -> Iterator[str]:
    """Compare layers that were cut: each new one is a piece of one old one, and pieces are in the order of the old.

    A piece has each folder of its layer that its entries lie in, since some engines unpack it by itself; whiteouts,
    which speak of what is below, are in the lowest piece.
    """
    sources = [_Source(index, layer, added) for index, layer in enumerate(left)]
    at = 0
    for number, layer in enumerate(new.layers):
        before, first = at, layer.entries[0] if layer.entries else None
        named = next((entry for entry in layer.entries if entry.type != "dir"), first)
        while at < len(sources) - 1 and named is not None and not sources[at].has(named):
            at += 1
        if layer.entries and at < len(sources):
            yield from sources[at].take(layer, anew, f"layer {number}", lowest=number == 0 or at != before)
    for source in sources:
        yield from source.lost()


class _Source:
    """What is left of an old layer while pieces of it are taken."""

    def __init__(self, index: int, left: Sequence[tuple[Key, Entry]], added: Sequence[tuple[int, str]]) -> None:
        self.others: dict[str, deque[tuple[Key, Entry]]] = {}
        self.folders: dict[str, list[tuple[Key, Entry]]] = {}
        self.unseen: set[str] = set()
        self.added = {path for where, path in added if where == index}
        for key, entry in left:
            if entry.type == "dir":
                self.folders.setdefault(entry.path, []).append((key, entry))
            else:
                self.others.setdefault(entry.path, deque()).append((key, entry))
        self.unseen |= self.folders.keys()

    def has(self, entry: Entry) -> bool:
        """Whether an entry of this path can be one of the layer's that no piece had yet, or one of its folders."""
        return entry.path in self.added or bool(
            entry.path in self.unseen if entry.type == "dir" else self.others.get(entry.path)
        )

    def take(self, piece: LayerTable, anew: set[Key], where: str, *, lowest: bool) -> Iterator[str]:
        folders = {entry.path for entry in piece.entries if entry.type == "dir"}
        self.unseen -= folders
        for entry in piece.entries:
            held = self.others.get(entry.path)
            was = self.folders.get(entry.path, []) if entry.type == "dir" else [held.popleft()] if held else []
            if not was and entry.path not in self.added:
                yield f"{where}: entry {entry.path!r} is there, and the plan does not leave it"
            elif was and not any(key in anew or bare(one) == bare(entry) for key, one in was):
                yield f"{where}: entry {entry.path!r} differs, and no step changes it"
            if not lowest and (entry.is_opaque or entry.whiteout):
                yield f"{where}: whiteout {entry.path!r} is not in the lowest piece"
        lie_in = folders_of(entry.path for entry in piece.entries)
        for folder in sorted(lie_in & self.folders.keys() - folders):
            yield f"{where}: what lies in {folder!r} is there without it"

    def lost(self) -> Iterator[str]:
        for path in (*(path for path, held in self.others.items() if held), *sorted(self.unseen)):
            yield f"entry {path!r} is gone, and no step drops it"
