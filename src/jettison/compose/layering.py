"""Layers written from trees, and kept in the user's cache by what they are made of."""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jettison.compose.outline import Outline, outline_of
from jettison.compose.record import BuiltLayer, Options
from jettison.compose.tree import Node, layer_order
from jettison.layers.write import MEDIA_TYPES, LayerWriter
from jettison.oci.descriptor import make_descriptor
from jettison.oci.image import Descriptor, Extent, Image
from jettison.progress import Progress
from jettison.storage import Cache, cache_root

FORMAT = 2  # raise whenever the same inputs give other bytes than before


@dataclass(frozen=True, slots=True)
class Made:
    """A layer that is ready: what it is, its descriptor, diff_id, where its blob lies, and what paths it has."""

    built: BuiltLayer
    descriptor: Descriptor
    diff_id: str
    blob: Extent
    outline: Outline
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """What a layer holds: its nodes, and remarks that belong to the result."""

    nodes: Mapping[str, Node]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where layers are made.

    Attributes:
        options: compression, cache.
        scratch: a folder for this run.
        progress: told of bytes written.
    """

    options: Options
    scratch: Path
    progress: Progress


def layer_cache() -> Cache:
    """Return the cache of composed layers."""
    return Cache(cache_root() / "composed")


def make_key(kind: str, facts: Any, options: Options) -> str:
    """Return the key of a layer made of ``facts`` (a JSON value)."""
    document = [FORMAT, kind, facts, options.compression, options.level]
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def cached_layer(name: str, key: str) -> Made | None:
    """Return the layer of a key, when the cache has its facts and its blob."""
    raw = layer_cache().get(f"{key}.json")
    if raw is None:
        return None
    try:
        facts = json.loads(raw)
        path = layer_cache().path(f"{facts['digest'].removeprefix('sha256:')}.blob")
        if path is None or path.stat().st_size != facts["stored"]:
            return None
        return _made(name, facts, path, cached=True)
    except (ValueError, KeyError, TypeError):
        return None  # a cache is never worth an error


def make_layer(name: str, key: str, fill: Callable[[], Content], shop: Workshop) -> Made:
    """Return the layer of a key from the cache, or make it.

    Args:
        name: for reports.
        key: from :func:`make_key`; empty for layers that are not worth keeping.
        fill: gives the content when it has to be made.
        shop: where and how.
    """
    if key and shop.options.cache and (found := cached_layer(name, key)):
        return found
    content = fill()
    path = shop.scratch / f"{hashlib.sha256(f'{name}{key}'.encode()).hexdigest()[:16]}.layer"
    facts = _write(name, content, path, shop)
    if key and shop.options.cache:
        path = _keep(key, facts, path)
    return _made(name, facts, path, cached=False)


def _write(name: str, content: Content, path: Path, shop: Workshop) -> dict[str, Any]:
    total = sum(node.entry.size for node in content.nodes.values())
    options = shop.options
    task_of = shop.progress.task(f"layer {name}", total)
    with task_of as task, LayerWriter(path, options.compression, options.level) as writer:
        for entry, source in layer_order(content.nodes):
            writer.add(entry, source.pieces() if source is not None else ())
            task.advance(entry.size)
        written = writer.finish()
    return {
        "digest": written.digest,
        "diff_id": written.diff_id,
        "stored": written.stored,
        "size": written.size,
        "media_type": MEDIA_TYPES[options.compression],
        "notes": list(content.notes),
        "outline": outline_of(content.nodes),
    }


def _keep(key: str, facts: dict[str, Any], path: Path) -> Path:
    """Put a blob and its facts into the cache, and return where the blob lies now."""
    name = f"{facts['digest'].removeprefix('sha256:')}.blob"
    cache = layer_cache()
    if cache.path(name) is None:
        with open(path, "rb") as source, cache.put(name) as target:
            shutil.copyfileobj(source, target, 1 << 20)
    with cache.put(f"{key}.json") as target:
        target.write(json.dumps(facts, sort_keys=True).encode())
    return cache.path(name) or path


def drop_damaged(image: Image) -> bool:
    """Remove the cached layers of an image that are not what they should be; return whether there were any.

    Layers are verified when they are written into an image and not before: one look at gigabytes is enough.
    """
    damaged = False
    for layer in image.layers:
        path = Path(layer.blob.path)
        if not path.is_relative_to(layer_cache().folder):
            continue
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
            if f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}" != layer.descriptor.digest:
                damaged = True
                path.unlink()
    return damaged


def _made(name: str, facts: Mapping[str, Any], path: Path, *, cached: bool) -> Made:
    stored, size = int(facts["stored"]), int(facts["size"])
    return Made(
        BuiltLayer(name, facts["digest"], stored, size, cached),
        make_descriptor(facts["media_type"], facts["digest"], stored),
        facts["diff_id"],
        Extent(str(path), 0, stored),
        facts["outline"],
        tuple(facts.get("notes", ())),
    )
