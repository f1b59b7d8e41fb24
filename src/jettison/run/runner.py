"""What runs containers: the embedded sandbox, or an engine; to a proof they are the same."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from jettison.errors import MachineError
from jettison.layers.limits import Limits
from jettison.oci.image import Image
from jettison.progress import Progress
from jettison.run.exercise import Rootfs, exercise_rootfs, unpacked
from jettison.run.sandbox import require
from jettison.run.workload import RunResult, Workload

Run = Callable[[Workload], RunResult]


@dataclass(frozen=True, slots=True)
class Runner:
    """What runs containers.

    Attributes:
        name: ``embedded``, or the engine's.
        require: raises MachineError where it cannot run any.
        ready: makes an image ready for several runs, and gives what runs a workload on it.
    """

    name: str
    require: Callable[[], None]
    ready: Callable[[Image, Limits | None, Progress], AbstractContextManager[Run]]


@contextmanager
def _embedded(image: Image, limits: Limits | None, progress: Progress) -> Iterator[Run]:
    with unpacked(image, limits=limits, progress=progress) as rootfs:
        yield lambda workload: exercise_rootfs(rootfs, workload, progress=progress)


def _allowed() -> None:
    require()


EMBEDDED = Runner("embedded", _allowed, _embedded)


def on_rootfs(runner: Runner, rootfs: Rootfs) -> Runner:
    """Return a runner that uses what is unpacked already; an engine goes on as it is."""
    if runner.name != "embedded":
        return runner

    @contextmanager
    def ready(_: Image, __: Limits | None, progress: Progress) -> Iterator[Run]:
        yield lambda workload: exercise_rootfs(rootfs, workload, progress=progress)

    return Runner(runner.name, runner.require, ready)


def runner_for(name: str | None) -> Runner:
    """Return the runner of a name.

    Args:
        name: ``embedded``, or an engine's; None for the sandbox where the machine allows it, or where there is no
            engine either; else an engine that is there.

    Raises:
        MachineError: the engine is not here, does not answer, or is too old.
    """
    if name == "embedded":
        return EMBEDDED
    from jettison.run.engine import engine_runner  # noqa: PLC0415 -- most runs need no engine
    from jettison.sources.engine.client import any_engine, find_engine  # noqa: PLC0415 -- as above

    if name:
        return engine_runner(find_engine(name))
    with contextlib.suppress(MachineError):
        require()
        return EMBEDDED
    with contextlib.suppress(MachineError):
        return engine_runner(any_engine())
    return EMBEDDED  # which says why it cannot, to whoever needs it
