"""``/usr/share/jettison/gpu.json``: which GPUs an image holds code for once its libraries are pruned.

It is for those who run the image, and for ``jettison gpu --start-check``.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, get_args

import jettison
from jettison.elf.arch import Ptx, shown
from jettison.elf.treatment import read_treatment
from jettison.errors import BadInputError
from jettison.files.record import FileTable
from jettison.oci.digest import sha256
from jettison.oci.document import load_document
from jettison.oci.json_text import decode_text, encode_text
from jettison.plan.content import Content
from jettison.plan.record import Plan, Step, Target

MANIFEST = "usr/share/jettison/gpu.json"
SCHEMA = "jettison/gpu-manifest/1"
RULE = "gpu-manifest"
_REASON = "it says for which GPUs the image holds code; written by jettison "
_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,64}\Z")


@dataclass(frozen=True, slots=True)
class GpuFile:
    """A library from which GPU code was taken.

    Attributes:
        path: of the library, absolute.
        gpus: compute capabilities for which it kept what the driver would choose.
        ptx: what PTX it kept besides: ``needed`` (none), ``newest`` or ``all``.
        size: bytes now.
        digest: of its content now.
        old_size: bytes before.
        old_digest: of its content before.
        build_id: of the library, by which debug information is found elsewhere; empty when it has none.
    """

    path: str
    gpus: tuple[str, ...]
    ptx: Ptx
    size: int
    digest: str
    old_size: int
    old_digest: str
    build_id: str


@dataclass(frozen=True, slots=True)
class GpuManifest:
    """What GPU code an image holds.

    Attributes:
        tool: that pruned it, with its version.
        gpus: compute capabilities for which every library below kept what the driver would choose, such as ``9.0``.
        ptx: what PTX each of them kept besides, at least.
        files: the libraries, by path.
    """

    tool: str
    gpus: tuple[str, ...]
    ptx: Ptx
    files: tuple[GpuFile, ...]


def manifest_step(table: FileTable, plan: Plan, contents: Mapping[str, Content]) -> tuple[Step, bytes] | None:
    """Return the step that writes the manifest, and its content; None when no GPU code goes, or it has no place.

    Args:
        table: of the image.
        plan: its ``prune`` steps count.
        contents: new content of visible files that are pruned, by path.
    """
    files = {file.path: file for file in _earlier(table)}
    pruned = list(_pruned(table, plan, contents))
    if not pruned:
        return None
    files |= {file.path: _onward(files.get(file.path), file) for file in pruned}
    version = _version_of(plan)
    ordered = tuple(file for _, file in sorted(files.items()))
    common = set.intersection(*(set(file.gpus) for file in ordered))
    gpus = tuple(sorted(common, key=lambda gpu: tuple(map(int, gpu.split(".")))))
    content = _text(GpuManifest(f"jettison {version}", gpus, _least(file.ptx for file in ordered), ordered))
    layer = max(table.visible[file.path[1:]].layer for file in pruned)
    there, folders = table.visible.get(MANIFEST), _missing(table)
    reason, digest = _REASON + version, sha256(content)
    if there is not None and there.entry.type == "file":
        target = Target(there.layer, there.entry.path, digest)
        return Step(RULE, "update", plan.tier, RULE, reason, "", (target,), 0, 0), content
    if there is None and folders is not None:
        targets = (*(Target(layer, folder) for folder in folders), Target(layer, MANIFEST, digest))
        return Step(RULE, "add", plan.tier, RULE, reason, "", targets, 0, 0), content
    return None


def _pruned(table: FileTable, plan: Plan, contents: Mapping[str, Content]) -> Iterator[GpuFile]:
    by_place = {(file.layer, file.entry.path): path for path, file in table.visible.items() if path in contents}
    for step in plan.steps:
        for target in step.targets if step.action == "prune" else ():
            path, choice = by_place.get((target.layer, target.path)), read_treatment(target.to).choice
            if path is not None and choice is not None:
                old, new = table.visible[path].entry, contents[path]
                gpus = tuple(map(shown, choice.targets))
                yield GpuFile(
                    f"/{path}", gpus, choice.ptx, new.size, new.digest, old.size, old.digest, _build_id(table, path)
                )


def _build_id(table: FileTable, path: str) -> str:
    file = table.visible[path]
    facts = table.elfs.get((file.layer, file.index))
    return facts.build_id if facts else ""


def _onward(before: GpuFile | None, file: GpuFile) -> GpuFile:
    """Return what is to be said of a library that was pruned before as well."""
    if before is None or before.digest != file.old_digest:
        return file
    gpus = tuple(gpu for gpu in file.gpus if gpu in before.gpus)
    ptx = _least((file.ptx, before.ptx))
    return GpuFile(file.path, gpus, ptx, file.size, file.digest, before.old_size, before.old_digest, file.build_id)


def _least(kept: Iterable[Ptx]) -> Ptx:
    return min(kept, key=get_args(Ptx).index)


def _version_of(plan: Plan) -> str:
    """Return the version that wrote the manifest: this one, but for a plan that was applied and is proved again."""
    for step in plan.steps:
        text = step.reason.removeprefix(_REASON)
        if step.rule == RULE and text != step.reason and _VERSION.match(text):
            return text
    return jettison.__version__


def _missing(table: FileTable) -> tuple[str, ...] | None:
    """Return the folders that are to be made for the manifest, outermost first; None when something is in the way."""
    parts = MANIFEST.split("/")[:-1]
    folders = ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
    there = [table.visible.get(folder) for folder in folders]
    if any(file is not None and file.entry.type != "dir" for file in there):
        return None
    return tuple(folder for folder, file in zip(folders, there, strict=True) if file is None)


def _earlier(table: FileTable) -> Iterator[GpuFile]:
    """Give what an earlier manifest says of libraries that are there as it says; none when it is malformed."""
    try:
        document = load_document(table.texts.get(MANIFEST, b"{}"), MANIFEST)
        files = [_read(value) for value in document.get("files", ())]
    except (BadInputError, KeyError, StopIteration, TypeError, ValueError):
        return
    for file in files:
        here = table.visible.get(file.path[1:])
        if here is not None and here.entry.digest == file.digest:
            yield file


def _read(value: Any) -> GpuFile:
    gpus = tuple(map(str, value["gpus"]))
    if not all(re.fullmatch(r"[0-9]{1,2}\.[0-9]", gpu) for gpu in gpus):
        raise ValueError(gpus)
    path, digests = decode_text(str(value["path"])), (str(value["digest"]), str(value["old_digest"]))
    ptx: Ptx = next(each for each in get_args(Ptx) if each == value["ptx"])
    return GpuFile(
        path, gpus, ptx, int(value["size"]), digests[0], int(value["old_size"]), digests[1], str(value["build_id"])
    )


def _text(manifest: GpuManifest) -> bytes:
    """Return the document, pure ASCII."""
    files = [{**asdict(file), "path": encode_text(file.path)} for file in manifest.files]
    document = {"schema": SCHEMA, "tool": manifest.tool, "gpus": manifest.gpus, "ptx": manifest.ptx, "files": files}
    return (json.dumps(document, indent=1, ensure_ascii=True) + "\n").encode()
