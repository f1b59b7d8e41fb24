"""Malformed and hostile tars: one clear error that names layer and entry, and no other."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers.layerblobs import END, header, layer_of, member, packed, pax, read_tar

from jettison.errors import BadInputError, JettisonError, RefusedError, UsageError
from jettison.layers.limits import LIMIT_NAMES, Limits, parse_limits
from jettison.layers.read import read_layer
from jettison.layers.tar import TarReader

FILE = member(b"before", b"x")
LONG_NAME = b"/".join([b"d" * 50] * 90)

HOSTILE: dict[str, tuple[bytes, str]] = {
    "traversal": (member(b"../etc/passwd"), "climbs"),
    "traversal inside": (member(b"a/../../b"), "climbs"),
    "traversal that comes back": (member(b"a/../b"), "climbs"),
    "traversal by pax": (pax({b"path": b"a/.."}) + member(b"x"), "climbs"),
    "traversal by GNU name": (member(b"L", b"../x\0", flag=b"L") + member(b"x"), "climbs"),
    "hard link outside": (header(b"h", flag=b"1", link=b"../../etc/shadow"), "climbs"),
    "hard link to the root": (header(b"h", flag=b"1", link=b"/"), "hard link to the root"),
    "hard link to no name": (header(b"h", flag=b"1"), "hard link to the root"),
    "symlink to no name": (header(b"s", flag=b"2"), "no name"),
    "symlink with a NUL": (pax({b"linkpath": b"a\0b"}) + header(b"s", flag=b"2", link=b"x"), "NUL"),
    "file as root": (member(b"./", b"x"), "root directory"),
    "no name": (member(b"", b"x"), "root directory"),
    "NUL in a pax name": (pax({b"path": b"a\0b"}) + member(b"x"), "NUL"),
    "whiteout of nothing": (member(b"a/.wh."), "hides no name"),
    "whiteout of the directory": (member(b"a/.wh.."), "hides no name"),
    "whiteout of the parent": (member(b"a/.wh..."), "hides no name"),
    "negative size": (header(b"n", size=b"\xff" * 12), "size of -1"),
    "negative size by pax": (pax({b"size": b"-1"}) + member(b"n"), "size"),
    "size beyond the tar": (header(b"s", size=10_000) + b"short", "cut off inside its content"),
    "size beyond all bounds": (header(b"s", size=b"\x80" + b"\x7f" * 11), "max-tar-size"),
    "size of text": (header(b"s", size=b"0x10"), "not a number"),
    "size of digits that are not octal": (header(b"s", size=b"99"), "malformed tar header"),
    "size with an underscore": (header(b"s", size=b"1_0"), "not a number"),
    "wrong checksum": (header(b"c", checksum=b"000001\0 "), "checksum"),
    "no checksum": (header(b"c", checksum=bytes(8)), "checksum"),
    "one zero block, then more": (bytes(512) + member(b"a"), "one zero block"),
    "an extended header and nothing": (pax({b"path": b"a"}) + END, "without its member"),
    "pax length zero": (member(b"p", b"0 path=a\n", flag=b"x") + member(b"x"), "pax record"),
    "pax length too long": (member(b"p", b"99 path=a\n", flag=b"x") + member(b"x"), "pax record"),
    "pax length too short": (member(b"p", b"5 path=a\n", flag=b"x") + member(b"x"), "pax record"),
    "pax length huge": (member(b"p", b"9" * 30 + b" path=a\n", flag=b"x") + member(b"x"), "pax record"),
    "pax without a key": (member(b"p", b"6 =aa\n", flag=b"x") + member(b"x"), "pax record"),
    "pax without equals": (member(b"p", b"7 path\n", flag=b"x") + member(b"x"), "pax record"),
    "pax time of text": (pax({b"mtime": b"now"}) + member(b"x"), "mtime"),
    "pax time beyond 64 bits": (pax({b"mtime": b"9" * 19}) + member(b"x"), "mtime"),
    "pax owner of text": (pax({b"uid": b"root"}) + member(b"x"), "uid"),
    "owner beyond 32 bits": (pax({b"uid": b"4294967296"}) + member(b"x"), "out of range"),
    "negative owner": (member(b"x", uid=b"\xff" * 8), "out of range"),
    "device number beyond Linux's": (header(b"d", flag=b"3", major=b"\x80\0\0\0\xff\0\0\0"), "device"),
    "name over the limit": (pax({b"path": LONG_NAME}) + member(b"x"), "max-name"),
    "part over the limit": (pax({b"path": b"a/" + b"b" * 256}) + member(b"x"), "max-part"),
    "depth over the limit": (pax({b"path": b"a/" * 501}) + header(b"x", flag=b"5"), "max-depth"),
    "symlink over the limit": (pax({b"linkpath": LONG_NAME}) + header(b"s", flag=b"2"), "max-name"),
    "extended header over the limit": (header(b"p", flag=b"x", size=2 << 20), "max-pax"),
    "GNU name over the limit": (header(b"L", flag=b"L", size=2 << 20), "max-pax"),
    "no tar at all": (b"<html>" * 200, "malformed tar header"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_members_are_named_in_one_error(name: str, tmp_path: Path) -> None:
    """The error is of bad input, names the layer, and says what is wrong."""
    tar, reason = HOSTILE[name]
    with pytest.raises(BadInputError, match=r"^layer 3 \([0-9a-f]{12}\)") as caught:
        read_tar(tmp_path, FILE + tar + END)
    assert reason in str(caught.value) + caught.value.hint
    assert caught.value.message.isascii()


@pytest.mark.parametrize(
    ("tar", "reason"),
    [
        (member(b"a")[:300], "'before': the tar is cut off inside a header, at byte 1324"),
        (pax({b"path": b"a" * 900})[:1000], "'before': the tar is cut off inside an extended header"),
        (member(b"a", b"c" * 5000)[:3000], "'a': the tar is cut off inside its content"),
    ],
)
def test_a_tar_that_is_cut_off_is_an_error(tar: bytes, reason: str, tmp_path: Path) -> None:
    """The entry it was cut in, or after, is named."""
    with pytest.raises(BadInputError, match=r"^layer 3 \([0-9a-f]{12}\)") as caught:
        read_tar(tmp_path, FILE + tar)
    assert reason in caught.value.message


@pytest.mark.parametrize("flag", [b"S", b"D", b"M", b"N", b"V", b"A", b"X", b"\xff"])
def test_types_that_engines_do_not_unpack_are_refused(flag: bytes, tmp_path: Path) -> None:
    """Sparse files, dumps, volumes and vendors' types are refused with the reason, by entry."""
    with pytest.raises(RefusedError, match=r"layer 3 .*'odd'.*(sparse|type)"):
        read_tar(tmp_path, FILE + member(b"odd", flag=flag) + END)


