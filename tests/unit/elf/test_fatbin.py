"""Fatbins, read to their exact end from files and in passing."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.fatbins import LZ4, ZSTD, Made, cubin, fatbin, lto, ptx

from jettison.elf.fatbin import (
    CUBIN,
    EXACT,
    FAMILY,
    MAGIC,
    MAX_ENTRIES,
    Fatbin,
    Scanner,
    entry_name,
    read_fatbin_at,
    read_fatbins,
)
from jettison.errors import BadInputError

MADE = st.builds(
    Made,
    kind=st.sampled_from([1, 2, 8, 16, 64, 99]),
    arch=st.integers(0, 200),
    payload=st.binary(max_size=60),
    flags=st.sampled_from([0, LZ4, ZSTD, EXACT, FAMILY, ZSTD | EXACT, 1 << 40]),
    head=st.sampled_from([64, 72, 112, 512]),
    raw=st.integers(0, 1 << 60),
)
FATBINS = st.lists(MADE, min_size=1, max_size=4).map(lambda made: fatbin(*made))
DAMAGED = st.builds(
    lambda whole, at, noise: whole[: at % len(whole)] + noise + whole[at % len(whole) + len(noise) :],
    FATBINS,
    st.integers(0, 1000),
    st.one_of(st.binary(min_size=1, max_size=9), FATBINS),
)
# Whatever a file holds: fatbins, damaged ones and some in others, noise, and what begins like a fatbin and is none.
FILES = st.lists(st.one_of(FATBINS, DAMAGED, st.binary(max_size=40), st.just(MAGIC)), max_size=5).map(b"".join)


def found_in(data: bytes) -> tuple[Fatbin, ...]:
    """Return the fatbins of a file."""
    return read_fatbins(lambda offset, size: data[offset : offset + size], len(data))


@given(st.lists(MADE, min_size=1, max_size=6), st.integers(0, 5))
def test_round_trip(made: list[Made], before: int) -> None:
    """What was packed is read: every entry with its kind, architecture, flags and sizes, to the exact end."""
    data = bytes(8 * before) + fatbin(*made) + b"behind it"
    (found,) = found_in(data)
    assert not found.problem
    assert (found.offset, found.end) == (8 * before, len(data) - len("behind it"))
    assert [(e.kind, e.arch, e.flags, e.head) for e in found.entries] == [
        (m.kind, m.arch, m.flags, m.head) for m in made
    ]
    for entry, each in zip(found.entries, made, strict=True):
        assert data[entry.offset : entry.end] == each.pack()
        assert entry.raw == (each.raw if each.flags & (LZ4 | ZSTD) else entry.stored)
    assert read_fatbin_at(lambda offset, size: data[offset : offset + size], found.offset, len(data)) == found


@given(FILES, st.integers(1, 200))
def test_in_passing(data: bytes, piece: int) -> None:
    """However a file is cut as it streams by, the same fatbins are found as in the whole file."""
    scanner = Scanner(len(data))
    for at in range(0, len(data), piece):
        scanner.feed(memoryview(data)[at : at + piece])
    assert scanner.finish() == found_in(data)


@given(FATBINS, st.data())
def test_damage(whole: bytes, draw: st.DataObject) -> None:
    """Any bytes are read without an error; what was read before the damage is as it was."""
    at = draw.draw(st.integers(0, len(whole) - 1))
    noise = draw.draw(st.binary(min_size=1, max_size=16))
    data = whole[:at] + noise + whole[at + len(noise) :]
    (before,) = found_in(whole)
    for found in found_in(data):
        assert found.end <= len(data)
        assert all(entry.end <= found.end for entry in found.entries)
        if found.offset == 0:
            sound = [entry for entry in before.entries if entry.end <= at]
            assert list(found.entries[: len(sound)]) == sound or at < 16


@pytest.mark.parametrize(
    ("at", "value", "says"),
    [
        (2, struct.pack("<H", 0x999), "its version is 0x999"),
        (4, struct.pack("<I", 56), "header of 56 bytes"),
        (4, struct.pack("<I", 65), "header of 65 bytes"),
        (4, struct.pack("<I", 1 << 31), "header of 2147483648 bytes"),
        (8, struct.pack("<Q", 41), "payload of 41"),
        (8, struct.pack("<Q", (1 << 64) - 8), "go past the fatbin's end"),
        (8, struct.pack("<Q", 1 << 40), "go past the fatbin's end"),
        (16, struct.pack("<I", 0xFFFFFFFF), "4294967295 compressed bytes in a payload of 40"),
    ],
)
def test_malformed_entry(at: int, value: bytes, says: str) -> None:
    """The walk stops at a malformed entry, says where and why, and keeps those before it."""
    data = bytearray(fatbin(cubin(80), cubin(90), cubin(100)))
    second = 16 + 64 + 40
    data[second + at : second + at + len(value)] = value
    (found,) = found_in(bytes(data))
    assert [entry.arch for entry in found.entries] == [80]
    assert found.problem.startswith(f"entry at {second:#x}: ")
    assert says in found.problem


def test_cut_off() -> None:
    """A last entry whose header does not fit the fatbin is a problem; a fatbin that does not fit the file is none."""
    data = fatbin(cubin(80), cubin(90))
    short = MAGIC + struct.pack("<Q", 64 + 40 + 32) + data[16:]
    (found,) = found_in(short)
    assert "its header is cut off" in found.problem
    assert found_in(data[:-8]) == ()
    assert found_in(MAGIC + struct.pack("<Q", (1 << 64) - 1) + data[16:]) == ()


def test_what_only_begins_like_one() -> None:
    """The magic as a constant in code, at an odd place, or before an empty body, is passed over."""
    real = fatbin(cubin(90))
    assert [found.offset for found in found_in(MAGIC + b"\x90" * 24 + real)] == [32]
    assert found_in(b"\x90" * 4 + real) == ()
    assert found_in(MAGIC + bytes(8)) == ()


def test_too_many_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of entries is bounded."""
    monkeypatch.setattr("jettison.elf.fatbin.MAX_ENTRIES", 3)
    (found,) = found_in(fatbin(*[ptx(80, 0)] * 4))
    assert len(found.entries) == 3 < MAX_ENTRIES
    assert "more than 3 entries" in found.problem


