"""``inspect``: every byte of an image by layer, owner and kind."""

import contextlib
import os
from dataclasses import replace
from hashlib import sha256

import jettison
from jettison.errors import MachineError
from jettison.files.inspection import Estimate, Inspection
from jettison.files.inspection_json import inspection_from_json, inspection_to_json
from jettison.files.options import ReadOptions
from jettison.files.speed import unpack_speed
from jettison.oci.image import Image
from jettison.progress import SILENT, Progress
from jettison.sources.open import open_image
from jettison.storage import Cache, cache_root

GIGABIT = 125_000_000  # bytes a second
_CACHE_LIMIT = 500_000_000


def inspect(
    ref: str,
    *,
    platform: str | None = None,
    options: ReadOptions | None = None,
    bandwidth: int = GIGABIT,
    progress: Progress = SILENT,
) -> Inspection:
    """Read an image and add it up.

    A finished inspection is kept in the user's cache: a second look at the same, unchanged file is instant.

    Args:
        ref: an archive or layout.
        platform: which image of an index, such as ``linux/arm64``.
        options: limits and use of the cache.
        bandwidth: bytes a second of the link that the pull time is estimated for.
        progress: told of stored bytes.

    Raises:
        JettisonError: of the family that says what is wrong with the image.
    """
    options = options or ReadOptions()
    image = open_image(ref, platform=platform, progress=progress)
    cache = Cache(cache_root() / "inspections", _CACHE_LIMIT) if options.cache else None
    key = _key(image, options)
    inspection = _load(cache, key) if cache else None
    if inspection is None:
        inspection = _read(image, options, progress)
        if cache:
            _save(cache, key, inspection)
    return replace(inspection, reference=image.name, estimate=_estimate(inspection, bandwidth, cache=options.cache))


def _read(image: Image, options: ReadOptions, progress: Progress) -> Inspection:
    # The readers of layers, ELF files and packages take longer to import than a second look takes in all.
    from jettison.files.read import read_table  # noqa: PLC0415 -- see above
    from jettison.files.summarise import make_inspection  # noqa: PLC0415 -- see above

    return make_inspection(read_table(image, options=options, progress=progress))


def _key(image: Image, options: ReadOptions) -> str:
    """Name an inspection: the image's documents, the files its blobs lie in as they are now, limits, this version."""
    parts: list[object] = [jettison.__version__, image.manifest_digest, image.config.digest, options.limits]
    for layer in image.layers:
        parts += [layer.diff_id, layer.descriptor.digest, layer.blob.offset, layer.blob.size]
    for path in sorted({layer.blob.path for layer in image.layers}):
        status = os.stat(path)
        parts += [os.path.realpath(path), status.st_size, status.st_mtime_ns, status.st_ino]
    return sha256(repr(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _load(cache: Cache, key: str) -> Inspection | None:
    data = cache.get(key)
    if data is None:
        return None
    try:
        return inspection_from_json(data)
    except (ValueError, KeyError, TypeError):
        return None  # damaged, or of another version: read again


def _save(cache: Cache, key: str, inspection: Inspection) -> None:
    with contextlib.suppress(OSError, MachineError), cache.put(key) as file:
        file.write(inspection_to_json(inspection))


def _estimate(inspection: Inspection, bandwidth: int, *, cache: bool) -> Estimate:
    speed = unpack_speed(cache=cache)
    return Estimate(bandwidth, inspection.sizes.pull / bandwidth, speed, inspection.sizes.tar / speed)
