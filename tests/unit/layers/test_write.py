"""Layers written: read back as they were, the same bytes however many threads, nothing left after a failure."""

import errno
import gzip
import io
import os
import resource
import shutil
import subprocess
import tarfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers.layerblobs import oracle, row

from jettison.errors import BadInputError, MachineError, UsageError
from jettison.layers import threads
from jettison.layers.encode import encode_header
from jettison.layers.entry import Entry, EntryType
from jettison.layers.read import read_layer
from jettison.layers.write import LayerWriter, WrittenLayer
from jettison.oci.digest import sha256
from jettison.oci.image import Descriptor, Extent, Layer

CONTENT = b"".join(b"%d some text that packs\n" % (index * 31) for index in range(150_000)) + os.urandom(500_000)
COMPRESSIONS = ["none", "gzip", "zstd"]


def entry(path: str, kind: EntryType = "file", **fields: Any) -> Entry:
    return replace(Entry(path, kind, 0, 0o644, 0, 0, 0, "", "", (0, 0), (), 0, 0, 0), **fields)


def _write(path: Path, compression: Any, threads: int, step: int, level: int | None = None) -> WrittenLayer:
    with LayerWriter(path, compression, level, threads) as writer:
        for start in range(0, len(CONTENT), step):
            writer.raw(memoryview(CONTENT)[start : start + step])
        return writer.finish()


def _layer(written: WrittenLayer) -> Layer:
    descriptor = Descriptor(written.media_type, written.digest, written.stored, {})
    return Layer(0, descriptor, written.diff_id, Extent(str(written.path), 0, written.stored), "")


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_bytes_do_not_depend_on_threads_or_pieces(compression: Any, tmp_path: Path) -> None:
    """One, two and five threads, pieces of any length: one digest."""
    forms = [(1, 1 << 20), (2, 77_777), (5, len(CONTENT)), (2, 3_000_000)]
    written = [_write(tmp_path / f"{index}", compression, *form) for index, form in enumerate(forms)]
    assert len({one.digest for one in written}) == 1
    assert len({one.diff_id for one in written}) == 1


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_digests_sizes_and_content_are_right(compression: Any, tmp_path: Path) -> None:
    """Against the standard library's gzip and zstandard's one-shot reading."""
    written = _write(tmp_path / "blob", compression, 2, 50_000)
    blob = written.path.read_bytes()
    unpack: dict[str, Any] = {
        "none": lambda data: data,
        "gzip": gzip.decompress,
        "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    }
    tar = unpack[compression](blob)
    assert tar == CONTENT + bytes(1024)
    assert (written.digest, written.stored) == (sha256(blob), len(blob))
    assert (written.diff_id, written.size) == (sha256(tar), len(tar))
    assert written.media_type.endswith({"none": ".tar", "gzip": "+gzip", "zstd": "+zstd"}[compression])


def test_gzip_has_no_time_and_no_system_in_its_header(tmp_path: Path) -> None:
    """RFC 1952: MTIME 0, OS 255."""
    assert _write(tmp_path / "blob", "gzip", 1, 1 << 20).path.read_bytes()[:10] == b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


def test_gzip_by_blocks_is_about_as_small_as_in_one(tmp_path: Path) -> None:
    """Each block has the one before it as dictionary: within 1 % of the standard library's."""
    stored = _write(tmp_path / "blob", "gzip", 2, 1 << 20).stored
    assert stored <= 1.01 * len(gzip.compress(CONTENT, 6))


@pytest.mark.parametrize(("compression", "tool"), [("gzip", "gzip"), ("zstd", "zstd")])
def test_other_programs_take_the_blob(compression: Any, tool: str, tmp_path: Path) -> None:
    """`gzip -t` and `zstd -t`."""
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool} program")
    with open(_write(tmp_path / "blob", compression, 2, 1 << 20).path, "rb") as blob:
        subprocess.run([tool, "-t"], stdin=blob, check=True, capture_output=True)


def test_levels_are_checked(tmp_path: Path) -> None:
    """A level that is none is a usage error, and no file is made."""
    for compression, level in (("gzip", 0), ("gzip", 10), ("zstd", 23), ("zstd", -1), ("none", 3)):
        with pytest.raises(UsageError, match="level"):
            LayerWriter(tmp_path / "blob", compression, level)  # type: ignore[arg-type]  # from a list of both
    assert not list(tmp_path.iterdir())
    assert (
        _write(tmp_path / "fast", "gzip", 1, 1 << 20, 1).stored
        > _write(tmp_path / "best", "gzip", 1, 1 << 20, 9).stored
    )


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_an_empty_layer_is_two_zero_blocks(compression: Any, tmp_path: Path) -> None:
    """And reads as no entries."""
    with LayerWriter(tmp_path / "blob", compression) as writer:
        written = writer.finish()
    assert (written.size, read_layer(_layer(written), []).entries) == (1024, ())


