"""Write an image: as a layout folder, an OCI archive, a docker archive or into a registry, whole or not at all."""

import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jettison.errors import MachineError, UsageError
from jettison.oci.document import dump_document
from jettison.oci.image import Image
from jettison.oci.media import OCI_INDEX
from jettison.outputs import check_place, whole_dir, whole_file
from jettison.progress import SILENT, Progress, Task
from jettison.reference import ENGINES, Reference, is_repository_tag, parse_reference, tagged
from jettison.sources.blobs import Contents, contents_of, place_blob, verified_pieces
from jettison.sources.names import name_annotations
from jettison.sources.tar_writer import TarWriter

_LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'


@dataclass(frozen=True, slots=True)
class Output:
    """Where an image goes.

    Attributes:
        kind: ``oci`` (a folder), ``oci-archive``, ``docker-archive``, ``registry`` or an engine's name.
        path: absolute; of a registry ``/``, of an engine what stands for the image in the current folder, where its
            papers lie.
        name: tag or ``repository:tag`` it shall have; empty to keep the image's own. In a registry, all of its name.
    """

    kind: str
    path: Path
    name: str

    @property
    def remote(self) -> bool:
        """Whether it is in a registry."""
        return self.kind == "registry"

    @property
    def engine(self) -> str:
        """Which engine it goes to; empty when to none."""
        return self.kind if self.kind in ENGINES else ""


@dataclass(frozen=True, slots=True)
class _Made:
    """How an output is put in its place: replacing what is there, as the run's last step, proved afterwards; or not."""

    output: Output
    force: bool
    last: bool
    proved: bool


def write_image(
    image: Image,
    out: str,
    *,
    force: bool = False,
    shown: str = "",
    proved: bool = False,
    progress: Progress = SILENT,
) -> None:
    """Write an image; every blob is verified against its digest on the way.

    Manifest, config and layers keep their bytes. An image that came without a manifest gets one. A docker archive holds
    an OCI layout as well (as ``docker save`` writes from 25 on), so that its manifest stays. Docker before 23 does not
    load layers compressed with zstd, whatever the format; they are written as they are. So is a manifest of Docker's
    schema 2, which skopeo (1.9) does not find in a layout by its tag.

    Args:
        image: what to write.
        out: ``oci:DIR[:TAG]``, ``oci-archive:PATH[:TAG]``, ``docker-archive:PATH[:REPOSITORY:TAG]``,
            ``registry:NAME``, ``docker:NAME``; a bare path makes a docker archive when it ends in ``.tar``, else a
            layout folder.
        force: replace what is there: a file, or a folder that is an image layout or empty.
        shown: the reference that the user asked for, when ``out`` is only a step on the way there.
        proved: whether the caller reads what was written and checks every digest before anybody gets it; then blobs
            that need no copy are not read here as well.
        progress: told the bytes of layers written.

    Raises:
        UsageError: ``out`` is wrong, exists, its folder does not exist, or another run is writing to it.
        BadInputError: a blob is not what its descriptor says.
        MachineError: the disk is full or may not be written. Nothing is left behind after any of them.
    """
    output = parse_output(out)
    if output.remote:
        from jettison.sources.registry.push import push_image  # noqa: PLC0415 -- most outputs are files

        push_image(image, out, output.name, force=force, progress=progress)
        return
    if output.engine:
        from jettison.sources.engine.load import load_image  # noqa: PLC0415 -- as above

        load_image(image, output.engine, output.name, force=force, progress=progress)
        return
    check_output(output, force=force)
    target = shown if shown and parse_output(shown).remote else parse_output(shown or out).path
    made = _Made(output, force=force, last=not shown, proved=proved)
    try:
        contents = contents_of(image)
        names = (output.name,) if output.name else image.tags
        with progress.task(f"write {shown or out}", sum(layer.blob.size for layer in contents.layers)) as task:
            if output.kind == "oci":
                _write_folder(contents, names, made, task)
            else:
                _write_archive(contents, names, made, task)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        hint = "free some room; nothing was left behind" if full else ""
        raise MachineError(f"{target} cannot be written: {error.strerror or error}", hint=hint) from error


def parse_output(out: str) -> Output:
    """Return where ``out`` says an image shall go.

    Raises:
        UsageError: it is no reference that can be written, or the name does not fit the format.
    """
    reference = parse_reference(out)
    if reference.kind == "registry":
        return Output("registry", Path("/"), reference.path)
    if reference.kind in ENGINES:
        name = tagged(reference.path)
        if not is_repository_tag(name):
            raise UsageError(f"{out}: no engine loads an image called {name!r}", hint="write REPOSITORY:TAG")
        return Output(reference.kind, place_of_name(reference), name)
    kind = reference.kind or ("docker-archive" if reference.path.endswith(".tar") else "oci")
    return Output(kind, Path(os.path.abspath(reference.path)), _name(reference, kind))


