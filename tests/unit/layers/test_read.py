"""What reading a layer gives beside its entries: marks, shares, observers' values, the cache."""

import os
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.layerblobs import END, layer_of, member, packed, pax, read_tar

from jettison.errors import BadInputError
from jettison.layers.cache import load_table, pack_table, save_table, table_key, unpack_table
from jettison.layers.entry import Entry
from jettison.layers.marks import Marks, estimate_gzip
from jettison.layers.read import LARGE, read_layer, read_layers
from jettison.layers.share import shares
from jettison.layers.table import LayerTable
from jettison.oci.digest import sha256
from jettison.oci.image import Config, Image, Layer, Platform, Process
from jettison.storage import Cache

NOISE = os.urandom(2_500_000)
TAR = (
    member(b"a/", flag=b"5")
    + member(b"empty")
    + member(b"small", b"small content")
    + pax({b"SCHILY.xattr.user.x": b"\xff\0", b"path": b"caf\xe9"})
    + member(b"x", NOISE)
    + member(b"dev", flag=b"3", major=5, minor=1)
    + member(b"link", flag=b"2", link=b"a")
    + member(b"zeros", bytes(3_000_000))
    + END
)


class Recorder:
    """An observer that keeps what it saw of names that do not start with ``s``."""

    def __init__(self, name: str = "recorder", version: int = 1) -> None:
        self.name = name
        self.version = version
        self.begun: list[tuple[str, int]] = []

    def begin(self, path: str, size: int) -> "Saw | None":
        """Look at the file unless its name starts with ``s``."""
        self.begun.append((path, size))
        return None if path.startswith("s") else Saw(path)


@dataclass
class Saw:
    """Keeps one file's content."""

    path: str
    content: bytes = b""

    def feed(self, piece: bytes | memoryview) -> None:
        """Keep the piece."""
        self.content += piece

    def finish(self) -> Any:
        """Say what was seen."""
        return None if self.path == "zeros" else [self.path, self.content.hex()]


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_observers_see_each_file_that_is_not_empty_once(compression: Any, tmp_path: Path) -> None:
    """Whole content, in pieces; what they say is kept by index, and None is not kept."""
    observer = Recorder()
    table = read_layer(layer_of(tmp_path, packed(TAR, compression)), [observer, Recorder("other")])
    assert observer.begun == [("small", 13), ("caf\udce9", len(NOISE)), ("zeros", 3_000_000)]
    assert table.observed["recorder"] == {3: ["caf\udce9", NOISE.hex()]} == table.observed["other"]


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_shares_add_up_to_the_pull(compression: Any, tmp_path: Path) -> None:
    """To the byte, and noise has nearly all of them."""
    blob = packed(TAR, compression)
    table = read_layer(layer_of(tmp_path, blob), [])
    given_out, rest = shares(table)
    assert sum(given_out) + rest == table.pull
    assert table.estimated == (compression == "none")
    assert table.pull == len(blob) or table.estimated
    assert min(given_out) >= 0 <= rest
    assert given_out[3] > 0.8 * table.pull


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 300)), max_size=40), st.lists(st.integers(0, 9000)))
def test_shares_add_up_whatever_the_marks(steps: list[tuple[int, int]], sizes: Sequence[int]) -> None:
    """Marks that stand still or jump; entries that end anywhere."""
    marks = Marks()
    offset = stored = 0
    for size, length in steps:
        offset, stored = offset + size, stored + length
        marks.add(offset, stored)
    ends = [sum(sizes[: count + 1]) for count in range(len(sizes))]
    total = max([offset, *ends])
    entries = tuple(_entry(end) for end in ends)
    table = LayerTable("", "", "gzip", stored + 9, total, entries, marks.finish(total, stored + 9), False, {})
    given_out, rest = shares(table)
    assert sum(given_out) + rest == stored + 9
    assert min([rest, *given_out]) >= 0


