"""``restore``: bring back what slimming took away, as one more small layer."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from jettison.api.delivery import check_free, stage_for
from jettison.api.papers import PLAN, papers_of_image, read_plan
from jettison.elf.closure import needs
from jettison.errors import BadInputError, UsageError
from jettison.files.owners.python import info_folder
from jettison.files.read import ReadOptions, read_table
from jettison.files.record import FileTable
from jettison.finding import Skip
from jettison.oci.digest import sha256
from jettison.plan.document import plan_to_json
from jettison.plan.effect import targets
from jettison.plan.record import Plan, Step
from jettison.plan.select import matcher
from jettison.plan.updates import updates
from jettison.progress import SILENT, Progress
from jettison.proof.pruned import check_pruned
from jettison.proof.view import make_view
from jettison.rebuild.apply import BASE_DIGEST
from jettison.rebuild.restored import RestoreResult, restore_paths
from jettison.rules.commands import started, trail, which
from jettison.rules.scene import Scene, make_scene
from jettison.sources.open import open_image
from jettison.sources.write import parse_output, write_image
from jettison.storage import atomic_file, scratch_dir

_NO_PLAN = "the plan that made the image is not among its papers, so they do not say what came back"


def restore(
    ref: str,
    what: Sequence[str],
    original: str,
    out: str,
    *,
    platform: str | None = None,
    force: bool = False,
    options: ReadOptions | None = None,
    progress: Progress = SILENT,
) -> RestoreResult:
    """Bring back paths or owners of an original, with the libraries that they need.

    The image's layers stay as they are. Records of packages are brought up to date where the plan that made the image
    is among its papers.

    Args:
        ref: the slimmed image.
        what: path globs, ``owner:TYPE/NAME``, ``kind:NAME``, or keys of owners (``deb:coreutils``).
        original: reference of the image that it was made from.
        out: where the new image goes.
        platform: which image of an index, for both.
        force: replace what is at ``out``.
        options: limits of reading and use of the cache.
        progress: told of bytes.

    Raises:
        UsageError: nothing of it is in the original, or all of it is in the image already.
        JettisonError: of the family that says what is wrong with images, output or machine.
    """
    began = time.monotonic()
    options = options or ReadOptions()
    check_free(parse_output(out), force=force)
    old, new = (
        read_table(open_image(name, platform=platform, progress=progress), options=options, progress=progress)
        for name in (original, ref)
    )
    base = new.image.annotations.get(BASE_DIGEST, "")
    if base and base != old.image.manifest_digest:
        raise UsageError(
            f"{ref} was made from {base}, and {original} is {old.image.manifest_digest}",
            hint="name the image that it was made from",
        )
    scene = make_scene(old)
    paths = _lacking(scene, new, _wanted(old, what))
    plan = read_plan(papers_of_image(ref, new.image.manifest_digest, progress=progress).get(PLAN))
    databases, left = _databases(old, new, plan, paths, options, progress)
    with scratch_dir() as scratch, stage_for(out, force=force) as stage:
        limits = options.limits
        made = restore_paths(old, new, sorted(paths), databases, scratch=scratch, limits=limits, progress=progress)
        write_image(made.image, stage.reference, shown=out, proved=True, progress=progress)
        found = open_image(stage.reference)
        _check(old, new, read_table(found, options=replace(options, cache=False), progress=progress), paths, databases)
        if left is not None:
            stage.papers.mkdir()
            with atomic_file(stage.papers / PLAN, force=False) as file:
                file.write(plan_to_json(left).encode())
        stage.deliver(progress=progress)
    disk = sum(old.visible[path].entry.size for path in paths)
    skips = (Skip("records of packages", _NO_PLAN),) if left is None else ()
    return RestoreResult(
        ref, out, found.manifest_digest, dict(sorted(paths.items())), tuple(sorted(databases)), disk,
        made.layer.stored, skips, time.monotonic() - began,
    )  # fmt: skip


def _wanted(old: FileTable, what: Sequence[str]) -> dict[str, str]:
    """Return the paths of the original that were asked for."""
    found: dict[str, str] = {}
    for pattern in what:
        matches = matcher(f"owner:{pattern}" if pattern in old.owners else pattern, old)
        paths = [path for path, file in old.visible.items() if matches(file)]
        if not paths:
            raise UsageError(
                f"{pattern} names nothing in the original",
                hint="name a path, as /usr/bin/cat, or an owner, as deb:coreutils; jettison diff lists what is gone",
            )
        found.update(dict.fromkeys(paths, f"asked for: {pattern}"))
    return found


def _lacking(scene: Scene, new: FileTable, wanted: dict[str, str]) -> dict[str, str]:
    """Return what of it the image lacks, with what that needs and the image lacks as well."""
    old = scene.table
    found: dict[str, str] = {}
    todo = list(wanted.items())
    while todo:
        path, reason = todo.pop()
        if path in found or not _lacks(old, new, path):
            continue
        found[path] = reason
        todo += [(record, f"a record of what brought /{path}") for record in _records(scene, old.visible[path].owner)]
        if path in scene.elfs:
            facts = scene.elfs[path]
            links = [one.via for one in needs(path, facts, scene.libraries).resolved]
            links += [facts.interpreter] if facts.interpreter else []
            todo += [(real, f"/{path} needs it") for via in links for real in trail(scene, via)]
        elif path in scene.scripts:
            found_programs = [which(scene, name) for name in started(scene.scripts[path].argv)]
            todo += [(real, f"it runs /{path}") for one in found_programs if one for real in trail(scene, one)]
        elif old.visible[path].entry.type == "symlink":
            todo += [(real, f"/{path} leads to it") for real in trail(scene, path)]
    if not found:
        raise UsageError("the image has all of it already", hint="jettison diff ORIGINAL IMAGE lists what is gone")
    return found


def _records(scene: Scene, owner: str) -> list[str]:
    """Return the records of a package or distribution: they come back with the first of its files."""
    if owner not in scene.table.owners:
        return []
    kind, _, key = owner.partition(":")
    if kind == "deb":
        names = {key, scene.table.owners[owner].name}
        starts = tuple(f"var/lib/dpkg/info/{name}{mark}" for name in names for mark in ".:")
        whole = {f"var/lib/dpkg/status.d/{name}{end}" for name in names for end in ("", ".list", ".md5sums")}
        return [path for path in scene.table.visible if path.startswith(starts) or path in whole]
    return [file.path for file in scene.files_of.get(owner, ()) if info_folder(file.path)]


def _lacks(old: FileTable, new: FileTable, path: str) -> bool:
    """Whether an image lacks a path, or has only its name."""
    there = new.visible.get(path)
    if there is None:
        return True
    entry = old.visible[path].entry
    return entry.type == "file" == there.entry.type and entry.size > 0 == there.entry.size


def _databases(
    old: FileTable,
    new: FileTable,
    plan: Plan | None,
    paths: Mapping[str, str],
    options: ReadOptions,
    progress: Progress,
) -> tuple[Mapping[str, bytes], Plan | None]:
    """Return what records of packages say once the paths are back, and the plan without these; None without a plan."""
    if plan is None or plan.layers != old.image.config.diff_ids:
        return {}, None
    _, contents = check_pruned(old, new, plan, limits=options.limits, progress=progress)
    left = _less(old, plan, paths)
    found = updates(old, left, contents)
    told = {step.id.removeprefix("update/"): content for step, content in found if step.action == "update"}
    changed = {
        path: old.texts[path]
        for path, file in new.visible.items()
        if path in old.texts and path not in told and file.entry.digest != old.visible[path].entry.digest
    }
    return {path: text for path, text in {**changed, **told}.items() if _differs(new, path, text, paths)}, left


def _less(old: FileTable, plan: Plan, paths: Mapping[str, str]) -> Plan:
    """Return a plan without what came back."""
    return replace(plan, steps=tuple(step for step in _without(old, plan, paths) if step.targets))


def _without(old: FileTable, plan: Plan, paths: Mapping[str, str]) -> list[Step]:
    named = iter(targets(old, plan))
    steps = []
    for step in plan.steps:
        if step.action == "add":
            steps.append(step)
            continue
        left = []
        for target in step.targets:
            files = next(named)[1]
            if not any(file.visible and file.path in paths for file in files):
                left.append(target)
        steps.append(replace(step, targets=tuple(left)))
    return steps


def _differs(new: FileTable, path: str, text: bytes, paths: Mapping[str, str]) -> bool:
    return path in paths or (path in new.visible and new.visible[path].entry.digest != sha256(text))


def _check(
    old: FileTable, new: FileTable, made: FileTable, paths: Mapping[str, str], databases: Mapping[str, bytes]
) -> None:
    """Hold the image that was written against what it should be, path by path.

    Raises:
        BadInputError: it is not: an image was read otherwise before.
    """
    before, after, result = make_view(old), make_view(new), make_view(made)
    for path, node in result.nodes.items():
        wanted = before.nodes.get(path) if path in paths or path not in after.nodes else after.nodes[path]
        if path in databases:
            continue
        if wanted != node:
            raise BadInputError(f"{made.image.name}: {path} is not what it should be once it is back")
    if missing := (after.nodes.keys() | paths.keys()) - result.nodes.keys():
        raise BadInputError(f"{made.image.name}: {min(missing)} is gone")
