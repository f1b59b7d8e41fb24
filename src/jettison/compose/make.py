"""A recipe made into an image: base, distributions, model, code; each a layer, what changes least lowest."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jettison.compose.checks import check_process
from jettison.compose.config import make_config
from jettison.compose.distributions import Setting, install_all, make_distributions, shared_files
from jettison.compose.foundation import Foundation, bytecode_host
from jettison.compose.install import Way
from jettison.compose.layering import Content, Made, Workshop, make_key, make_layer
from jettison.compose.naive import leave_behind
from jettison.compose.outline import nodes_of, nodes_of_table
from jettison.compose.record import Composed, Options, Recipe, Target
from jettison.compose.resolve import Choice, resolve
from jettison.compose.tree import EPOCH, Node, Tree
from jettison.compose.userfiles import check_files, place_files
from jettison.errors import UsageError
from jettison.files.read import ReadOptions, read_table
from jettison.files.record import FileTable
from jettison.oci.image import Image
from jettison.oci.make import make_image
from jettison.progress import SILENT, Progress
from jettison.sources.open import open_image

LAST = 253_402_300_799  # the end of the year 9999


def source_date_epoch(environment: Mapping[str, str]) -> int | None:
    """Return ``SOURCE_DATE_EPOCH`` in seconds, or None.

    Raises:
        UsageError: it is not a whole number of seconds.
    """
    text = environment.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > LAST:
        raise UsageError(f"SOURCE_DATE_EPOCH is {text[:40]!r}, not a whole number of seconds since 1970")
    return int(text)


def compose(recipe: Recipe, options: Options, scratch: Path, progress: Progress = SILENT) -> Composed:
    """Make the image of a recipe.

    Args:
        recipe: the compose file.
        options: compression, lock, cache.
        scratch: a folder that must outlive the image: new layers may lie in it.
        progress: told of what is going on.

    Raises:
        UsageError: something the compose file names does not exist or does not fit together.
        RefusedError: a package or distribution that cannot be composed without running foreign code.
        MachineError: the machine lacks apt, pip, the network or room.
        BadInputError: a package or wheel is malformed, hostile, or not the promised one.
    """
    if recipe.debug and recipe.base:
        raise UsageError("--debug-image adds a package, and [base] brings no packages")
    check_files(recipe.files, recipe.path.parent)
    shop = Workshop(options, scratch, progress)
    given = source_date_epoch(os.environ)
    epoch = EPOCH if given is None else given
    base = open_image(recipe.base) if recipe.base else None
    table = read_table(base, options=ReadOptions(cache=options.cache), progress=progress) if base else None
    choice = resolve(recipe, shop, debug=recipe.debug, base=table)
    if base is not None and table is not None:
        made = _on_image(recipe, choice, table, shop, epoch)
    else:
        foundation = Foundation(recipe, choice.resolved, choice.target, shop, epoch, clamp=given is not None)
        made = _naive(foundation, shop) if recipe.style == "naive" else _lean(foundation, shop)
    below = {**nodes_of_table(table), **nodes_of(layer.outline for layer in made)}
    made += _own_files(recipe, base, below, shop, epoch)
    return _finished(recipe, choice, base, made, epoch)


def _lean(foundation: Foundation, shop: Workshop) -> list[Made]:
    recipe, target = foundation.recipe, foundation.target
    layers = [foundation.layer()]
    if target is not None and recipe.python is not None:
        setting = Setting(target, recipe.python.compile, foundation.epoch, _present(target), foundation.interpreter)
        layers += make_distributions(foundation.resolved.wheels, setting, recipe.max_layers - 3, shop)
    return layers


def _present(target: Target) -> frozenset[str]:
    """Return the folders that every base of packages has."""
    local = f"usr/local/lib/python{target.python}"
    return frozenset({"usr", "usr/local", "usr/local/bin", "usr/local/lib", local, f"{local}/dist-packages"})


def _on_image(recipe: Recipe, choice: Choice, table: FileTable, shop: Workshop, epoch: int) -> list[Made]:
    target = choice.target
    if target is None or recipe.python is None:
        return []
    present = frozenset(path for path, file in table.visible.items() if file.entry.type == "dir")
    # The image may be anyone's: its interpreter is not run here.
    setting = Setting(target, recipe.python.compile, epoch, present, lambda: bytecode_host(target.python))
    room = max(recipe.max_layers - len(table.layers) - 2, 1)
    return make_distributions(choice.resolved.wheels, setting, room, shop)


def _naive(foundation: Foundation, shop: Workshop) -> list[Made]:
    """Return the base and the one big layer on it: packages, distributions and all that they leave behind."""
    resolved = foundation.resolved
    more = [package for package in resolved.packages if package.part == "more"]
    rest = [[wheel.sha256 for wheel in resolved.wheels], [listing.sha256 for listing in resolved.listings]]
    key = foundation.key("naive", list(resolved.packages), rest)

    def fill() -> Content:
        interpreter, note = foundation.interpreter()
        nodes = foundation.high()
        tree = Tree(mtime=foundation.epoch)
        if foundation.target is not None:
            way = Way(foundation.target, interpreter, timestamps=True, mtime=foundation.epoch)
            tree = install_all(resolved.wheels, way, shop)
        leave_behind(tree, more, resolved.wheels, resolved.listings)
        low = foundation.low()
        added = {path: node for path, node in tree.nodes.items() if not _is_old_dir(path, node, low, nodes)}
        return Content({**nodes, **added}, (note,) if note else ())

    return [foundation.layer(), make_layer("packages, distributions, caches", key, fill, shop)]


def _is_old_dir(path: str, node: Node, low: Mapping[str, Node], high: Mapping[str, Node]) -> bool:
    return node.entry.type == "dir" and (path in low or path in high)


def _own_files(recipe: Recipe, base: Image | None, below: Mapping[str, Node], shop: Workshop, epoch: int) -> list[Made]:
    tree = Tree(mtime=epoch, below=below)
    parts = place_files(recipe.files, recipe.path.parent, tree, recipe.runtime.workdir)
    check_process(recipe, base.config.process if base else None, tree)
    if recipe.style == "naive":  # COPY . . puts the model and the code into one layer
        parts = {"code": {**parts["model"], **parts["code"]}}
    layers = []
    for name, nodes in parts.items():
        if nodes:
            key = _files_key(nodes, shop) if name == "model" else ""
            layers.append(make_layer(name, key, lambda nodes=nodes: Content(nodes), shop))  # type: ignore[misc]
    return layers


def _files_key(nodes: Mapping[str, Node], shop: Workshop) -> str:
    """Return a key by the content of large files, so that an unchanged model is not compressed again."""
    facts = []
    for path, node in sorted(nodes.items()):
        digest = hashlib.sha256()
        for piece in node.content.pieces() if node.content else ():
            digest.update(piece)
        entry = node.entry
        facts.append([path, entry.type, entry.mode, entry.uid, entry.gid, entry.mtime, entry.link, digest.hexdigest()])
    return make_key("files", facts, shop.options)


def _finished(recipe: Recipe, choice: Choice, base: Image | None, made: list[Made], epoch: int) -> Composed:
    document: Mapping[str, Any] | None = base.config.document if base else None
    config = make_config(recipe, choice.architecture, epoch, [layer.built.name for layer in made], document)
    below = [(layer.descriptor, layer.diff_id, layer.blob) for layer in base.layers] if base else []
    name = recipe.name if ":" in recipe.name else f"{recipe.name}:latest"
    image = make_image(
        name=str(recipe.path),
        config=config,
        layers=[*below, *((layer.descriptor, layer.diff_id, layer.blob) for layer in made)],
        tags=(name,),
    )
    notes = dict.fromkeys(note for layer in made for note in layer.notes)
    warnings = (*notes, *shared_files(choice.resolved.wheels))
    return Composed(image, tuple(layer.built for layer in made), choice.resolved, choice.resolved.skips, warnings)