def place_of_name(reference: Reference) -> Path:
    """Return what stands for an engine's image in the current folder: engine and name, fit for a file."""
    return Path.cwd() / re.sub(r"[^A-Za-z0-9._-]", "_", f"{reference.kind}:{tagged(reference.path)}")


def _name(reference: Reference, kind: str) -> str:
    name = reference.tag
    if kind != "docker-archive" or not name:
        return name
    full = tagged(name)
    if not is_repository_tag(full):
        raise UsageError(f"{reference.text}: Docker loads no image called {full!r}", hint="write REPOSITORY:TAG")
    return full


def check_output(output: Output, *, force: bool) -> None:
    """Refuse, before any work, what could not be put in its place; never replace a folder that is no layout.

    Raises:
        UsageError: as :func:`jettison.outputs.check_place`, or a folder is there that is no image layout; in a
            registry, the tag leads to another image.
        MachineError: the registry cannot be reached, or wants a login.
    """
    if output.remote:
        from jettison.sources.registry.push import check_target  # noqa: PLC0415 -- most outputs are files

        check_target(f"registry:{output.name}", output.name, force=force)
        return
    if output.engine:
        from jettison.sources.engine.load import check_name_free  # noqa: PLC0415 -- as above

        check_name_free(output.engine, output.name, force=force)
        return
    path = output.path
    check_place(path, force=force)
    if path.is_dir() and (output.kind != "oci" or not _is_replaceable(path)):
        raise UsageError(
            f"{path} is a folder that is no image layout; it is not replaced", hint="choose another output"
        )


def _is_replaceable(path: Path) -> bool:
    try:
        return (path / "oci-layout").is_file() or not any(path.iterdir())
    except FileNotFoundError:  # another run is just replacing it
        return True


def _write_folder(contents: Contents, names: tuple[str, ...], made: _Made, task: Task) -> None:
    with whole_dir(made.output.path, force=made.force, last=made.last) as part:
        blobs = part / "blobs" / "sha256"
        blobs.mkdir(parents=True)
        for digest, raw in contents.documents.items():
            (blobs / _hex(digest)).write_bytes(raw)
        for layer in contents.layers:
            place_blob(layer, blobs / _hex(layer.descriptor.digest), task, proved=made.proved)
        (part / "oci-layout").write_bytes(_LAYOUT)
        (part / "index.json").write_bytes(_index(contents.image, names))


def _write_archive(contents: Contents, names: tuple[str, ...], made: _Made, task: Task) -> None:
    with whole_file(made.output.path, force=made.force, last=made.last) as file:
        stream_archive(file.fileno(), contents, names, task, docker=made.output.kind == "docker-archive")


def stream_archive(fd: int, contents: Contents, names: tuple[str, ...], task: Task, *, docker: bool) -> None:
    """Write an archive to a file or pipe, front to back.

    Args:
        fd: where to write.
        contents: of the image.
        names: that it shall have.
        task: told the bytes of layers.
        docker: for ``docker load`` as well.

    Raises:
        BadInputError: a blob is not what its descriptor says.
        OSError: of the file or pipe.
    """
    documents = {"index.json": _index(contents.image, names), "oci-layout": _LAYOUT}
    if docker:
        documents["manifest.json"] = _docker_manifest(contents.image, names)
    tar = TarWriter(fd)
    for name, raw in sorted(documents.items()):
        tar.file(name, len(raw), [raw])
    tar.folder("blobs")
    tar.folder("blobs/sha256")
    for digest, raw in contents.documents.items():
        tar.file(_blob(digest), len(raw), [raw])
    for layer in contents.layers:
        tar.file(_blob(layer.descriptor.digest), layer.descriptor.size, verified_pieces(layer, task))
    tar.finish()


def _index(image: Image, names: tuple[str, ...]) -> bytes:
    """Return index.json: one entry a name, all of the one manifest."""
    platform = image.config.platform
    entry: dict[str, Any] = {
        "mediaType": image.manifest_media_type,
        "digest": image.manifest_digest,
        "size": len(image.manifest),
        "platform": {"architecture": platform.architecture, "os": platform.os},
    }
    if platform.variant:
        entry["platform"]["variant"] = platform.variant
    entries = [{**entry, "annotations": name_annotations(name)} for name in names] or [entry]
    return dump_document({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}, sort=False)


def _docker_manifest(image: Image, names: tuple[str, ...]) -> bytes:
    """Return manifest.json; names that are no ``repository:tag`` stay in index.json only."""
    saved = {
        "Config": _blob(image.config.digest),
        "RepoTags": [name for name in names if is_repository_tag(name)] or None,
        "Layers": [_blob(layer.descriptor.digest) for layer in image.layers],
    }
    return b"[" + dump_document(saved, sort=False) + b"]"


def _blob(digest: str) -> str:
    return f"blobs/sha256/{_hex(digest)}"


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")
