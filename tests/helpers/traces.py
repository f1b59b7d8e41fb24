"""Traces made by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.helpers.tables import Item

from jettison.files.record import FileTable
from jettison.plan.keep.record import Depth, Evidence
from jettison.run.trace.record import Access, Gpu, How, Machine, Trace, TracedProcess, TracedRun

RUN = TracedRun(
    workload="train",
    method="strace 6.1",
    machine=Machine("x86_64", "EPYC", ("avx2", "sse2")),
    service=True,
    passed=True,
    error="",
    ready=1.5,
    ended=3.0,
    processes=(TracedProcess(2, 0, ("python3", "app.py")), TracedProcess(5, 2, ("cat", "/etc/conf"))),
    events=4_200,
    gpu="none",
)


def trace_of(table: FileTable, accesses: Mapping[str, Sequence[How]], gpu: Gpu = "none") -> Trace:
    """Return the trace of one run that did to each path what is said."""
    found = {path: Access(tuple(how), 0, 0, 0.25 * place) for place, (path, how) in enumerate(accesses.items())}
    image = table.image
    return Trace(image.manifest_digest, image.config.diff_ids, (replace(RUN, gpu=gpu),), found, {"etc/none": ("stat",)})


def evidence(
    table: FileTable,
    tree: Mapping[str, Item],
    *opened: str,
    python: Depth = "package",
    lazy: int = 1,
    gpu: Gpu = "none",
    **others: Sequence[How],
) -> Evidence:
    """Return evidence of a run that opened some paths; sources are read from the tree the table was made of."""

    def read(path: str) -> bytes:
        content = tree.get(path, b"")
        return content if isinstance(content, bytes) else getattr(content, "content", b"")

    accesses: dict[str, Sequence[How]] = dict.fromkeys(opened, ("open",))
    accesses |= {path.replace("__", "/"): how for path, how in others.items()}
    return Evidence(trace_of(table, accesses, gpu), read, python, lazy)
