"""Blobs: compressions recognised by content, read in bounded pieces, digests and sizes checked."""

import gzip
import hashlib
import io
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.layerblobs import END, layer_of, member, packed

from jettison.errors import BadInputError, MachineError
from jettison.layers.buffers import PIECE
from jettison.layers.limits import Limits
from jettison.layers.members import members
from jettison.layers.read import read_layer
from jettison.layers.stream import detect, uncompressed
from jettison.layers.threads import Ahead, HashThread
from jettison.layers.zstdframes import FrameWalk
from jettison.oci.digest import sha256
from jettison.oci.image import Extent

TAR = b"".join(member(b"f%d" % index, bytes([index]) * index * 1000) for index in range(60)) + END
SKIPPABLE = b"\x5a\x2a\x4d\x18" + (9).to_bytes(4, "little") + b"skip this"
COMPRESSIONS = ["none", "gzip", "zstd"]


def _members_of_gzip(tar: bytes) -> bytes:
    """Pack each 2,000 bytes as a gzip member of its own, as eStargz does, with an extra field in the last."""
    parts = b"".join(gzip.compress(tar[start : start + 2000]) for start in range(0, len(tar), 2000))
    footer = bytearray(gzip.compress(b""))
    footer[3] |= 4
    return parts + bytes(footer[:10]) + b"\x04\0SG\0\0" + bytes(footer[10:])


def _frames_of_zstd(tar: bytes) -> bytes:
    """Pack each 2,000 bytes as a frame of its own between skippable ones, as zstd:chunked does."""
    pack = zstandard.ZstdCompressor(write_checksum=True).compress
    return SKIPPABLE + b"".join(pack(tar[at : at + 2000]) + SKIPPABLE for at in range(0, len(tar), 2000))


def _stream_of_zstd(tar: bytes) -> bytes:
    """Pack without a content size, as streaming writers do."""
    out = io.BytesIO()
    with zstandard.ZstdCompressor(write_content_size=False).stream_writer(out, closefd=False) as writer:
        writer.write(tar)
    return out.getvalue()


