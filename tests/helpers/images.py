"""Tiny images made in code: layer tars, docker archives of both layouts, OCI layouts as folder or tar.

Everything is deterministic. ``docker_archive`` and ``oci_layout`` write valid images; a test of bad input changes
the bytes afterwards, or hands in documents of its own.
"""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import zstandard

Compression = Literal["none", "gzip", "zstd"]

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."


@dataclass(frozen=True)
class File:
    """One member of a tar that :func:`tar_bytes` writes."""

    path: str
    content: bytes = b""
    type: Literal["file", "dir", "symlink", "hardlink", "char", "block", "fifo"] = "file"
    mode: int | None = None
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    link: str = ""
    device: tuple[int, int] = (0, 0)
    xattrs: Mapping[str, bytes] = field(default_factory=dict)


_TYPES = {
    "file": tarfile.REGTYPE,
    "dir": tarfile.DIRTYPE,
    "symlink": tarfile.SYMTYPE,
    "hardlink": tarfile.LNKTYPE,
    "char": tarfile.CHRTYPE,
    "block": tarfile.BLKTYPE,
    "fifo": tarfile.FIFOTYPE,
}


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar_bytes(
    members: Iterable[File | tuple[str, bytes]] | Mapping[str, bytes], *, tar_format: int = tarfile.PAX_FORMAT
) -> bytes:
    """Return a tar of ``File`` records, of ``(path, content)`` pairs, or of a mapping from path to content."""
    if isinstance(members, Mapping):
        members = list(members.items())
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tar_format) as tar:
        for member in members:
            one = member if isinstance(member, File) else File(member[0], member[1])
            tar.addfile(_info(one), io.BytesIO(one.content))
    return out.getvalue()


def _info(one: File) -> tarfile.TarInfo:
    info = tarfile.TarInfo(one.path)
    info.type = _TYPES[one.type]
    info.size = len(one.content) if one.type == "file" else 0
    info.mode = one.mode if one.mode is not None else (0o755 if one.type == "dir" else 0o644)
    info.uid, info.gid, info.mtime = one.uid, one.gid, one.mtime
    info.linkname = one.link
    info.devmajor, info.devminor = one.device
    info.pax_headers = {
        f"SCHILY.xattr.{name}": value.decode("utf-8", "surrogateescape") for name, value in one.xattrs.items()
    }
    return info


def compress(data: bytes, compression: Compression) -> bytes:
    if compression == "gzip":
        return gzip.compress(data, mtime=0)
    if compression == "zstd":
        return zstandard.ZstdCompressor().compress(data)
    return data


def config_document(
    layers: Sequence[bytes], *, architecture: str = "amd64", config: Mapping[str, Any] | None = None, **fields: Any
) -> dict[str, Any]:
    """Return a config for layers given as plain tars.

    Args:
        layers: uncompressed.
        architecture: of the platform ``linux/ARCHITECTURE``.
        config: the inner ``config`` object: ``Cmd``, ``Env`` …
        fields: added to the document, or replacing what is there.
    """
    return {
        "architecture": architecture,
        "os": "linux",
        "config": dict(config or {"Cmd": ["/bin/app"], "Env": ["PATH=/bin"]}),
        "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
        "history": [{"created_by": f"RUN step {index}"} for index in range(len(layers))],
        **fields,
    }