def test_too_many_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """So is that of a whole file; what is behind is not looked at, and the last fatbin says so."""
    monkeypatch.setattr("jettison.elf.fatbin.MAX_IN_FILE", 5)
    found = found_in(fatbin(ptx(80, 0), ptx(90, 0)) * 4)
    assert [len(each.entries) for each in found] == [2, 2, 0]
    assert found[-1].problem == "the file has more than 5 entries"


def test_bytes_that_are_not_at_hand() -> None:
    """A reader that cannot give the bytes is heard."""

    def read(offset: int, size: int) -> bytes:
        raise BadInputError(f"{offset} {size}")

    with pytest.raises(BadInputError):
        read_fatbins(read, 100)


def test_names() -> None:
    """Entries are called as CUDA's tools call them; kinds without a name by their number."""
    (found,) = found_in(fatbin(cubin(90, flags=EXACT), cubin(100, flags=FAMILY), ptx(80), lto(75), Made(64, 90)))
    assert [entry.name for entry in found.entries] == ["sm_90a", "sm_100f", "compute_80", "lto_75", "kind64_90"]
    assert entry_name(CUBIN, 120, 0) == "sm_120"


@pytest.mark.parametrize("piece", [1, 8, 60, 100, 1000])
def test_search_never_goes_back(piece: int) -> None:
    """What lies in an entry's payload is no fatbin of its own, also where the outer one is damaged behind it."""
    inner = fatbin(cubin(80), cubin(90))
    outer = bytearray(fatbin(Made(2, 90, inner), cubin(80)))
    outer[16 + 64 + len(inner) + 2] = 0x99
    data = bytes(outer) + fatbin(cubin(75))
    scanner = Scanner(len(data))
    for at in range(0, len(data), piece):
        scanner.feed(memoryview(data)[at : at + piece])
    found = found_in(data)
    assert [bool(each.problem) for each in found] == [True, False]
    assert scanner.finish() == found
