"""Every digest, diff_id and size of an image recomputed from bytes, and every one that lies listed."""

import hashlib
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from jettison.errors import BadInputError, JettisonError, RefusedError
from jettison.layers.limits import Limits
from jettison.layers.stream import Source, detect, pieces
from jettison.oci import media
from jettison.oci.image import Extent, Image, Layer
from jettison.progress import SILENT, Progress, Task
from jettison.proof.record import Check, Verdict
from jettison.reference import parse_reference
from jettison.sources.extent import hash_extent
from jettison.sources.open import open_every, open_source

PROBLEMS_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class DigestCheck:
    """One thing whose digests and sizes were recomputed.

    Attributes:
        name: ``documents``, ``layer INDEX DIGEST`` or ``blob DIGEST``.
        ok: whether everything said about it is true.
        size: bytes that were read for it, as stored.
    """

    name: str
    ok: bool
    size: int


@dataclass(frozen=True, slots=True)
class DigestReport:
    """What came out when everything was recomputed.

    Attributes:
        reference: as the user wrote it.
        verdict: ``held`` when nothing lies, else ``failed``.
        images: manifest digests (config digests for an old docker archive) of the images looked at.
        checks: in the order of the image.
        problems: one sentence for each digest, size or media type that lies, with its name; all of them.
        size: bytes read, as stored.
        seconds: wall time.
    """

    reference: str
    verdict: Verdict
    images: tuple[str, ...]
    checks: tuple[DigestCheck, ...]
    problems: tuple[str, ...]
    size: int
    seconds: float

    @property
    def check(self) -> Check:
        """The report as one check of a proof."""
        detail = f"{len(self.checks)} digests and sizes recomputed from {self.size} bytes"
        return Check("digests", self.verdict, detail, self.problems[:PROBLEMS_LIMIT], len(self.problems))


def recompute(
    text: str, *, platform: str | None = None, limits: Limits | None = None, progress: Progress = SILENT
) -> DigestReport:
    """Recompute every digest, diff_id and size that a reference leads to.

    Without a tag and a platform, that is every image there, and every blob that no image names (attestations).

    Args:
        text: the reference.
        platform: ``os/architecture[/variant]``, to look at one image of an index.
        limits: what a layer may unpack to.
        progress: told the stored bytes of layers as they are read.

    Raises:
        UsageError: the reference is wrong, or no image has that tag or platform.
        BadInputError: nothing can be read: no tar, no layout, a malformed index.
        RefusedError: the image is well-formed and not handled, and all that could be recomputed is true.
    """
    began = time.monotonic()
    problems: list[str] = []
    refused: list[RefusedError] = []

    def forgive(error: JettisonError) -> None:
        if isinstance(error, RefusedError):
            refused.append(error)
        else:
            problems.append(error.message)

    images = open_every(text, platform=platform, complain=problems.append, forgive=forgive)
    checks = [_documents(images, bool(problems or refused))]
    layers = list({_key(layer): layer for image in images for layer in image.layers}.values())
    others = [] if platform else list(_other_blobs(text, images))
    total = sum(layer.blob.size for layer in layers) + sum(extent.size for _, extent in others)
    with progress.task("recompute digests", total) as task, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        found = list(pool.map(lambda layer: _check_layer(layer, limits or Limits(), task), layers))
        found += list(pool.map(lambda other: _check_blob(other[0], other[1], task), others))
    checks += [check for check, _ in found]
    problems += [problem for _, listed in found for problem in listed]
    if refused and not problems:
        raise refused[0]
    problems += [error.message for error in refused]
    return DigestReport(
        reference=text,
        verdict="failed" if problems else "held",
        images=tuple(image.manifest_digest for image in images),
        checks=tuple(checks),
        problems=tuple(dict.fromkeys(problems)),
        size=sum(check.size for check in checks),
        seconds=time.monotonic() - began,
    )


def check_digests(text: str, platform: str | None = None) -> Check:
    """Recompute everything (:func:`recompute`) and return it as a check of a proof.

    An image that cannot be read at all fails the check; it is no error.
    """
    try:
        return recompute(text, platform=platform).check
    except BadInputError as error:
        return Check("digests", "failed", "the image cannot be read", (error.message,), 1)


def _key(layer: Layer) -> tuple[str, int, str, str]:
    return layer.blob.path, layer.blob.offset, layer.descriptor.digest, layer.diff_id


def _documents(images: tuple[Image, ...], lied: bool) -> DigestCheck:  # noqa: FBT001 -- two facts, one caller
    size = sum(len(image.manifest) + len(image.config.raw) for image in images)
    return DigestCheck("documents", not lied, size)


def _other_blobs(text: str, images: tuple[Image, ...]) -> Iterator[tuple[str, Extent]]:
    """Give the blobs that no image names; when a tag narrows the reference they are none of our business."""
    reference = parse_reference(text)
    if reference.tag:
        return
    named = {layer.descriptor.digest for image in images for layer in image.layers}
    named |= {digest for image in images for digest in (image.manifest_digest, image.config.digest)}
    for digest, extent in open_source(reference).blobs():
        if digest not in named:
            yield digest, extent


def _check_blob(digest: str, extent: Extent, task: Task) -> tuple[DigestCheck, list[str]]:
    actual = hash_extent(extent)
    task.advance(extent.size)
    listed = [] if actual == digest else [f"blob {digest}: its bytes have the digest {actual}"]
    return DigestCheck(f"blob {digest}", not listed, extent.size), listed


def _check_layer(layer: Layer, limits: Limits, task: Task) -> tuple[DigestCheck, list[str]]:
    """Recompute one layer; whatever is wrong with it is listed, and nothing is raised but bugs."""
    name = f"layer {layer.index} {layer.descriptor.digest or layer.diff_id}"
    listed: list[str] = []
    try:
        listed += _lies(layer, name, limits, task)
    except JettisonError as error:
        listed.append(error.message if error.message.startswith(name) else f"{name}: {error.message}")
    return DigestCheck(name, not listed, layer.blob.size), listed


def _lies(layer: Layer, name: str, limits: Limits, task: Task) -> Iterator[str]:
    stated = media.LAYERS.get(layer.descriptor.media_type)
    compression = detect(layer.blob)
    if stated is None and compression == "none":
        yield from _wrong_digest(
            layer, name, hash_extent(layer.blob)
        )  # packed in an unknown way: there is no tar to see
        return
    if stated is not None and stated != compression:
        yield f"{name}: its media type says {stated}, its bytes are {compression}"
    blob_hash, tar_hash = hashlib.sha256(), hashlib.sha256()
    broken = ""
    try:
        for piece in pieces(Source(layer.blob, compression, name, limits, task), blob_hash):
            tar_hash.update(piece.data)
    except BadInputError as error:
        broken = error.message
    digest = hash_extent(layer.blob) if broken else "sha256:" + blob_hash.hexdigest()
    yield from _wrong_digest(layer, name, digest)
    diff_id = "sha256:" + tar_hash.hexdigest()
    if broken:
        yield broken
    elif layer.diff_id and diff_id != layer.diff_id:
        yield f"{name}: the config's diff_id is {layer.diff_id}, its tar has {diff_id}"


def _wrong_digest(layer: Layer, name: str, digest: str) -> Iterator[str]:
    if layer.descriptor.digest and digest != layer.descriptor.digest:
        yield f"{name}: its bytes have the digest {digest}"
