"""Images of a few members read into tables, and plans made by hand, for tests of rebuild and proof."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.helpers.images import File, oci_layout, tar_bytes

from jettison.files.read import ReadOptions, read_table
from jettison.files.record import FileTable
from jettison.oci.digest import sha256
from jettison.plan.record import Action, Plan, Step, Target
from jettison.rebuild.apply import Packing, apply_plan
from jettison.rebuild.record import Rebuilt
from jettison.sources.open import open_image

FRESH = ReadOptions(cache=False)


def table_of(folder: Path, layers: Sequence[Sequence[File] | bytes], **options: Any) -> FileTable:
    """Write an image layout of layers (members, or a tar as bytes) into ``folder`` and read it."""
    tars = [layer if isinstance(layer, bytes) else tar_bytes(layer) for layer in layers]
    oci_layout(folder, tars, **options)
    return read_table(open_image(f"oci:{folder}"), options=FRESH)


def step(action: Action, *targets: Target, name: str = "test/step") -> Step:
    return Step(name, action, 1, "test", "because a test says so", "", tuple(sorted(targets, key=str)), 0, 0)


def plan_of(table: FileTable, *steps: Step) -> Plan:
    return Plan(table.image.manifest_digest, table.image.config.diff_ids, 1, steps, {}, ())


def drop(table: FileTable, *places: tuple[int, str]) -> Plan:
    """Return a plan that drops entries by layer and path."""
    return plan_of(table, step("drop", *(Target(layer, path) for layer, path in places)))


def rebuild(
    table: FileTable, plan: Plan, scratch: Path, updates: Mapping[tuple[int, str], bytes] | None = None, **packing: Any
) -> Rebuilt:
    """Apply a plan, with updates by layer and path."""
    scratch.mkdir(parents=True, exist_ok=True)
    steps = [update(layer, path, content) for (layer, path), content in (updates or {}).items()]
    return apply_plan(table, plan, steps, scratch=scratch, packing=Packing(**packing))


def update(layer: int, path: str, content: bytes) -> tuple[Step, bytes]:
    return step("update", Target(layer, path, sha256(content)), name=f"update/{path}"), content


def read_rebuilt(rebuilt: Rebuilt) -> FileTable:
    """Read a rebuilt image from its bytes."""
    return read_table(rebuilt.image, options=FRESH)


def without_offsets(table: FileTable) -> list[list[Any]]:
    """Return each layer's entries without their places in the tar."""
    return [[replace(entry, offset=0, data=0, end=0) for entry in layer.entries] for layer in table.layers]
