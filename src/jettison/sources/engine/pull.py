"""An image opened in an engine: where its blobs lie, when they can be read there, else saved into the cache once."""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from typing import IO, BinaryIO, cast

from jettison.errors import MachineError, UsageError
from jettison.oci.digest import check_digest, sha256
from jettison.oci.document import DOCUMENT_LIMIT, load_document
from jettison.oci.image import Descriptor, Image, Platform
from jettison.oci.manifest import MANIFEST_LIMIT
from jettison.oci.media import INDEXES, MANIFESTS
from jettison.progress import Progress, Task
from jettison.reference import Reference, tagged
from jettison.sources.engine.client import Engine, failed, find_engine, inspect_image, stores
from jettison.sources.extent import read_extent
from jettison.sources.layout import candidates_of, choose, open_candidate
from jettison.sources.store import FolderStore, blob
from jettison.storage import DEFAULT_CACHE_LIMIT, Cache, cache_root

_PIECE = 1 << 20
_LAST_WORDS = 4_096


def in_place(
    engine: Engine, known: Mapping[str, object], reference: Reference, wanted: Platform | None
) -> Image | None:
    """Open an image in the content store of containerd, which keeps blobs as they were pulled; nothing is copied.

    Args:
        engine: that has it.
        known: what :func:`look_up` gave.
        reference: of the image.
        wanted: the platform; None for the machine's.

    Returns:
        None where the engine has another store, or this user may not read it.

    Raises:
        UsageError: the engine has none for that platform.
        BadInputError: what lies there is malformed.
    """
    digest = check_digest(known["Id"], f"{reference.text}: its id")
    for root in stores(engine):
        store = FolderStore(root)
        extent = blob(store, digest)
        if extent is None or extent.size > MANIFEST_LIMIT:
            continue
        raw = read_extent(extent, reference.text, limit=DOCUMENT_LIMIT)
        kind = load_document(raw, reference.text).get("mediaType")
        if kind not in (*INDEXES, *MANIFESTS) or sha256(raw) != digest:
            continue
        found = candidates_of(store, Descriptor(str(kind), digest, extent.size, {}))
        chosen = choose(found, reference.text, tag="", platform=wanted)
        return open_candidate(store, chosen, reference.text)
    return None


def saved(
    engine: Engine,
    known: Mapping[str, object],
    reference: Reference,
    wanted: Platform | None,
    progress: Progress,
) -> str:
    """Let an engine save an image into the cache, unless that was done, and return the archive's path.

    Args:
        engine: that has it.
        known: what :func:`look_up` gave.
        reference: of the image.
        wanted: the platform; None for the machine's.
        progress: told the bytes that come.

    Raises:
        MachineError: the engine died midway, or changed the image meanwhile; nothing is kept then.
    """
    size = int(said) if isinstance(said := known.get("Size"), int) else 0
    cache = Cache(cache_root() / "engine", max(DEFAULT_CACHE_LIMIT, 2 * size))
    key = sha256(f"{engine.name} {known['Id']} {reference.path} {wanted}".encode()).partition(":")[2]
    if found := cache.path(key):
        return str(found)
    with progress.task(f"save {reference.path} from {engine.name}", size or None) as task, cache.put(key) as file:
        _save(engine, tagged(reference.path), file, task)  # without a tag, all of the repository would be saved
        if look_up(reference)[1]["Id"] != known["Id"]:
            raise MachineError(f"{reference.text} became another image while it was saved", hint="try again")
    path = cache.path(key)
    if path is None:
        raise MachineError(f"{reference.text}: the saved image vanished from the cache", hint="is there room?")
    return os.fspath(path)


def _save(engine: Engine, name: str, file: BinaryIO, task: Task) -> None:
    kind = ("--format", "oci-archive") if engine.name == "podman" else ()  # it cannot save zstd in Docker's format
    command = ("save", *kind, name)
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603 -- an engine
            [engine.program, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
        ) as process,
    ):
        try:
            while piece := cast("IO[bytes]", process.stdout).read(_PIECE):
                file.write(piece)
                task.advance(len(piece))
            code = process.wait()
        finally:
            process.kill()
        if code:
            said.seek(0)
            raise failed(engine, command, said.read(_LAST_WORDS))


def look_up(reference: Reference) -> tuple[Engine, Mapping[str, object]]:
    """Return the engine of a reference, and what it says of the image: its ``Id`` with the algorithm, ``Size``.

    Raises:
        UsageError: the engine has no such image.
        MachineError: the engine is not here, or does not answer.
    """
    engine = find_engine(reference.kind)
    known = inspect_image(engine, reference.path)
    if known is None or not isinstance(known.get("Id"), str):
        hint = f"see what is there: {engine.name} images"
        raise UsageError(f"{engine.name} has no image called {reference.path!r}", hint=hint)
    if not str(known["Id"]).startswith("sha256:"):
        known["Id"] = f"sha256:{known['Id']}"  # podman says the hex alone
    return engine, known
