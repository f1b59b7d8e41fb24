"""The inspection's records: everything ``jettison inspect`` says about an image, as plain data.

All sizes are bytes; "disk" is the content of entries (a tar's headers and padding are not on the disk), "pull" is what
a registry sends for them.
"""

from dataclasses import dataclass

from jettison.files.gpu import GpuRow
from jettison.files.ledger import Ledger
from jettison.finding import Finding, Skip


@dataclass(frozen=True, slots=True)
class Sizes:
    """The image's sizes.

    Attributes:
        disk: content that the container sees; hard links count once.
        disk_total: content over all layers, hidden bytes included: what the engine's disk holds.
        tar: uncompressed layer tars.
        stored: blobs as they lie in the source.
        pull: what a pull fetches.
        pull_estimated: True when a layer is stored uncompressed, so that its pull is an estimate of gzip's size.
        files: regular files that the container sees.
        entries: entries over all layers.
        layers: number of layers.
    """

    disk: int
    disk_total: int
    tar: int
    stored: int
    pull: int
    pull_estimated: bool
    files: int
    entries: int
    layers: int


@dataclass(frozen=True, slots=True)
class LayerSummary:
    """One layer.

    Attributes:
        index: 0 is the lowest.
        digest: of the blob as stored.
        diff_id: of the uncompressed tar.
        compression: ``none``, ``gzip`` or ``zstd``.
        stored: bytes of the blob.
        size: bytes of the uncompressed tar.
        disk: bytes of content.
        hidden: bytes of its content that a later entry hides.
        pull: bytes a pull fetches.
        pull_estimated: whether that is an estimate.
        files: regular files in it.
        entries: entries in it.
        created_by: the instruction that made it; empty when unknown.
    """

    index: int
    digest: str
    diff_id: str
    compression: str
    stored: int
    size: int
    disk: int
    hidden: int
    pull: int
    pull_estimated: bool
    files: int
    entries: int
    created_by: str


@dataclass(frozen=True, slots=True)
class OwnerSummary:
    """One owner's bytes over all layers. The rows of an inspection add up to the image.

    Attributes:
        key: :attr:`jettison.files.record.Owner.key`; empty for nobody.
        type: ``deb``, ``apk``, ``python``, ``conda`` or ``none``.
        name: as its records spell it; ``nobody`` for nobody.
        version: likewise.
        files: regular files.
        disk: bytes of content, hidden ones included.
        hidden: bytes of content that the container cannot see.
        pull: bytes in the pull.
    """

    key: str
    type: str
    name: str
    version: str
    files: int
    disk: int
    hidden: int
    pull: int


@dataclass(frozen=True, slots=True)
class KindSummary:
    """One kind's bytes over all layers. The rows of an inspection add up to the image.

    Attributes:
        name: of :data:`jettison.files.kinds.KINDS`, or ``tar structure``.
        files: regular files.
        disk: bytes of content, hidden ones included.
        hidden: bytes of content that the container cannot see.
        pull: bytes in the pull.
    """

    name: str
    files: int
    disk: int
    hidden: int
    pull: int


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Visible files with the same content; hard links do not count.

    Attributes:
        digest: of the content.
        size: bytes of one copy.
        copies: how many there are.
        wasted: bytes of all copies but one.
        paths: of the copies, at most 16.
    """

    digest: str
    size: int
    copies: int
    wasted: int
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileSummary:
    """One visible file.

    Attributes:
        path: where the container sees it.
        layer: index of the layer it lies in.
        owner: the owner's key, or empty.
        kind: what it is.
        size: bytes.
        pull: bytes in the pull.
        gpu: bytes of GPU code in it.
        format: for model weights, such as ``onnx`` or ``safetensors``; else empty.
    """

    path: str
    layer: int
    owner: str
    kind: str
    size: int
    pull: int
    gpu: int
    format: str


@dataclass(frozen=True, slots=True)
class Waste:
    """Bytes on disk that no container gains from; the parts are disjoint.

    Attributes:
        total: the sum of the parts.
        hidden: content that a later entry hides.
        duplicates: copies of visible content beyond the first, caches aside.
        caches: visible package manager caches, lists and logs.
        efficiency: 1 - total / (content over all layers); 1.0 for an empty image.
    """

    total: int
    hidden: int
    duplicates: int
    caches: int
    efficiency: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a cold node takes to have the image, by two figures.

    Attributes:
        bandwidth: bytes a second of the link.
        pull_seconds: pull / bandwidth.
        unpack_speed: bytes of layer tar a second that this machine unpacks on one core; measured once.
        unpack_seconds: tar / unpack_speed.
    """

    bandwidth: int
    pull_seconds: float
    unpack_speed: int
    unpack_seconds: float


@dataclass(frozen=True, slots=True)
class Inspection:
    """What ``jettison inspect`` gives.

    Attributes:
        reference: as the user wrote it.
        digest: of the manifest (of the config for an old docker archive).
        platform: such as ``linux/amd64``.
        created: the time that the image's last history entry names; empty when unknown.
        sizes: the headline.
        estimate: pull and unpack time; None when the caller did not ask (see :mod:`jettison.api.inspect`).
        layers: lowest first.
        owners: largest disk first; they add up to the image.
        kinds: in the order of the table of kinds, those with entries; they add up to the image.
        waste: what could go without loss.
        findings: the reasons of the waste, each with bytes and paths.
        duplicates: groups that waste most, at most 50.
        largest: the largest visible files, at most 100.
        models: visible model weights, largest first, at most 100.
        gpu: GPU code of visible libraries, by library, section, kind and architecture.
        ledger: bytes by layer, owner and kind.
        skips: what was not looked into, and why.
    """

    reference: str
    digest: str
    platform: str
    created: str
    sizes: Sizes
    estimate: Estimate | None
    layers: tuple[LayerSummary, ...]
    owners: tuple[OwnerSummary, ...]
    kinds: tuple[KindSummary, ...]
    waste: Waste
    findings: tuple[Finding, ...]
    duplicates: tuple[DuplicateGroup, ...]
    largest: tuple[FileSummary, ...]
    models: tuple[FileSummary, ...]
    gpu: tuple[GpuRow, ...]
    ledger: Ledger
    skips: tuple[Skip, ...]
