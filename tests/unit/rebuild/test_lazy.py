"""Layers for pulling lazily: read as they were by every other reader, and in parts by those who know the format."""

import base64
import gzip
import hashlib
import io
import json
import struct
import tarfile
import zlib
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers.images import File, docker_archive, oci_layout, tar_bytes
from tests.helpers.layers import members
from tests.helpers.traces import trace_of

from jettison.api.copy import copy
from jettison.errors import UsageError
from jettison.files.read import ReadOptions, read_table
from jettison.files.record import FileTable
from jettison.layers import frames
from jettison.layers.entry import Entry
from jettison.layers.estargz import NO_PREFETCH, PREFETCH, RESERVED, TABLE, first_indices
from jettison.layers.table import LayerTable
from jettison.oci.descriptor import annotations_of
from jettison.oci.image import Image, Layer
from jettison.rebuild.lazy import Lazy, make_lazy, missing_folders
from jettison.run.trace.document import trace_to_json
from jettison.sources.open import open_image

LAZY: list[Lazy] = ["estargz", "zstd:chunked"]
BIG = b"".join(b"%d\n" % (number * 7919) for number in range(2000))
TREE = [
    File("app", type="dir", mtime=1_700_000_000),
    File("app/main.py", b"print(1)\n", mode=0o755, uid=1000, gid=70000, mtime=1_700_000_001),
    File("app/big", BIG, xattrs={"user.kind": b"big"}),
    File("app/empty"),
    File("app/link", type="symlink", link="main.py"),
    File("app/hard", type="hardlink", link="app/big"),
    File("app/.wh.gone"),
    File("dev", type="dir"),
    File("dev/null", type="char", device=(1, 3)),
    File("n" * 150, b"a long name"),
]
SKIPPABLE = 0x184D2A50


def _table(folder: Path, *layers: bytes) -> FileTable:
    oci_layout(folder, layers)
    return read_table(open_image(f"oci:{folder}"), options=ReadOptions(cache=False))


def _blob(layer: Layer) -> bytes:
    return Path(layer.blob.path).read_bytes()


def _chunked_table(layer: Layer) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Read a zstd:chunked table of contents, and tar-split's lines, by the annotations, as containers/storage does."""
    told = {key.rpartition(".")[2]: value for key, value in annotations_of(layer.descriptor).items()}
    blob = _blob(layer)
    at, packed, size, kind = map(int, told["manifest-position"].split(":"))
    content = blob[at : at + packed]
    assert (kind, told["manifest-checksum"]) == (1, "sha256:" + hashlib.sha256(content).hexdigest())
    table = zstandard.ZstdDecompressor().decompressobj().decompress(content)
    split_at, split_packed, split_size = map(int, told["tarsplit-position"].split(":"))
    split = blob[split_at : split_at + split_packed]
    lines = zstandard.ZstdDecompressor().decompressobj().decompress(split)
    document = json.loads(table)
    assert document["tarSplitDigest"] == "sha256:" + hashlib.sha256(split).hexdigest()
    assert (len(table), len(lines)) == (size, split_size)
    numbers = (at, packed, size, kind, split_at, split_packed, split_size)
    assert blob[-72:] == struct.pack("<II7Q", SKIPPABLE, 64, *numbers) + b"GNUlInUx"
    return document, [json.loads(line) for line in lines.splitlines()]


def _estargz_table(layer: Layer) -> dict[str, Any]:
    """Read an eStargz table of contents by its footer, as stargz-snapshotter does."""
    blob = _blob(layer)
    footer = blob[-51:]
    assert (footer[:4], footer[10:16], footer[32:38]) == (b"\x1f\x8b\x08\x04", b"\x1a\0SG\x16\0", b"STARGZ")
    assert gzip.decompress(footer) == b""
    tar = zlib.decompressobj(31).decompress(blob[int(footer[16:32], 16) :])
    with tarfile.open(fileobj=io.BytesIO(tar)) as members_:
        info = members_.next()
        assert info is not None
        assert info.name == TABLE
        content = members_.extractfile(info).read()  # type: ignore[union-attr]  # it is a file
    digest = annotations_of(layer.descriptor)["containerd.io/snapshot/stargz/toc.digest"]
    assert digest == "sha256:" + hashlib.sha256(content).hexdigest()
    return json.loads(content)  # type: ignore[no-any-return]  # a table


