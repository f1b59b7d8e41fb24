"""Writing images: digests stay, outputs are whole or absent, and the same image gives the same bytes."""

import errno
import itertools
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers.images import (
    Compression,
    compress,
    digest,
    docker25_archive,
    docker_archive,
    oci_archive,
    oci_layout,
    tar_bytes,
)

from jettison import storage
from jettison.errors import BadInputError, MachineError, UsageError
from jettison.oci import media
from jettison.oci.descriptor import make_descriptor
from jettison.oci.image import Extent, Image
from jettison.oci.make import make_image
from jettison.progress import Task
from jettison.proof.digests import recompute
from jettison.sources import blobs, tar_writer
from jettison.sources.open import open_image
from jettison.sources.write import write_image

LAYERS = [tar_bytes({"a": b"1"}), tar_bytes({"b": b"2" * 2000}), tar_bytes({"a": b"1"})]
MIXED: tuple[Compression, ...] = ("none", "gzip", "zstd")
OUTPUTS = ("oci:{}/out", "oci-archive:{}/out", "docker-archive:{}/out")


def facts(image: Image) -> tuple[Any, ...]:
    """Return what must survive being written."""
    layers = [(layer.descriptor.document, layer.diff_id, layer.created_by) for layer in image.layers]
    return image.manifest, image.manifest_media_type, image.tags, image.config.raw, image.annotations, layers


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """An image of three layers, gzip, zstd and plain, in an archive."""
    (tmp_path / "in").mkdir()
    path = docker25_archive(tmp_path / "in/i.tar", LAYERS, compression=("gzip", "zstd", "none"), annotations={"k": "v"})
    return open_image(str(path))


@pytest.mark.parametrize(
    ("out", "build", "docker_types"),
    [*itertools.product(OUTPUTS, (oci_layout, oci_archive, docker25_archive), (False, True))],
)
def test_written_images_open_with_the_same_digests(
    tmp_path: Path,
    out: str,
    build: Callable[..., Path],
    docker_types: bool,  # noqa: FBT001 -- a table's column
) -> None:
    """From every layout to every other, manifest, config and layers keep their bytes, and everything is true."""
    kinds = ("gzip", "zstd", "none")
    before = open_image(str(build(tmp_path / "in", LAYERS, compression=kinds, docker_types=docker_types)))
    write_image(before, out.format(tmp_path))
    assert facts(open_image(out.format(tmp_path))) == facts(before)
    assert recompute(out.format(tmp_path)).problems == ()


@pytest.mark.parametrize("out", OUTPUTS)
def test_old_docker_archives_get_a_manifest(tmp_path: Path, out: str) -> None:
    """An image without a manifest gets one; its config, and so its image id, stays."""
    path = docker_archive(tmp_path / "i.tar", LAYERS, compression=MIXED, tags=("a:1", "b:2"))
    before = open_image(str(path))
    write_image(before, out.format(tmp_path))
    after = open_image(out.format(tmp_path) + ":b:2")
    assert after.config.raw == before.config.raw
    assert after.tags == ("a:1", "b:2")
    assert [layer.descriptor.digest for layer in after.layers] == [
        digest(compress(layer, kind)) for layer, kind in zip(LAYERS, MIXED, strict=True)
    ]
    assert recompute(out.format(tmp_path)).verdict == "held"


@pytest.mark.parametrize("out", OUTPUTS)
def test_outputs_are_reproducible(tmp_path: Path, image: Image, out: str) -> None:
    """Writing twice gives the same bytes, whatever the time."""
    found = []
    for folder in ("1", "2"):
        (tmp_path / folder).mkdir()
        write_image(image, out.format(tmp_path / folder))
        files = [path for path in sorted((tmp_path / folder).rglob("*")) if path.is_file()]
        found.append([(path.relative_to(tmp_path / folder), path.read_bytes()) for path in files])
    assert found[0] == found[1]


def test_docker_archives_are_for_old_and_new_engines(tmp_path: Path, image: Image) -> None:
    """A docker archive holds manifest.json, whose files are the OCI layout's blobs; a repeated layer is stored once."""
    write_image(image, f"docker-archive:{tmp_path}/o.tar:repo/app:2")
    with tarfile.open(tmp_path / "o.tar") as tar:
        names = tar.getnames()
        file = tar.extractfile("manifest.json")
        assert file is not None
        saved = json.loads(file.read())[0]
        members = tar.getmembers()
    assert saved["RepoTags"] == ["repo/app:2"]
    assert {saved["Config"], *saved["Layers"], "oci-layout", "index.json"} <= set(names)
    assert len(names) == len(set(names))
    assert {(one.mtime, one.uid, one.gid, one.uname) for one in members} == {(0, 0, 0, "")}


