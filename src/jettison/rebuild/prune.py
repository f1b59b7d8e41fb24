"""Carries out the ``prune`` steps of a plan: each library is taken from its layer, pruned, and checked.

A library that cannot be pruned, or whose pruned form does not pass, stays as it was, and the plan says why.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from jettison.elf.bytes import FileBytes
from jettison.elf.prune import prune
from jettison.elf.treatment import Treatment, read_treatment
from jettison.elf.verify import verify_pruned
from jettison.errors import BadInputError, MachineError
from jettison.files.record import FileTable
from jettison.finding import Skip
from jettison.layers.limits import Limits
from jettison.plan.content import Content
from jettison.plan.record import Plan, Step
from jettison.progress import SILENT, Progress
from jettison.rebuild.files import LayerFiles, bytes_read
from jettison.rebuild.links import Key
from jettison.rebuild.places import Places

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class PrunedFile:
    """A library that was pruned.

    Attributes:
        path: where its new content lies.
        content: what records say of it.
        gone: bytes whose content went, those that stay in the file as zeros included.
        notes: why not all of them left the file.
    """

    path: Path
    content: Content
    gone: int
    notes: tuple[str, ...]


def prune_files(
    table: FileTable, plan: Plan, *, scratch: Path, limits: Limits | None = None, progress: Progress = SILENT
) -> tuple[Plan, Mapping[Key, PrunedFile]]:
    """Prune what a plan says.

    Args:
        table: of the image.
        plan: its ``prune`` steps count.
        scratch: folder for the new files; it must outlive them.
        limits: what is accepted of layers.
        progress: told of stored bytes.

    Returns:
        The plan, without targets that stay as they were, the bytes of its steps exact, with reasons in its skips; and
        the new files, by entry.

    Raises:
        UsageError: a step names an entry that is not there, or does not say how to prune it.
        BadInputError: a layer is not what it was when the table was read.
        MachineError: there is no room.
    """
    wanted = find_treatments(table, plan)
    if not wanted:
        return plan, {}
    by_layer: defaultdict[int, dict[int, Treatment]] = defaultdict(dict)
    for (layer, index), treatment in wanted.items():
        by_layer[layer][index] = treatment
    found: dict[Key, PrunedFile] = {}
    skips: list[Skip] = []
    todo = sum(bytes_read(table.layers[layer], treatments) for layer, treatments in by_layer.items())
    with progress.task("pruning", todo) as task:
        for layer, treatments in sorted(by_layer.items()):
            source = LayerFiles(table.image.layers[layer], table.layers[layer], limits or Limits(), task)
            for index, original in source.files(treatments, scratch):
                try:
                    made = _prune_one(original, treatments[index], scratch / f"pruned-{layer}-{index}")
                finally:
                    original.unlink()
                if isinstance(made, PrunedFile):
                    found[layer, index] = made
                else:
                    skips.append(Skip(table.layers[layer].entries[index].path, f"not pruned: {made}"))
    return _narrowed(table, plan, found, tuple(skips)), found


def find_treatments(table: FileTable, plan: Plan) -> Mapping[Key, Treatment]:
    """Return how each entry is pruned that a plan's ``prune`` steps name.

    Raises:
        UsageError: an entry is not there, or a step does not say how.
    """
    places = Places(table)
    return {
        places.one(step, target.layer, target.path): read_treatment(target.to)
        for step in plan.steps
        if step.action == "prune"
        for target in step.targets
    }


def _prune_one(original: Path, treatment: Treatment, out: Path) -> PrunedFile | str:
    """Prune one file and hold it against the original; say why it stays when it does."""
    try:
        pruned = prune(original, treatment, out)
    except BadInputError as error:
        return error.message
    except OSError as error:
        raise MachineError(f"{out}: {error.strerror}", hint="free some room") from error
    if not pruned.changed:
        return "; ".join(("nothing in it can go", *pruned.notes))
    with FileBytes(original) as before, FileBytes(out) as after:
        verified = verify_pruned(before, after, treatment)
        if not verified.problems:
            return PrunedFile(out, content_of_file(after), pruned.gone, pruned.notes)
    out.unlink()
    return f"the pruned file did not pass: {verified.problems[0]}"


def content_of_file(data: FileBytes) -> Content:
    """Return what records say of a file."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    for at in range(0, len(data), _PIECE):
        piece = data[at : at + _PIECE]
        sha256.update(piece)
        md5.update(piece)
    return Content(len(data), f"sha256:{sha256.hexdigest()}", md5.hexdigest())


def _narrowed(table: FileTable, plan: Plan, found: Mapping[Key, PrunedFile], skips: tuple[Skip, ...]) -> Plan:
    places = Places(table)
    steps: list[Step] = []
    for step in plan.steps:
        if step.action != "prune":
            steps.append(step)
            continue
        keys = {target: places.one(step, target.layer, target.path) for target in step.targets}
        targets = tuple(target for target in step.targets if keys[target] in found)
        if targets:
            done = [(keys[target], found[keys[target]]) for target in targets]
            disk = sum(table.layers[layer].entries[index].size - file.content.size for (layer, index), file in done)
            pull = step.pull * min(step.disk, sum(file.gone for _, file in done)) // max(1, step.disk)
            steps.append(replace(step, targets=targets, disk=max(0, disk), pull=pull))
            skips += tuple(
                Skip(target.path, f"pruned, but {note}") for target in targets for note in found[keys[target]].notes
            )
    return replace(plan, steps=tuple(steps), skips=tuple(dict.fromkeys((*plan.skips, *skips))))


def new_contents(table: FileTable, pruned: Mapping[Key, PrunedFile]) -> Mapping[str, Content]:
    """Return the new content of what was pruned and the container sees, by path."""
    return {path: pruned[key].content for path, key in visible_keys(table) if key in pruned}


def visible_keys(table: FileTable) -> Iterator[tuple[str, Key]]:
    """Give the visible paths with the entries that they are."""
    return ((path, (file.layer, file.index)) for path, file in table.visible.items())
