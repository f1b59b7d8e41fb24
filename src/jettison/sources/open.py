"""Open an image: the reference says where, the content says what; documents are verified, layers not yet read."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TypeVar

from jettison.errors import BadInputError, RefusedError, UsageError
from jettison.oci.fields import Forgive, attempt, insist
from jettison.oci.image import Image, Platform
from jettison.oci.platform import parse_platform, satisfies
from jettison.progress import SILENT, Progress
from jettison.reference import ENGINES, Reference, parse_reference
from jettison.sources.docker_archive import choose_saved, is_docker_archive, open_saved, saved_images
from jettison.sources.extent import Complain, refuse
from jettison.sources.layout import candidates, choose, is_layout, no_such_platform, open_candidate
from jettison.sources.store import FolderStore, Store, open_store

T = TypeVar("T")


def open_image(text: str, *, platform: str | None = None, progress: Progress = SILENT) -> Image:
    """Open the one image that a reference names.

    Args:
        text: ``docker-archive:PATH[:TAG]``, ``oci:DIR[:TAG]``, ``oci-archive:PATH[:TAG]``, a bare path, or
            ``registry:NAME``, whose blobs are fetched into the user's cache, or an engine's, as ``docker:NAME``,
            which is read where it lies, or saved into the cache. An archive that is both (Docker 25 on, buildx) is
            read by its OCI index, which keeps the manifest.
        platform: ``os/architecture[/variant]``; default the only one there is, else the machine's.
        progress: told the bytes that come from a registry or engine.

    Returns:
        The image: manifest, config and the descriptors' sizes verified; each blob's place known, its bytes not read.

    Raises:
        UsageError: the reference is wrong, nothing is there, or no image has that tag or platform.
        BadInputError: what is there is malformed or lies about a digest or size.
        RefusedError: it is well-formed and not handled; the message says why.
        MachineError: it may not be read, or the registry cannot be reached.
    """
    wanted = parse_platform(platform) if platform else None
    reference = parse_reference(text)
    if reference.kind == "registry":
        image = _open_remote(reference, wanted, progress)
    elif reference.kind in ENGINES:
        image = _open_in_engine(reference, wanted, progress)
    else:
        store = open_source(reference)
        image = _open_layout(store, reference, wanted) if is_layout(store) else _open_docker(store, reference)
    if wanted is not None and not satisfies(image.config.platform, wanted):
        raise no_such_platform(reference.path, wanted, [image.config.platform])
    return image


def open_every(
    text: str, *, platform: str | None, complain: Complain = refuse, forgive: Forgive = insist
) -> tuple[Image, ...]:
    """Open every image that a reference leads to, whatever lies about it.

    Args:
        text: the reference; a tag narrows it.
        platform: narrows it to one platform; None for all that are there.
        complain: takes each digest or size that lies; when it returns, the image is opened all the same.
        forgive: takes what is malformed or refused; when it returns, what can still be read is opened.

    Returns:
        The images in the order of the source; one that cannot be read at all goes to ``forgive`` instead.

    Raises:
        UsageError, RefusedError, MachineError: as :func:`open_image`.
        BadInputError: nothing can be read: the container, its index or manifest.json is malformed.
    """
    wanted = parse_platform(platform) if platform else None
    reference = parse_reference(text)
    store = open_source(reference)
    if is_layout(store):
        return _every_in_layout(store, reference, wanted, complain, forgive)
    found = saved_images(store)
    saved = (choose_saved(found, reference.path, reference.tag),) if reference.tag else found
    return tuple(_each(saved, lambda one: open_saved(store, one, text, complain, forgive), forgive))


def open_source(reference: Reference) -> Store:
    """Open the folder or archive of a reference, and check that it is of the kind the reference says.

    Raises:
        UsageError: it is of another kind, or not there.
        BadInputError: it is no image at all.
        RefusedError: it is compressed as a whole, older than Docker 1.10, or in a registry or engine.
    """
    if reference.named:
        hint = "copy it into a layout first, and look at that"
        raise RefusedError(f"{reference.text}: only files are looked at blob by blob", hint=hint)
    store = open_store(reference.path)
    folder = isinstance(store, FolderStore)
    if folder and reference.kind in ("docker-archive", "oci-archive"):
        raise UsageError(f"{reference.path} is a folder", hint=f"write oci:{reference.path}")
    if not folder and reference.kind == "oci":
        raise UsageError(f"{reference.path} is a file", hint=f"write oci-archive:{reference.path}")
    layout, docker = is_layout(store), not folder and is_docker_archive(store)
    if not layout and not docker:
        raise BadInputError(
            f"{reference.path} is no image: neither index.json and oci-layout nor manifest.json is in it",
            hint="save one with: docker save -o image.tar NAME",
        )
    if reference.kind == "docker-archive" and not docker:
        raise UsageError(f"{reference.path} has no manifest.json", hint=f"write oci-archive:{reference.path}")
    if reference.kind == "oci-archive" and not layout:
        raise UsageError(f"{reference.path} has no index.json", hint=f"write docker-archive:{reference.path}")
    return store


def _open_remote(reference: Reference, wanted: Platform | None, progress: Progress) -> Image:
    from jettison.sources.registry.pull import open_remote  # noqa: PLC0415 -- most images are files

    return open_remote(reference.text, reference.path, wanted, progress=progress)


def _open_in_engine(reference: Reference, wanted: Platform | None, progress: Progress) -> Image:
    from jettison.sources.engine.pull import in_place, look_up, saved  # noqa: PLC0415 -- most images are files

    engine, known = look_up(reference)
    if found := in_place(engine, known, reference, wanted):
        return found
    archive = Reference(reference.text, "", saved(engine, known, reference, wanted, progress), "")
    store = open_store(archive.path)
    image = _open_layout(store, archive, wanted) if is_layout(store) else _open_docker(store, archive)
    return replace(image, name=reference.text)


def _open_layout(store: Store, reference: Reference, wanted: Platform | None) -> Image:
    chosen = choose(candidates(store), reference.path, tag=reference.tag, platform=wanted)
    return open_candidate(store, chosen, reference.text)


def _open_docker(store: Store, reference: Reference) -> Image:
    return open_saved(store, choose_saved(saved_images(store), reference.path, reference.tag), reference.text)


def _every_in_layout(
    store: Store, reference: Reference, wanted: Platform | None, complain: Complain, forgive: Forgive
) -> tuple[Image, ...]:
    found = candidates(store, complain)
    if reference.tag or wanted:
        found = (choose(found, reference.path, tag=reference.tag, platform=wanted),)
    there = [one for one in found if one.present and _is_linux(one.platform)] or found[:1]
    return tuple(_each(there, lambda one: open_candidate(store, one, reference.text, complain, forgive), forgive))


def _is_linux(platform: Platform | None) -> bool:
    return platform is None or platform.os == "linux"


def _each(found: Iterable[T], opened: Callable[[T], Image], forgive: Forgive) -> Iterator[Image]:
    for one in found:
        image = attempt(partial(opened, one), None, forgive)
        if image is not None:
            yield image
