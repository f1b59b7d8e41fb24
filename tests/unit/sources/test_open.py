"""Opening images: every layout that engines write, selection by tag and platform, and what is refused."""

import itertools
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.images import (
    File,
    as_json,
    compress,
    config_document,
    digest,
    docker25_archive,
    docker_archive,
    docker_files,
    oci_archive,
    oci_files,
    oci_layout,
    tar_bytes,
    write_folder,
    write_tar,
)

from jettison.errors import BadInputError, JettisonError, MachineError, RefusedError, UsageError
from jettison.oci import media
from jettison.oci.image import Image
from jettison.oci.platform import machine_platform
from jettison.sources.open import open_image

LAYERS = [tar_bytes({"a": b"1"}), tar_bytes({"b": b"2" * 2000})]
Builder = Callable[..., Path]


def blobs(image: Image) -> list[bytes]:
    """Return the stored bytes of the layers, read by their extents."""
    found = []
    for layer in image.layers:
        data = Path(layer.blob.path).read_bytes()
        found.append(data[layer.blob.offset : layer.blob.offset + layer.blob.size])
    return found


@pytest.mark.parametrize(
    ("build", "scheme", "docker_types", "compression"),
    [
        *itertools.product((oci_layout,), ("oci:", ""), (False, True), ("none", "gzip", "zstd")),
        *itertools.product((oci_archive,), ("oci-archive:", ""), (False, True), ("none", "gzip", "zstd")),
        *itertools.product((docker25_archive,), ("docker-archive:", ""), (False, True), ("none", "gzip", "zstd")),
    ],
)
def test_layouts_open(
    tmp_path: Path,
    build: Builder,
    scheme: str,
    docker_types: bool,  # noqa: FBT001 -- a table's column
    compression: Any,
) -> None:
    """Folder, tar and Docker-25 tar open alike, with OCI and Docker media types, plain, gzip and zstd."""
    path = build(tmp_path / "image", LAYERS, compression=compression, docker_types=docker_types)
    image = open_image(f"{scheme}{path}")
    assert blobs(image) == [compress(layer, compression) for layer in LAYERS]
    assert [layer.diff_id for layer in image.layers] == [digest(layer) for layer in LAYERS]
    assert [layer.descriptor.digest for layer in image.layers] == [digest(blob) for blob in blobs(image)]
    assert digest(image.manifest) == image.manifest_digest
    assert digest(image.config.raw) == image.config.digest
    assert [layer.created_by for layer in image.layers] == ["RUN step 0", "RUN step 1"]
    assert image.manifest_media_type == (media.DOCKER_MANIFEST if docker_types else media.OCI_MANIFEST)


def test_old_docker_archive_opens(tmp_path: Path) -> None:
    """Each layer's compression is found by its own first bytes; a plain one has its diff_id as digest."""
    path = docker_archive(tmp_path / "i.tar", [*LAYERS, LAYERS[0]], compression=("none", "gzip", "zstd"))
    image = open_image(f"docker-archive:{path}")
    assert [layer.descriptor.digest for layer in image.layers] == [digest(LAYERS[0]), "", ""]
    assert [media.LAYERS[layer.descriptor.media_type] for layer in image.layers] == ["none", "gzip", "zstd"]
    assert (image.manifest, image.manifest_digest) == (b"", image.config.digest)
    assert image.tags == ("app:1.0",)


def test_layers_that_are_symlinks_are_followed_inside_the_archive(tmp_path: Path) -> None:
    """A repeated layer that Docker before 25 writes as a symlink is the file it points to."""
    image = open_image(str(docker_archive(tmp_path / "i.tar", [*LAYERS, LAYERS[0]], symlinks=True)))
    assert image.layers[2].blob == image.layers[0].blob


def test_config_names_of_other_tools(tmp_path: Path) -> None:
    """Config files called sha256:HEX (crane, kaniko) and layers called HEX.tar.gz open."""
    config = as_json(config_document(LAYERS))
    saved = [{"Config": digest(config), "RepoTags": None, "Layers": ["one.tar.gz", "two.tar.gz"]}]
    files = {digest(config): config, "manifest.json": as_json(saved)}
    files |= {name: compress(layer, "gzip") for name, layer in zip(saved[0]["Layers"] or (), LAYERS, strict=True)}
    image = open_image(str(write_tar(tmp_path / "i.tar", files)))
    assert len(image.layers) == 2
    assert image.tags == ()


