"""The structure of a new image against the old one: what can be said from bytes, without running anything."""

from collections.abc import Mapping
from dataclasses import dataclass

from jettison.errors import BadInputError
from jettison.files.record import FileTable
from jettison.layers.limits import Limits
from jettison.plan.content import Content
from jettison.plan.record import Plan
from jettison.plan.updates import updates
from jettison.progress import SILENT, Progress
from jettison.proof.checks import told
from jettison.proof.databases import check_distributions, check_packages
from jettison.proof.differences import check_differences
from jettison.proof.layers import check_layers
from jettison.proof.libraries import check_libraries
from jettison.proof.process import check_config, check_process
from jettison.proof.pruned import check_pruned
from jettison.proof.record import Check
from jettison.proof.view import View, make_view
from jettison.rebuild.edits import applied as with_updates

_NONE: Mapping[str, Content] = {}


@dataclass(frozen=True, slots=True)
class Expected:
    """What the proof works out of original and plan alone, so that it can be done while the new image is read.

    Attributes:
        applied: the plan that was given; None when there is none.
        before: the original's rootfs.
        plan: the plan, its updates worked out anew.
    """

    applied: Plan | None
    before: View
    plan: Plan


def expect(old: FileTable, applied: Plan | None, contents: Mapping[str, Content] = _NONE) -> Expected:
    """Work out what can be known before the new image is.

    Args:
        old: of the original.
        applied: as for :func:`check_structure`.
        contents: what the new image holds at paths that are pruned.

    Raises:
        UsageError: the plan was made for another image.
    """
    plan = no_plan(old) if applied is None else with_updates(applied, updates(old, applied, contents))
    return Expected(applied, make_view(old), plan)


def check_structure(
    old: FileTable,
    new: FileTable,
    applied: Plan | None,
    expected: Expected | None = None,
    *,
    limits: Limits | None = None,
    progress: Progress = SILENT,
) -> tuple[Check, ...]:
    """Check a new image against the old one and the plan that led from one to the other.

    The plan's ``update`` steps are not believed: what its other steps ask of the databases is worked out anew, so that
    a plan whose updates were edited explains nothing that would not follow anyway.

    Args:
        old: of the original.
        new: of the new image, read from its bytes without the cache.
        applied: the plan, with or without its updates; None when there is none: then no difference of the rootfs is
            explained, and how it is cut into layers does not matter.
        expected: from :func:`expect`, of the same; worked out here when None, or when it is of others.
        limits: what is accepted of layers.
        progress: told of stored bytes while pruned libraries are compared.

    Raises:
        UsageError: the plan was made for another image.
    """
    pruned, contents = check_pruned(old, new, applied, limits=limits, progress=progress)
    if pruned or expected is None or expected.before.table is not old or expected.applied is not applied:
        expected = expect(old, applied, contents)
    before, after, plan = expected.before, make_view(new), expected.plan
    layers = () if applied is None else (check_layers(old, new, plan),)
    return (
        *layers,
        check_differences(before, after, plan),
        *pruned,
        check_libraries(before, after, frozenset(contents)),
        check_distributions(before, after),
        check_packages(before, after),
        check_process(old, new),
        check_config(old.image, new.image, cut=plan.layout is not None),
    )


def no_plan(old: FileTable) -> Plan:
    """Return the plan that does nothing to an image."""
    return Plan(old.image.manifest_digest, old.image.config.diff_ids, 0, (), {}, ())


def digests_held(new: FileTable) -> Check:
    """Return the check of the digests of an image that was just read from its bytes: reading refuses what lies."""
    size = sum(layer.stored for layer in new.layers)
    problems = [
        f"layer {layer.index}: the manifest says {layer.descriptor.digest}, its bytes have {table.digest}"
        for layer, table in zip(new.image.layers, new.layers, strict=True)
        if layer.descriptor.digest not in ("", table.digest) or layer.diff_id != table.diff_id
    ]
    return told("digests", f"{len(new.layers)} layers recomputed from {size} stored bytes", problems)


def digests_lied(error: BadInputError) -> Check:
    """Return the check of the digests of an image that could not be read."""
    return told("digests", "the image cannot be read", [error.message])
