"""Docker archives of the old layout: manifest.json, configs and layer tars (``docker save`` before 25, podman)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from jettison.errors import BadInputError, RefusedError
from jettison.oci import fields, media
from jettison.oci.config import UNREADABLE as NO_CONFIG
from jettison.oci.config import instructions, read_config
from jettison.oci.descriptor import make_descriptor
from jettison.oci.digest import sha256
from jettison.oci.document import DOCUMENT_LIMIT, load_json
from jettison.oci.fields import Forgive, attempt, insist
from jettison.oci.image import Config, Image, Layer
from jettison.oci.manifest import ENTRIES_LIMIT, LAYERS_LIMIT
from jettison.sources.extent import Complain, head, read_extent, refuse
from jettison.sources.names import familiar, is_called, no_such_name, several
from jettison.sources.store import Store

MANIFEST = "manifest.json"
_KEYS = ("Config", "RepoTags", "Layers", "Parent", "LayerSources")
# The config's name is its digest: HEX.json (Docker, podman), sha256:HEX (ko, crane, kaniko), blobs/sha256/HEX (25 on).
_HEX = re.compile(r"(?:.*/)?(?:sha256:)?([0-9a-f]{64})(?:\.json)?\Z", re.DOTALL)
_BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})\Z")


@dataclass(frozen=True, slots=True)
class Saved:
    """One image of an archive, as manifest.json lists it.

    Attributes:
        config: name of the config's file.
        tags: ``repository:tag``.
        layers: names of the layers' files, lowest first.
    """

    config: str
    tags: tuple[str, ...]
    layers: tuple[str, ...]


def is_docker_archive(store: Store) -> bool:
    """Whether the store holds a docker archive.

    Raises:
        RefusedError: it holds one of before Docker 1.10, without manifest.json.
    """
    if store.file(MANIFEST) is not None:
        return True
    if store.file("repositories") is not None:
        hint = "load it with an old engine, and save it with a current one"
        raise RefusedError(f"{store.path} was saved before Docker 1.10", hint=hint)
    return False


def saved_images(store: Store) -> tuple[Saved, ...]:
    """Return what manifest.json lists; images of the same config and layers are one, with the tags of all.

    Raises:
        BadInputError: manifest.json is missing or malformed.
    """
    where = f"{store.path}: {MANIFEST}"
    extent = store.file(MANIFEST)
    if extent is None:
        raise BadInputError(f"{where} is missing: it is no docker archive")
    listed = load_json(read_extent(extent, where, limit=DOCUMENT_LIMIT), where)
    if not isinstance(listed, list) or not listed or len(listed) > ENTRIES_LIMIT:
        raise BadInputError(f"{where} is no list of images")
    found: dict[tuple[str, tuple[str, ...]], Saved] = {}
    for index, value in enumerate(listed):
        one = _saved(value, f"{where}[{index}]")
        before = found.get((one.config, one.layers))
        tags = (*before.tags, *one.tags) if before else one.tags
        found[one.config, one.layers] = Saved(one.config, tuple(dict.fromkeys(tags)), one.layers)
    return tuple(found.values())


def choose_saved(found: Sequence[Saved], path: str, tag: str) -> Saved:
    """Return the image that is meant.

    Raises:
        UsageError: none has that tag, or several are there and none was named.
    """
    names = [name for one in found for name in one.tags]
    exact = [one for one in found if tag in one.tags]
    called = exact or [one for one in found if not tag or any(is_called(name, tag) for name in one.tags)]
    if not called:
        raise no_such_name(path, tag, names)
    if len(called) > 1:
        raise several(path, names)
    return called[0]


def open_saved(store: Store, chosen: Saved, name: str, complain: Complain = refuse, forgive: Forgive = insist) -> Image:
    """Open an image of a docker archive.

    Args:
        store: the archive.
        chosen: which image.
        name: the reference, as the user wrote it.
        complain: takes what lies about a digest; a layer whose file is missing is then left out.
        forgive: takes what is wrong with a part of the config; when it returns, the rest is opened.

    Raises:
        BadInputError: a document is malformed or missing, or something lies and ``complain`` raises.
        RefusedError: the image is not for Linux, or a layer is packed with something OCI does not know.
    """
    config = attempt(lambda: _config(store, chosen, complain, forgive), NO_CONFIG, forgive)
    return Image(
        name=name,
        manifest=b"",
        manifest_media_type="",
        manifest_digest=config.digest,
        tags=chosen.tags,
        annotations={},
        config=config,
        layers=_layers(store, chosen, config, complain, forgive),
    )


def _saved(value: Any, where: str) -> Saved:
    document = fields.an_object(value, where)
    fields.check_case(document, _KEYS, where)
    config = fields.text(document, "Config", where)
    layers = fields.texts(document, "Layers", where)
    if not config or len(layers) > LAYERS_LIMIT:
        raise BadInputError(f"{where}: Config is missing, or there are more than {LAYERS_LIMIT} layers")
    tags = tuple(familiar(tag) for tag in fields.texts(document, "RepoTags", where))
    return Saved(config, tags, layers)


def _config(store: Store, chosen: Saved, complain: Complain, forgive: Forgive) -> Config:
    where = f"{store.path}: config {chosen.config[:120]}"
    extent = store.file(chosen.config)
    if extent is None:
        raise BadInputError(f"{where} is missing")
    raw = read_extent(extent, where, limit=DOCUMENT_LIMIT)
    named = _HEX.match(chosen.config)
    if named and sha256(raw) != f"sha256:{named[1]}":
        complain(f"{where}: its bytes have the digest {sha256(raw)}")
    return read_config(raw, where, forgive)


def _layers(store: Store, chosen: Saved, config: Config, complain: Complain, forgive: Forgive) -> tuple[Layer, ...]:
    count = len(chosen.layers)
    if count != len(config.diff_ids) and config is not NO_CONFIG:
        complain(f"{store.path}: {MANIFEST} lists {count} layers, the config {len(config.diff_ids)} diff_ids")
    made = instructions(config, count)
    diff_ids = (*config.diff_ids, *[""] * count)  # where one is missing, and that is forgiven, the rest is still true
    layers = []
    for index, (file, diff_id) in enumerate(zip(chosen.layers, diff_ids, strict=False)):
        if store.file(file) is None:
            complain(f"{store.path}: layer {index} {file[:120]}: the file is missing")
            continue
        layer = attempt(partial(_layer, store, index, file, diff_id, made[index]), None, forgive)
        layers += [layer] if layer is not None else []
    return tuple(layers)


def _layer(store: Store, index: int, file: str, diff_id: str, made: str) -> Layer | None:
    extent = store.file(file)
    if extent is None:
        return None
    first = head(extent, media.MAGIC_LENGTH)
    compression = media.check_compression(first, f"{store.path}: layer {index} {file[:120]}")
    named = _BLOB.match(file)
    known = diff_id if compression == "none" else ""
    digest = f"sha256:{named[1]}" if named else known
    descriptor = make_descriptor(media.layer_type(compression), digest, extent.size)
    return Layer(index, descriptor, diff_id, extent, made)
