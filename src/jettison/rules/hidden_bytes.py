"""Bytes that no container sees: entries that a later layer overwrites or deletes."""

from collections import defaultdict
from collections.abc import Iterator

from jettison.files.record import File
from jettison.rules.record import Case, Proposal, Rule


def _propose(case: Case) -> Iterator[Proposal]:
    groups: defaultdict[int, list[File]] = defaultdict(list)
    twice = {(file.layer, file.entry.path) for file in case.scene.table.visible.values()}  # a target names all of them
    for file in case.scene.table.files:
        if file.hidden_by < 0 or file.path in case.scene.held or (file.layer, file.entry.path) in twice:
            continue
        if not _says_only_mode(case, file):
            groups[file.layer].append(file)
    for layer, files in sorted(groups.items()):
        hiders = sorted({file.hidden_by for file in files})
        names = ", ".join(str(hider) for hider in hiders)
        reason = f"layer {names} overwrites or deletes what layer {layer} holds here; no container sees it"
        yield Proposal(f"layer-{layer}", reason, tuple(files))


def _says_only_mode(case: Case, file: File) -> bool:
    """Whether it is a directory that the container sees, as a later layer describes it: nothing would be saved."""
    seen = case.scene.table.visible.get(file.path)
    return file.entry.type == "dir" and seen is not None and seen.entry.type == "dir"


HIDDEN = Rule(
    "hidden-bytes",
    0,
    "what a later layer overwrites or deletes",
    "Such bytes are pulled and stored, and no container can see them. A hard link to such a file keeps its content.",
    (
        "tmp/model.tar.gz of layer 3 goes: layer 4 deletes it",
        "etc (a directory that layer 2 lists again) stays: its entry has no content",
    ),
    _propose,
)