def _entry(end: int) -> Entry:
    return Entry("x", "file", 0, 0, 0, 0, 0, "", "", (0, 0), (), 0, 0, end)


def test_marks_stay_few_and_ascend() -> None:
    """However many pieces a layer has."""
    marks = Marks()
    for index in range(1, 50_000):
        marks.add(index * 10, index * 3)
    found = marks.finish(500_000, 150_000)
    assert len(found) <= 4097
    assert found[0] == (0, 0)
    assert found[-1] == (500_000, 150_000)
    assert list(found) == sorted(set(found))


def test_the_estimate_of_gzip_is_near_for_noise_zeros_and_text() -> None:
    """Within 8 % of gzip at level 6 for noise and the standard library's sources, and next to nothing for zeros."""
    text = b"".join(path.read_bytes() for path in sorted(Path(os.__file__).parent.glob("*.py")))
    for content in (NOISE, text):
        assert _estimate(content) == pytest.approx(len(packed(content, "gzip")), rel=0.08)
    assert _estimate(bytes(1 << 20)) < 10_000


def _estimate(content: bytes, copies: int = 1) -> int:
    """Return what the estimate comes to for some copies of a content that ends with a whole MiB."""
    size, marks = len(content), Marks()
    estimate_gzip(lambda at, count: content[at % size : at % size + count], copies * size, marks)
    return marks.finish(copies * size, None)[-1][1]


def test_the_estimate_goes_on_with_fewer_samples() -> None:
    """Noise stays as large as it is, however many pieces of it there are."""
    assert _estimate(NOISE[: 1 << 20], 600) == pytest.approx(600 << 20, rel=0.01)


def _image(layers: Sequence[Layer]) -> Image:
    config = Config(b"", "", {}, Platform("linux", "amd64"), (), (), Process())
    return Image("test", b"", "", "", (), {}, config, tuple(layers))


def test_a_table_comes_back_from_the_cache_as_it_was(tmp_path: Path) -> None:
    """Every field, observers' values and odd names included."""
    for compression in ("none", "gzip"):
        table = read_layer(layer_of(tmp_path, packed(TAR, compression)), [Recorder()])
        assert unpack_table(pack_table(table)) == table


@given(
    st.lists(
        st.builds(
            Entry,
            path=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
            type=st.sampled_from(["file", "dir", "symlink", "hardlink", "char", "block", "fifo"]),
            size=st.integers(0, 2**40),
            mode=st.integers(0, 0o7777),
            uid=st.integers(0, 2**32 - 1),
            gid=st.integers(0, 2**32 - 1),
            mtime=st.integers(-(2**92), 2**92),
            link=st.text("ab/"),
            digest=st.just(""),
            device=st.tuples(st.integers(0, 2**20), st.integers(0, 2**20)),
            xattrs=st.lists(st.tuples(st.text("ab"), st.binary(max_size=5)), max_size=2).map(tuple),
            offset=st.just(0),
            data=st.integers(0, 2**40),
            end=st.integers(0, 2**40),
        ),
        max_size=8,
    )
)
def test_any_entries_come_back_from_the_cache(entries: list[Entry]) -> None:
    """Times beyond 64 bits of nanoseconds, too."""
    chained, end = [], 0
    for entry in entries:
        digest = "sha256:" + f"{entry.data:064x}" if entry.type == "file" else ""
        chained.append(replace(entry, offset=end, digest=digest))
        end = entry.end
    table = LayerTable("sha256:1", "sha256:2", "zstd", 5, 6, tuple(chained), ((0, 0), (6, 5)), False, {"a": {0: [1]}})
    assert unpack_table(pack_table(table)) == table


def test_entries_from_the_cache_are_read_only(tmp_path: Path) -> None:
    """They are the same records as those that were read, frozen and hashable."""
    entries = unpack_table(pack_table(read_tar(tmp_path, TAR))).entries
    assert {type(entry) for entry in entries} == {Entry}
    with pytest.raises(AttributeError):
        entries[0].path = "other"  # type: ignore[misc]  # what must fail
    assert len(set(entries)) == len(entries)


