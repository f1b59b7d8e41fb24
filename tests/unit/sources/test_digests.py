"""Recomputing digests: every lie is listed, none hides another, and nothing stops at the first."""

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from tests.helpers.images import (
    Compression,
    as_json,
    compress,
    config_document,
    digest,
    docker25_archive,
    docker_archive,
    oci_archive,
    oci_files,
    oci_layout,
    tar_bytes,
    write_folder,
    write_tar,
)

from jettison.api.verify_image import verify_image
from jettison.errors import BadInputError, RefusedError, UsageError
from jettison.layers.limits import Limits
from jettison.proof.digests import check_digests

LAYERS = [tar_bytes({"a": b"1" * 600}), tar_bytes({"b": b"2" * 2000}), tar_bytes({"c": b"3"})]


@pytest.mark.parametrize("build", [oci_layout, oci_archive, docker_archive, docker25_archive])
@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_true_images_hold(tmp_path: Path, build: Callable[..., Path], compression: Compression) -> None:
    """Every layout of a true image holds; its layers and documents are each a check."""
    path = build(tmp_path / "image", LAYERS, compression=compression)
    report = verify_image(str(path))
    assert (report.verdict, report.problems) == ("held", ())
    assert len([check for check in report.checks if check.name.startswith("layer")]) == 3
    assert report.size >= sum(len(compress(layer, compression)) for layer in LAYERS)
    assert check_digests(str(path)).verdict == "held"


def lying_files() -> dict[str, bytes]:
    """Return a layout in which nearly everything lies."""
    wrong = config_document([LAYERS[0], b"other", LAYERS[2]])
    files = oci_files(LAYERS, config=wrong)
    index = json.loads(files["index.json"])
    entry = index["manifests"][0]
    manifest = json.loads(files["blobs/sha256/" + entry["digest"][7:]])
    manifest["layers"][0]["size"] += 1
    manifest["config"]["size"] += 7
    third = "blobs/sha256/" + manifest["layers"][2]["digest"][7:]
    files[third] = gzip.compress(tar_bytes({"c": b"4"}), mtime=0)
    manifest["layers"][1]["mediaType"] = "application/vnd.oci.image.layer.v1.tar"
    files["blobs/sha256/" + entry["digest"][7:]] = as_json(manifest)
    return files


@pytest.mark.parametrize("write", [write_folder, write_tar])
def test_every_lie_is_listed(tmp_path: Path, write: Callable[[Path, dict[str, bytes]], Path]) -> None:
    """Manifest, config, sizes, blobs, diff_ids and media types that lie are all listed in one report."""
    report = verify_image(str(write(tmp_path / "image", lying_files())))
    text = "\n".join(report.problems)
    assert report.verdict == "failed"
    for expected in (
        r"manifest sha256:\w+: the descriptor says \d+ bytes",
        r"manifest sha256:\w+: its bytes have the digest",
        r"config sha256:\w+: the descriptor says",
        r"layer 0 sha256:\w+: the descriptor says",
        r"layer 1 sha256:\w+: its media type says none, its bytes are gzip",
        r"layer 1 sha256:\w+: the config's diff_id is sha256:\w+, its tar has",
        r"layer 2 sha256:\w+: its bytes have the digest",
        r"layer 2 sha256:\w+: the config's diff_id is",
    ):
        assert re.search(expected, text), expected
    check = check_digests(str(tmp_path / "image"))
    assert (check.verdict, check.count) == ("failed", len(report.problems))


