"""What a plan is to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jettison.elf.treatment import Treatment
from jettison.plan.keep.record import Evidence

HIGHEST_TIER = 3
"""As far as Jettison can go."""
TRACED_TIER = 3
"""The tier that needs traces."""
GPU_TIER = 2
"""The tier that prunes GPU code."""
DEFAULT_TIER = 1
"""As far as it goes when nothing is said: GPU code goes only for GPUs that somebody names."""


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """How far a plan goes, and what the user wants otherwise.

    Attributes:
        tier: highest tier to go to, see :data:`jettison.plan.record.TIERS`.
        keep: patterns of what stays: path globs, ``owner:TYPE/NAME``, ``kind:NAME``
            (:func:`jettison.plan.select.select`); they beat rules and ``drop``.
        drop: patterns of what goes besides; a step with the rule ``user``, of tier 1.
        gpu: how GPU code is pruned (tier 2); None leaves it.
        gpu_everywhere: prune files as well that their licence does not let one modify.
        evidence: what tier 3 rests on; None where there is none, and then that tier is refused.
        restored: paths, and areas of the rule ``traced``, that stay although no trace asks for them, with the reasons.
    """

    tier: int = DEFAULT_TIER
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    gpu: Treatment | None = None
    gpu_everywhere: bool = False
    evidence: Evidence | None = None
    restored: Mapping[str, str] = field(default_factory=dict)


DEFAULTS = PlanOptions()