def test_a_second_look_reads_no_layer(tmp_path: Path) -> None:
    """The cache is asked by digest and observers; the blob may be gone."""
    layer = layer_of(tmp_path, packed(TAR, "gzip"))
    cache = Cache(tmp_path / "cache")
    first = read_layers(_image([layer, layer]), [Recorder()], cache=cache)
    Path(layer.blob.path).unlink()
    assert read_layers(_image([layer, layer]), [Recorder()], cache=cache) == first


def test_the_key_follows_digest_and_observers(tmp_path: Path) -> None:
    """Another version of an observer, another observer or another blob is another key; order is not."""
    layer = layer_of(tmp_path, TAR)
    one, two = Recorder("one"), Recorder("two")
    keys = {
        table_key(layer, []),
        table_key(layer, [one]),
        table_key(layer, [one, two]),
        table_key(layer, [Recorder("one", 2)]),
        table_key(layer_of(tmp_path, TAR + END), [one]),
        table_key(layer_of(tmp_path, TAR, digest="", diff_id="sha256:x"), [one]),
        table_key(layer_of(tmp_path, TAR, digest="", diff_id="sha256:y"), [one]),
    }
    assert len(keys) == 7
    assert table_key(layer, [one, two]) == table_key(layer, [two, one])


def test_a_layer_without_digests_is_not_cached(tmp_path: Path) -> None:
    """There is nothing that would tell two of them apart."""
    cache = Cache(tmp_path / "cache")
    for content in (b"1", b"2"):
        layer = layer_of(tmp_path, member(b"a", content) + END, digest="")
        (table,) = read_layers(_image([layer]), [], cache=cache)
        assert table == read_layer(layer, [])


@pytest.mark.parametrize("damage", [b"", b"junk", None])
def test_a_damaged_cache_file_is_a_miss(damage: bytes | None, tmp_path: Path) -> None:
    """Emptied, overwritten or cut: the layer is read again."""
    layer = layer_of(tmp_path, TAR)
    cache = Cache(tmp_path / "cache")
    table = read_layer(layer, [])
    key = table_key(layer, [])
    save_table(cache, key, table)
    assert load_table(cache, key, layer) == table
    path = cache.path(key)
    assert path is not None
    path.write_bytes(path.read_bytes()[:-20] if damage is None else damage)
    assert load_table(cache, key, layer) is None
    assert read_layers(_image([layer]), [], cache=cache) == (table,)


def test_a_table_that_contradicts_the_image_is_a_miss(tmp_path: Path) -> None:
    """A wrong diff_id is found although the blob is known."""
    layer = layer_of(tmp_path, packed(TAR, "gzip"))
    cache = Cache(tmp_path / "cache")
    read_layers(_image([layer]), [], cache=cache)
    with pytest.raises(BadInputError, match="diff_id"):
        read_layers(_image([replace(layer, diff_id="sha256:" + "0" * 64)]), [], cache=cache)


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """The result is given all the same."""
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert read_layers(_image([layer_of(tmp_path, TAR)]), [], cache=Cache(tmp_path / "cache"))[0].size == len(TAR)


