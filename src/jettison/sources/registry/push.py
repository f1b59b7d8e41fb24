"""An image brought into a registry: blobs first, then its papers, its tag last, so that no tag leads to half an image.

Nothing that is there is sent again: the registry is asked for each blob, and where a neighbouring repository of the
same registry was seen to have one, it is mounted from there (distribution-spec, "Mounting a blob").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Event

from jettison.errors import BadInputError, UsageError
from jettison.interrupt import deferred, done
from jettison.oci.descriptor import make_descriptor
from jettison.oci.image import Image
from jettison.oci.media import DOCKER_CONFIG, DOCKER_MANIFEST, OCI_CONFIG
from jettison.progress import SILENT, Progress, Task
from jettison.sources.blobs import Contents, check_size, contents_of
from jettison.sources.imagename import ImageName
from jettison.sources.registry.client import NoEntryError, Patience, Registry
from jettison.sources.registry.documents import find_digest, put_document
from jettison.sources.registry.find import find_registry
from jettison.sources.registry.homes import home_of
from jettison.sources.registry.referrers import Paper, attach
from jettison.sources.registry.together import together
from jettison.sources.registry.upload import Cargo, How, upload


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did.

    Attributes:
        digest: of the manifest.
        blobs: how each blob came there: config and layers, each once.
        size: bytes of all of them.
        sent: bytes that went over the line.
    """

    digest: str
    blobs: Mapping[str, How]
    size: int
    sent: int


def check_target(text: str, name: str, *, force: bool, patience: Patience | None = None) -> None:
    """Refuse, before any work, a name that could not be pushed to.

    Args:
        text: the reference as the user wrote it.
        name: of the image.
        force: whether a tag may be moved to another image.
        patience: with the registry.

    Raises:
        UsageError: it has no tag, or it has a digest; or the tag is there, and ``force`` is False.
        MachineError: the registry cannot be reached, or does not let this user read there.
    """
    registry, parsed = _find(text, name, patience)
    if not force and find_digest(registry, parsed.tag):
        raise _exists(text)


def push_image(
    image: Image,
    text: str,
    name: str,
    *,
    papers: Sequence[Paper] = (),
    force: bool = False,
    progress: Progress = SILENT,
    patience: Patience | None = None,
) -> Pushed:
    """Push an image.

    Args:
        image: manifest, config and layers keep their bytes; one without a manifest gets one.
        text: the reference as the user wrote it.
        name: ``[HOST[:PORT]/]REPOSITORY:TAG``.
        papers: what is attached to it, as one artifact.
        force: move a tag that leads to another image.
        progress: told the bytes that are in the registry then.
        patience: with the registry.

    Returns:
        What was done; the tag was read back, and leads to the image.

    Raises:
        UsageError: the name has no tag, or the tag leads to another image, and ``force`` is False.
        BadInputError: a blob is not what its descriptor says, or the registry refuses or changes something.
        MachineError: the registry cannot be reached, or wants a login. The tag is as it was.
    """
    registry, parsed = _find(text, name, patience)
    contents = contents_of(image)
    cargo = _cargo(contents)
    registry.beside = _neighbours(registry, cargo)
    try:
        _check_tag(registry, parsed, contents.image.manifest_digest, text, force=force)
    except NoEntryError:
        if not registry.beside:
            raise
        registry.beside = ()  # no token for what may not be read there
        _check_tag(registry, parsed, contents.image.manifest_digest, text, force=force)
    size = sum(one.descriptor.size for one in cargo)
    with progress.task(f"push {registry.repository}", size) as task:
        how = _send(registry, cargo, task)
    made = contents.image
    subject = make_descriptor(made.manifest_media_type, made.manifest_digest, len(made.manifest))
    put_document(registry, subject.digest, made.manifest, subject.media_type)
    if papers:
        attach(registry, subject, papers)
    _tag(registry, parsed, contents, text, force=force)
    sent = sum(one.descriptor.size for one in cargo if how[one.descriptor.digest] == "sent")
    return Pushed(subject.digest, how, size, sent)


def _find(text: str, name: str, patience: Patience | None) -> tuple[Registry, ImageName]:
    registry, parsed = find_registry(text, name, patience or Patience(), actions="pull,push")
    if parsed.digest:
        hint = "name a tag: the digest comes from the image"
        raise UsageError(f"{text}: nothing can be pushed to a digest", hint=hint)
    return registry, parsed


def _exists(text: str) -> UsageError:
    return UsageError(f"{text} exists, and leads to another image", hint="choose another tag, or add --force")


def _check_tag(registry: Registry, name: ImageName, digest: str, text: str, *, force: bool) -> None:
    there = find_digest(registry, name.tag)
    if there not in ("", digest) and not force:
        raise _exists(text)


def _cargo(contents: Contents) -> list[Cargo]:
    image = contents.image
    kind = DOCKER_CONFIG if image.manifest_media_type == DOCKER_MANIFEST else OCI_CONFIG
    raw = image.config.raw
    first = Cargo(make_descriptor(kind, image.config.digest, len(raw)), raw)
    for layer in contents.layers:
        check_size(layer)
    return [first, *(Cargo(layer.descriptor, layer.blob) for layer in contents.layers)]


def _neighbours(registry: Registry, cargo: Sequence[Cargo]) -> tuple[str, ...]:
    """Return the repositories of this registry that were seen to have some of the blobs."""
    homes = {home_of(registry.host, one.descriptor.digest) for one in cargo}
    return tuple(sorted(homes - {"", registry.repository}))


def _send(registry: Registry, cargo: Sequence[Cargo], task: Task) -> dict[str, How]:
    def one(each: Cargo, stop: Event) -> How:
        return upload(registry, each, task, stop)

    how = together(one, cargo, registry.stop)
    return {each.descriptor.digest: way for each, way in zip(cargo, how, strict=True)}


def _tag(registry: Registry, name: ImageName, contents: Contents, text: str, *, force: bool) -> None:
    """Make the tag lead to the manifest, and read it back."""
    image = contents.image
    _check_tag(registry, name, image.manifest_digest, text, force=force)
    put_document(registry, name.tag, image.manifest, image.manifest_media_type)
    now = find_digest(registry, name.tag)
    if now != image.manifest_digest:
        answer = now or "nothing"
        raise BadInputError(f"{text}: the registry took {image.manifest_digest}, and answers with {answer}")
    with deferred():
        done(text)