def _content(blob: bytes, parts: list[dict[str, Any]], size: int, lazy: Lazy) -> bytes:
    """Put a file together from its chunks alone, each checked against its own digest."""
    found = b""
    for number, part in enumerate(parts):
        end = parts[number + 1]["chunkOffset"] if number + 1 < len(parts) else size
        unpack: Any = zlib.decompressobj(31) if lazy == "estargz" else zstandard.ZstdDecompressor().decompressobj()
        data = unpack.decompress(blob[part["offset"] :])[: end - part.get("chunkOffset", 0)]
        assert (part.get("chunkDigest") or part["digest"]) == "sha256:" + hashlib.sha256(data).hexdigest()
        found += data
    return found


def _listed(blob: bytes, table: dict[str, Any], lazy: Lazy) -> dict[str, tuple[Any, ...]]:
    """Return what a table says of each member, its content read by it."""
    found: dict[str, tuple[Any, ...]] = {}
    entries = table["entries"]
    for number, one in enumerate(entries):
        if one["type"] == "chunk":
            continue
        parts = [one] if "offset" in one else []
        for more in entries[number + 1 :] if parts else ():
            if more["type"] != "chunk":
                break
            assert more["name"] == one["name"]
            parts.append(more)
        content = _content(blob, parts, one.get("size", 0), lazy)
        xattrs = {key: base64.b64decode(value) for key, value in one.get("xattrs", {}).items()}
        row = (one["type"], one.get("mode", 0), one.get("uid", 0), one.get("gid", 0), one.get("linkName", ""))
        found[one["name"].strip("/")] = (*row, one.get("devMinor", 0), xattrs, content)
    return found


def _tarred(tar: bytes) -> dict[str, tuple[Any, ...]]:
    """Return the same of a tar, by the standard library."""
    kinds = {b"0": "reg", b"1": "hardlink", b"2": "symlink", b"3": "char", b"5": "dir"}
    found: dict[str, tuple[Any, ...]] = {}
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        for one in opened:
            file = opened.extractfile(one) if one.isreg() else None
            xattrs = {
                key.removeprefix("SCHILY.xattr."): value.encode("utf-8", "surrogateescape")
                for key, value in one.pax_headers.items()
                if key.startswith("SCHILY.xattr.")
            }
            row = (kinds[one.type], one.mode, one.uid, one.gid, one.linkname)
            found[one.name] = (*row, one.devminor, xattrs, file.read() if file else b"")
    return found


def _told(entry: Entry) -> tuple[Any, ...]:
    return (entry.path, entry.type, entry.size, entry.mode, entry.uid, entry.mtime, entry.link, entry.digest)


@pytest.mark.parametrize("lazy", LAZY)
def test_a_layer_is_read_the_same_as_before(tmp_path: Path, lazy: Lazy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jettison's own reading gives the same entries, apart from what eStargz adds; and the table gives them, too."""
    monkeypatch.setattr(frames, "CHUNK", 1000)
    table = _table(tmp_path / "old", tar_bytes(TREE))
    made = make_lazy(table, lazy, scratch=tmp_path)
    assert made.notes == ()
    layer = made.image.layers[0]
    new = read_table(made.image, options=ReadOptions(cache=False)).layers[0]
    assert list(map(_told, table.layers[0].entries)) == [
        _told(entry) for entry in new.entries if entry.path not in RESERVED
    ]
    contents = _estargz_table(layer) if lazy == "estargz" else _chunked_table(layer)[0]
    listed = _listed(_blob(layer), contents, lazy)
    if lazy == "estargz":
        assert listed.pop(NO_PREFETCH)[-1] == b"\x0f"
    assert listed == _tarred(tar_bytes(TREE))


def test_zstd_chunked_leaves_tar_and_config_alone(tmp_path: Path) -> None:
    """Any zstd reader gives the tar, to the last byte: the same diff_ids, the same config."""
    tar = tar_bytes(TREE)
    table = _table(tmp_path / "old", tar)
    image = make_lazy(table, "zstd:chunked", scratch=tmp_path).image
    assert image.config.raw == table.image.config.raw
    reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(_blob(image.layers[0])), read_across_frames=True)
    assert reader.read() == tar
    assert image.layers[0].descriptor.media_type == "application/vnd.oci.image.layer.v1.tar+zstd"


