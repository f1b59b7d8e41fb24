"""An image opened in a registry: its manifest chosen by platform, its blobs brought into the cache, each once."""

import shutil
from pathlib import Path

from jettison.errors import BadInputError, MachineError
from jettison.oci import media
from jettison.oci.digest import sha256
from jettison.oci.image import Descriptor, Image, Platform
from jettison.oci.manifest import MANIFEST_LIMIT, entry_platform, is_attestation, read_index, read_manifest
from jettison.progress import SILENT, Progress
from jettison.sources.imagename import ImageName
from jettison.sources.layout import DEPTH_LIMIT, Candidate, choose, open_candidate
from jettison.sources.registry.client import Patience, Registry
from jettison.sources.registry.documents import read_document
from jettison.sources.registry.download import Shelf, fetch_blobs, own_shelf
from jettison.sources.registry.find import find_registry
from jettison.sources.registry.homes import remember_home
from jettison.sources.store import FolderStore
from jettison.storage import DEFAULT_CACHE_LIMIT, Cache, atomic_file

_SPARE = 1 << 28  # bytes of room to leave on the disk


def open_remote(
    text: str, name: str, platform: Platform | None, *, progress: Progress = SILENT, patience: Patience | None = None
) -> Image:
    """Open an image of a registry; what the cache lacks of its blobs is fetched, several at once, and verified.

    Args:
        text: the reference as the user wrote it.
        name: ``[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]``; without a host, $JETTISON_REGISTRY or the Docker daemon's
            mirror is asked.
        platform: which image of an index; None for the machine's.
        progress: told the bytes that come.
        patience: with the registry.

    Raises:
        UsageError: the name is none, no registry is known for it, or no such image is there.
        BadInputError: the registry lies about a digest or size, or answers as no registry does.
        RefusedError: it is no container image.
        MachineError: the registry cannot be reached, wants a login, or the disk has no room.
    """
    registry, parsed = find_registry(text, name, patience or Patience())
    shelf = own_shelf()
    chosen, raw = _choose(registry, parsed, platform)
    _keep(shelf, chosen.descriptor.digest, raw)
    _bring(registry, shelf, _blobs(registry, chosen, raw), progress)
    return open_candidate(FolderStore(str(shelf.folder)), chosen, text)


def _choose(registry: Registry, name: ImageName, platform: Platform | None) -> tuple[Candidate, bytes]:
    """Go from a tag or digest to one manifest, and return it with its bytes."""
    names = (f"{registry.host}/{name.repository}:{name.tag}",) if name.tag and not name.digest else ()
    where = f"{registry.host}/{registry.repository}:{name.digest or name.tag}"
    raw, kind = read_document(registry, name.digest or name.tag, where)
    said: Platform | None = None
    for _ in range(DEPTH_LIMIT):
        if kind in media.MANIFESTS:
            return Candidate(Descriptor(kind, sha256(raw), len(raw), {}), names, said, present=True), raw
        entries = [one for one in read_index(raw, kind, where) if not is_attestation(one, where)]
        found = [
            Candidate(one, (), entry_platform(one, where), present=True)
            for one in entries
            if one.media_type in (*media.INDEXES, *media.MANIFESTS)
        ]
        if not found:
            raise BadInputError(f"{where}: its index lists no container image")
        one = choose(found, where, tag="", platform=platform)
        said = one.platform
        raw, kind = read_document(registry, one.descriptor.digest, where)
        if kind != one.descriptor.media_type:
            raise BadInputError(f"{where}: {one.descriptor.digest} is {kind}, not {one.descriptor.media_type}")
    raise BadInputError(f"{where}: indexes are nested deeper than {DEPTH_LIMIT}")


def _keep(shelf: Shelf, digest: str, raw: bytes) -> None:
    path = shelf.blob(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path, force=True) as file:
        file.write(raw)


def _blobs(registry: Registry, chosen: Candidate, raw: bytes) -> list[Descriptor]:
    """Return what a manifest lists, each digest once."""
    where = f"{registry.host}/{registry.repository}: manifest {chosen.descriptor.digest}"
    manifest = read_manifest(raw, chosen.descriptor.media_type, where)
    return list({one.digest: one for one in (manifest.config, *manifest.layers)}.values())


def _bring(registry: Registry, shelf: Shelf, blobs: list[Descriptor], progress: Progress) -> None:
    wanted = [one for one in blobs if not shelf.has(one)]
    for one in blobs:
        remember_home(registry.host, one.digest, registry.repository)
    if not wanted:
        return
    size = sum(one.size for one in wanted)
    _check_room(shelf.folder, size)
    with progress.task(f"pull {registry.repository}", size) as task:
        fetch_blobs(registry, shelf, wanted, task)
    whole = sum(one.size for one in blobs)
    Cache(shelf.folder / "blobs", max(DEFAULT_CACHE_LIMIT, whole + 2 * MANIFEST_LIMIT)).prune()


def _check_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size + _SPARE > free:
        hint = "free some room, or set JETTISON_CACHE to a folder that has it"
        raise MachineError(f"{folder}: the image's blobs are {size} bytes, and {free} are free", hint=hint)
