"""Whiteouts that have nothing left to hide."""

from collections import defaultdict
from collections.abc import Iterator

from jettison.files.record import File
from jettison.layers.entry import OPAQUE_NAME
from jettison.rules.record import Case, Proposal, Rule


def _propose(case: Case) -> Iterator[Proposal]:
    whiteouts = [file for file in case.scene.table.files if _is_whiteout(file)]
    if not whiteouts:
        return
    left = _paths_left(case)
    groups: defaultdict[int, list[File]] = defaultdict(list)
    for file in whiteouts:
        if not _hides(file, left):
            groups[file.layer].append(file)
    for layer, files in sorted(groups.items()):
        yield Proposal(f"layer-{layer}", f"nothing is left below layer {layer} for it to hide", tuple(files))


def _is_whiteout(file: File) -> bool:
    return file.entry.is_opaque or bool(file.entry.whiteout)


def _paths_left(case: Case) -> dict[str, int]:
    """Return the lowest layer that still has an entry at or below each path."""
    lowest: dict[str, int] = {}
    for file in case.scene.table.files:
        if (file.layer, file.index) in case.gone or _is_whiteout(file):
            continue
        path = file.path
        while path and lowest.get(path, file.layer + 1) > file.layer:
            lowest[path] = file.layer
            path = path.rpartition("/")[0]
    return lowest


def _hides(file: File, lowest: dict[str, int]) -> bool:
    parent = file.path.rpartition("/")[0]
    path = parent if file.entry.name == OPAQUE_NAME else f"{parent}/{file.entry.name[4:]}".lstrip("/")
    return lowest.get(path, file.layer) < file.layer


WHITEOUTS = Rule(
    "whiteouts",
    0,
    "whiteouts that have nothing left to hide",
    "A whiteout in a layer deletes a path of lower layers. Once their entries are gone it says nothing.",
    ("tmp/.wh.model.tar.gz goes with tmp/model.tar.gz", "a whiteout over a path that a kept layer still has stays"),
    _propose,
)
