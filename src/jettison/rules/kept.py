"""What stays at tier 3, with the reason of each path: worked out by :mod:`jettison.plan.keep`, acted on by a rule."""

from collections.abc import Mapping
from dataclasses import dataclass

from jettison.rules.reach import Because, chain


@dataclass(frozen=True, slots=True)
class Kept:
    """What workloads asked for, and what follows from it.

    Attributes:
        because: by path, why it stays; ``parent`` leads towards what a workload did.
        used: paths whose content or presence workloads asked for: no rule of a lower tier drops them.
        listed: directories that a workload listed, with the reason: what lies in them keeps its name.
    """

    because: Mapping[str, Because]
    used: Mapping[str, str]
    listed: Mapping[str, str]

    def chain(self, path: str) -> tuple[str, ...]:
        """Return the sentences from ``path`` up to what a workload did; empty when nothing keeps it."""
        return chain(self.because, path)