def test_sparse_files_in_pax_form_are_refused(tmp_path: Path) -> None:
    """As the issue asks, with the way out."""
    tar = pax({b"GNU.sparse.major": b"1", b"GNU.sparse.name": b"x"}) + member(b"odd")
    with pytest.raises(RefusedError, match="sparse") as caught:
        read_tar(tmp_path, tar + END)
    assert "--sparse" in caught.value.hint


@pytest.mark.parametrize(
    ("limit", "tar"),
    [
        ("max_entries", FILE * 5),
        ("max_metadata", member(b"a" * 50) * 5),
        ("max_tar_size", member(b"a", bytes(5000))),
        ("max_pax", pax({b"comment": b"c" * 100}) + FILE),
        ("max_name", member(b"n" * 90)),
        ("max_part", member(b"n" * 90)),
        ("max_depth", member(b"a/" * 40 + b"b")),
    ],
)
def test_each_limit_can_be_lowered_and_is_named(limit: str, tar: bytes, tmp_path: Path) -> None:
    """The hint names the option that raises it; the default lets the same tar through."""
    lowered: Any = {limit: 4 if limit != "max_pax" else 64}
    option = limit.replace("_", "-")
    with pytest.raises(BadInputError, match=option) as caught:
        read_tar(tmp_path, tar + END, limits=replace(Limits(), **lowered))
    assert f"--limit {option}=VALUE" in caught.value.hint
    assert read_tar(tmp_path, tar + END).entries


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_decompression_bombs_stop_at_the_ratio(compression: Any, tmp_path: Path) -> None:
    """A layer that unpacks to far more than it stores is left as soon as that shows."""
    layer = layer_of(tmp_path, packed(member(b"zeros", bytes(40 << 20)) + END, compression))
    with pytest.raises(BadInputError, match="over the limit max-ratio of 200"):
        read_layer(layer, [], limits=Limits(ratio_grace=1 << 20))
    assert read_layer(layer, [], limits=Limits(ratio_grace=1 << 20, max_ratio=100_000)).entries