def test_names_of_outputs(tmp_path: Path, image: Image) -> None:
    """A tag in the output's name replaces the image's own; Docker's names get their tag."""
    write_image(image, f"oci:{tmp_path}/o:stable")
    assert open_image(f"{tmp_path}/o").tags == ("stable",)
    write_image(image, f"docker-archive:{tmp_path}/d.tar:app")
    assert open_image(f"{tmp_path}/d.tar").tags == ("app:latest",)
    with pytest.raises(UsageError, match="Docker loads no image"):
        write_image(image, f"docker-archive:{tmp_path}/e.tar:APP:1")
    assert listing(tmp_path) == ["d.tar", "in", "o"]


def test_bare_outputs(tmp_path: Path, image: Image) -> None:
    """A bare path makes a docker archive when it ends in .tar, else a layout."""
    write_image(image, f"{tmp_path}/o.tar")
    write_image(image, f"{tmp_path}/o/")
    assert (tmp_path / "o.tar").is_file()
    assert (tmp_path / "o/index.json").is_file()
    assert open_image(f"docker-archive:{tmp_path}/o.tar").tags == ("app:1.0",)


@pytest.mark.parametrize("out", OUTPUTS)
def test_outputs_are_not_replaced_without_force(tmp_path: Path, image: Image, out: str) -> None:
    """What is there stays without force, and is replaced with it."""
    write_image(image, out.format(tmp_path))
    with pytest.raises(UsageError, match="exists"):
        write_image(image, out.format(tmp_path))
    write_image(image, out.format(tmp_path) + ":new:1", force=True)
    assert open_image(out.format(tmp_path)).tags == ("new:1",)
    assert listing(tmp_path) == ["in", "out"]


def test_force_never_replaces_a_folder_that_is_no_layout(tmp_path: Path, image: Image) -> None:
    """A user's folder is safe from --force, whatever the format."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.tex").write_text("years of work")
    for kind in ("oci", "oci-archive", "docker-archive"):
        with pytest.raises(UsageError, match="not replaced"):
            write_image(image, f"{kind}:{home}", force=True)
    assert listing(home) == ["thesis.tex"]


def test_missing_folder_of_an_output(tmp_path: Path, image: Image) -> None:
    """The folder that holds the output must exist."""
    with pytest.raises(UsageError, match="is no folder"):
        write_image(image, f"oci:{tmp_path}/no/out")


def test_an_image_may_replace_itself(tmp_path: Path) -> None:
    """The source may lie where the output goes."""
    path = oci_layout(tmp_path / "l", LAYERS)
    before = open_image(str(path))
    write_image(before, f"oci:{path}", force=True)
    assert facts(open_image(str(path))) == facts(before)


@pytest.mark.parametrize("out", OUTPUTS)
@pytest.mark.parametrize("lie", ["digest", "size", "diff_id"])
def test_lying_layers_leave_nothing(tmp_path: Path, out: str, lie: str) -> None:
    """A layer whose bytes are not what its descriptor (or, in an old archive, its diff_id) says is never written."""
    path = docker_archive(tmp_path / "i.tar", LAYERS) if lie == "diff_id" else oci_archive(tmp_path / "i.tar", LAYERS)
    data = bytearray(path.read_bytes())
    image = open_image(str(path))
    if lie == "size":
        wrong = replace(image.layers[1].blob, size=image.layers[1].blob.size - 1)
        image = replace(image, layers=(image.layers[0], replace(image.layers[1], blob=wrong), image.layers[2]))
    else:
        data[image.layers[1].blob.offset + 20] ^= 1
        path.write_bytes(data)
    with pytest.raises(BadInputError, match="layer 1"):
        write_image(image, out.format(tmp_path))
    assert listing(tmp_path) == ["i.tar"]


@pytest.mark.parametrize("out", OUTPUTS)
def test_a_truncated_source_leaves_nothing(tmp_path: Path, out: str) -> None:
    """An archive that was cut off after it was opened is one error, and no output."""
    path = oci_archive(tmp_path / "i.tar", LAYERS)
    image = open_image(str(path))
    os.truncate(path, image.layers[1].blob.offset + 10)
    with pytest.raises(BadInputError, match="ends at byte"):
        write_image(image, out.format(tmp_path))
    assert listing(tmp_path) == ["i.tar"]


@pytest.mark.parametrize("out", OUTPUTS)
@pytest.mark.parametrize(
    ("raised", "seen"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), MachineError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_full_disk_and_interrupt_leave_nothing(
    tmp_path: Path,
    image: Image,
    out: str,
    raised: BaseException,
    seen: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When the disk is full, or the user presses Ctrl-C amid a layer, nothing is left."""

    def fail(fd: int, piece: bytes | memoryview) -> None:
        if os.fstat(fd).st_size > 100 or len(piece) > 100:
            raise raised
        os.write(fd, piece)

    monkeypatch.setattr(blobs, "write_all", fail)
    monkeypatch.setattr(tar_writer, "write_all", fail)
    monkeypatch.setattr(blobs, "_share", lambda *_: False)
    with pytest.raises(seen) as caught:
        write_image(image, out.format(tmp_path))
    if isinstance(caught.value, MachineError):
        assert "room" in caught.value.hint
    assert listing(tmp_path) == ["in"]