FORMS = {
    "none": lambda tar: tar,
    "gzip": lambda tar: packed(tar, "gzip"),
    "gzip members": _members_of_gzip,
    "zstd": lambda tar: packed(tar, "zstd"),
    "zstd frames": _frames_of_zstd,
    "zstd stream": _stream_of_zstd,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_tar_and_digests(form: str, tmp_path: Path) -> None:
    """Compression is recognised; digest, diff_id and sizes are those of the bytes."""
    blob = FORMS[form](TAR)
    layer = layer_of(tmp_path, blob, diff_id=sha256(TAR))
    assert b"".join(uncompressed(layer)) == TAR
    table = read_layer(layer, [])
    assert (table.digest, table.diff_id, table.stored, table.size) == (sha256(blob), sha256(TAR), len(blob), len(TAR))
    assert table.compression == form.split(maxsplit=1)[0]


@pytest.mark.parametrize("form", FORMS)
def test_a_blob_cut_anywhere_is_an_error(form: str, tmp_path: Path) -> None:
    """Also where only the last checksum is missing, and where the tar itself is whole."""
    blob = FORMS[form](TAR)
    layer = replace(layer_of(tmp_path, blob), diff_id=sha256(TAR))
    for length in (1, 3, 11, len(blob) // 3, len(blob) - 4, len(blob) - 1):
        short = replace(layer, descriptor=replace(layer.descriptor, digest="", size=length))
        with pytest.raises(BadInputError, match=r"^layer 3 \("):
            read_layer(replace(short, blob=replace(layer.blob, size=length)), [])


@pytest.mark.parametrize("form", ["gzip", "gzip members", "zstd", "zstd frames"])
def test_garbage_after_the_end_is_refused(form: str, tmp_path: Path) -> None:
    """What follows the last gzip member or zstd frame must be another."""
    for garbage in (b"garbage", bytes(100), b"\x1f"):
        with pytest.raises(BadInputError):
            read_layer(layer_of(tmp_path, FORMS[form](TAR) + garbage), [])


@pytest.mark.parametrize("form", ["gzip", "zstd"])
def test_a_changed_byte_is_found_by_the_stream_s_own_checksum(form: str, tmp_path: Path) -> None:
    """Even where no digest is known."""
    blob = bytearray(FORMS[form](TAR))
    blob[-3] ^= 1
    with pytest.raises(BadInputError):
        read_layer(layer_of(tmp_path, bytes(blob), digest=""), [])


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_wrong_digest_is_found(compression: Any, tmp_path: Path) -> None:
    """The error names both digests."""
    layer = layer_of(tmp_path, packed(TAR, compression), digest=sha256(b"other"))
    with pytest.raises(BadInputError, match=f"digest is sha256.*{sha256(b'other')}"):
        read_layer(layer, [])


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_wrong_diff_id_is_found_by_every_reader(compression: Any, tmp_path: Path) -> None:
    """By read_layer, members and uncompressed alike."""
    layer = layer_of(tmp_path, packed(TAR, compression), diff_id=sha256(b"other"))
    for read in (lambda: read_layer(layer, []), lambda: list(members(layer)), lambda: list(uncompressed(layer))):
        with pytest.raises(BadInputError, match="diff_id"):
            read()


def test_a_wrong_size_is_found(tmp_path: Path) -> None:
    """A descriptor that lies about the blob's size."""
    layer = layer_of(tmp_path, TAR)
    with pytest.raises(BadInputError, match="its descriptor says 5"):
        read_layer(replace(layer, descriptor=replace(layer.descriptor, size=5)), [])


def test_a_file_that_shrank_is_found(tmp_path: Path) -> None:
    """The file ends before the extent does."""
    layer = layer_of(tmp_path, TAR, digest="")
    longer = replace(layer.blob, size=layer.blob.size + 1000)
    with pytest.raises(BadInputError, match="the file ends after"):
        read_layer(replace(layer, blob=longer, descriptor=replace(layer.descriptor, size=longer.size)), [])


def test_a_file_that_is_gone_is_the_machine_s_fault(tmp_path: Path) -> None:
    """Not a traceback."""
    with pytest.raises(MachineError, match="gone"):
        detect(Extent(str(tmp_path / "gone"), 0, 5))


def test_a_zstd_window_over_the_limit_is_refused(tmp_path: Path) -> None:
    """Memory stays bounded; the hint names the option."""
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=24)
    out = io.BytesIO()
    with zstandard.ZstdCompressor(compression_params=parameters).stream_writer(out, closefd=False) as writer:
        writer.write(TAR)
    with pytest.raises(BadInputError) as caught:
        read_layer(layer_of(tmp_path, out.getvalue()), [], limits=Limits(max_window=1 << 20))
    assert "max-window" in caught.value.hint


def test_pieces_are_bounded(tmp_path: Path) -> None:
    """40 MiB of zeros in a few kilobytes come in pieces of 1 MiB."""
    for compression in ("gzip", "zstd"):
        layer = layer_of(tmp_path, packed(bytes(40 << 20), compression))
        assert max(map(len, uncompressed(layer))) <= PIECE


def test_stopping_early_ends_the_threads(tmp_path: Path) -> None:
    """A consumer that closes the generator leaves no thread behind."""
    before = threading.active_count()
    with closing(uncompressed(layer_of(tmp_path, packed(bytes(32 << 20), "gzip")))) as stream:
        next(stream)
    assert threading.active_count() == before


def test_progress_adds_up_to_the_stored_bytes(tmp_path: Path) -> None:
    """Whatever the compression."""

    class Sum:
        total = 0

        def advance(self, amount: int) -> None:
            self.total += amount

    task = Sum()
    layer = layer_of(tmp_path, packed(TAR, "zstd"))
    read_layer(layer, [], task=task)
    assert task.total == layer.blob.size


def test_members_give_content_or_pass_it_over(tmp_path: Path) -> None:
    """Content that is not taken is skipped; what is taken is whole."""
    layer = layer_of(tmp_path, packed(TAR, "gzip"))
    for index, one in enumerate(members(layer)):
        if index % 2:
            assert b"".join(one.content) == bytes([index]) * index * 1000
        assert (one.entry.path, one.entry.digest) == (f"f{index}", "")


def test_ahead_raises_the_source_s_error_in_its_place() -> None:
    """After the items before it."""

    def source() -> Iterator[int]:
        yield 1
        raise BadInputError("broken")

    seen = []

    def consume() -> None:
        with Ahead(source()) as ahead:
            for item in ahead:
                seen.append(item)  # noqa: PERF402 -- what came before the error counts

    with pytest.raises(BadInputError, match="broken"):
        consume()
    assert seen == [1]


@given(st.lists(st.binary(max_size=100)))
def test_the_hashing_thread_hashes_all_pieces_in_order(pieces: list[bytes]) -> None:
    """The digest is that of the pieces in a row."""
    with HashThread() as thread:
        for piece in pieces:
            thread.update(piece)
        assert thread.hexdigest() == hashlib.sha256(b"".join(pieces)).hexdigest()


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(1, 50), st.data())
def test_frames_are_followed_to_their_end_and_no_further(contents: list[bytes], step: int, data: st.DataObject) -> None:
    """A walk over whole frames ends well; one that is cut does not."""
    pack = zstandard.ZstdCompressor(write_checksum=data.draw(st.booleans())).compress
    frames = [pack(content) + data.draw(st.sampled_from([b"", SKIPPABLE])) for content in contents]
    stream = b"".join(frames)
    _walk(stream, step).finish()
    cut = data.draw(st.integers(0, len(stream)))
    ends = {len(b"".join(frames[:count])) for count in range(len(frames) + 1)}
    ends |= {end - len(SKIPPABLE) for end in ends}
    if cut not in ends:
        with pytest.raises(BadInputError, match="cut off"):
            _walk(stream[:cut], step).finish()


def _walk(stream: bytes, step: int) -> FrameWalk:
    walk = FrameWalk("layer")
    for start in range(0, len(stream), step):
        walk.feed(stream[start : start + step])
    return walk
