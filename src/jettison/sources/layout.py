"""OCI image layouts, as a folder or inside a tar (image-spec, image-layout.md): from index.json to images."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from jettison.errors import BadInputError, RefusedError, UsageError
from jettison.oci import media
from jettison.oci.config import UNREADABLE as NO_CONFIG
from jettison.oci.config import instructions, read_config
from jettison.oci.digest import sha256
from jettison.oci.document import DOCUMENT_LIMIT, load_document
from jettison.oci.fields import Forgive, attempt, insist
from jettison.oci.image import Config, Descriptor, Extent, Image, Layer, Platform
from jettison.oci.manifest import UNREADABLE, Manifest, entry_platform, is_attestation, read_index, read_manifest
from jettison.oci.platform import machine_platform, satisfies
from jettison.sources.extent import Complain, read_extent, refuse
from jettison.sources.names import is_called, names_of, no_such_name, several
from jettison.sources.store import Store, blob

DEPTH_LIMIT = 4  # of nested indexes; buildx writes two
INDEXES_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A manifest that index.json leads to.

    Attributes:
        descriptor: of the manifest.
        names: of the entry of index.json that leads to it.
        platform: as the index says; None when it does not say.
        present: whether its bytes are in the store (an index may list platforms that were not saved).
    """

    descriptor: Descriptor
    names: tuple[str, ...]
    platform: Platform | None
    present: bool


def is_layout(store: Store) -> bool:
    """Whether the store holds an image layout."""
    return store.file("oci-layout") is not None and store.file("index.json") is not None


def candidates(store: Store, complain: Complain = refuse) -> tuple[Candidate, ...]:
    """Return every image manifest that index.json leads to, in order, each digest once.

    Args:
        store: a layout.
        complain: takes what lies.

    Raises:
        BadInputError: a document is malformed or missing, or indexes are nested too deep.
        RefusedError: nothing in the layout is a container image.
    """
    _check_version(store)
    raw = _file(store, "index.json")
    entries = read_index(raw, media.OCI_INDEX, f"{store.path}: index.json")
    found: dict[str, Candidate] = {}
    walk = _Walk(store, complain)
    for entry in entries:
        for candidate in walk.images(entry, names_of(entry), 0):
            before = found.get(candidate.descriptor.digest)
            names = (*before.names, *candidate.names) if before else candidate.names
            found[candidate.descriptor.digest] = replace(before or candidate, names=tuple(dict.fromkeys(names)))
    if not found:
        types = ", ".join(sorted({entry.media_type for entry in entries})[:10])
        raise RefusedError(f"{store.path} holds no container image; its index lists: {types or 'nothing'}")
    return tuple(found.values())


def candidates_of(store: Store, entry: Descriptor) -> tuple[Candidate, ...]:
    """Return every image manifest that a descriptor of a manifest or index leads to.

    Raises:
        BadInputError: a document is malformed or missing, or indexes are nested too deep.
    """
    return tuple(_Walk(store, refuse).images(entry, (), 0))


def choose(found: Sequence[Candidate], path: str, *, tag: str, platform: Platform | None) -> Candidate:
    """Return the one manifest that is meant.

    Args:
        found: what the layout holds.
        path: for the error.
        tag: which name; empty for the only image there.
        platform: which platform; None for the only one there, else the machine's.

    Raises:
        UsageError: no image has that name or platform, or several images are there and none was named.
    """
    named = _named(found, path, tag)
    return _of_platform(named, path, platform)


def open_candidate(
    store: Store, chosen: Candidate, name: str, complain: Complain = refuse, forgive: Forgive = insist
) -> Image:
    """Open the image of a manifest.

    Args:
        store: the layout.
        chosen: which manifest.
        name: the reference, as the user wrote it.
        complain: takes what lies about a digest or size; a layer whose blob is missing is then left out.
        forgive: takes what is wrong with a part of manifest or config; when it returns, the rest is opened.

    Raises:
        BadInputError: a document is malformed or missing, or something lies and ``complain`` raises.
        RefusedError: the image is well-formed and not handled.
    """
    where = f"{store.path}: manifest {chosen.descriptor.digest}"
    raw = read_blob(store, chosen.descriptor, where, complain)
    manifest = read_manifest(raw, chosen.descriptor.media_type, where, forgive)
    config = attempt(lambda: _config(store, manifest.config, complain, forgive), NO_CONFIG, forgive)
    return Image(
        name=name,
        manifest=raw,
        manifest_media_type=manifest.media_type,
        manifest_digest=sha256(raw),
        tags=chosen.names,
        annotations=manifest.annotations,
        config=config,
        layers=_layers(store, manifest, config, complain),
    )


def _config(store: Store, descriptor: Descriptor, complain: Complain, forgive: Forgive) -> Config:
    if descriptor is UNREADABLE:
        return NO_CONFIG
    where = f"{store.path}: config {descriptor.digest}"
    return read_config(read_blob(store, descriptor, where, complain), where, forgive)