def test_tar_split_and_content_make_the_tar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments, and for each file its content, one after another: how an engine gives back a layer that it pulled."""
    monkeypatch.setattr(frames, "CHUNK", 1000)
    tar = tar_bytes(TREE)
    layer = make_lazy(_table(tmp_path / "old", tar), "zstd:chunked", scratch=tmp_path).image.layers[0]
    contents, lines = _chunked_table(layer)
    listed = _listed(_blob(layer), contents, "zstd:chunked")
    found = b""
    for number, line in enumerate(lines):
        assert line["position"] == number
        if line["type"] == 2:
            found += base64.b64decode(line["payload"])
        else:
            found += listed[line["name"].strip("/")][-1]
    assert found == tar
    assert [line["name"] for line in lines if line["type"] == 1] == [
        one["name"] for one in contents["entries"] if one["type"] != "chunk"
    ]


def test_estargz_tells_engines_of_the_new_tar(tmp_path: Path) -> None:
    """The config's diff_id is that of the tar with table and landmark, and an annotation has its size."""
    table = _table(tmp_path / "old", tar_bytes(TREE))
    image = make_lazy(table, "estargz", scratch=tmp_path).image
    tar = gzip.decompress(_blob(image.layers[0]))
    assert image.config.diff_ids == ("sha256:" + hashlib.sha256(tar).hexdigest(),)
    assert {**image.config.document, "rootfs": 0} == {**table.image.config.document, "rootfs": 0}
    assert annotations_of(image.layers[0].descriptor)["io.containers.estargz.uncompressed-size"] == str(len(tar))
    names = list(_tarred(tar))
    assert (names[0], names[-1]) == (NO_PREFETCH, TABLE)


