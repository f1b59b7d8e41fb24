"""Tars of every format that builders write, read as `tarfile` reads them."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers.layerblobs import END, header, layer_of, member, oracle, pax, read_tar, row

from jettison.layers.limits import Limits
from jettison.layers.tar import TarReader

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
LONG = "/".join(["directory-with-a-name"] * 12) + "/file"
BINARY = "/".join([b"caf\xe9".decode("utf-8", "surrogateescape"), "x"])


def _info(name: str, kind: bytes = tarfile.REGTYPE, **fields: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def _write(infos: list[tuple[tarfile.TarInfo, bytes]], tar_format: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tar_format, encoding="utf-8", errors="surrogateescape") as tar:
        for info, content in infos:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


EVERYTHING = [
    (_info("./", tarfile.DIRTYPE, mode=0o755), b""),
    (_info("etc/", tarfile.DIRTYPE, mode=0o1777, uid=7, gid=8, mtime=1_700_000_000), b""),
    (_info("etc/passwd", mode=0o4755, mtime=1), b"root:x:0:0"),
    (_info("etc/empty"), b""),
    (_info("etc/link", tarfile.SYMTYPE, linkname="/usr/../lib//x/"), b""),
    (_info("etc/hard", tarfile.LNKTYPE, linkname="./etc/passwd"), b""),
    (_info("dev/null", tarfile.CHRTYPE, devmajor=1, devminor=3), b""),
    (_info("dev/sda", tarfile.BLKTYPE, devmajor=8, devminor=0), b""),
    (_info("run/pipe", tarfile.FIFOTYPE), b""),
    (_info("a/.wh.b"), b""),
    (_info("a/.wh..wh..opq"), b""),
    (_info("/absolute/x"), b"1" * 512),
    (_info("big"), bytes(range(256)) * 6000),
]


@pytest.mark.parametrize("name", FORMATS)
def test_every_type_of_member_is_read_in_each_format(name: str, tmp_path: Path) -> None:
    """All types, modes with set-id bits, devices, whiteouts and an absolute name come out as `tarfile` has them."""
    tar = _write(EVERYTHING, FORMATS[name])
    assert [row(entry) for entry in read_tar(tmp_path, tar).entries] == oracle(tar)


@pytest.mark.parametrize("name", ["gnu", "pax"])
def test_names_beyond_ustar_are_read(name: str, tmp_path: Path) -> None:
    """Long names and links, names that are not UTF-8 and huge owners come out of GNU's and pax's extensions."""
    infos = [
        (_info(LONG), b"1"),
        (_info("short", tarfile.SYMTYPE, linkname=LONG), b""),
        (_info("hard", tarfile.LNKTYPE, linkname=LONG), b""),
        (_info(BINARY), b"2"),
        (_info("caf\u00e9"), b"2"),
        (_info("owner", uid=3_000_000_000, gid=2_097_152), b"3"),
    ]
    tar = _write(infos, FORMATS[name])
    assert [row(entry) for entry in read_tar(tmp_path, tar).entries] == oracle(tar)


def test_fractions_of_seconds_are_kept_to_the_nanosecond(tmp_path: Path) -> None:
    """A pax mtime has a sign and a fraction; more than nine digits are cut."""
    times = {b"1.5": 1_500_000_000, b"-1.25": -1_250_000_000, b"3.0000000019": 3_000_000_001, b"7": 7_000_000_000}
    tar = b"".join(pax({b"mtime": text}) + member(b"f%d" % index) for index, text in enumerate(times)) + END
    assert [entry.mtime for entry in read_tar(tmp_path, tar).entries] == list(times.values())


def test_file_capabilities_and_other_attributes_are_read_as_bytes(tmp_path: Path) -> None:
    """SCHILY.xattr records give sorted attributes, binary values and newlines included; other vendors' are left."""
    capability = b"\x01\0\0\x02\0 \0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    records = {
        b"SCHILY.xattr.user.b": b"line\nline",
        b"SCHILY.xattr.security.capability": capability,
        b"LIBARCHIVE.xattr.user.c": b"eA==",
        b"comment": b"x",
    }
    (entry,) = read_tar(tmp_path, pax(records) + member(b"ping", b"x") + END).entries
    assert entry.xattrs == (("security.capability", capability), ("user.b", b"line\nline"))