def read_blob(store: Store, descriptor: Descriptor, where: str, complain: Complain = refuse) -> bytes:
    """Return the bytes of a document's blob, its size and digest checked.

    Raises:
        BadInputError: it is missing, too large, or lies and ``complain`` raises.
    """
    extent = blob(store, descriptor.digest)
    if extent is None:
        raise BadInputError(f"{where}: the blob is missing")
    check_size(extent, descriptor, where, complain)
    raw = read_extent(extent, where, limit=DOCUMENT_LIMIT)
    actual = sha256(raw)
    if actual != descriptor.digest:
        complain(f"{where}: its bytes have the digest {actual}")
    return raw


def check_size(extent: Extent, descriptor: Descriptor, where: str, complain: Complain) -> None:
    """Complain when a blob's size is not what its descriptor says."""
    if extent.size != descriptor.size:
        complain(f"{where}: the descriptor says {descriptor.size} bytes, the blob has {extent.size}")


def _check_version(store: Store) -> None:
    where = f"{store.path}: oci-layout"
    version = load_document(_file(store, "oci-layout"), where).get("imageLayoutVersion")
    if not isinstance(version, str) or not version.startswith("1."):
        raise RefusedError(f"{where}: imageLayoutVersion {str(version)[:40]!r} is not 1.x")


def _file(store: Store, name: str) -> bytes:
    extent = store.file(name)
    if extent is None:
        raise BadInputError(f"{store.path}: {name} is missing: it is no image layout")
    return read_extent(extent, f"{store.path}: {name}", limit=DOCUMENT_LIMIT)


class _Walk:
    """One walk over nested indexes, bounded in depth and number."""

    def __init__(self, store: Store, complain: Complain) -> None:
        self._store = store
        self._complain = complain
        self._indexes = 0

    def images(self, entry: Descriptor, names: tuple[str, ...], depth: int) -> Iterator[Candidate]:
        where = f"{self._store.path}: index entry {entry.digest}"
        if is_attestation(entry, where):
            return
        if entry.media_type in media.MANIFESTS:
            present = blob(self._store, entry.digest) is not None
            yield Candidate(entry, names, entry_platform(entry, where), present)
        elif entry.media_type in media.INDEXES:
            for inner in self._entries(entry, depth):
                yield from self.images(inner, names, depth + 1)
        # image-spec, image-index.md: entries of unknown media types must not be an error

    def _entries(self, entry: Descriptor, depth: int) -> tuple[Descriptor, ...]:
        where = f"{self._store.path}: index {entry.digest}"
        self._indexes += 1
        if depth >= DEPTH_LIMIT or self._indexes > INDEXES_LIMIT:
            raise BadInputError(f"{where}: nested deeper than {DEPTH_LIMIT} indexes, or over {INDEXES_LIMIT} of them")
        return read_index(read_blob(self._store, entry, where, self._complain), entry.media_type, where)


def _named(found: Sequence[Candidate], path: str, tag: str) -> list[Candidate]:
    names = [name for one in found for name in one.names]
    if not tag:
        called = [(one, one.names) for one in found]
    else:
        exact = tag in names
        called = [(one, matching) for one in found if (matching := _matching(one.names, tag, exact=exact))]
    if not called:
        raise no_such_name(path, tag, names)
    if len({matching for _, matching in called}) > 1:
        raise several(path, names)
    return [one for one, _ in called]


def _matching(names: tuple[str, ...], tag: str, *, exact: bool) -> tuple[str, ...]:
    return tuple(name for name in names if (name == tag if exact else is_called(name, tag)))


def _of_platform(named: Sequence[Candidate], path: str, platform: Platform | None) -> Candidate:
    there = [one for one in named if one.present] or list(named)
    if len(there) == 1 and (platform is None or there[0].platform is None):
        return there[0]
    wanted = platform or machine_platform()
    for one in there:
        if one.platform is not None and satisfies(one.platform, wanted):
            return one
    raise no_such_platform(path, wanted, [one.platform for one in there])


def no_such_platform(path: str, wanted: Platform, offered: Iterable[Platform | None]) -> UsageError:
    """Return the error for a platform that ``path`` does not hold, with those that it does."""
    listed = ", ".join(sorted({str(one) for one in offered if one is not None}))
    hint = f"choose with --platform: {listed or 'its index names no platform'}"
    return UsageError(f"{path} holds no image for {wanted}", hint=hint)


def _layers(store: Store, manifest: Manifest, config: Config, complain: Complain) -> tuple[Layer, ...]:
    count = len(manifest.layers)
    if count != len(config.diff_ids) and config is not NO_CONFIG:
        complain(f"{store.path}: the manifest lists {count} layers, the config {len(config.diff_ids)} diff_ids")
    made = instructions(config, count)
    diff_ids = (*config.diff_ids, *[""] * count)  # where one is missing, and that is forgiven, the rest is still true
    layers = []
    for index, (descriptor, diff_id) in enumerate(zip(manifest.layers, diff_ids, strict=False)):
        where = f"{store.path}: layer {index} {descriptor.digest}"
        if descriptor is UNREADABLE:
            continue
        extent = blob(store, descriptor.digest)
        if extent is not None:
            check_size(extent, descriptor, where, complain)
            layers.append(Layer(index, descriptor, diff_id, extent, made[index]))
        elif descriptor.media_type in media.LAYERS:  # a foreign one lies elsewhere
            complain(f"{where}: the blob is missing")
    return tuple(layers)
