"""Layers of the new image against the old one's: untouched ones the same, rewritten ones entry for entry as planned."""

from collections import Counter
from collections.abc import Iterator, Sequence

from jettison.files.record import FileTable
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
    places = Places(old)
    touched = {target.layer for step in applied.steps for target in step.targets}
    drops: set[Key] = {
        (file.layer, file.index)
        for step in applied.steps
        if step.action == "drop"
        for target in step.targets
        for file in places.find(step, target.layer, target.path)
    }
    left = [_left(index, layer, drops) for index, layer in enumerate(old.layers)]
    staying = [index for index, names in enumerate(left) if names or index not in touched] or [len(left) - 1]
    if len(staying) != len(new.layers):
        problem = f"the plan leaves {len(staying)} layers, the new image has {len(new.layers)}"
        return told("layers", problem, [problem])
    problems = [
        problem
        for index, layer in zip(staying, new.layers, strict=True)
        for problem in (
            _compare(index, left[index], layer) if index in touched else _same(index, old.layers[index], layer)
        )
    ]
    kept = sum(index not in touched for index in staying)
    gone = len(old.layers) - len(staying)
    return told("layers", f"{kept} untouched, {len(staying) - kept} rewritten, {gone} gone", problems)


def _left(index: int, layer: LayerTable, drops: set[Key]) -> Sequence[str]:
    return [entry.path for number, entry in enumerate(layer.entries) if (index, number) not in drops]


def _same(index: int, old: LayerTable, new: LayerTable) -> Iterator[str]:
    if old.diff_id != new.diff_id:
        yield f"layer {index}: no step touches it, and its diff_id {old.diff_id} became {new.diff_id}"


def _compare(index: int, wanted: Sequence[str], new: LayerTable) -> Iterator[str]:
    found = [entry.path for entry in new.entries]
    if list(wanted) == found:
        return
    missing, extra = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    for path in missing:
        yield f"layer {index}: entry {path!r} is gone, and no step drops it"
    for path in extra:
        yield f"layer {index}: entry {path!r} is there, and the plan does not leave it"
    if not missing and not extra:
        yield f"layer {index}: its entries are in another order"
