"""How the keep set is worked out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from jettison.plan.keep.imports import Import
from jettison.run.trace.record import Trace

Depth = Literal["module", "package", "distribution"]
LARGEST = 64 << 20
"""Bytes; a larger file is not read."""
Read = Callable[[str], bytes]
"""Gives the content of a visible file of the image, by path; empty for what cannot be read."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What tier 3 rests on.

    Attributes:
        trace: of the workloads.
        read: gives sources, so that imports can be followed.
        python: what of pure Python stays with a module that was used: itself, the modules of its package, or all of
            its distribution. Libraries and data stay by file.
        lazy: how many lazy imports are followed, one behind another, from what was used.
        known: imports by source, once found: a plan may be made several times.
    """

    trace: Trace
    read: Read
    python: Depth = "package"
    lazy: int = 1
    known: dict[str, tuple[Import, ...]] = field(default_factory=dict, compare=False, repr=False)
