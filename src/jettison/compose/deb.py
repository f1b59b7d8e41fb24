"""Debian archive files (deb(5)): an ar with control and data tars, read with limits, never executed."""

import hashlib
import io
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import zstandard
from isal import igzip, igzip_lib

from jettison.errors import BadInputError, RefusedError
from jettison.layers.entry import Entry
from jettison.layers.limits import Limits
from jettison.layers.read import read_layer
from jettison.oci.image import Descriptor, Extent, Layer

MAGIC = b"!<arch>\n"
HEADER = 60  # ar(5)
MAX_CONTROL = 64_000_000
MAX_DATA = 20_000_000_000
PIECE = 1 << 20
_IsalError = cast("type[Exception]", igzip_lib.IsalError)  # the package's types call it an instance


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an ar: its name, where its bytes begin and how many there are."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Deb:
    """A package that was read.

    Attributes:
        control: files of the control tar by name (``control``, ``md5sums``, ``postinst`` …).
        data: the uncompressed data tar in a scratch file.
        entries: its entries.
    """

    control: dict[str, bytes]
    data: Path
    entries: tuple[Entry, ...]


def ar_members(file: BinaryIO, where: str) -> tuple[Member, ...]:
    """Return the members of an ar (the common format of deb(5): no long names).

    Raises:
        BadInputError: it is not an ar, or it ends early.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        raise BadInputError(f"{where}: not a Debian package (no ar magic)")
    members: list[Member] = []
    offset = len(MAGIC)
    while offset < size:
        file.seek(offset)
        header = file.read(HEADER)
        if len(header) < HEADER or header[58:] != b"`\n":
            raise BadInputError(f"{where}: malformed ar header at byte {offset}")
        try:
            name, length = header[:16].decode("ascii").strip().rstrip("/"), int(header[48:58].decode("ascii"))
        except ValueError as error:
            raise BadInputError(f"{where}: malformed ar header at byte {offset}") from error
        if length < 0 or offset + HEADER + length > size or len(members) >= 16:  # noqa: PLR2004 -- deb(5) has three
            raise BadInputError(f"{where}: ar member {name[:20]!r} does not fit into the file")
        members.append(Member(name, offset + HEADER, length))
        offset += HEADER + length + length % 2
    return tuple(members)


def _named(members: tuple[Member, ...], stem: str, where: str) -> Member:
    found = [member for member in members if member.name.startswith(stem + ".tar") or member.name == stem + ".tar"]
    if len(found) != 1:
        raise BadInputError(f"{where}: {len(found)} members {stem}.tar, not one")
    return found[0]


def inflate(file: BinaryIO, member: Member, limit: int, where: str) -> Iterator[bytes]:
    """Give the uncompressed bytes of a member, by its suffix (none, .gz, .xz, .lzma, .zst).

    Raises:
        BadInputError: it is corrupt, or larger than ``limit`` bytes.
        RefusedError: its compression is not known.
    """
    source = io.BufferedReader(_Window(file, member), PIECE)
    suffix = member.name.rpartition(".tar")[2]
    try:
        stream = _opened(suffix, source)
        if stream is None:
            raise RefusedError(f"{where}: {member.name}: compression {suffix!r} is not handled")
        total = 0
        while piece := stream.read(PIECE):
            total += len(piece)
            if total > limit:
                raise BadInputError(f"{where}: {member.name} is more than {limit} bytes uncompressed")
            yield piece
    except (lzma.LZMAError, zstandard.ZstdError, _IsalError, EOFError, OSError) as error:
        raise BadInputError(f"{where}: {member.name} is corrupt: {error}") from error


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _opened(suffix: str, source: BinaryIO) -> _Readable | None:
    if suffix in {".xz", ".lzma"}:
        return lzma.LZMAFile(source)
    if suffix == ".gz":
        return cast("_Readable", igzip.IGzipFile(fileobj=source))  # type: ignore[no-untyped-call]  # isal ships no types
    if suffix == ".zst":
        return zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(source)
    return None if suffix else source


class _Window(io.RawIOBase):
    """The bytes of one member, as a file."""

    def __init__(self, file: BinaryIO, member: Member) -> None:
        self._file, self._position, self._left = file, member.offset, member.size

    def readable(self) -> bool:
        """Say yes."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes."""
        self._file.seek(self._position)
        piece = self._file.read(self._left if size < 0 else min(size, self._left))
        self._position += len(piece)
        self._left -= len(piece)
        return piece

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer."""
        view = memoryview(buffer)
        piece = self.read(len(view))
        view[: len(piece)] = piece
        return len(piece)


def _spooled(pieces: Iterator[bytes], path: Path) -> Layer:
    """Write pieces to a file and describe it as a plain tar layer, so that the one tar reader reads it."""
    digest, size = hashlib.sha256(), 0
    with open(path, "wb") as file:
        for piece in pieces:
            digest.update(piece)
            size += file.write(piece)
    name = f"sha256:{digest.hexdigest()}"
    descriptor = Descriptor("application/vnd.oci.image.layer.v1.tar", name, size, {})
    return Layer(0, descriptor, name, Extent(str(path), 0, size), "")


def _entries(layer: Layer, where: str, part: str) -> tuple[Entry, ...]:
    try:
        return read_layer(layer, (), limits=Limits()).entries
    except (BadInputError, RefusedError) as error:
        raise type(error)(f"{where}: {part}: {error.message}") from error


def read_deb(path: Path, scratch: Path, where: str) -> Deb:
    """Read a package: its control files, and its data tar uncompressed into ``scratch``.

    Args:
        path: the archive file.
        scratch: a folder of this package's own.
        where: what to call it in errors: its name and version.

    Raises:
        BadInputError: it is malformed or hostile.
        RefusedError: it uses a format that is not handled.
    """
    with open(path, "rb") as file:
        members = ar_members(file, where)
        if not members or members[0].name != "debian-binary":
            raise BadInputError(f"{where}: the first ar member is not debian-binary")
        file.seek(members[0].offset)
        if not file.read(min(members[0].size, 16)).startswith(b"2."):
            raise RefusedError(f"{where}: not version 2 of the package format")
        control, data = _named(members, "control", where), _named(members, "data", where)
        control_layer = _spooled(inflate(file, control, MAX_CONTROL, where), scratch / "control.tar")
        data_layer = _spooled(inflate(file, data, MAX_DATA, where), scratch / "data.tar")
    files = _contents(control_layer, where)
    entries = _entries(data_layer, where, "data.tar")
    for entry in entries:
        if entry.type in {"char", "block", "fifo"}:
            raise RefusedError(f"{where}: data.tar: {entry.path} is a {entry.type} node, which packages do not ship")
        if any(part.startswith(".wh.") for part in entry.path.split("/")):
            raise BadInputError(f"{where}: data.tar: {entry.path} would be a whiteout in a layer")
    return Deb(files, scratch / "data.tar", entries)


def _contents(layer: Layer, where: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with open(layer.blob.path, "rb") as file:
        for entry in _entries(layer, where, "control.tar"):
            if entry.type == "file":
                file.seek(entry.data)
                found[entry.path] = file.read(entry.size)
    if "control" not in found:
        raise BadInputError(f"{where}: control.tar has no control file")
    return found
