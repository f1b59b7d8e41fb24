"""What is attached to an image in a registry: artifacts whose subject it is (distribution-spec, "Listing Referrers").

A registry that knows the referrers API keeps the list itself, and says so when it takes an artifact (OCI-Subject).
For the others the list is an index under the tag ``sha256-…`` (the spec's "Referrers Tag Schema"). Of several artifacts
the one counts that was created last, as its annotation says; no list has an order that could be relied on.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from jettison.errors import BadInputError, UsageError
from jettison.oci import media
from jettison.oci.descriptor import annotations_of, make_descriptor, read_descriptor
from jettison.oci.digest import sha256
from jettison.oci.document import dump_document, load_document
from jettison.oci.fields import items
from jettison.oci.image import Descriptor
from jettison.oci.manifest import read_index
from jettison.progress import SILENT, Progress
from jettison.sources.registry.client import NoEntryError, Patience, Registry
from jettison.sources.registry.documents import put_document, read_document
from jettison.sources.registry.download import fetch_blobs, own_shelf
from jettison.sources.registry.find import find_registry
from jettison.sources.registry.pages import read_pages
from jettison.sources.registry.together import together
from jettison.sources.registry.upload import Cargo, upload

PAPERS = "application/vnd.jettison.papers.v1+json"
TITLE = "org.opencontainers.image.title"  # annotations.md: the file's name
CREATED = "org.opencontainers.image.created"  # annotations.md: date and time, RFC 3339
_EMPTY = b"{}"
_LARGEST = 1 << 28  # bytes of one paper
_MOST = 100  # papers of an artifact


@dataclass(frozen=True, slots=True)
class Paper:
    """A file about an image.

    Attributes:
        name: of the file.
        media_type: of its content.
        content: bytes.
    """

    name: str
    media_type: str
    content: bytes


def attach(registry: Registry, subject: Descriptor, papers: Sequence[Paper], *, kind: str = PAPERS) -> Descriptor:
    """Attach files to an image, as one artifact.

    Args:
        registry: where the image is, or will be.
        subject: the image's manifest.
        papers: the files.
        kind: the artifact's type.

    Returns:
        The artifact's descriptor.

    Raises:
        BadInputError, MachineError: as :func:`jettison.sources.registry.upload.upload`.
    """
    empty = make_descriptor(media.OCI_EMPTY, sha256(_EMPTY), len(_EMPTY))
    described = [_described(paper) for paper in papers]
    cargo = {sha256(_EMPTY): Cargo(empty, _EMPTY)}
    cargo.update({one.digest: Cargo(one, paper.content) for one, paper in zip(described, papers, strict=True)})
    with SILENT.task("", None) as task:

        def one(each: Cargo, stop: Event) -> str:
            return upload(registry, each, task, stop)

        together(one, list(cargo.values()))
    annotations = {CREATED: datetime.now(UTC).isoformat()}
    raw = dump_document({**_manifest(subject, empty, described, kind), "annotations": annotations}, sort=False)
    artifact = make_descriptor(media.OCI_MANIFEST, sha256(raw), len(raw))
    headers = put_document(registry, artifact.digest, raw, media.OCI_MANIFEST)
    if "oci-subject" not in {name.lower() for name in headers}:
        _list_by_tag(registry, subject, {**artifact.document, "artifactType": kind, "annotations": annotations})
    return artifact


def attached(
    reference: str,
    name: str,
    digest: str,
    *,
    kind: str = PAPERS,
    names: Sequence[str] = (),
    progress: Progress = SILENT,
) -> tuple[tuple[str, Path], ...]:
    """Fetch the files that are attached to an image.

    Args:
        reference: as the user wrote it.
        name: of the image.
        digest: of its manifest.
        kind: of the artifact; where there are several, the newest counts: by its annotation ``created``, where it
            has none as if it were older than all, and the last in the list of those that are as new.
        names: which of its files; empty for all.
        progress: told the bytes that come.

    Returns:
        Their names, and where their bytes lie, verified; nothing when nothing is attached.

    Raises:
        BadInputError: the registry's answer is malformed, or lies.
        MachineError: it cannot be reached.
    """
    registry, _ = find_registry(reference, name, Patience())
    found = [one for one in _listed(registry, digest) if one.document.get("artifactType") == kind]
    if not found:
        return ()
    newest = max(reversed(found), key=_created)
    where = f"{registry.host}/{registry.repository}: artifact {newest.digest}"
    raw, _ = read_document(registry, newest.digest, where)
    files = [(title, one) for title, one in _files(raw, digest, where) if not names or title in names]
    shelf = own_shelf()
    wanted = list({one.digest: one for _, one in files if not shelf.has(one)}.values())
    shelf.blob(digest).parent.mkdir(parents=True, exist_ok=True)
    with progress.task(f"papers of {registry.repository}", sum(one.size for one in wanted)) as task:
        fetch_blobs(registry, shelf, wanted, task)
    return tuple((title, shelf.blob(one.digest)) for title, one in files)


def _described(paper: Paper) -> Descriptor:
    annotations = {TITLE: paper.name}
    return make_descriptor(paper.media_type, sha256(paper.content), len(paper.content), annotations=annotations)


def _manifest(subject: Descriptor, empty: Descriptor, layers: Sequence[Descriptor], kind: str) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": media.OCI_MANIFEST,
        "artifactType": kind,
        "config": dict(empty.document),
        "layers": [dict(one.document) for one in layers],
        "subject": dict(subject.document),
    }


def _created(artifact: Descriptor) -> float:
    """Return when an artifact was made, in seconds since 1970; minus infinity where it does not say so."""
    try:
        moment = datetime.fromisoformat(annotations_of(artifact).get(CREATED, ""))
        return moment.timestamp() if moment.tzinfo else -math.inf
    except (ValueError, OverflowError):
        return -math.inf


def _fallback(digest: str) -> str:
    return digest.replace(":", "-")


def _list_by_tag(registry: Registry, subject: Descriptor, entry: dict[str, Any]) -> None:
    """Add an artifact to the index that stands for the referrers API where there is none."""
    before = [dict(one.document) for one in _by_tag(registry, subject.digest) if one.digest != entry["digest"]]
    index = {"schemaVersion": 2, "mediaType": media.OCI_INDEX, "manifests": [*before, entry]}
    put_document(registry, _fallback(subject.digest), dump_document(index, sort=False), media.OCI_INDEX)


def _listed(registry: Registry, digest: str) -> tuple[Descriptor, ...]:
    """Return the artifacts of an image, by the API, else by the tag; none where neither may be read."""
    try:
        return _by_api(registry, digest)
    except NoEntryError:  # some registries forbid what they do not know
        return ()


def _by_api(registry: Registry, digest: str) -> tuple[Descriptor, ...]:
    where = f"{registry.host}/{registry.repository}: referrers of {digest}"
    pages = read_pages(registry, f"referrers/{digest}", media.OCI_INDEX, where)
    return tuple(one for raw in pages for one in read_index(raw, media.OCI_INDEX, where)) or _by_tag(registry, digest)


def _by_tag(registry: Registry, digest: str) -> tuple[Descriptor, ...]:
    where = f"{registry.host}/{registry.repository}:{_fallback(digest)}"
    try:
        raw, kind = read_document(registry, _fallback(digest), where)
    except UsageError:
        return ()
    return read_index(raw, kind, where) if kind in media.INDEXES else ()


def _files(raw: bytes, subject: str, where: str) -> tuple[tuple[str, Descriptor], ...]:
    """Return the files of an artifact by name, when it is about the image that it was found for."""
    document = load_document(raw, where)
    about = read_descriptor(document.get("subject"), f"{where}: subject")
    if about.digest != subject:
        raise BadInputError(f"{where}: it is about {about.digest}, not about {subject}")
    return tuple(_each(items(document, "layers", where), where))


def _each(values: Sequence[Any], where: str) -> Iterator[tuple[str, Descriptor]]:
    if len(values) > _MOST:
        raise BadInputError(f"{where}: it has more than {_MOST} files")
    for number, value in enumerate(values):
        one = read_descriptor(value, f"{where}: file {number}")
        title = annotations_of(one).get(TITLE, "")
        if not title or "/" in title or title.startswith(".") or one.size > _LARGEST:
            raise BadInputError(f"{where}: file {number} is called {title[:80]!r}, or too large")
        yield title, one
