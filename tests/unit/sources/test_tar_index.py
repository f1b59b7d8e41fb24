"""The outer tar: headers only, every variant that tools write, every lie refused."""

import io
import itertools
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers.images import File, compress, tar_bytes

from jettison.errors import BadInputError, JettisonError, RefusedError
from jettison.sources import tar_index
from jettison.sources.tar_index import scan_tar

FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
_names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/"), min_size=1, max_size=60).filter(
    lambda name: name not in (".", "..")
)
_paths = st.lists(_names, min_size=1, max_size=4).map("/".join)


def scanned(path: Path, data: bytes) -> tuple[tar_index.Member, ...]:
    path.write_bytes(data)
    return scan_tar(str(path))


def patched(data: bytes, place: int, raw: bytes) -> bytes:
    """Return the tar with bytes of its first header replaced and the checksum made right."""
    block = bytearray(data[:512])
    block[place : place + len(raw)] = raw
    block[148:156] = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 256)
    return bytes(block) + data[512:]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(_paths, st.binary(max_size=1200), max_size=6),
    st.sampled_from((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)),
)
def test_members_lie_where_tarfile_finds_them(tmp_path: Path, files: dict[str, bytes], tar_format: int) -> None:
    """Names and contents agree with the standard library's reader, long and non-ASCII names included."""
    data = tar_bytes(files, tar_format=tar_format)
    found = scanned(tmp_path / "t.tar", data)
    assert [(member.name, data[member.offset : member.offset + member.size]) for member in found] == list(files.items())


@pytest.mark.parametrize(("tar_format", "kind"), [*itertools.product(FORMATS, ("symlink", "hardlink", "dir", "fifo"))])
def test_kinds_and_links(tmp_path: Path, tar_format: int, kind: str) -> None:
    """Links keep their target, directories lose their slash, the rest is other."""
    target = "t" * 90
    data = tar_bytes([File("./d/x/", type=kind, link=target)], tar_format=tar_format)  # type: ignore[arg-type]  # from a table
    (member,) = scanned(tmp_path / "t.tar", data)
    assert member.name == "d/x"
    assert member.kind == {"fifo": "other"}.get(kind, kind)
    assert member.size == 0


def test_global_headers_are_passed_over(tmp_path: Path) -> None:
    """A pax global header, as git archive writes, names nothing."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", pax_headers={"comment": "x"}) as tar:
        tar.addfile(tarfile.TarInfo("a"))
    assert [member.name for member in scanned(tmp_path / "t.tar", out.getvalue())] == ["a"]


def test_signed_checksums_are_accepted(tmp_path: Path) -> None:
    """Some old tars sum signed bytes."""
    data = bytearray(tar_bytes({"a": b""}))
    data[0] = 0xE9
    total = sum(byte - 256 if byte > 127 else byte for byte in data[:148] + data[156:512]) + 256
    data[148:156] = b"%06o\0 " % total
    assert scanned(tmp_path / "t.tar", bytes(data))[0].name == "\udce9"


@pytest.mark.parametrize("cut", [1, 511, 513, 600, 1000])
def test_truncated_archives_are_bad_input(tmp_path: Path, cut: int) -> None:
    """An archive that ends within a header or within content is refused."""
    data = tar_bytes({"a": b"x" * 500, "b": b"y" * 2000})
    with pytest.raises(BadInputError):
        scanned(tmp_path / "t.tar", data[:cut])


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_compressed_archives_are_refused_with_the_command(tmp_path: Path, compression: str) -> None:
    """An archive compressed as a whole is refused, and the hint unpacks it."""
    path = tmp_path / "t.tar"
    with pytest.raises(RefusedError, match=compression) as caught:
        scanned(path, compress(tar_bytes({"a": b"1"}), compression))  # type: ignore[arg-type]  # from a table
    assert str(path) in caught.value.hint


@pytest.mark.parametrize(
    ("place", "raw", "reason"),
    [
        (124, b"\xff" * 12, "negative"),
        (124, b"\x80" + b"\x7f" * 11, "beyond the end"),
        (124, b"77777777777\0", "beyond the end"),
        (124, b"9999\0", "no octal number"),
        (124, b"-1\0", "no octal number"),
        (156, b"S", "sparse"),
    ],
)
def test_hostile_headers(tmp_path: Path, place: int, raw: bytes, reason: str) -> None:
    """Negative, huge and malformed sizes and sparse members are refused, naming the byte of the header."""
    with pytest.raises(JettisonError, match=reason) as caught:
        scanned(tmp_path / "t.tar", patched(tar_bytes({"a": b"1"}), place, raw))
    assert "byte 0" in caught.value.message


def test_a_wrong_checksum_is_no_tar(tmp_path: Path) -> None:
    """Random bytes are told to be no tar."""
    with pytest.raises(BadInputError, match=r"no octal number|checksum"):
        scanned(tmp_path / "t.tar", bytes(range(1, 256)) * 8)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"path=x\n", "malformed"),
        (b"99 path=x\n", "malformed"),
        (b"0 path=x\n", "malformed"),
        (b"-5 path=x\n", "malformed"),
        (b"9 path=xx", "malformed"),
        (b"9 path=\0\n", "NUL"),
        (b"11 size=-1\n", "no size"),
        (b"26 size=" + b"9" * 17 + b"\n", "beyond"),
        (b"22 GNU.sparse.major=1\n", "sparse"),
        (b"36 size=" + b"9" * 27 + b"\n", "no size"),
        (b"5006 path=" + b"x" * 4995 + b"\n", "more than 4096"),
    ],
)
def test_hostile_pax_headers(tmp_path: Path, record: bytes, reason: str) -> None:
    """Malformed records, sizes below zero or beyond the file, sparse maps and names out of bounds are refused."""
    data = tar_bytes({"h": record})
    head = (len(record) + 511) // 512 * 512 + 512
    data = patched(data[:head], 156, b"x") + tar_bytes({"a": b"1"})
    with pytest.raises(JettisonError, match=reason):
        scanned(tmp_path / "t.tar", data)


def test_huge_extension_headers_are_refused(tmp_path: Path) -> None:
    """A pax header of more than 1 MiB is not read."""
    data = patched(tar_bytes({"h": b"x" * ((1 << 20) + 1)}), 156, b"x")
    with pytest.raises(BadInputError, match="extension header"):
        scanned(tmp_path / "t.tar", data)


def test_header_counts_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Endless members, endless extension headers and endless names end in an error."""
    data = tar_bytes({f"{index:03}": b"" for index in range(100)})
    monkeypatch.setattr(tar_index, "MEMBERS_LIMIT", 99)
    with pytest.raises(BadInputError, match="members"):
        scanned(tmp_path / "t.tar", data)
    monkeypatch.setattr(tar_index, "MEMBERS_LIMIT", 10)
    extension = patched(tar_bytes({"h": b"x\n"})[:1024], 156, b"L")
    with pytest.raises(BadInputError, match="headers"):
        scanned(tmp_path / "t.tar", extension * 50)
    monkeypatch.setattr(tar_index, "LETTERS_LIMIT", 5)
    with pytest.raises(BadInputError, match="members"):
        scanned(tmp_path / "t.tar", tar_bytes({"abc": b"", "def": b""}))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=2000))
def test_any_bytes_scan_or_are_refused(tmp_path: Path, data: bytes) -> None:
    """No bytes make the scanner raise anything but the family's errors, or give an extent outside of the file."""
    try:
        found = scanned(tmp_path / "t.tar", data)
    except JettisonError:
        return
    assert all(0 <= member.offset <= member.offset + member.size <= len(data) for member in found)