def _fail(writer: LayerWriter, content: bytes) -> None:
    with writer:
        writer.raw(content)
        raise KeyboardInterrupt


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_nothing_is_left_after_a_failure(compression: Any, tmp_path: Path) -> None:
    """Neither after an exception nor when it was never finished."""
    with pytest.raises(KeyboardInterrupt):
        _fail(LayerWriter(tmp_path / "blob", compression), CONTENT)
    with LayerWriter(tmp_path / "blob", compression) as writer:
        writer.raw(CONTENT)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_full_disk_is_the_machine_s_fault(compression: Any, tmp_path: Path) -> None:
    """With a hint, not a traceback, and the file is gone; a limit on file sizes stands for the disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(MachineError, match="blob: File too large") as caught:
            _write(tmp_path / "blob", compression, 2, 1 << 20)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "free some room" in caught.value.hint
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """The path must be new; what is there stays."""
    (tmp_path / "blob").write_bytes(b"mine")
    with pytest.raises(MachineError, match="File exists"):
        LayerWriter(tmp_path / "blob", "gzip")
    assert (tmp_path / "blob").read_bytes() == b"mine"


def test_content_of_another_length_is_an_error(tmp_path: Path) -> None:
    """A file that changed while it was read must not shift what follows."""
    for content in (b"", b"12", b"1234"):
        with pytest.raises(BadInputError, match="not the 3"), LayerWriter(tmp_path / "blob", "none") as writer:
            writer.add(entry("a", size=3), [content])


def test_plain_members_have_no_extended_header() -> None:
    """What ustar holds is one block, also a long name that splits."""
    for one in (entry("a" * 100), entry("d" * 150 + "/" + "n" * 100), entry("etc", "dir"), entry("", "dir")):
        assert len(encode_header(one)) == 512


_PART = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]) | st.just("\udcff"), min_size=1, max_size=80
)
_PATH = st.lists(
    _PART.filter(lambda part: part not in {".", ".."} and not part.startswith(".wh.") and len(os.fsencode(part)) < 256),
    min_size=1,
    max_size=5,
).map("/".join)


@st.composite
def _entries(draw: st.DrawFn) -> Entry:
    kind: EntryType = draw(st.sampled_from(["file", "dir", "symlink", "hardlink", "char", "block", "fifo"]))
    devices = st.tuples(st.integers(0, 2**12), st.integers(0, 2**20 - 1))
    names = draw(st.sets(st.text("abc.\u00e9", min_size=1, max_size=8), max_size=2))
    return entry(
        draw(_PATH),
        kind,
        size=draw(st.integers(0, 3000)) if kind == "file" else 0,
        mode=draw(st.integers(0, 0o7777)),
        uid=draw(st.integers(0, 2**32 - 1)),
        gid=draw(st.integers(0, 2**32 - 1)),
        mtime=draw(st.integers(-(2**62), 2**62) | st.integers(0, 2**31).map(lambda seconds: seconds * 1_000_000_000)),
        link=draw(_PATH) if kind in {"symlink", "hardlink"} else "",
        device=draw(devices) if kind in {"char", "block"} else (0, 0),
        xattrs=tuple((f"user.{name}", draw(st.binary(max_size=20))) for name in sorted(names)),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.lists(_entries(), max_size=4))
def test_what_is_written_is_read_back(tmp_path: Path, entries: list[Entry]) -> None:
    """Every field of every type, by Jettison and by `tarfile`."""
    path = tmp_path / "blob"
    with LayerWriter(path, "none", threads=1) as writer:
        for one in entries:
            writer.add(one, [b"x" * one.size] if one.size else [])
        written = writer.finish()
    found = read_layer(_layer(written), []).entries
    tar = path.read_bytes()
    path.unlink()
    assert [replace(one, digest="", offset=0, data=0, end=0) for one in found] == entries
    assert [_without_fraction(one) for one in oracle(tar)] == [_without_fraction(row(one)) for one in found]


def _without_fraction(fields: tuple[Any, ...]) -> tuple[Any, ...]:
    """Leave the time out (`tarfile` has it as a float) and the attributes (it decodes what is no text)."""
    return fields[:6] + fields[7:10]


def test_the_same_entries_give_the_same_bytes(tmp_path: Path) -> None:
    """On any day: no clock, no user, no process number."""
    one = entry("x" * 200, mtime=1_500_000_001, size=1)
    digests = set()
    for index in range(2):
        with LayerWriter(tmp_path / str(index), "gzip") as writer:
            writer.add(one, [b"1"])
            digests.add(writer.finish().digest)
    assert len(digests) == 1
    with tarfile.open(fileobj=io.BytesIO(encode_header(one) + bytes(2048))) as tar:
        assert [info.name for info in tar] == ["x" * 200]


def test_a_large_blob_goes_to_disk_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts are put on disk beside the writer, from one thread, so that the sync in the end has little left to do."""
    synced: list[tuple[str, int]] = []

    def fdatasync(fd: int) -> None:
        synced.append((threading.current_thread().name, os.fstat(fd).st_size))

    monkeypatch.setattr(threads, "SYNC_STEP", 200_000)
    monkeypatch.setattr(os, "fdatasync", fdatasync)
    written = _write(tmp_path / "blob", "none", 1, 50_000)
    assert {name for name, _ in synced} == {"jettison-sync"}
    assert 200_000 <= synced[0][1] <= written.stored
    assert "jettison-sync" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_what_the_disk_does_not_take_is_an_error(
    compression: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel tells such an error once, to the sync beside the writer; no layer comes of it, and no file is left."""

    def fdatasync(_fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(threads, "SYNC_STEP", 1)
    monkeypatch.setattr(os, "fdatasync", fdatasync)
    with pytest.raises(MachineError, match="Input/output error"):
        _write(tmp_path / "blob", compression, 1, 1 << 20)
    assert list(tmp_path.iterdir()) == []