def as_json(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def docker_archive(
    path: Path,
    layers: Sequence[bytes],
    config: Mapping[str, Any] | None = None,
    tags: Sequence[str] = ("app:1.0",),
    *,
    compression: Compression | Sequence[Compression] = "none",
    symlinks: bool = False,
) -> Path:
    """Write a docker archive of the old layout, as Docker before 25 does.

    Args:
        path: the file to write.
        layers: uncompressed tars, lowest first.
        config: inner ``config`` object; a whole document when it has ``rootfs``.
        tags: for RepoTags.
        compression: of the layers' files, one for all or one each.
        symlinks: write a layer that repeats an earlier one as a symlink to it, as Docker before 25 does.
    """
    files = docker_files(layers, config, tags, compression=compression, symlinks=symlinks)
    path.write_bytes(tar_bytes(files))
    return path


def docker_files(
    layers: Sequence[bytes],
    config: Mapping[str, Any] | None = None,
    tags: Sequence[str] = ("app:1.0",),
    *,
    compression: Compression | Sequence[Compression] = "none",
    symlinks: bool = False,
) -> list[File]:
    """Return the members of a docker archive of the old layout; see :func:`docker_archive`."""
    document = dict(config) if config and "rootfs" in config else config_document(layers, config=config)
    raw = as_json(document)
    name = digest(raw).removeprefix("sha256:") + ".json"
    files: list[File] = []
    places: list[str] = []
    seen: dict[bytes, str] = {}
    kinds = [compression] * len(layers) if isinstance(compression, str) else list(compression)
    for index, (layer, kind) in enumerate(zip(layers, kinds, strict=True)):
        folder = hashlib.sha256(f"{index}".encode() + layer).hexdigest()
        files += [File(folder + "/", type="dir"), File(f"{folder}/VERSION", b"1.0")]
        if symlinks and layer in seen:
            files.append(File(f"{folder}/layer.tar", type="symlink", link=f"../{seen[layer]}"))
        else:
            files.append(File(f"{folder}/layer.tar", compress(layer, kind)))
            seen[layer] = f"{folder}/layer.tar"
        places.append(f"{folder}/layer.tar")
    manifest = [{"Config": name, "RepoTags": list(tags) or None, "Layers": places}]
    files += [File(name, raw), File("manifest.json", as_json(manifest))]
    files.append(File("repositories", as_json({tag.rpartition(":")[0]: {tag.rpartition(":")[2]: "x"} for tag in tags})))
    return files


def oci_files(
    layers: Sequence[bytes],
    *,
    compression: Compression | Sequence[Compression] = "gzip",
    docker_types: bool = False,
    config: Mapping[str, Any] | None = None,
    tag: str = "",
    architectures: Sequence[str] = ("amd64",),
    nested: bool = False,
    annotations: Mapping[str, str] | None = None,
) -> dict[str, bytes]:
    """Return an OCI layout as files by name; see :func:`oci_layout`."""
    kinds = [compression] * len(layers) if isinstance(compression, str) else list(compression)
    files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}

    def put(media_type: str, data: bytes, **extra: Any) -> dict[str, Any]:
        files["blobs/sha256/" + digest(data).removeprefix("sha256:")] = data
        return {"mediaType": media_type, "digest": digest(data), "size": len(data), **extra}

    manifest_type = DOCKER + "distribution.manifest.v2+json" if docker_types else OCI + "manifest.v1+json"
    entries = []
    for architecture in architectures:
        document = (
            dict(config)
            if config and "rootfs" in config
            else config_document(layers, config=config, architecture=architecture)
        )
        manifest = {
            "schemaVersion": 2,
            "mediaType": manifest_type,
            "config": put(
                DOCKER + "container.image.v1+json" if docker_types else OCI + "config.v1+json", as_json(document)
            ),
            "layers": [
                put(layer_type(kind, docker=docker_types), compress(layer, kind))
                for layer, kind in zip(layers, kinds, strict=True)
            ],
        }
        if annotations:
            manifest["annotations"] = dict(annotations)
        platform = {} if len(architectures) == 1 else {"platform": {"os": "linux", "architecture": architecture}}
        entries.append(put(manifest_type, as_json(manifest), **platform))
    named = {"annotations": {"org.opencontainers.image.ref.name": tag}} if tag else {}
    if nested:
        index_type = DOCKER + "distribution.manifest.list.v2+json" if docker_types else OCI + "index.v1+json"
        inner = {"schemaVersion": 2, "mediaType": index_type, "manifests": entries}
        entries = [put(index_type, as_json(inner))]
    entries = [{**entry, **named} for entry in entries]
    files["index.json"] = as_json({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": entries})
    return files


def layer_type(compression: Compression, *, docker: bool) -> str:
    if compression == "none":
        return DOCKER + "image.rootfs.diff.tar" if docker else OCI + "layer.v1.tar"
    return DOCKER + f"image.rootfs.diff.tar.{compression}" if docker else OCI + f"layer.v1.tar+{compression}"


def oci_layout(path: Path, layers: Sequence[bytes], **options: Any) -> Path:
    """Write an OCI image layout as a folder.

    Args:
        path: the folder to make.
        layers: uncompressed tars, lowest first.
        options: ``compression`` ("none", "gzip", "zstd", or one a layer), ``docker_types``, ``config`` (inner object,
            or a whole document), ``tag``, ``architectures`` (several make an index), ``nested`` (index in the index),
            ``annotations`` of the manifest.
    """
    return write_folder(path, oci_files(layers, **options))


def oci_archive(path: Path, layers: Sequence[bytes], **options: Any) -> Path:
    """Write an OCI image layout as a tar; options as :func:`oci_layout`."""
    return write_tar(path, oci_files(layers, **options))


def docker25_archive(path: Path, layers: Sequence[bytes], tags: Sequence[str] = ("app:1.0",), **options: Any) -> Path:
    """Write what ``docker save`` writes from 25 on: an OCI layout and manifest.json in one tar."""
    files = oci_files(layers, **options)
    index = json.loads(files["index.json"])
    entry = index["manifests"][0]
    manifest = json.loads(files["blobs/sha256/" + entry["digest"][7:]])
    index["manifests"] = [
        {
            **entry,
            "annotations": {
                "io.containerd.image.name": f"docker.io/library/{tag}",
                "org.opencontainers.image.ref.name": tag.rpartition(":")[2],
            },
        }
        for tag in tags
    ]
    files["index.json"] = as_json(index)
    saved = {
        "Config": "blobs/sha256/" + manifest["config"]["digest"][7:],
        "RepoTags": list(tags),
        "Layers": ["blobs/sha256/" + layer["digest"][7:] for layer in manifest["layers"]],
    }
    files["manifest.json"] = as_json([saved])
    return write_tar(path, files)


def write_folder(path: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def write_tar(path: Path, files: Mapping[str, bytes]) -> Path:
    path.write_bytes(tar_bytes(files))
    return path
