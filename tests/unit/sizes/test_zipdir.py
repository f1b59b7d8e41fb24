import io
import random
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers.wheelfiles import wheel_file

from jettison.sizes import zipdir
from jettison.sizes.record import NoAnswerError
from jettison.sizes.zipdir import Read, read_content, read_members


def reader(data: bytes) -> Read:
    def read(start: int, length: int) -> bytes:
        return data[start : start + length]

    return read


def zip_of(files: dict[str, bytes], *, stored: bool = False, comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.comment = comment
    return buffer.getvalue()


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)


@settings(deadline=None)
@given(st.dictionaries(NAMES, st.binary(max_size=300), max_size=6), st.booleans(), st.binary(max_size=40))
def test_what_zipfile_writes_is_read(files: dict[str, bytes], stored: bool, comment: bytes) -> None:  # noqa: FBT001 -- drawn
    """Names, sizes and contents are those that the standard library wrote, whatever the comment."""
    data = zip_of(files, stored=stored, comment=comment.replace(b"PK", b"__"))
    members = read_members(reader(data), len(data))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert [(m.name, m.size) for m in members] == [(i.orig_filename, i.file_size) for i in archive.infolist()]
    assert [read_content(reader(data), member, 1000) for member in members] == list(files.values())


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_or_read(data: st.DataObject) -> None:
    """Any damage gives members or a reason, never another error."""
    whole = bytearray(wheel_file("a", "1", {"a.py": b"x" * 500}, ["b"]))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[data.draw(st.integers(0, 40)) :])
    try:
        for member in read_members(reader(cut), len(cut)):
            read_content(reader(cut), member, 10_000)
    except NoAnswerError as error:
        assert "wheel" in error.message  # noqa: PT017 -- either outcome is right


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    """Any bytes give members or a reason."""
    try:
        assert read_members(reader(data), len(data)) is not None
    except NoAnswerError as error:
        assert "wheel" in error.message  # noqa: PT017 -- either outcome is right


def test_a_file_of_more_than_four_gigabytes_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes and places in the 64-bit records count (zipfile is made to write them)."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    content = random.Random(1).randbytes(400)  # noqa: S311 -- filler
    data = zip_of({"a.bin": content, "b.bin": content, "c": b""})
    members = read_members(reader(data), len(data))
    assert [(member.name, member.size) for member in members] == [("a.bin", 400), ("b.bin", 400), ("c", 0)]
    assert read_content(reader(data), members[1], 1000) == content


def entry_at(data: bytes) -> int:
    return data.index(b"PK\x01\x02")


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [
        (24, 1 << 31, "lies about"),  # unpacked size: a bomb's claim
        (42, 1 << 30, "lies about"),  # place of the local header outside
        (10, 12, "unknown way"),  # bzip2
        (16, 1, "broken"),  # checksum
    ],
)
def test_lies_of_the_directory(offset: int, value: int, reason: str) -> None:
    """Sizes that deflate cannot reach, places outside, unknown methods, wrong checksums: each has its reason."""
    data = bytearray(zip_of({"a.py": b"abc" * 1000}))
    where = entry_at(bytes(data)) + offset
    kind = "<H" if offset == 10 else "<L"
    struct.pack_into(kind, data, where, value)
    with pytest.raises(NoAnswerError, match=reason):
        read_content(reader(bytes(data)), read_members(reader(bytes(data)), len(data))[0], 1 << 20)


def test_files_that_overlap_are_refused() -> None:
    """Many entries for one piece of data, the shape of an overlapping bomb, are refused."""
    data = zip_of({"a": random.Random(2).randbytes(4000)})  # noqa: S311 -- filler
    at, end = entry_at(data), data.index(b"PK\x05\x06")
    entry = data[at:end]
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 3, 3, len(entry) * 3, at, 0)
    bomb = data[:at] + entry * 3 + tail
    with pytest.raises(NoAnswerError, match="overlap"):
        read_members(reader(bomb), len(bomb))


def test_a_directory_over_the_limit_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory larger than the limit is refused before it is read."""
    data = zip_of({f"{number}": b"" for number in range(50)})
    monkeypatch.setattr(zipdir, "MAX_MEMBERS", 10)
    with pytest.raises(NoAnswerError, match="larger than"):
        read_members(reader(data), len(data))


def test_a_file_over_the_limit_is_not_unpacked() -> None:
    """A member larger than asked for is refused by its claim."""
    data = zip_of({"a": b"x" * 5000})
    with pytest.raises(NoAnswerError, match="too large"):
        read_content(reader(data), read_members(reader(data), len(data))[0], 4999)
