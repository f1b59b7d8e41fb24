"""An image read into its file table: one pass a layer, layers applied, owners and kinds worked out."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from jettison.elf.facts import ElfFacts
from jettison.elf.observer import ElfObserver
from jettison.elf.read import facts_from_json
from jettison.elf.scripts import ScriptObserver
from jettison.files.apply import Applied, apply_layers
from jettison.files.capture import TextObserver, content
from jettison.files.hints import PythonObserver
from jettison.files.kinds.match import Classifier, is_model_link
from jettison.files.kinds.table import MODEL_WEIGHTS
from jettison.files.options import ReadOptions
from jettison.files.owners.attribute import Attribution, attribute
from jettison.files.owners.claims import Rootfs
from jettison.files.record import NOBODY, File, FileTable
from jettison.files.resolve import walk
from jettison.finding import Skip
from jettison.layers.entry import WHITEOUT_PREFIX, Entry
from jettison.layers.read import read_layers
from jettison.layers.share import shares
from jettison.layers.table import LayerTable
from jettison.oci.image import Image
from jettison.progress import SILENT, Progress
from jettison.storage import Cache, cache_root

__all__ = ["ReadOptions", "layer_cache", "make_table", "read_table"]


def layer_cache() -> Cache:
    """Return the cache of layers that were read."""
    return Cache(cache_root() / "layers", 2_000_000_000)


def read_table(image: Image, *, options: ReadOptions | None = None, progress: Progress = SILENT) -> FileTable:
    """Read every layer of an image, each once, and work out what the container sees, whose it is and what it is.

    Args:
        image: an open image.
        options: limits and use of the cache.
        progress: told of stored bytes.

    Raises:
        BadInputError: a layer is malformed, lies about its digest or exceeds a limit, or layers cannot be applied.
        RefusedError: a layer is in a form that is not handled.
    """
    options = options or ReadOptions()
    observers = (TextObserver(), PythonObserver(), ElfObserver(), ScriptObserver())
    cache = layer_cache() if options.cache else None
    layers = read_layers(
        image, observers, limits=options.limits, cache=cache, recompute=options.recompute, progress=progress
    )
    return make_table(image, layers)


def make_table(image: Image, layers: Sequence[LayerTable]) -> FileTable:
    """Make the file table of layers that were read.

    Raises:
        BadInputError: the layers cannot be applied one on the other.
    """
    applied = apply_layers([layer.entries for layer in layers])
    entries = [entry for layer in layers for entry in layer.entries]
    firsts = list(accumulate((len(layer.entries) for layer in layers), initial=0))
    seen = {path: entries[number] for path, number in applied.visible.items()}
    texts, skips = _texts(layers, applied, firsts)
    elfs = _elfs(layers, applied, firsts)
    owned = attribute(Rootfs(seen, _known(applied), texts))
    files = _files(layers, applied, owned, elfs)
    files = _mark_models(files, applied, seen)
    return FileTable(
        image=image,
        layers=tuple(layers),
        files=tuple(files),
        visible={path: files[number] for path, number in applied.visible.items()},
        owners=owned.owners,
        elfs=elfs,
        texts=texts,
        skips=(*skips, *owned.skips),
        hints=_hints(layers, applied, firsts),
        inodes={_place(firsts, link): _place(firsts, number) for link, number in applied.inodes.items()},
    )


def _known(applied: Applied) -> dict[str, None]:
    """Return every path where an entry lands, whiteouts aside."""
    known = dict.fromkeys(applied.paths)
    for path in [path for path in known if WHITEOUT_PREFIX in path]:
        if path.rpartition("/")[2].startswith(WHITEOUT_PREFIX):
            del known[path]
    return known


def _observed(name: str, layers: Sequence[LayerTable], applied: Applied, firsts: Sequence[int]) -> dict[str, Any]:
    """Return what an observer gave, by the visible paths of the files, hard links included."""
    given = {
        first + index: value
        for first, table in zip(firsts, layers, strict=False)
        for index, value in table.observed.get(name, {}).items()
    }
    found = {
        applied.paths[number]: value
        for number, value in given.items()
        if applied.visible.get(applied.paths[number]) == number
    }
    for link, number in applied.inodes.items():
        if number in given and applied.visible.get(applied.paths[link]) == link:
            found[applied.paths[link]] = given[number]
    return found


def _texts(
    layers: Sequence[LayerTable], applied: Applied, firsts: Sequence[int]
) -> tuple[dict[str, bytes], list[Skip]]:
    texts: dict[str, bytes] = {}
    skips: list[Skip] = []
    for path, value in sorted(_observed(TextObserver.name, layers, applied, firsts).items()):
        text = content(value)
        if isinstance(text, bytes):
            texts[path] = text
        else:
            skips.append(Skip(path, text))
    return texts, skips


def _hints(layers: Sequence[LayerTable], applied: Applied, firsts: Sequence[int]) -> dict[str, tuple[str, ...]]:
    found = _observed(PythonObserver.name, layers, applied, firsts)
    return {path: tuple(value) for path, value in sorted(found.items())}


def _elfs(layers: Sequence[LayerTable], applied: Applied, firsts: Sequence[int]) -> dict[tuple[int, int], ElfFacts]:
    """Return the facts of ELF files, also for the hard links to them."""
    elfs = {
        (layer, index): facts_from_json(value)
        for layer, table in enumerate(layers)
        for index, value in table.observed.get(ElfObserver.name, {}).items()
    }
    for link, number in applied.inodes.items():
        facts = elfs.get(_place(firsts, number))
        if facts is not None:
            elfs[_place(firsts, link)] = facts
    return elfs


def _place(firsts: Sequence[int], number: int) -> tuple[int, int]:
    """Return the layer of an entry and its index there."""
    layer = bisect_right(firsts, number) - 1
    return layer, number - firsts[layer]


def _files(
    layers: Sequence[LayerTable], applied: Applied, owned: Attribution, elfs: Mapping[tuple[int, int], ElfFacts]
) -> list[File]:
    files: list[File] = []
    kind_of = Classifier().kind
    owner_of = owned.paths.get
    paths, hidden_by, visible = applied.paths, applied.hidden_by, applied.visible
    number = 0
    for layer, table in enumerate(layers):
        pulls, _ = shares(table)
        for index, entry in enumerate(table.entries):
            path = paths[number]
            seen = visible.get(path) == number
            kind = kind_of(path, entry, elfs.get((layer, index)))
            owner = owner_of(path, NOBODY)
            files.append(File(entry, layer, index, path, seen, hidden_by[number], owner, kind, pulls[index]))
            number += 1
    return files


def _mark_models(files: list[File], applied: Applied, seen: Mapping[str, Entry]) -> list[File]:
    """Call what a symlink such as ``model.safetensors`` leads to model weights: Hugging Face's cache keeps blobs so."""
    for path, entry in seen.items():
        if entry.type == "symlink" and is_model_link(path):
            number = applied.visible.get(walk(seen.get, path) or "", -1)
            if number >= 0 and files[number].entry.type == "file":
                files[number] = replace(files[number], kind=MODEL_WEIGHTS)
    return files