def test_data_after_the_end_counts_against_the_limits(tmp_path: Path) -> None:
    """What follows the zero blocks is read, and bounded, too."""
    with pytest.raises(BadInputError, match="max-tar-size"):
        read_tar(tmp_path, FILE + END + bytes(100_000), limits=Limits(max_tar_size=50_000))


def test_tiny_pieces_cost_no_more_than_their_number() -> None:
    """An extended header of 1 MiB that comes byte by byte is put together once."""
    tar = pax({b"comment": b"c" * 1_000_000}) + member(b"a") + END
    reader = TarReader((tar[at : at + 1] for at in range(len(tar))), "layer", Limits())
    head = reader.next()
    assert head is not None
    assert head.path == "a"


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_damage_gives_an_error_of_the_family_or_a_reading(data: st.DataObject) -> None:
    """Bytes changed anywhere, in headers and extended headers, never escape as another exception."""
    tar = bytearray(
        pax({b"path": b"long/name", b"size": b"3", b"mtime": b"1.5", b"SCHILY.xattr.user.a": b"b"})
        + member(b"x", b"abc")
        + member(b"L", b"long\0", flag=b"L")
        + header(b"s", flag=b"2", link=b"target")
        + END
    )
    for _ in range(data.draw(st.integers(1, 6))):
        tar[data.draw(st.integers(0, len(tar) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        _fix_checksums(tar)
    reader = TarReader(_cut(bytes(tar), data.draw(st.integers(1, 5000))), "layer", Limits())
    try:
        while reader.next() is not None:
            b"".join(reader.content())
        assert reader.drain() == len(tar)
    except JettisonError:
        pass


def _fix_checksums(tar: bytearray) -> None:
    """Make what looks like a header pass the checksum, so that the fields behind it are reached."""
    for start in range(0, len(tar) - 511, 512):
        if tar[start + 257 : start + 262] == b"ustar":
            tar[start + 148 : start + 156] = b" " * 8
            tar[start + 148 : start + 156] = b"%06o\0 " % sum(tar[start : start + 512])


def _cut(data: bytes, step: int) -> Iterator[bytes]:
    return (data[start : start + step] for start in range(0, len(data), step))


def test_limits_are_set_by_name() -> None:
    """`--limit NAME=VALUE`, dashes for underscores; the last of two stands."""
    assert parse_limits(["max-ratio=7", "max-pax=9", "max-ratio=8"]) == Limits(max_ratio=8, max_pax=9)
    assert "max-tar-size" in LIMIT_NAMES


@pytest.mark.parametrize(
    "setting",
    [
        "max-ratio",
        "max-ratio=",
        "max-ratio=0",
        "max-ratio=-1",
        "ratio=5",
        "max-ratio=\u0663",
        "max-ratio=" + "9" * 5000,
    ],
)
def test_limits_that_are_none_are_refused(setting: str) -> None:
    """A usage error names the limit."""
    with pytest.raises(UsageError, match="limit"):
        parse_limits([setting])
