"""What applying a plan gives."""

from dataclasses import dataclass

from jettison.oci.image import Image
from jettison.plan.record import Plan


@dataclass(frozen=True, slots=True)
class Removed:
    """One row of the removal list: a target of a plan's step, applied.

    Attributes:
        path: where the entry lands in the rootfs; the whiteout's own path for whiteouts.
        layer: index of its layer in the original.
        size: bytes of content that went; 0 for directories, symlinks and whiteouts.
        action: ``drop``, ``link``, ``prune``, ``update`` or ``add``.
        tier: of the step.
        rule: of the step.
        step: the step's identifier.
        reason: of the step.
    """

    path: str
    layer: int
    size: int
    action: str
    tier: int
    rule: str
    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A new image whose rewritten layers lie in scratch files, and what was done to get it.

    Attributes:
        image: the new image; untouched layers are still where they were.
        applied: the plan as applied: its own steps, then the updates that keep databases truthful.
        removed: one row a target of the applied plan, in the order of its steps.
    """

    image: Image
    applied: Plan
    removed: tuple[Removed, ...]