def test_opening_reads_only_headers(tmp_path: Path) -> None:
    """An archive of 16 GB (sparse on this disk) opens without its layers being read."""
    config = as_json(config_document([b""]))
    name = digest(config)[7:] + ".json"
    size = 16 << 30
    path = tmp_path / "i.tar"
    saved = as_json([{"Config": name, "RepoTags": ["big:1"], "Layers": ["layer.tar"]}])
    start = tar_bytes({name: config, "manifest.json": saved}).rstrip(b"\0")
    start += bytes(-len(start) % 512)
    with path.open("wb") as file:
        file.write(start)
        header = bytearray(tar_bytes({"layer.tar": b""})[:512])
        header[124:136] = b"\x80" + size.to_bytes(11, "big")
        header[148:156] = b"%06o\0 " % (sum(header) - sum(header[148:156]) + 256)
        file.write(header)
        file.truncate(file.tell() + size + 1024)
    assert open_image(str(path)).layers[0].blob.size == size


def test_tags_choose_among_images(tmp_path: Path) -> None:
    """An archive of several images opens by whole name, by tag and by repository; else its names are listed."""
    one, two = docker_files(LAYERS[:1], tags=["a:1", "a:latest"]), docker_files(LAYERS[1:], tags=["b:2"])
    saved = [
        json.loads(next(file.content for file in files if file.path == "manifest.json"))[0] for files in (one, two)
    ]
    files = {file.path: file.content for file in [*one, *two] if file.type == "file"}
    path = write_tar(tmp_path / "i.tar", {**files, "manifest.json": as_json(saved)})
    for tag, tags in (
        ("a:1", ("a:1", "a:latest")),
        ("2", ("b:2",)),
        ("a", ("a:1", "a:latest")),
        ("docker.io/library/b:2", ("b:2",)),
    ):
        assert open_image(f"docker-archive:{path}:{tag}").tags == tags
    with pytest.raises(UsageError, match="several") as caught:
        open_image(str(path))
    assert "a:1, a:latest, b:2" in caught.value.hint
    with pytest.raises(UsageError, match="no image called 'c:3'") as caught:
        open_image(f"{path}:c:3")
    assert "b:2" in caught.value.hint


def test_tags_choose_in_layouts(tmp_path: Path) -> None:
    """Index entries are chosen by reference name; the same digest under two names is one image with both."""
    first, second = oci_files(LAYERS[:1], tag="v1"), oci_files(LAYERS, tag="v2")
    entries = [json.loads(files["index.json"])["manifests"][0] for files in (first, second)]
    entries.append({**entries[0], "annotations": {"org.opencontainers.image.ref.name": "stable"}})
    index = as_json({"schemaVersion": 2, "manifests": entries})
    path = write_folder(tmp_path / "l", {**first, **second, "index.json": index})
    assert open_image(f"oci:{path}:v1").tags == ("v1", "stable")
    assert len(open_image(f"oci:{path}:v2").layers) == 2
    with pytest.raises(UsageError, match="several"):
        open_image(f"oci:{path}")
    with pytest.raises(UsageError, match="no image called"):
        open_image(f"oci:{path}:v3")


@pytest.mark.parametrize("nested", [False, True])
def test_platforms_choose(tmp_path: Path, nested: bool) -> None:  # noqa: FBT001 -- a table's column
    """An index of several platforms opens by --platform, by default the machine's; else it lists what it has."""
    mine = machine_platform().architecture
    path = oci_layout(tmp_path / "l", LAYERS, architectures=(mine, "s390x"), nested=nested)
    assert open_image(f"oci:{path}").config.platform.architecture == mine
    assert open_image(f"oci:{path}", platform="linux/s390x").config.platform.architecture == "s390x"
    with pytest.raises(UsageError, match="linux/riscv64") as caught:
        open_image(f"oci:{path}", platform="linux/riscv64")
    assert "linux/s390x" in caught.value.hint
    foreign = oci_layout(tmp_path / "f", LAYERS, architectures=("s390x", "ppc64le"), nested=nested)
    with pytest.raises(UsageError, match="holds no image for"):
        open_image(f"oci:{foreign}")


