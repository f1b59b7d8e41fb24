"""Cubins that lie packed in no fatbin: found exactly, emptied only where no target could run them."""

import struct
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.fatbins import Library, Made, cubin, fatbin

from jettison.elf.arch import Choice
from jettison.elf.bare import Bare, find_bare, runs_bare
from jettison.elf.bytes import FileBytes
from jettison.elf.fatbin import read_fatbins
from jettison.elf.layout import read_layout
from jettison.elf.prune import prune
from jettison.elf.treatment import Treatment
from jettison.elf.verify import verify_pruned


def packed(
    arch: int,
    size: int = 3000,
    *,
    machine: int = 190,
    ident: bytes = b"\x7fELF\x02\x01\x01\x41\x08",
    flags: int = 0,
    checksum: bool = False,
    told: bool = True,
) -> bytes:
    """Return a packed cubin that does not pack well."""
    flags = flags or 0x6000004 | arch << 8
    head = ident.ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0, 0, 0, flags, 64, 0, 0, 0, 0, 0)
    body = b"".join(struct.pack("<I", (place * 2654435761) & 0xFFFFFFFF) for place in range(size // 4))
    return zstandard.ZstdCompressor(write_checksum=checksum, write_content_size=told).compress(head + body)


def found_in(folder: Path, library: Library) -> list[Bare]:
    """Return the packed cubins of a library."""
    path = folder / "lib.so"
    path.write_bytes(library.build())
    with FileBytes(path) as data:
        return list(find_bare(data, read_layout(data), read_fatbins(data.read, len(data))))


@pytest.mark.parametrize("size", [100, 3000, 400_000])
@pytest.mark.parametrize(("checksum", "told"), [(True, True), (False, False), (False, True)])
def test_found(tmp_path: Path, size: int, *, checksum: bool, told: bool) -> None:
    """Each is found with its architecture and exact end, of one block or several, whatever its frame says."""
    frames = [packed(arch, size, checksum=checksum, told=told) for arch in (90, 100, 120)]
    found = found_in(tmp_path, Library(inside=[b"before", *frames, b"behind"]))
    assert [each.arch for each in found] == [90, 100, 120]
    assert [each.end - each.offset for each in found] == list(map(len, frames))


def test_what_is_none(tmp_path: Path) -> None:
    """Other packed data, cubins of another layout, frames in fatbins and frames that are cut off are none."""
    other = (
        zstandard.compress(b"text" * 100),
        packed(90, machine=62),
        packed(90, ident=b"\x7fELF\x02\x01\x01\x33\x09"),
        b"\x28\xb5\x2f\xfd",
        b"\x28\xb5\x2f\xfd" + b"\xff" * 30,
        packed(90)[:-20],
    )
    inner = fatbin(Made(2, 80, packed(80)), cubin(80, 8))
    assert found_in(tmp_path, Library(own=[inner], inside=other)) == []
    assert [each.arch for each in found_in(tmp_path, Library(own=[inner], inside=[packed(75), *other]))] == [75]


def test_older_layout(tmp_path: Path) -> None:
    """Cubins of the older ABI say their architecture elsewhere."""
    old = packed(0, ident=b"\x7fELF\x02\x01\x01\x33\x07", flags=0x5A055A)
    assert [each.arch for each in found_in(tmp_path, Library(inside=[old]))] == [90]


def test_emptied(tmp_path: Path) -> None:
    """At level 3 those go that no target could run; the others stay, byte for byte, and it is proved."""
    big = 300_000
    library = Library(inside=[packed(90, big), packed(100, big), packed(80, big)], own=[fatbin(cubin(90, 10))])
    old, new = tmp_path / "old.so", tmp_path / "new.so"
    old.write_bytes(library.build())
    assert not prune(old, Treatment(Choice((90,)), 2, debug=False), new).changed
    treatment = Treatment(Choice((90,)), 3, debug=False)
    assert prune(old, treatment, new).changed
    data = new.read_bytes()
    assert packed(90, big) in data
    assert len(data) < old.stat().st_size - 2 * big + 100_000
    with FileBytes(old) as before, FileBytes(new) as after:
        assert verify_pruned(before, after, treatment).problems == ()
        assert verify_pruned(before, after, Treatment(Choice((90,)), 2, debug=False)).problems != ()
        assert verify_pruned(before, after, Treatment(Choice((100,)), 3, debug=False)).problems != ()
    assert not prune(new, treatment, tmp_path / "again.so").changed


def test_variants_are_not_told() -> None:
    """As the variant is not known, what could run as any of them counts as running."""
    assert runs_bare(100, (103,))
    assert runs_bare(90, (90,))
    assert not runs_bare(90, (100,))
    assert not runs_bare(103, (100,))


@given(st.binary(max_size=200), st.integers(0, 400))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int) -> None:
    """Damaged frames are passed over without an error."""
    frame = bytearray(packed(90, 400))
    frame[at : at + len(noise)] = noise
    folder = tmp_path_factory.mktemp("bare")
    for each in found_in(folder, Library(inside=[bytes(frame), packed(80, 40)])):
        assert each.end > each.offset