def changed_layout(path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Path:
    """Write a layout whose manifest and config were changed, with digests and sizes that are true all the same."""
    files = oci_files(LAYERS)
    index = json.loads(files["index.json"])
    manifest = json.loads(files.pop("blobs/sha256/" + index["manifests"][0]["digest"][7:]))
    config = json.loads(files.pop("blobs/sha256/" + manifest["config"]["digest"][7:]))
    change(manifest, config)
    for document, holder in ((config, manifest["config"]), (manifest, index["manifests"][0])):
        raw = as_json(document)
        files["blobs/sha256/" + digest(raw)[7:]] = raw
        holder |= {"digest": digest(raw), "size": len(raw)}
    return write_folder(path, {**files, "index.json": as_json(index)})


def faulty(manifest: dict[str, Any], config: dict[str, Any]) -> None:
    """Let several parts be malformed, and two more lie."""
    manifest["schemaVersion"] = 3
    manifest["annotations"] = ["x"]
    manifest["layers"][0]["size"] = "600"
    manifest["layers"][1]["size"] += 1
    config["config"]["Env"] = 7
    config["history"] = {}
    config["rootfs"]["diff_ids"][0] = "md5:0"
    config["rootfs"]["diff_ids"][2] = "sha256:" + "0" * 64


def test_a_malformed_part_hides_nothing(tmp_path: Path) -> None:
    """Every fault of a manifest and a config is listed, and what is not at fault is still recomputed."""
    report = verify_image(str(changed_layout(tmp_path / "l", faulty)))
    assert report.verdict == "failed"
    text = "\n".join(report.problems)
    for expected in (
        r"manifest sha256:\w+: schemaVersion is not 2",
        r"manifest sha256:\w+: annotations is no JSON object",
        r"layer 0: size '600' is no size",
        r"layer 1 sha256:\w+: the descriptor says 1?\d\d bytes",
        r"config sha256:\w+: config: Env is no list",
        r"config sha256:\w+: history is no list",
        r"diff_ids\[0\]",
        r"layer 2 sha256:\w+: the config's diff_id is sha256:0+, its tar has",
    ):
        assert re.search(expected, text), expected


def test_an_unreadable_config_hides_no_layer(tmp_path: Path) -> None:
    """Layers are held against the manifest where no config says what they unpack to."""
    files = oci_files(LAYERS)
    config = next(name for name, data in files.items() if b'"rootfs"' in data)
    layer = next(name for name, data in files.items() if data.startswith(b"\x1f\x8b"))
    files[config] = b"{" * len(files[config])
    files[layer] = files[layer][:-1] + b"?"
    report = verify_image(str(write_folder(tmp_path / "l", files)))
    text = "\n".join(report.problems)
    assert re.search(r"config sha256:\w+ is malformed", text)
    assert re.search(r"layer 0 sha256:\w+: its bytes have the digest", text)
    assert [check.ok for check in report.checks if check.name.startswith("layer")] == [False, True, True]


def test_a_layer_of_an_unknown_type_hides_nothing(tmp_path: Path) -> None:
    """An image that is refused is refused only when nothing else is wrong; else that is listed too."""

    def unknown(manifest: dict[str, Any], config: dict[str, Any]) -> None:
        manifest["layers"][1]["mediaType"] = "application/vnd.example.layer+lz4"

    def unknown_and_lying(manifest: dict[str, Any], config: dict[str, Any]) -> None:
        unknown(manifest, config)
        manifest["layers"][2]["size"] += 1
        config["rootfs"]["diff_ids"][0] = "sha256:" + "0" * 64

    with pytest.raises(RefusedError, match="example"):
        verify_image(str(changed_layout(tmp_path / "refused", unknown)))
    text = "\n".join(verify_image(str(changed_layout(tmp_path / "lying", unknown_and_lying))).problems)
    for expected in (
        "layer 2 .*: the descriptor says",
        "layer 0 .*: the config's diff_id",
        "layer 1: media type .*lz4",
    ):
        assert re.search(expected, text), expected


def _layout_with_layer(path: Path, stored: bytes, tar: bytes = LAYERS[0]) -> Path:
    files = oci_files([*LAYERS[1:], tar], compression=("gzip", "gzip", "none"))
    index = json.loads(files["index.json"])
    entry = index["manifests"][0]
    manifest = json.loads(files["blobs/sha256/" + entry["digest"][7:]])
    manifest["layers"][2] = {
        "mediaType": "application/vnd.oci.image.layer.v1.tar+" + ("gzip" if stored[:2] == b"\x1f\x8b" else "zstd"),
        "digest": digest(stored),
        "size": len(stored),
    }
    raw = as_json(manifest)
    files["blobs/sha256/" + digest(stored)[7:]] = stored
    files["blobs/sha256/" + digest(raw)[7:]] = raw
    index["manifests"] = [{**entry, "digest": digest(raw), "size": len(raw)}]
    return write_folder(path, {**files, "index.json": as_json(index)})


@pytest.mark.parametrize(
    "stored",
    [
        compress(LAYERS[0], "gzip")[:-9],
        compress(LAYERS[0], "gzip")[:20],
        compress(LAYERS[0], "gzip")[:12] + b"\xff" * 60,
        compress(LAYERS[0], "gzip") + b"garbage behind",
        compress(LAYERS[0], "zstd")[:-2],
        compress(LAYERS[0], "zstd")[:6] + b"\xff" * 60,
    ],
)
def test_undecodable_layers_are_one_problem(tmp_path: Path, stored: bytes) -> None:
    """A truncated or corrupt stream is one listed problem of its layer; the others are still checked."""
    report = verify_image(str(_layout_with_layer(tmp_path / "l", stored)))
    assert len(report.problems) == 1
    assert report.problems[0].startswith("layer 2 ")
    assert [check.ok for check in report.checks if check.name.startswith("layer")] == [True, True, False]


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_bombs_are_stopped(tmp_path: Path, compression: str) -> None:
    """A layer that unpacks beyond the limits is a listed problem, reached without unpacking all of it."""
    zeros = bytes(20_000_000)
    stored = gzip.compress(zeros, mtime=0) if compression == "gzip" else zstandard.compress(zeros)
    path = _layout_with_layer(tmp_path / "l", stored, zeros)
    report = verify_image(str(path), limits=Limits(ratio_grace=1_000_000))
    assert len(report.problems) == 1
    assert "max-ratio" in report.problems[0]


def test_missing_layers_are_listed(tmp_path: Path) -> None:
    """Absent blobs are named, all of them, and the rest is checked."""
    files = oci_files(LAYERS)
    gone = [name for name, data in files.items() if data.startswith(b"\x1f\x8b")][:2]
    path = write_folder(tmp_path / "l", {name: data for name, data in files.items() if name not in gone})
    report = verify_image(str(path))
    assert len([problem for problem in report.problems if "the blob is missing" in problem]) == 2


def test_every_platform_is_checked(tmp_path: Path) -> None:
    """Without --platform, a lie in any image of an index is found; with it, only that image is read."""
    files = oci_files(LAYERS, architectures=("amd64", "arm64"), nested=True)
    name = next(name for name, data in files.items() if b'"architecture":"arm64"' in data and b"rootfs" in data)
    files[name] = files[name].replace(b"RUN step", b"RUN STEP")
    path = write_folder(tmp_path / "l", files)
    assert verify_image(str(path)).verdict == "failed"
    assert len(verify_image(str(path)).images) == 2
    assert verify_image(str(path), platform="linux/amd64").verdict == "held"
    assert verify_image(str(path), platform="linux/arm64").verdict == "failed"


def test_one_broken_image_does_not_hide_another(tmp_path: Path) -> None:
    """An image whose manifest cannot be parsed is a problem; the other image of the index is checked."""
    files = oci_files(LAYERS, architectures=("amd64", "arm64"))
    entry = json.loads(files["index.json"])["manifests"][0]
    files["blobs/sha256/" + entry["digest"][7:]] = b"{" * entry["size"]
    report = verify_image(str(write_tar(tmp_path / "i.tar", files)))
    assert len(report.images) == 1
    assert any("malformed" in problem for problem in report.problems)


def test_blobs_that_no_image_names_are_checked_by_name(tmp_path: Path) -> None:
    """Attestations and leftovers must be what their names say."""
    files = {**oci_files(LAYERS), "blobs/sha256/" + "0" * 64: b"not zero"}
    report = verify_image(str(write_folder(tmp_path / "l", files)))
    assert report.problems == (f"blob sha256:{'0' * 64}: its bytes have the digest {digest(b'not zero')}",)


def test_lies_of_old_docker_archives(tmp_path: Path) -> None:
    """A config that is not what its name says, and layers that are not their diff_ids, are all listed."""
    config = as_json(config_document([LAYERS[0], b"x", b"y"]))
    saved = [{"Config": "0" * 64 + ".json", "RepoTags": None, "Layers": ["0.tar", "1.tar", "2.tar"]}]
    layers = {f"{index}.tar": layer for index, layer in enumerate(LAYERS)}
    path = write_tar(tmp_path / "i.tar", {"0" * 64 + ".json": config, "manifest.json": as_json(saved), **layers})
    report = verify_image(str(path))
    assert [check.ok for check in report.checks] == [False, True, False, False]
    assert any("config 000" in problem for problem in report.problems)


def test_what_is_no_image_at_all(tmp_path: Path) -> None:
    """No image is an error of the input for the command, and a failed check for a proof."""
    path = tmp_path / "x.tar"
    path.write_bytes(tar_bytes({"a": b"1"}))
    with pytest.raises(BadInputError):
        verify_image(str(path))
    assert check_digests(str(path)).verdict == "failed"
    with pytest.raises(UsageError):
        check_digests(str(tmp_path / "none"))


def test_a_tag_narrows_the_check(tmp_path: Path) -> None:
    """With a tag, only that image is read."""
    good, bad = oci_files(LAYERS[:1], tag="good"), oci_files(LAYERS[1:], tag="bad")
    entries: list[Any] = [json.loads(files["index.json"])["manifests"][0] for files in (good, bad)]
    for name in bad:
        bad[name] = bad[name].replace(b"RUN step", b"RUN STEP")
    index = as_json({"schemaVersion": 2, "manifests": entries})
    path = write_folder(tmp_path / "l", {**good, **bad, "index.json": index})
    assert verify_image(f"oci:{path}:good").verdict == "held"
    assert verify_image(f"oci:{path}:bad").verdict == "failed"
    assert verify_image(f"oci:{path}").verdict == "failed"