@pytest.mark.parametrize("cores", [2, 8])
def test_layers_come_in_order_and_the_lowest_failure_is_told(
    cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one and with several layers at once."""
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    layers = [layer_of(tmp_path, member(b"f%d" % index, b"x" * 1000) + END, index=index) for index in range(6)]
    tables = read_layers(_image(layers), [])
    assert [table.entries[0].path for table in tables] == [f"f{index}" for index in range(6)]
    bad = [*layers[:2], layer_of(tmp_path, b"junk" * 500, index=2), *layers[3:]]
    with pytest.raises(BadInputError, match=r"^layer 2 \("):
        read_layers(_image(bad), [])


def test_a_table_says_what_it_read(tmp_path: Path) -> None:
    """The entries' digests are those of their content."""
    table = read_tar(tmp_path, TAR)
    assert [entry.type for entry in table.entries] == ["dir", "file", "file", "file", "char", "symlink", "file"]
    assert [bool(entry.digest) for entry in table.entries] == [False, True, True, True, False, False, True]


@given(st.lists(st.binary(max_size=60), max_size=12), st.integers(1, 40), st.integers(0, 1023))
def test_a_plain_tar_reads_as_a_packed_one(contents: list[bytes], large: int, cut: int) -> None:
    """Whether its files are read in the thread that walks, or beside it; also where the end of the tar is missing."""
    tar = b"".join(member(b"f%d" % index, content) for index, content in enumerate(contents)) + END
    tar = tar[: len(tar) - cut]
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr("jettison.layers.read.LARGE", large)
        plain = _table_or_error(layer_of(Path(name), tar, digest=""))
        stream = _table_or_error(layer_of(Path(name), packed(tar, "gzip"), digest=""))
    assert plain == stream


def _table_or_error(layer: Layer) -> tuple[Any, ...]:
    try:
        table = read_layer(layer, [Recorder()])
    except BadInputError as error:
        return (error.message.partition(": ")[2],)
    return table.diff_id, table.size, table.entries, table.observed


def _large_tar(size: int) -> bytes:
    return member(b"first", b"1") + member(b"large", bytes(size)) + member(b"last", b"2") + END


def test_large_files_of_a_plain_tar_are_hashed_and_shown_beside_the_walk(tmp_path: Path) -> None:
    """Digest and what observers say are those of the content."""
    size = LARGE + 5
    table = read_layer(layer_of(tmp_path, _large_tar(size)), [Recorder()])
    assert [entry.digest for entry in table.entries] == [sha256(b"1"), sha256(bytes(size)), sha256(b"2")]
    assert table.observed["recorder"] == {
        0: ["first", b"1".hex()],
        1: ["large", bytes(size).hex()],
        2: ["last", b"2".hex()],
    }


def test_a_plain_tar_that_ends_inside_a_large_file_is_cut_off(tmp_path: Path) -> None:
    """The message names the file; no thread is left."""
    before = threading.active_count()
    tar = _large_tar(LARGE)
    for length in (1024 + 512 + 100, LARGE):
        with pytest.raises(BadInputError, match=rf"'large': the tar is cut off inside its content, at byte {length}$"):
            read_layer(layer_of(tmp_path, tar[:length]), [])
    assert threading.active_count() == before


class Tampering:
    """An observer that writes to the file while it is read."""

    name = "tampering"
    version = 1

    def __init__(self, path: str) -> None:
        self._path = path

    def begin(self, path: str, _size: int) -> None:
        """Write once, at the last file."""
        if path == "last":
            with open(self._path, "ab") as file:
                file.write(b"more")


def test_a_plain_tar_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    """Its threads may have read different bytes."""
    layer = layer_of(tmp_path, _large_tar(LARGE))
    with pytest.raises(BadInputError, match="changed while it was read"):
        read_layer(layer, [Tampering(layer.blob.path)])


class Failing:
    """An observer whose sinks fail."""

    name = "failing"
    version = 1

    def begin(self, path: str, _size: int) -> "Failing | None":
        """Look at the large file."""
        return self if path == "large" else None

    def feed(self, _piece: bytes | memoryview) -> None:
        """Fail."""
        raise BadInputError("not this one")

    def finish(self) -> None:
        """Not reached."""


def test_what_fails_beside_the_walk_is_raised(tmp_path: Path) -> None:
    """And no thread is left."""
    before = threading.active_count()
    with pytest.raises(BadInputError, match="not this one"):
        read_layer(layer_of(tmp_path, _large_tar(LARGE)), [Failing()])
    assert threading.active_count() == before
