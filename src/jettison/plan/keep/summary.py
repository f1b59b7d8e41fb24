"""A trace in figures: whose files were asked for, when, and how many bytes that is."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from jettison.files.record import FileTable
from jettison.run.trace.merge import check_layers
from jettison.run.trace.record import CONTENT, Access, Trace, TracedRun


@dataclass(frozen=True, slots=True)
class TracedShare:
    """A part of an image.

    Attributes:
        name: an owner's key, ``""`` for nobody's; or a phase: ``start`` (until ready), ``probes``, ``once`` (of a
            workload that is no service).
        files: files that the image has of it; of a phase, those first asked for in it.
        disk: bytes of them.
        opened: files whose content was used.
        used: bytes of them.
        asked: files that were asked for only.
    """

    name: str
    files: int
    disk: int
    opened: int
    used: int
    asked: int


@dataclass(frozen=True, slots=True)
class TraceReport:
    """What a trace has, of an image.

    Attributes:
        image: digest of its manifest.
        runs: that were recorded.
        total: of the image.
        owners: by owner, most bytes used first.
        phases: by phase of the run that asked first.
        directories: that were listed.
        missing: paths that were asked for and are not in the image.
        problems: why it should not be used for removal; empty when it may.
    """

    image: str
    runs: tuple[TracedRun, ...]
    total: TracedShare
    owners: tuple[TracedShare, ...]
    phases: tuple[TracedShare, ...]
    directories: int
    missing: int
    problems: tuple[str, ...]


def summarise_trace(trace: Trace, table: FileTable) -> TraceReport:
    """Put a trace in figures.

    Args:
        trace: to report on.
        table: of the image that it was recorded on.

    Raises:
        UsageError: it was recorded on another.
    """
    check_layers(trace, table.image.config.diff_ids, table.image.name)
    files = [path for path, file in table.visible.items() if file.entry.type in ("file", "hardlink")]
    there = frozenset(files)
    asked = [path for path in trace.accesses if path in there]

    def share(name: str, those: Iterable[str]) -> TracedShare:
        return _share(name, tuple(those), trace, table)

    owners = _grouped(files, lambda path: table.visible[path].owner)
    phases = _grouped(asked, lambda path: _phase(trace.accesses[path], trace))
    rows = [share(name, those) for name, those in owners.items()]
    listed = sum("list" in access.how for access in trace.accesses.values())
    return TraceReport(
        trace.image,
        trace.runs,
        share("", files),
        tuple(sorted(rows, key=lambda row: (-row.used, -row.disk, row.name))),
        tuple(share(name, phases[name]) for name in ("start", "probes", "once") if name in phases),
        listed,
        len(trace.missing),
        trace.problems,
    )


def _share(name: str, paths: tuple[str, ...], trace: Trace, table: FileTable) -> TracedShare:
    sizes = {path: table.visible[path].entry.size for path in paths}
    opened = [path for path in paths if path in trace.accesses and CONTENT & set(trace.accesses[path].how)]
    asked = sum(path in trace.accesses for path in paths) - len(opened)
    return TracedShare(name, len(paths), sum(sizes.values()), len(opened), sum(sizes[path] for path in opened), asked)


def _grouped(paths: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        groups[key(path)].append(path)
    return groups


def _phase(access: Access, trace: Trace) -> str:
    run = trace.runs[access.run]
    if run.service:
        return "start" if access.seconds <= run.ready else "probes"
    return "once"