def test_global_headers_are_ignored_as_engines_do(tmp_path: Path) -> None:
    """A pax `g` header changes no member; its bytes belong to the member after it."""
    tar = pax({b"path": b"evil", b"uid": b"7"}, flag=b"g") + member(b"good") + END
    (entry,) = read_tar(tmp_path, tar).entries
    assert (entry.path, entry.uid, entry.offset, entry.data) == ("good", 0, 0, 1536)


def test_an_extended_header_counts_for_one_member(tmp_path: Path) -> None:
    """What a pax header says of one member is not said of the next."""
    tar = pax({b"path": b"long", b"uid": b"7"}) + member(b"one") + member(b"two") + END
    assert [(entry.path, entry.uid) for entry in read_tar(tmp_path, tar).entries] == [("long", 7), ("two", 0)]


def test_gnu_long_names_win_over_pax(tmp_path: Path) -> None:
    """As in Go's reader, where both are given."""
    tar = pax({b"path": b"pax"}) + member(b"././@LongLink", b"gnu\0", flag=b"L") + member(b"block") + END
    assert [entry.path for entry in read_tar(tmp_path, tar).entries] == ["gnu"]


def test_empty_pax_values_leave_the_header_block_s(tmp_path: Path) -> None:
    """As in Go's reader."""
    tar = pax({b"path": b"", b"size": b"", b"mtime": b"", b"uid": b""}) + member(b"a", b"x", uid=5, mtime=9) + END
    (entry,) = read_tar(tmp_path, tar).entries
    assert (entry.path, entry.size, entry.uid, entry.mtime) == ("a", 1, 5, 9_000_000_000)


def test_base_256_numbers_are_read(tmp_path: Path) -> None:
    """GNU's binary numbers, also a negative time."""
    tar = member(b"a", uid=b"\x80\0\0\0\x11\x22\x33\x44", mtime=b"\xff" * 11 + b"\xfe", magic=b"ustar  \0") + END
    (entry,) = read_tar(tmp_path, tar).entries
    assert (entry.uid, entry.mtime) == (0x11223344, -2_000_000_000)


def test_a_pax_size_wins_over_the_header_block_s(tmp_path: Path) -> None:
    """The content has the size of the pax record."""
    tar = pax({b"size": b"600"}) + header(b"a", size=0) + b"y" * 600 + bytes(424) + member(b"b") + END
    assert [(entry.path, entry.size) for entry in read_tar(tmp_path, tar).entries] == [("a", 600), ("b", 0)]


def test_links_and_directories_have_no_content_whatever_they_state(tmp_path: Path) -> None:
    """A size on a header-only member is nothing, as in Go's reader."""
    kinds = ((b"d", b"5"), (b"s", b"2"), (b"h", b"1"), (b"p", b"6"))
    tar = b"".join(header(name, size=1000, flag=flag, link=b"t") for name, flag in kinds) + END
    assert [entry.size for entry in read_tar(tmp_path, tar).entries] == [0] * 4


def test_v7_headers_are_read(tmp_path: Path) -> None:
    """No magic: no prefix, no devices; a NUL type is a file, or a directory when the name ends in a slash."""
    blocks = [
        member(b"old", b"1", flag=b"\0", magic=b"", prefix=b"junk"),
        header(b"dir/", flag=b"\0", magic=b""),
    ]
    entries = read_tar(tmp_path, b"".join(blocks) + END).entries
    assert [(entry.path, entry.type) for entry in entries] == [("old", "file"), ("dir", "dir")]


def test_the_ustar_prefix_is_put_before_the_name(tmp_path: Path) -> None:
    """POSIX.1-1988."""
    (entry,) = read_tar(tmp_path, member(b"name", prefix=b"pre/fix") + END).entries
    assert entry.path == "pre/fix/name"


def test_checksums_of_signed_bytes_are_accepted(tmp_path: Path) -> None:
    """Old tars summed signed bytes; only differs for names beyond ASCII."""
    block = header(b"caf\xc3\xa9")
    signed = int(block[148:154], 8) - 2 * 256
    (entry,) = read_tar(tmp_path, header(b"caf\xc3\xa9", checksum=b"%06o\0 " % signed) + END).entries
    assert entry.path == "caf\u00e9"


def test_contiguous_files_are_files(tmp_path: Path) -> None:
    """Type 7, as POSIX asks."""
    (entry,) = read_tar(tmp_path, member(b"a", b"x", flag=b"7") + END).entries
    assert (entry.type, entry.size) == ("file", 1)


