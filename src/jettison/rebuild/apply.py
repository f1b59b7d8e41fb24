"""Applies a plan: Image + Plan → Image, by streaming; nothing is unpacked to disk.

Layers that no step touches stay as they are: same bytes, same digest. The others are written anew in one pass each:
kept members byte for byte, so that the same image and plan give the same image, bit for bit. A layer of which nothing
is left goes; the image keeps one layer at least.

Annotations of the new manifest (``docs/commands/slim.md``): :data:`PLAN_DIGEST`, :data:`BASE_DIGEST`, and what the
caller adds.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from jettison.files.record import FileTable
from jettison.layers.limits import Limits
from jettison.layers.table import Compression, LayerTable
from jettison.oci.descriptor import make_descriptor
from jettison.oci.digest import sha256
from jettison.oci.image import Descriptor, Extent, Image, Layer
from jettison.oci.make import make_image
from jettison.plan.document import plan_to_json
from jettison.plan.record import Plan, Step
from jettison.progress import SILENT, Progress, Task
from jettison.rebuild.config import Fate, make_config
from jettison.rebuild.edits import LayerEdits, applied, make_edits
from jettison.rebuild.layer import Recipe, placed, recompress_layer, rewrite_layer, save_content
from jettison.rebuild.layout import lay_out
from jettison.rebuild.links import Key
from jettison.rebuild.prune import PrunedFile
from jettison.rebuild.record import Rebuilt

PLAN_DIGEST = "io.jettison.plan.digest"
BASE_DIGEST = "io.jettison.base.digest"
PROOF = "io.jettison.proof"
_NONE: Mapping[str, str] = {}
_UNPRUNED: Mapping[Key, PrunedFile] = {}

_Placed = tuple[Descriptor, str, Extent]


@dataclass(frozen=True, slots=True)
class Packing:
    """How layers are packed.

    Attributes:
        compression: codec for every layer, also for those that no step touches; None to pack each rewritten layer as
            it was (gzip when it was plain) and to leave the others alone.
        level: of the codec; None for its default.
        limits: what is accepted of the original layers.
    """

    compression: Compression | None = None
    level: int | None = None
    limits: Limits = field(default_factory=Limits)

    def of(self, table: LayerTable) -> Compression:
        """Return the codec for a layer that is written anew."""
        return self.compression or ("gzip" if table.compression == "none" else table.compression)


def apply_plan(
    table: FileTable,
    plan: Plan,
    updates: Sequence[tuple[Step, bytes]],
    *,
    scratch: Path,
    pruned: Mapping[Key, PrunedFile] = _UNPRUNED,
    packing: Packing = Packing(),
    annotations: Mapping[str, str] = _NONE,
    progress: Progress = SILENT,
) -> Rebuilt:
    """Apply a plan to an image.

    Args:
        table: of the original.
        plan: what to do; its own ``update`` steps, if it was applied before, are left aside.
        updates: steps that keep databases truthful, with the content for their targets
            (:func:`jettison.plan.updates.updates`).
        scratch: folder for the rewritten layers; it must outlive the image returned.
        pruned: what the ``prune`` steps made of their targets (:func:`jettison.rebuild.prune.prune_files`).
        packing: how layers are packed.
        annotations: added to the manifest's.
        progress: told of stored bytes of the original.

    Returns:
        The new image, the plan as applied, and the removal list.

    Raises:
        UsageError: the plan is for another image, or a step cannot be done.
        BadInputError: a layer is not what it was when the table was read.
    """
    image = table.image
    edits, removed = make_edits(table, plan, updates, pruned)
    done = applied(plan, updates)
    fates = _fates(table, edits)
    todo = sum(layer.blob.size for layer, fate in zip(image.layers, fates, strict=True) if fate != "kept")
    with progress.task("rebuilding", todo) as task:
        builder = _Builder(scratch, packing, task, plain=plan.layout is not None)
        built = [builder.build(*each) for each in zip(image.layers, table.layers, edits, fates, strict=True)]

    def made(layers: Sequence[Sequence[_Placed]]) -> Image:
        return make_image(
            name=image.name,
            config=make_config(image.config, fates, [len(each) or 1 for each in layers]),
            layers=[one for each in layers for one in each],
            tags=image.tags,
            annotations={
                **image.annotations,
                BASE_DIGEST: image.manifest_digest,
                PLAN_DIGEST: sha256(plan_to_json(done).encode()),
                **annotations,
            },
        )

    new = made(built)
    if plan.layout is not None:
        left = [index for index, each in enumerate(built) if each]
        recipes = [builder.recipe(image.layers[index], table.layers[index], fates[index]) for index in left]
        for index, pieces in zip(left, lay_out(new, plan.layout, recipes, progress), strict=True):
            built[index] = tuple(map(placed, pieces)) or built[index]
        new = made(built)
    return Rebuilt(new, done, removed)


def _fates(table: FileTable, edits: tuple[LayerEdits, ...]) -> list[Fate]:
    fates: list[Fate] = [
        "kept"
        if not edit.touched
        else "gone"
        if len(edit.drops) == len(layer.entries) and not edit.adds
        else "rewritten"
        for layer, edit in zip(table.layers, edits, strict=True)
    ]
    if fates and all(fate == "gone" for fate in fates):
        fates[-1] = "rewritten"  # engines do not take an image without a layer
    return fates


class _Builder:
    """Builds layers one after another: lower ones hold content that higher ones may need.

    With ``plain``, layers that are written anew are not packed yet: they will be cut.
    """

    def __init__(self, scratch: Path, packing: Packing, task: Task, *, plain: bool) -> None:
        self._scratch = scratch
        self._packing = packing
        self._task = task
        self._plain = plain
        self._threads = len(os.sched_getaffinity(0))

    def recipe(self, layer: Layer, table: LayerTable, fate: Fate) -> Recipe:
        """Return how a layer is written in the end."""
        untouched = fate == "kept" and self._packing.compression is None
        return Recipe(
            path=self._scratch / f"layer-{layer.index}",
            compression=table.compression if untouched else self._packing.of(table),
            level=self._packing.level,
            threads=self._threads,
            spools=self._scratch,
            limits=self._packing.limits,
        )

    def build(self, layer: Layer, table: LayerTable, edits: LayerEdits, fate: Fate) -> Sequence[_Placed]:
        """Return the new layer; nothing when it is gone."""
        recipe = self.recipe(layer, table, fate)
        if fate != "rewritten" and edits.spools:
            save_content(layer, table, edits, recipe, self._task)
        if fate == "gone":
            return ()
        if fate == "rewritten":
            recipe = replace(recipe, compression="none", level=None) if self._plain else recipe
            return (placed(rewrite_layer(layer, table, edits, recipe, self._task)),)
        if self._plain or recipe.compression == table.compression:
            return ((_known(layer.descriptor, table), table.diff_id, layer.blob),)
        return (placed(recompress_layer(layer, table, recipe, self._task)),)


def _known(descriptor: Descriptor, table: LayerTable) -> Descriptor:
    """Return a kept layer's descriptor; that of an old docker archive has no digest until the layer is read."""
    if descriptor.digest:
        return descriptor
    return make_descriptor(descriptor.media_type, table.digest, table.stored)
