"""Headers read again, to the letter."""

import contextlib
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.images import File, tar_bytes

from jettison.errors import BadInputError, RefusedError
from jettison.layers.entry import Entry
from jettison.layers.limits import Limits
from jettison.layers.rawhead import RawHead, UnfitError, read_raw_head
from jettison.layers.tar import TarReader

FORMATS = (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT)


def _heads(tar: bytes) -> list[tuple[Entry, bytes]]:
    reader = TarReader(iter((tar,)), "layer", Limits())
    found = []
    while (head := reader.next()) is not None:
        entry = head.entry()
        found.append((entry, tar[entry.offset : entry.data]))
    return found


def _raw(tar: bytes) -> list[RawHead]:
    return [read_raw_head(head, entry) for entry, head in _heads(tar)]


@given(
    st.lists(st.text("ab\u00e9/", min_size=1, max_size=300).filter(lambda name: name.strip("/")), max_size=4),
    st.sampled_from(FORMATS),
)
def test_names_are_as_the_standard_library_reads_them(names: list[str], tar_format: int) -> None:
    """Also long ones, in both ways of storing them, and with slashes that an entry's path has no more."""
    members = [File(name, type="symlink", link=name[::-1], mode=0o640) for name in names]
    tar = tar_bytes(members, tar_format=tar_format)
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        expected = [(one.name.rstrip("/"), one.linkname, one.mode) for one in opened]
    assert [(raw.name.rstrip("/"), raw.link, raw.mode) for raw in _raw(tar)] == expected


def test_folders_end_with_a_slash_and_times_are_kept() -> None:
    """What Go's reader gives as the name, and pax times of access and change in nanoseconds."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("./d")
        info.type = tarfile.DIRTYPE
        info.pax_headers = {"atime": "5.25", "ctime": "-1"}
        tar.addfile(info)
    assert _raw(out.getvalue()) == [RawHead("./d/", "", 0o644, (0, 0), 5_250_000_000, -1_000_000_000)]


def _patched(flag: bytes, size: int = 0) -> bytes:
    block = bytearray(tar_bytes([File("a", type="symlink", link="b")])[:512])
    block[156:157] = flag
    block[124:136] = b"%011o\0" % size
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    ("tar", "why"),
    [
        (_patched(b"7"), "contiguous"),
        (_patched(b"2", 9), "a size where no content is, of a symlink"),
        (tar_bytes([File("a", mtime=300_000_000_000)]), "after 9999"),
    ],
)
def test_what_go_reads_otherwise_is_unfit(tar: bytes, why: str) -> None:
    """Types, sizes and times that a table of contents has no place for are told, never written wrongly."""
    with pytest.raises(UnfitError, match=why):
        _raw(tar + bytes(1024))


def test_a_global_header_is_unfit() -> None:
    """Go's reader gives it as a member of its own, of a type that engines' tables do not know."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "x"}) as tar:
        tar.addfile(tarfile.TarInfo("a"))
    with pytest.raises(UnfitError, match="global"):
        _raw(out.getvalue())


@given(st.data())
def test_hostile_headers_are_read_or_refused(data: st.DataObject) -> None:
    """Whatever the layer's reader takes: read again it gives a head, or an error of the family; nothing else."""
    tar = bytearray(tar_bytes([File("d" * 120, b"x"), File("\u00e9", xattrs={"user.a": b"1"}), File("e", b"y" * 600)]))
    for _ in range(data.draw(st.integers(1, 6))):
        tar[data.draw(st.integers(0, len(tar) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadInputError, RefusedError, UnfitError):
        _raw(bytes(tar))