def test_whole_files_of_the_cache_are_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A blob that is a whole file of the cache folder is linked (or its blocks shared), not copied, and verified."""
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(blobs, "_clone", lambda *_: False)
    (tmp_path / "cache").mkdir()
    file = storage.cache_root() / "layer"
    file.write_bytes(LAYERS[0])
    descriptor = make_descriptor(media.OCI_LAYER, digest(LAYERS[0]), len(LAYERS[0]))
    layers = [(descriptor, digest(LAYERS[0]), Extent(str(file), 0, len(LAYERS[0])))]
    made = make_image(name="n", config={"os": "linux", "architecture": "amd64"}, layers=layers)
    write_image(made, f"oci:{tmp_path}/o")
    assert file.samefile(tmp_path / "o/blobs/sha256" / digest(LAYERS[0])[7:])
    file.chmod(0o644)
    file.write_bytes(LAYERS[0].swapcase())
    with pytest.raises(BadInputError, match="digest"):
        write_image(made, f"oci:{tmp_path}/p")
    assert listing(tmp_path) == ["cache", "o"]


def test_a_shared_blob_is_not_read_when_the_caller_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``proved`` a linked blob is left to the caller's check; one that is copied is verified all the same."""
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(blobs, "_clone", lambda *_: False)
    (tmp_path / "cache").mkdir()
    file = storage.cache_root() / "layer"
    file.write_bytes(LAYERS[0].swapcase())
    descriptor = make_descriptor(media.OCI_LAYER, digest(LAYERS[0]), len(LAYERS[0]))
    layers = [(descriptor, digest(LAYERS[0]), Extent(str(file), 0, len(LAYERS[0])))]
    made = make_image(name="n", config={"os": "linux", "architecture": "amd64"}, layers=layers)
    write_image(made, f"oci:{tmp_path}/o", proved=True)
    assert file.samefile(tmp_path / "o/blobs/sha256" / digest(LAYERS[0])[7:])
    for out in ("oci:{}/p", "oci-archive:{}/p", "docker-archive:{}/p"):
        monkeypatch.setattr(blobs, "_share", lambda *_: False)
        with pytest.raises(BadInputError, match="digest"):
            write_image(made, out.format(tmp_path), proved=True)
    assert listing(tmp_path) == ["cache", "o"]


def test_files_outside_the_cache_are_never_hard_linked(tmp_path: Path, image: Image) -> None:
    """A user's own layout shares no inode with the output."""
    write_image(image, f"oci:{tmp_path}/a")
    write_image(open_image(f"oci:{tmp_path}/a"), f"oci:{tmp_path}/b")
    assert all(path.stat().st_nlink == 1 for path in (tmp_path / "b/blobs/sha256").iterdir())


def test_progress_counts_the_stored_bytes(tmp_path: Path, image: Image) -> None:
    """Progress is told every byte of every distinct layer, and the total before."""

    class Told:
        total = done = 0

        @contextmanager
        def task(self, name: str, total: int | None, unit: str = "bytes") -> Iterator[Task]:
            assert (name.startswith("write oci:"), unit) == (True, "bytes")
            self.total = total or 0
            yield self

        def advance(self, amount: int) -> None:
            self.done += amount

    told = Told()
    write_image(image, f"oci:{tmp_path}/o", progress=told)
    assert told.done == told.total == sum(layer.blob.size for layer in image.layers)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.binary(max_size=600), st.sampled_from(["none", "gzip", "zstd"])), max_size=5),
    st.sampled_from(OUTPUTS),
)
def test_any_image_survives_any_output(
    tmp_path_factory: pytest.TempPathFactory, layers: list[tuple[bytes, Any]], out: str
) -> None:
    """Any number of layers of any content and compression comes back byte for byte."""
    folder = tmp_path_factory.mktemp("w")
    tars = [tar_bytes({"f": content}) for content, _ in layers]
    before = open_image(str(oci_layout(folder / "in", tars, compression=[kind for _, kind in layers])))
    write_image(before, out.format(folder))
    assert facts(open_image(out.format(folder))) == facts(before)
