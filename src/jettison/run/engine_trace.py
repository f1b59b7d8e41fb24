"""Workloads run by an engine under strace: laid into the container as a volume, and put in front of its commands.

With a GPU, for example, which the sandbox has none to give. strace traces what it starts, which an engine's usual
seccomp profile allows (Docker's since 19.03, on Linux 4.8).
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jettison.oci.image import Process
from jettison.progress import SILENT, Progress
from jettison.run.engine import Traced, run_in_engine
from jettison.run.pyhook import FILE, pth_text
from jettison.run.spec import RECORDS, TOOLS
from jettison.run.tracing import Tracing, lay_out, recorded, tracer_of
from jettison.run.workload import RunResult, Workload
from jettison.sources.engine.client import Engine, ask
from jettison.storage import scratch_dir


@dataclass(frozen=True, slots=True)
class InEngine:
    """An image of an engine that workloads are traced on.

    Attributes:
        engine: that has it.
        name: the image's name or id there.
        process: what it runs.
    """

    engine: Engine
    name: str
    process: Process

    def run(self, workload: Workload, tracing: Tracing, progress: Progress = SILENT) -> RunResult:
        """Run a workload in the engine, under strace.

        Args:
            workload: how to exercise it.
            tracing: where the records go.
            progress: told of each probe.

        Raises:
            RefusedError: there is too much to record.
            MachineError: the engine died, or cannot make such a container, or strace cannot be laid into one.
        """
        with scratch_dir() as scratch, _laid_out(scratch, tracing) as traced:

            def stop() -> None:
                ask(self.engine, "kill", traced.container)

            with recorded(tracing, scratch / "tools", stop):
                return run_in_engine(self.engine, self.name, self.process, workload, progress, traced)


@contextmanager
def _laid_out(scratch: Path, tracing: Tracing) -> Iterator[Traced]:
    scratch.chmod(0o755)  # the container's user reads it, whoever that is
    tools, hook = scratch / "tools", scratch / FILE
    lay_out(tracing.strace, tools)
    hook.write_text(pth_text())
    hook.chmod(0o644)
    numbers = itertools.count(1)

    def wrap(argv: tuple[str, ...]) -> tuple[str, ...]:
        record = f"{TOOLS}/{RECORDS}/{next(numbers)}"
        return (*tracer_of(tracing), "-o", record, "--", *argv)

    mounts = (f"{tools}:{TOOLS}", *(f"{hook}:/{site}/{FILE}:ro" for site in tracing.sites))
    yield Traced(mounts, wrap)