@pytest.mark.parametrize("lazy", LAZY)
def test_bytes_do_not_depend_on_threads(tmp_path: Path, lazy: Lazy, monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread or seven: one manifest."""
    monkeypatch.setattr(frames, "CHUNK", 1000)
    table = _table(tmp_path / "old", tar_bytes(TREE), tar_bytes({"b": BIG * 3}))
    found = set()
    for threads in (1, 7):
        monkeypatch.setattr("os.sched_getaffinity", lambda _, threads=threads: set(range(threads)))
        (tmp_path / str(threads)).mkdir()
        found.add(make_lazy(table, lazy, scratch=tmp_path / str(threads)).image.manifest_digest)
    assert len(found) == 1


@pytest.mark.parametrize("lazy", LAZY)
def test_made_twice_is_made_once(tmp_path: Path, lazy: Lazy) -> None:
    """What is packed so already comes out the same: table and landmarks are not heaped up."""
    first = make_lazy(_table(tmp_path / "old", tar_bytes(TREE)), lazy, scratch=tmp_path).image
    (tmp_path / "again").mkdir()
    table = read_table(first, options=ReadOptions(cache=False))
    assert make_lazy(table, lazy, scratch=tmp_path / "again").image == _at(first, tmp_path / "again")


def _at(image: Image, folder: Path) -> Any:
    """Equal to an image of the same documents, wherever its blobs lie."""

    class Same:
        def __eq__(self, other: object) -> bool:
            return isinstance(other, Image) and (other.manifest, other.config.raw) == (image.manifest, image.config.raw)

        __hash__ = None  # type: ignore[assignment]  # compared only

    assert folder.is_dir()
    return Same()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(members(), st.sampled_from(LAZY), st.lists(st.integers(0, 20), max_size=3))
def test_any_layer_is_the_same_members(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[File], lazy: Lazy, wanted: list[int]
) -> None:
    """Whatever is in a layer, and whatever goes first: the same members, and a table that says what they are."""
    folder = tmp_path_factory.mktemp("drawn")
    table = _table(folder / "old", tar_bytes(drawn))
    first = [drawn[index].path for index in wanted if index < len(drawn)]
    made = make_lazy(table, lazy, first=first, scratch=folder)
    new = read_table(made.image, options=ReadOptions(cache=False)).layers[0]
    folders = () if made.notes else missing_folders(table.layers, 0)
    own = [_told(entry) for entry in new.entries if entry.path not in RESERVED]
    assert sorted(own) == sorted(map(_told, (*table.layers[0].entries, *folders)))
    if made.notes:
        return
    layer = made.image.layers[0]
    contents = _estargz_table(layer) if lazy == "estargz" else _chunked_table(layer)[0]
    listed = _listed(_blob(layer), contents, lazy)
    for mark in (PREFETCH, NO_PREFETCH):
        listed.pop(mark, None)
    whole = [*drawn, *(File(folder.path, type="dir") for folder in folders)]
    assert listed == _tarred(tar_bytes(whole))


def _order(entries: list[File], *wanted: str) -> list[str]:
    rows = [Entry(one.path, one.type, 0, 0, 0, 0, 0, one.link, "", (0, 0), (), 0, 0, 0) for one in entries]
    layer = LayerTable("", "", "none", 0, 0, tuple(rows), (), estimated=False, observed={})
    indices = [next(index for index, row in enumerate(rows) if row.path == path) for path in wanted]
    return [rows[index].path for index in first_indices(layer, indices)]


def test_first_come_folders_and_targets_of_links() -> None:
    """A plain reader unpacks front to back: a folder is there before what is in it, a target before its hard link."""
    tree = [
        File("a", type="dir"),
        File("a/x"),
        File("b", type="dir"),
        File("b/c", type="dir"),
        File("b/c/y"),
        File("b/z", type="hardlink", link="a/x"),
    ]
    assert _order(tree, "b/c/y", "b/z", "a/x") == ["b", "b/c", "b/c/y", "a", "a/x", "b/z"]


def test_a_ring_of_hard_links_ends() -> None:
    """Hostile layers may link in a ring; no engine unpacks them, and no search hangs on them."""
    ring = [File("a", type="hardlink", link="b"), File("b", type="hardlink", link="a")]
    assert sorted(_order(ring, "a")) == ["a", "b"]


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        ([File("a", b"1"), File("a", b"2")], "comes twice"),
        ([File(b"\xff".decode("utf-8", "surrogateescape"), b"1")], "not UTF-8"),
        ([File("a", b"1", mtime=300_000_000_000)], "after 9999"),
    ],
)
@pytest.mark.parametrize("lazy", LAZY)
def test_what_a_table_cannot_tell_is_packed_plainly(tmp_path: Path, lazy: Lazy, tree: list[File], why: str) -> None:
    """A reader would refuse the whole image: the layer is left without a table, its tar as it was, and that is said."""
    table = _table(tmp_path / "old", tar_bytes(tree), tar_bytes(TREE))
    made = make_lazy(table, lazy, scratch=tmp_path)
    assert len(made.notes) == 1
    assert why in made.notes[0]
    layer = made.image.layers[0]
    assert layer.diff_id == table.image.layers[0].diff_id
    assert not annotations_of(layer.descriptor)
    assert annotations_of(made.image.layers[1].descriptor)


@pytest.mark.parametrize("lazy", LAZY)
def test_folders_that_a_layer_lacks_are_as_below(tmp_path: Path, lazy: Lazy) -> None:
    """Podman, pulling in part, makes a folder without an entry with no rights, over the one below; so it gets one."""
    tmp = File("tmp", type="dir", mode=0o1777, uid=7, mtime=5)
    gone = File("old", type="dir", mode=0o700)
    layers = ([tmp, gone], [File(".wh.old")], [File("tmp/x", b"1"), File("old/y"), File("new/z/y")])
    table = _table(tmp_path / "old", *map(tar_bytes, layers))
    made = make_lazy(table, lazy, scratch=tmp_path)
    new = read_table(made.image, options=ReadOptions(cache=False))
    found = {path: (file.entry.mode, file.entry.uid) for path, file in new.visible.items() if file.entry.type == "dir"}
    assert found == {"tmp": (0o1777, 7), "old": (0o755, 0), "new": (0o755, 0), "new/z": (0o755, 0)}
    assert made.image.config.diff_ids == tuple(layer.diff_id for layer in new.layers)
    assert made.notes == ()


@pytest.mark.parametrize("lazy", LAZY)
def test_files_behind_a_symlink_below_are_packed_plainly(tmp_path: Path, lazy: Lazy) -> None:
    """A folder in the symlink's place would hide what it leads to."""
    below = [File("usr/lib", type="dir"), File("lib", type="symlink", link="usr/lib")]
    made = make_lazy(_table(tmp_path / "old", tar_bytes(below), tar_bytes({"lib/x": b"1"})), lazy, scratch=tmp_path)
    assert made.notes == ("layer 1 is packed plainly: its files lie in 'lib', which is a symlink below",)


def test_a_hard_link_out_of_its_layer_is_no_estargz(tmp_path: Path) -> None:
    """stargz-snapshotter mounts no layer whose table has a link to what it does not list."""
    table = _table(tmp_path / "old", tar_bytes({"a": b"1"}), tar_bytes([File("b", type="hardlink", link="a")]))
    made = make_lazy(table, "estargz", scratch=tmp_path)
    assert [note.split(":")[0] for note in made.notes] == ["layer 1 is packed plainly"]


def test_a_trace_orders_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files come as they were first opened, before the landmark; what was only asked for, or is not there, stays."""
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    table = _table(tmp_path / "old", tar_bytes({"a": b"1", "b": b"2", "d/c": b"3"}), tar_bytes({"e": b"4"}))
    trace = trace_of(table, {"d/c": ["open"], "b": ["stat"], "a": ["open", "map"], "proc/x": ["open"]})
    (tmp_path / "trace.json").write_bytes(_bytes(trace_to_json(trace)))
    result = copy(
        f"oci:{tmp_path / 'old'}",
        f"oci:{tmp_path / 'new'}",
        compression="estargz",
        traces=[tmp_path / "trace.json"],
    )
    assert result.notes == ("2 files go first (2 bytes)",)
    new = read_table(open_image(f"oci:{tmp_path / 'new'}"))
    assert [entry.path for entry in new.layers[0].entries] == ["d", "d/c", "a", PREFETCH, "b", TABLE]
    assert [entry.path for entry in new.layers[1].entries] == [NO_PREFETCH, "e", TABLE]


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def test_a_trace_that_leads_nowhere_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trace of another image, or one for a format without order, is a usage error; nothing is written."""
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    table = _table(tmp_path / "old", tar_bytes({"a": b"1"}))
    trace = tmp_path / "trace.json"
    trace.write_bytes(_bytes(trace_to_json(trace_of(table, {"other": ["open"]}))))
    with pytest.raises(UsageError, match="no file of the trace"):
        copy(f"oci:{tmp_path / 'old'}", f"oci:{tmp_path / 'new'}", compression="estargz", traces=[trace])
    with pytest.raises(UsageError, match="goes with --compression estargz"):
        copy(f"oci:{tmp_path / 'old'}", f"oci:{tmp_path / 'new'}", compression="zstd:chunked", traces=[trace])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("lazy", LAZY)
def test_a_docker_archive_with_plain_layers_is_taken(tmp_path: Path, lazy: Lazy) -> None:
    """As `docker save` wrote it before 25: no manifest, layers without digests, one of them not fit for a table."""
    twice = tar_bytes([File("a", b"1"), File("a", b"2")])
    archive = docker_archive(tmp_path / "a.tar", [tar_bytes(TREE), twice])
    made = make_lazy(read_table(open_image(str(archive)), options=ReadOptions(cache=False)), lazy, scratch=tmp_path)
    new = read_table(made.image, options=ReadOptions(cache=False))
    codec = "gzip" if lazy == "estargz" else "zstd"
    assert [layer.compression for layer in new.layers] == [codec, codec]
    assert made.image.manifest_digest.startswith("sha256:")
    assert len(made.notes) == 1
