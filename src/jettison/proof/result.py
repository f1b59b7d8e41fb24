"""What a slim run gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jettison.files.record import FileTable
from jettison.plan.record import Plan
from jettison.proof.record import Proof
from jettison.rebuild.record import Removed


@dataclass(frozen=True, slots=True)
class ImageSize:
    """An image in figures.

    Attributes:
        name: the reference as the user wrote it.
        digest: of the manifest (config for an old docker archive).
        disk: bytes of content over all layers, hidden ones included: what an engine's disk holds.
        pull: bytes that a pull fetches; for plain layers an estimate of their gzip size.
        layers: number of layers.
        files: number of regular files that the container sees.
    """

    name: str
    digest: str
    disk: int
    pull: int
    layers: int
    files: int


def size_of(table: FileTable) -> ImageSize:
    """Return an image that was read in figures."""
    return ImageSize(
        name=table.image.name,
        digest=table.image.manifest_digest,
        disk=sum(file.entry.size for file in table.files),
        pull=sum(layer.pull for layer in table.layers),
        layers=len(table.layers),
        files=sum(file.entry.type in ("file", "hardlink") for file in table.visible.values()),
    )


@dataclass(frozen=True, slots=True)
class SlimResult:
    """What slimming an image gave.

    Attributes:
        out: the reference asked for.
        delivered: whether the image was written; False when the proof did not hold.
        old: the original in figures.
        new: the new image in figures.
        plan: as applied, updates included.
        proof: what was checked.
        removed: the removal list.
        restored: at tier 3, what came back since the proof did not hold without it (paths, owners, or parts of the
            tree), with the reasons.
        seconds: wall time by phase: ``read``, ``plan``, ``run original``, ``prune``, ``rebuild``, ``prove``, ``write``;
            at tier 3 ``trace``, and ``back off``.
    """

    out: str
    delivered: bool
    old: ImageSize
    new: ImageSize
    plan: Plan
    proof: Proof
    removed: tuple[Removed, ...]
    seconds: Mapping[str, float]
    restored: Mapping[str, str] = field(default_factory=dict)
