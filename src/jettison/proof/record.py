"""The proof's records."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["held", "failed", "not-tried"]


@dataclass(frozen=True, slots=True)
class Check:
    """One statement that was tried.

    Attributes:
        name: such as ``digests``, ``differences-explained``, ``needed-closure``, ``distributions``,
            ``behaviour:WORKLOAD``.
        verdict: whether it held.
        detail: one sentence with figures.
        problems: every counter-example, at most 1,000; ``count`` says how many in all.
        count: number of counter-examples.
    """

    name: str
    verdict: Verdict
    detail: str
    problems: tuple[str, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A workload run on both images.

    Attributes:
        workload: its name.
        ready_before: seconds to ready on the original.
        ready_after: seconds to ready on the new image.
        memory_before: peak resident bytes of the process tree on the original.
        memory_after: likewise on the new image.
        probes: names of the probes asked of both.
    """

    workload: str
    ready_before: float
    ready_after: float
    memory_before: int
    memory_after: int
    probes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What was checked of a new image against the old one.

    Attributes:
        old: manifest digest (config digest for an old docker archive) of the original.
        new: likewise of the new image.
        verdict: ``held`` only when every check held; ``not-tried`` when one could not be run and none failed.
        scope: ``structure and behaviour``, or ``structure only`` when no workload was given.
        checks: in order.
        behaviours: one a workload.
    """

    old: str
    new: str
    verdict: Verdict
    scope: str
    checks: tuple[Check, ...]
    behaviours: tuple[Behaviour, ...]
