"""The same content more than once in a layer: all but the first become hard links."""

import re
from collections import defaultdict
from collections.abc import Iterator

from jettison.files.record import File
from jettison.rules.record import Case, Proposal, Rule

MINIMUM = 4096
_WRITTEN = re.compile(r"(?:etc|var|tmp|run|home|root|srv)/|.*\.(?:dist-info|egg-info)/|.*/(?:RECORD|pyvenv\.cfg)\Z")


def _propose(case: Case) -> Iterator[Proposal]:
    groups: defaultdict[tuple[object, ...], list[File]] = defaultdict(list)
    linked = {case.scene.table.inodes[key] for key in case.scene.table.inodes}
    for file in case.left():
        entry, key = file.entry, (file.layer, file.index)
        plain = entry.type == "file" and entry.size >= MINIMUM and key not in linked and not entry.mode & 0o6000
        if plain and not _WRITTEN.match(file.path) and not case.scene.is_fixed(file.path):
            same = (file.layer, entry.digest, entry.mode, entry.uid, entry.gid, entry.mtime, entry.xattrs)
            groups[same].append(file)
    by_layer: defaultdict[int, list[tuple[File, str]]] = defaultdict(list)
    for files in groups.values():
        first, *rest = sorted(files, key=lambda file: file.index)
        by_layer[first.layer] += [(file, first.entry.path) for file in rest]
    for layer, pairs in sorted(by_layer.items()):
        reason = "the layer holds the same content, mode, owner and time at another path; one copy serves both"
        to = {(file.layer, file.index): path for file, path in pairs}
        yield Proposal(f"layer-{layer}", reason, tuple(file for file, _ in pairs), action="link", to=to)


DUPLICATES = Rule(
    "duplicates",
    0,
    "copies of the same content become hard links",
    "Only within a layer, and only where mode, owner, time and attributes agree. Files that are there to be written "
    "(etc, var, homes), set-id programs and files that share an inode already are left alone.",
    ("the second of two copies of libcupti.so becomes a link", "var/lib/app/a.db and its copy stay apart"),
    _propose,
)