def test_the_only_platform_is_taken(tmp_path: Path) -> None:
    """One image opens without --platform whatever it is for; asking for another platform is an error."""
    for path in (
        oci_layout(tmp_path / "l", LAYERS, architectures=("s390x",)),
        docker_archive(tmp_path / "i.tar", LAYERS, config_document(LAYERS, architecture="s390x")),
    ):
        assert open_image(str(path)).config.platform.architecture == "s390x"
        with pytest.raises(UsageError, match="holds no image for linux/amd64"):
            open_image(str(path), platform="linux/amd64")


def test_platforms_that_were_not_saved_are_passed_over(tmp_path: Path) -> None:
    """Of an index whose other manifests are absent, as containerd saves them, the present one opens."""
    files = oci_files(LAYERS, architectures=("s390x", "ppc64le"), nested=False)
    entry = json.loads(files["index.json"])["manifests"][1]
    del files["blobs/sha256/" + entry["digest"][7:]]
    assert open_image(str(write_tar(tmp_path / "i.tar", files))).config.platform.architecture == "s390x"


def test_attestations_and_unknown_entries_are_passed_over(tmp_path: Path) -> None:
    """Provenance beside an image, and index entries of unknown types, do not make the choice ambiguous."""
    files = oci_files(LAYERS)
    index = json.loads(files["index.json"])
    image = index["manifests"][0]
    other = {"mediaType": media.OCI_MANIFEST, "digest": digest(b"x"), "size": 1}
    index["manifests"] += [
        {**other, "platform": {"os": "unknown", "architecture": "unknown"}},
        {**other, "mediaType": "application/vnd.example+json"},
    ]
    path = write_folder(tmp_path / "l", {**files, "index.json": as_json(index)})
    assert open_image(str(path)).manifest_digest == image["digest"]
    index["manifests"] = index["manifests"][1:]
    with pytest.raises(RefusedError, match="no container image"):
        open_image(str(write_folder(tmp_path / "l", {"index.json": as_json(index)})))


def test_names_are_shown_as_docker_shows_them(tmp_path: Path) -> None:
    """The default registry is left out of a containerd name."""
    assert open_image(str(docker25_archive(tmp_path / "i.tar", LAYERS, tags=["app:1", "app:2"]))).tags == (
        "app:1",
        "app:2",
    )


@pytest.mark.parametrize(
    ("scheme", "build", "hint"),
    [
        ("oci:", oci_archive, "oci-archive:"),
        ("oci:", docker_archive, "oci-archive:"),
        ("oci-archive:", oci_layout, "oci:"),
        ("docker-archive:", oci_layout, "oci:"),
        ("docker-archive:", oci_archive, "oci-archive:"),
        ("oci-archive:", docker_archive, "docker-archive:"),
    ],
)
def test_another_kind_than_said(tmp_path: Path, scheme: str, build: Builder, hint: str) -> None:
    """A reference whose scheme does not fit what lies there says which scheme does."""
    path = build(tmp_path / "image", LAYERS)
    with pytest.raises(UsageError) as caught:
        open_image(f"{scheme}{path}")
    assert hint in caught.value.hint


def test_nothing_there(tmp_path: Path) -> None:
    """A path that does not exist is the user's mistake, and the hint says how to save an image."""
    with pytest.raises(UsageError, match="no such file") as caught:
        open_image("python:3.11-slim")
    assert "docker save" in caught.value.hint
    with pytest.raises(BadInputError, match="is no image"):
        open_image(str(tmp_path))


def _archive_with(change: Callable[[dict[str, bytes]], None]) -> Callable[[Path], None]:
    def build(path: Path) -> None:
        files = oci_files(LAYERS)
        change(files)
        write_tar(path, files)

    return build


def _set_index(**entry: Any) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        index = json.loads(files["index.json"])
        index["manifests"][0].update(entry)
        files["index.json"] = as_json(index)

    return change


def _damage(part: bytes) -> Callable[[dict[str, bytes]], None]:
    """Change one byte of the blob that holds ``part``; its size stays."""

    def change(files: dict[str, bytes]) -> None:
        name = next(name for name, data in files.items() if name.startswith("blobs") and part in data)
        files[name] = files[name].replace(part, part.swapcase())

    return change