@pytest.mark.parametrize("end", [b"", bytes(512), bytes(700), END, END + b"junk" * 300])
def test_archives_end_as_engines_let_them(end: bytes, tmp_path: Path) -> None:
    """With no, one or two zero blocks, and with anything after two; all of it counts in size and diff_id."""
    tar = member(b"a", b"x") + end
    table = read_tar(tmp_path, tar)
    assert ([entry.path for entry in table.entries], table.size) == (["a"], len(tar))


def test_the_last_member_may_lack_its_padding(tmp_path: Path) -> None:
    """Go's reader takes it; the entry then ends with the tar."""
    tar = member(b"a", b"x")[:700]
    (entry,) = read_tar(tmp_path, tar).entries
    assert entry.end == 700


def test_an_empty_layer_has_no_entries(tmp_path: Path) -> None:
    """Both 1,024 zero bytes and no bytes at all."""
    assert read_tar(tmp_path, END).entries == ()
    assert read_tar(tmp_path, b"").entries == ()


def test_duplicates_stay_in_order(tmp_path: Path) -> None:
    """What a second member of the same name means is decided where layers are applied."""
    entries = read_tar(tmp_path, member(b"a", b"1") + member(b"./a", b"22") + END).entries
    assert [(entry.path, entry.size) for entry in entries] == [("a", 1), ("a", 2)]


@pytest.mark.parametrize("form", ["v7", "ustar", "gnu", "posix"])
def test_gnu_tar_s_own_archives_are_read(form: str, tmp_path: Path) -> None:
    """Each format of the `tar` program, on a tree with links and long names."""
    if shutil.which("tar") is None:
        pytest.skip("no tar program")
    tree = tmp_path / "tree"
    deep = tree / ("d" * 60) / ("e" * 30)
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(b"x" * 10_000)
    (tree / "empty").write_bytes(b"")
    (tree / "sym").symlink_to("empty")
    (tree / "hard").hardlink_to(tree / "empty")
    archive = tmp_path / "a.tar"
    subprocess.run(["tar", "-C", tree, f"--format={form}", "--sort=name", "-cf", archive, "."], check=True)
    tar = archive.read_bytes()
    assert [row(entry) for entry in read_tar(tmp_path, tar).entries] == oracle(tar)


_NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]) | st.sampled_from(["\udcff", "\udc80"]),
    min_size=1,
    max_size=60,
).filter(
    lambda part: (
        part not in {".", ".."} and not part.startswith(".wh.") and len(part.encode("utf-8", "surrogateescape")) < 200
    )
)
_PATHS = st.lists(_NAMES, min_size=1, max_size=6).map("/".join)
_MEMBERS = st.lists(
    st.tuples(
        st.builds(
            _info,
            _PATHS,
            st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]),
            mode=st.integers(0, 0o7777),
            uid=st.integers(0, 2**32 - 1),
            gid=st.integers(0, 2**32 - 1),
            mtime=st.integers(0, 2**33 - 1),
            linkname=_PATHS,
        ),
        st.binary(max_size=1500),
    ),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(_MEMBERS, st.sampled_from(["gnu", "pax"]), st.integers(1, 3000))
def test_any_tar_is_read_as_tarfile_reads_it(members: Any, name: str, step: int) -> None:
    """The same fields from pieces of any length."""
    infos = [(info, content if info.isreg() else b"") for info, content in members]
    tar = _write(infos, FORMATS[name])
    reader = TarReader((tar[start : start + step] for start in range(0, len(tar), step)), "layer", Limits())
    found = []
    while (head := reader.next()) is not None:
        found.append((head.entry(), b"".join(reader.content())))
    expected = oracle(tar)
    assert [row(entry)[:8] for entry, _ in found] == [one[:8] for one in expected]
    assert [entry.end for entry, _ in found[:-1]] == [entry.offset for entry, _ in found[1:]]
    assert [content for _, content in found] == [content for _, content in infos]
    assert reader.drain() == len(tar)


def test_offsets_tell_where_each_member_lies(tmp_path: Path) -> None:
    """The offset includes the extended header, data is the content, end is the next member."""
    tar = pax({b"path": b"a"}) + member(b"x", b"content") + member(b"b") + END
    first, second = read_tar(tmp_path, tar).entries
    assert (first.offset, first.data, first.end, second.offset) == (0, 1536, 2048, 2048)
    assert tar[first.data : first.data + first.size] == b"content"


def test_the_blob_may_lie_anywhere_in_a_file(tmp_path: Path) -> None:
    """An extent begins where it says, in a docker archive for example."""
    assert layer_of(tmp_path, END).blob.offset == 7
