"""The records of an image that is open: manifest, config and layers not yet read.

Blobs are named by where their bytes lie (:class:`Extent`), so that a record stays data: a docker archive or an OCI
archive is never unpacked to be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Extent:
    """Where the bytes of a blob lie: ``size`` bytes of the file ``path`` from ``offset`` on."""

    path: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Platform:
    """Operating system and processor, as Go names them (``linux``, ``amd64``, variant ``v8``)."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A reference to a blob (OCI image-spec, descriptor.md).

    Attributes:
        media_type: as the document says.
        digest: of the blob as stored.
        size: bytes, as the document says.
        document: the descriptor whole, so that fields unknown here survive.
    """

    media_type: str
    digest: str
    size: int
    document: Document


@dataclass(frozen=True, slots=True)
class History:
    """One entry of the config's history."""

    created_by: str
    created: str
    comment: str
    empty_layer: bool


@dataclass(frozen=True, slots=True)
class Process:
    """What a container of the image runs, from the config's ``config`` object.

    Attributes:
        entrypoint: argv prefix; empty when none.
        cmd: argv rest; empty when none.
        env: ``NAME=value`` strings in order.
        user: ``user[:group]`` by name or number; empty means root.
        workdir: working directory; empty means ``/``.
        exposed_ports: such as ``8000/tcp``.
        healthcheck: ``test`` of the health check as stored (``CMD``/``CMD-SHELL``/``NONE`` first); empty when none.
        labels: names and values.
        stop_signal: such as ``SIGTERM``; empty when none.
        volumes: paths.
    """

    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    user: str = ""
    workdir: str = ""
    exposed_ports: tuple[str, ...] = ()
    healthcheck: tuple[str, ...] = ()
    labels: Mapping[str, str] | None = None
    stop_signal: str = ""
    volumes: tuple[str, ...] = ()

    @property
    def argv(self) -> tuple[str, ...]:
        """The command a container starts with."""
        return self.entrypoint + self.cmd


@dataclass(frozen=True, slots=True)
class Config:
    """The image's config (OCI image-spec, config.md), with its raw bytes, so that its digest stays."""

    raw: bytes
    digest: str
    document: Document
    platform: Platform
    diff_ids: tuple[str, ...]
    history: tuple[History, ...]
    process: Process


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, not yet read.

    Attributes:
        index: 0 is the lowest.
        descriptor: of the blob; for an old docker archive it is made up from what lies in the archive (media type
            by the
            blob's first bytes, digest equal to the diff_id when the blob is a plain tar, else empty until read).
        diff_id: of the uncompressed tar, from the config.
        blob: where the bytes lie.
        created_by: the instruction that made it, from the config's history; empty when unknown.
    """

    index: int
    descriptor: Descriptor
    diff_id: str
    blob: Extent
    created_by: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image that is open.

    Attributes:
        name: the reference as the user wrote it.
        manifest: raw bytes of the manifest; empty for an old docker archive, which has none.
        manifest_media_type: its media type; empty likewise.
        manifest_digest: its digest; for an old docker archive, the config's digest (the "image id").
        tags: names that the source gives this image (``repository:tag``).
        annotations: of the manifest.
        config: read and checked.
        layers: lowest first.
    """

    name: str
    manifest: bytes
    manifest_media_type: str
    manifest_digest: str
    tags: tuple[str, ...]
    annotations: Mapping[str, str]
    config: Config
    layers: tuple[Layer, ...]