def _without(part: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        del files[next(name for name, data in files.items() if name.startswith("blobs") and part in data)]

    return change


def _deep(files: dict[str, bytes]) -> None:
    entry = json.loads(files["index.json"])["manifests"][0]
    for _ in range(6):
        raw = as_json({"schemaVersion": 2, "mediaType": media.OCI_INDEX, "manifests": [entry]})
        files["blobs/sha256/" + digest(raw)[7:]] = raw
        entry = {"mediaType": media.OCI_INDEX, "digest": digest(raw), "size": len(raw)}
    files["index.json"] = as_json({"schemaVersion": 2, "manifests": [entry]})


def _one_layer_less(files: dict[str, bytes]) -> None:
    files.update(oci_files(LAYERS, config=config_document(LAYERS[:1])))


@pytest.mark.parametrize(
    ("change", "error", "reason"),
    [
        (_set_index(size=5), BadInputError, "descriptor says 5 bytes"),
        (_set_index(size=1 << 40), BadInputError, "descriptor says"),
        (_set_index(digest=digest(b"x")), BadInputError, "the blob is missing"),
        (_set_index(digest="sha256:../../../etc/passwd"), BadInputError, "not a digest"),
        (_set_index(mediaType=media.OCI_INDEX), BadInputError, "says that it is"),
        (_set_index(mediaType="application/vnd.docker.distribution.manifest.v1+json"), RefusedError, "no container"),
        (_damage(b"RUN step"), BadInputError, "its bytes have the digest"),
        (_damage(b'"layers":[{'), BadInputError, "its bytes have the digest"),
        (_without(b"RUN step"), BadInputError, "the blob is missing"),
        (_without(b"\x1f\x8b"), BadInputError, "layer 0 .* the blob is missing"),
        (_deep, BadInputError, "nested deeper"),
        (_one_layer_less, BadInputError, "2 layers, the config 1 diff_ids"),
        (lambda files: files.update({"oci-layout": b'{"imageLayoutVersion":"2.0.0"}'}), RefusedError, "not 1.x"),
        (lambda files: files.update({"oci-layout": b"{}"}), RefusedError, "not 1.x"),
        (lambda files: files.update({"index.json": b"[]"}), BadInputError, "no JSON object"),
        (lambda files: files.pop("oci-layout"), BadInputError, "is no image"),
        (lambda files: files.update({"index.json": b'{"schemaVersion":2,"manifests":[]}'}), RefusedError, "nothing"),
    ],
)
def test_hostile_layouts(
    tmp_path: Path, change: Callable[[dict[str, bytes]], None], error: type[JettisonError], reason: str
) -> None:
    """Each lie and each malformed document is one error, the same in a folder and in a tar."""
    files = oci_files(LAYERS)
    change(files)
    for path in (write_tar(tmp_path / "i.tar", files), write_folder(tmp_path / "l", files)):
        with pytest.raises(error, match=reason) as caught:
            open_image(str(path))
        assert str(path) in caught.value.message


def _saved(**fields: Any) -> dict[str, bytes]:
    config = as_json(config_document(LAYERS[:1]))
    saved = {"Config": digest(config)[7:] + ".json", "RepoTags": ["a:1"], "Layers": ["l.tar"], **fields}
    return {digest(config)[7:] + ".json": config, "l.tar": LAYERS[0], "manifest.json": as_json([saved])}


@pytest.mark.parametrize(
    ("files", "error", "reason"),
    [
        ({"manifest.json": b"{}"}, BadInputError, "no list of images"),
        ({"manifest.json": b"[]"}, BadInputError, "no list of images"),
        ({"manifest.json": b"[1]"}, BadInputError, "no JSON object"),
        ({"manifest.json": b'[{"Config":""}]'}, BadInputError, "Config is missing"),
        (_saved(Config="../../etc/passwd"), BadInputError, "is missing"),
        (_saved(Layers=["/etc/passwd"]), BadInputError, "the file is missing"),
        (_saved(Layers=["l.tar", "l.tar"]), BadInputError, "2 layers, the config 1 diff_ids"),
        (_saved(Layers="l.tar"), BadInputError, "no list"),
        (_saved(Layers=[1]), BadInputError, "no string"),
        (_saved(Layers=["x"] * 1001), BadInputError, "more than 1000 layers"),
        (_saved(RepoTags={"a": 1}), BadInputError, "no list"),
        (_saved(layers=[]), BadInputError, "would be read as"),
        ({**_saved(), digest(as_json(config_document(LAYERS[:1])))[7:] + ".json": b"{}"}, BadInputError, "digest"),
        ({**_saved(), "l.tar": b"BZh91AY"}, RefusedError, "bzip2"),
        ({"repositories": b"{}"}, RefusedError, "before Docker 1.10"),
    ],
)
def test_hostile_docker_archives(
    tmp_path: Path, files: dict[str, bytes], error: type[JettisonError], reason: str
) -> None:
    """Each malformed manifest.json, missing file and lie is one error that names the archive."""
    path = write_tar(tmp_path / "i.tar", files)
    with pytest.raises(error, match=reason) as caught:
        open_image(str(path))
    assert str(path) in caught.value.message


@pytest.mark.parametrize(
    ("links", "reason"),
    [
        ([File("l.tar", type="symlink", link="/etc/passwd")], "out of the archive"),
        ([File("l.tar", type="symlink", link="../../etc/passwd")], "out of the archive"),
        ([File("l.tar", type="symlink", link="none")], "not in the archive"),
        ([File("l.tar", type="symlink", link="l.tar")], "circle"),
        ([File("l.tar", type="symlink", link="m"), File("m", type="hardlink", link="l.tar")], "circle"),
        ([File("l.tar", type="dir")], "no regular file"),
        ([File("l.tar", type="fifo")], "no regular file"),
        ([File("l.tar", b"1"), File("./l.tar", b"2")], "more than once"),
    ],
)
def test_hostile_links(tmp_path: Path, links: Sequence[File], reason: str) -> None:
    """Links out of the archive, in circles or to nothing, special files and doubled names are refused."""
    files = _saved()
    del files["l.tar"]
    path = tmp_path / "i.tar"
    path.write_bytes(tar_bytes([*(File(name, data) for name, data in files.items()), *links]))
    with pytest.raises(BadInputError, match=reason):
        open_image(str(path))


def test_symlinks_out_of_a_layout_folder_are_refused(tmp_path: Path) -> None:
    """A blob, or the folder of blobs, that is a symlink to outside of the layout is not followed."""
    path = oci_layout(tmp_path / "l", LAYERS)
    inside = oci_layout(tmp_path / "inside", LAYERS)
    (inside / "blobs" / "real").mkdir()
    for blob in sorted((path / "blobs/sha256").iterdir()):
        os.rename(inside / "blobs/sha256" / blob.name, inside / "blobs/real" / blob.name)
        os.symlink(f"../real/{blob.name}", inside / "blobs/sha256" / blob.name)
    assert len(open_image(str(inside)).layers) == 2
    os.rename(path / "blobs", tmp_path / "elsewhere")
    os.symlink("../elsewhere", path / "blobs")
    with pytest.raises(RefusedError, match="leads out of the layout") as caught:
        open_image(str(path))
    assert "cp -rL" in caught.value.hint


def test_symlinks_in_circles_are_bad_input(tmp_path: Path) -> None:
    """A layout file that is a symlink to itself is malformed."""
    path = oci_layout(tmp_path / "l", LAYERS)
    (path / "index.json").unlink()
    (path / "index.json").symlink_to("index.json")
    with pytest.raises(BadInputError, match="circle"):
        open_image(str(path))


def test_special_files_do_not_block(tmp_path: Path) -> None:
    """A FIFO in the place of an archive or a blob is refused, and never waited for."""
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(BadInputError, match="no regular file"):
        open_image(str(tmp_path / "fifo"))
    path = oci_layout(tmp_path / "l", LAYERS)
    blob = next((path / "blobs/sha256").iterdir())
    blob.unlink()
    os.mkfifo(blob)
    with pytest.raises(BadInputError, match="no regular file"):
        open_image(str(path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_files_are_the_machines_fault(tmp_path: Path) -> None:
    """A file without the right to read it is no bad input."""
    path = docker_archive(tmp_path / "i.tar", LAYERS)
    path.chmod(0)
    with pytest.raises(MachineError, match="Permission"):
        open_image(str(path))
