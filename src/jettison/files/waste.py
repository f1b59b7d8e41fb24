"""Bytes that no container gains from, with the reasons: hidden content, copies, package managers' caches."""

from collections import defaultdict
from collections.abc import Sequence

from jettison.files.inspection import DuplicateGroup, Waste
from jettison.files.kinds.table import CACHE
from jettison.files.ledger import alive
from jettison.files.record import File, FileTable
from jettison.finding import Finding, Severity

MOST_PATHS = 24
MOST_GROUPS = 50
_GROUP_PATHS = 16
_HIDDEN = (
    "{:,} files are stored and pulled although a later layer deletes or replaces them",
    "{:,} file is stored and pulled although a later layer deletes or replaces it",
)
_CACHES = (
    "{:,} files are caches, lists and logs of package managers",
    "{:,} file is a cache, list or log of a package manager",
)
_HIGH, _MEDIUM, _LOW = 0.05, 0.01, 0.001  # of the bytes over all layers


def hidden_files(table: FileTable) -> list[File]:
    """Return files with content that the container cannot see, not even through a hard link."""
    lives = alive(table)
    return [
        file
        for file in table.files
        if file.entry.size and not file.visible and (not lives or (file.layer, file.index) not in lives)
    ]


def duplicates(table: FileTable) -> tuple[DuplicateGroup, ...]:
    """Return groups of visible files with the same content, caches aside, by the bytes they waste, largest first."""
    groups: dict[str, list[File]] = defaultdict(list)
    for file in table.visible.values():
        if file.entry.size and file.kind != CACHE:
            groups[file.entry.digest].append(file)
    found = (_group(digest, files) for digest, files in groups.items() if len(files) > 1)
    return tuple(sorted(found, key=lambda group: (-group.wasted, group.paths)))


def _group(digest: str, files: Sequence[File]) -> DuplicateGroup:
    size, copies = files[0].entry.size, len(files)
    return DuplicateGroup(digest, size, copies, size * (copies - 1), tuple(file.path for file in files[:_GROUP_PATHS]))


def find_waste(table: FileTable, groups: Sequence[DuplicateGroup]) -> tuple[Waste, tuple[Finding, ...]]:
    """Return the waste and a finding for each reason that there is, largest first.

    Args:
        table: the image's.
        groups: :func:`duplicates` of the same table.
    """
    total = sum(file.entry.size for file in table.files)
    hidden = hidden_files(table)
    caches = [file for file in table.visible.values() if file.kind == CACHE and file.entry.size]
    copied = sum(group.wasted for group in groups)
    findings = [
        _finding("hidden-bytes", _HIDDEN[len(hidden) == 1], hidden, total),
        _duplicate_finding(groups, copied, total),
        _finding("package-caches", _CACHES[len(caches) == 1], caches, total),
    ]
    parts = (sum(file.entry.size for file in hidden), copied, sum(file.entry.size for file in caches))
    waste = Waste(sum(parts), *parts, efficiency=1 - sum(parts) / total if total else 1.0)
    return waste, tuple(sorted((each for each in findings if each.count), key=lambda each: -each.size))


def _finding(rule: str, message: str, files: Sequence[File], total: int) -> Finding:
    ordered = sorted(files, key=lambda file: (-file.entry.size, file.path))
    size = sum(file.entry.size for file in ordered)
    paths = tuple(file.path for file in ordered[:MOST_PATHS])
    return Finding(rule, _severity(size, total), message.format(len(files)), size, paths, len(files))


def _duplicate_finding(groups: Sequence[DuplicateGroup], size: int, total: int) -> Finding:
    paths = tuple(group.paths[1] for group in groups[:MOST_PATHS])
    count = sum(group.copies - 1 for group in groups)
    within = "1 group" if len(groups) == 1 else f"{len(groups):,} groups"
    message = f"{count + len(groups):,} files in {within} have the same content; hard links would hold it once"
    return Finding("duplicate-content", _severity(size, total), message, size, paths, count)


def _severity(size: int, total: int) -> Severity:
    share = size / total if total else 0.0
    return "high" if share >= _HIGH else "medium" if share >= _MEDIUM else "low" if share >= _LOW else "info"
