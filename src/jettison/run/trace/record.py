"""The trace's records."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

How = Literal["open", "exec", "map", "list", "stat", "access", "readlink", "create", "write", "rename", "delete"]
"""What was done to a path: ``open`` to read, ``exec``, ``map`` into memory, ``list`` a directory, ``stat`` (asked for,
never opened), ``access`` (a right to it asked for), ``readlink`` (or passed as a link on the way), ``create`` (made, or
opened to be made, where it was), ``write`` (opened for it, or its owner, mode, times or attributes changed),
``rename``, ``delete``."""
HOWS: tuple[How, ...] = get_args(How)
MOST_MISSING = 100_000
CONTENT: frozenset[How] = frozenset({"open", "exec", "map", "write", "rename"})
"""What cannot be done without the file's content."""
Gpu = Literal["none", "missing", "visible", "used"]
"""``none``: nothing asked for one; ``missing``: the driver or its device was asked for and not there; ``visible``: the
driver's device was opened; ``used``: as well as the device of a GPU, or its memory manager."""


@dataclass(frozen=True, slots=True)
class Access:
    """What was done to one path of the image.

    Attributes:
        how: in the order of :data:`HOWS`.
        run: index of the run that did it first.
        process: index of the process in that run.
        seconds: when, from the start of that run's command.
        ranges: parts of the file that were mapped, (offset, bytes), sorted and merged; empty where the run did not
            record them.
    """

    how: tuple[How, ...]
    run: int
    process: int
    seconds: float
    ranges: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class TracedImport:
    """A Python module that was looked for, whether it was found or not.

    Attributes:
        by: name of the module that imported it first.
        run: index of the run.
        process: index of the process in that run.
        seconds: when, from the start of that run's command.
    """

    by: str
    run: int
    process: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TracedProcess:
    """A process of a run.

    Attributes:
        pid: its id in the container.
        parent: its parent's; 0 for a command that the sandbox started.
        argv: the last command line that it executed, at most 32 words; empty for one that executed none.
    """

    pid: int
    parent: int
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a run was recorded: what a program may choose its files by.

    Attributes:
        architecture: as ``uname -m`` says.
        processor: the model's name.
        features: of the processor, sorted.
        gpus: names of the GPUs that the container could have had.
    """

    architecture: str
    processor: str
    features: tuple[str, ...]
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TracedRun:
    """One run of one workload under a tracer.

    Attributes:
        workload: its name.
        method: ``strace 6.1``.
        machine: where.
        service: whether its command went on running, as a service does.
        passed: whether the workload passed.
        error: why not; empty when it did.
        ready: seconds to ready.
        ended: seconds to the last event.
        processes: in the order of their first event.
        events: system calls that were read.
        gpu: what was seen of a GPU.
        problems: why the record may lack something; empty when it is complete.
    """

    workload: str
    method: str
    machine: Machine
    service: bool
    passed: bool
    error: str
    ready: float
    ended: float
    processes: tuple[TracedProcess, ...]
    events: int
    gpu: Gpu
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """What workloads asked for of an image.

    Attributes:
        image: digest of the manifest (config for an old docker archive).
        layers: diff_ids, lowest first: what the paths mean.
        runs: that it comes from.
        accesses: by real path, of what the image has; directories that follow from what lies in them among it.
        missing: real paths that were asked for and are not in the image, with what was to be done to them; at most
            100,000.
        imports: Python modules that were imported, or were to be, by dotted name.
    """

    image: str
    layers: tuple[str, ...]
    runs: tuple[TracedRun, ...]
    accesses: Mapping[str, Access]
    missing: Mapping[str, tuple[How, ...]]
    imports: Mapping[str, TracedImport] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why nothing should be removed by it: what was lost, and which workloads failed."""
        failed = (f"{run.workload}: {run.error}" for run in self.runs if not run.passed)
        return (*failed, *(f"{run.workload}: {text}" for run in self.runs for text in run.problems))


def in_order(trace: Trace) -> tuple[str, ...]:
    """Return the paths whose content was used, by run and then by when each was asked for first."""
    used = ((path, access) for path, access in trace.accesses.items() if CONTENT.intersection(access.how))
    return tuple(path for path, _ in sorted(used, key=lambda pair: (pair[1].run, pair[1].seconds, pair[0])))


def joined(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return (offset, bytes) ranges sorted, those that touch made one."""
    found: list[tuple[int, int]] = []
    for offset, size in sorted(ranges):
        if found and offset <= found[-1][0] + found[-1][1]:
            start, had = found[-1]
            found[-1] = start, max(had, offset + size - start)
        else:
            found.append((offset, size))
    return tuple(found)
