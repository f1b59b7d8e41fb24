"""A layer's tar, member by member, from pieces that stream by; strict, and in memory of one piece.

Read as Go's ``archive/tar`` does, which container engines unpack with: global pax headers are ignored, an extended
header counts for the next member only, GNU long names win over pax ones, links and directories have no content
whatever size they state, and an archive may end without its two zero blocks, but never inside a member.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from jettison.errors import BadInputError, RefusedError
from jettison.layers.entry import Entry, EntryType
from jettison.layers.header import BLOCK, ZERO_BLOCK, Header, parse_header
from jettison.layers.limits import Limits, exceeded
from jettison.layers.names import clean_path, show
from jettison.layers.pax import Override, parse_records, read_override, sparse

_TYPES: dict[bytes, EntryType] = {
    b"0": "file",
    b"\0": "file",
    b"7": "file",
    b"1": "hardlink",
    b"2": "symlink",
    b"3": "char",
    b"4": "block",
    b"5": "dir",
    b"6": "fifo",
}
_LINKS = frozenset({"symlink", "hardlink"})
_DEVICES = frozenset({"char", "block"})
_NO_DEVICE = (0, 0)
_EXTENSIONS = frozenset({b"x", b"g", b"L", b"K"})
_NANO = 1_000_000_000
_MAX_ID = (1 << 32) - 1
_MAX_DEVICE = (1 << 20) - 1
_MAX_SECONDS = 1 << 63
_PLAIN = Override()


class Head(NamedTuple):
    """A member without its content's digest; the fields are those of :class:`Entry`."""

    path: str
    type: EntryType
    size: int
    mode: int
    uid: int
    gid: int
    mtime: int
    link: str
    device: tuple[int, int]
    xattrs: tuple[tuple[str, bytes], ...]
    offset: int
    data: int
    end: int

    def entry(self, digest: str = "") -> Entry:
        """Make the entry of this member."""
        path, kind, size, mode, uid, gid, mtime, link, device, xattrs, offset, data, end = self
        return Entry(path, kind, size, mode, uid, gid, mtime, link, digest, device, xattrs, offset, data, end)


class Seekable(Protocol):
    """A tar of which any part can be had: its size in bytes, and a way to go on elsewhere."""

    size: int

    def seek(self, offset: int, /) -> None:
        """Let the next piece begin at ``offset``."""


class TarReader:
    """Walks through a tar: :meth:`next`, then :meth:`content` where it is wanted, until :meth:`next` gives None.

    Args:
        pieces: the tar, in order; a piece is never empty.
        place: the layer, for messages.
        limits: what is accepted.
    """

    def __init__(self, pieces: Iterable[bytes | memoryview], place: str, limits: Limits) -> None:
        self._pieces: Iterator[bytes | memoryview] = iter(pieces)
        self._layer = place
        self._limits = limits
        self._piece = memoryview(b"")
        self._at = 0
        self._base = 0  # offset in the tar of the piece's first byte
        self._content = 0  # bytes of the present member's content not yet taken
        self._end = 0  # where the next member begins
        self._last = ""
        self._count = 0
        self._metadata = 0

    @property
    def position(self) -> int:
        """Offset in the tar up to which it was read."""
        return self._base + self._at

    @property
    def place(self) -> str:
        """The layer and the member that is being read, for messages."""
        return f"{self._layer}, {show(self._last)}" if self._count else self._layer

    def next(self) -> Head | None:
        """Go to the next member, passing over what is left of this one's content.

        Returns:
            The member; None at the end of the archive (:meth:`drain` then reads what follows it).

        Raises:
            BadInputError: malformed, hostile, cut off, or over a limit.
            RefusedError: a type that container engines do not unpack.
        """
        offset = self._end
        if self._end != self._base + self._at:
            self._skip_content()
        override, long_name, long_link = _PLAIN, b"", b""
        while True:
            header = self._header()
            if header is None:
                if override is not _PLAIN or long_name or long_link:
                    raise self._cut("an extended header without its member")
                return None
            if header.flag not in _EXTENSIONS:
                break
            records = self._extension(header)
            if header.flag == b"x":
                override = read_override(parse_records(records, self._after), self._after)
            elif header.flag == b"g":
                parse_records(records, self._after)
                override, long_name, long_link = _PLAIN, b"", b""
            elif header.flag == b"L":
                long_name = records.partition(b"\0")[0]
            else:
                long_link = records.partition(b"\0")[0]
        name = long_name or override.path or header.name
        link = long_link or override.link or header.link
        return self._head(header, override, name, link, offset)

    def content(self) -> Iterator[memoryview]:
        """Yield what is left of the present member's content; a view is valid until the next one is asked for.

        Raises:
            BadInputError: the tar is cut off.
        """
        while self._content:
            if self._at == len(self._piece) and not self._fill():
                raise self._cut("its content")
            view = self._piece[self._at : self._at + self._content]
            self._at += len(view)
            self._content -= len(view)
            yield view

    def whole(self) -> memoryview | None:
        """Return the present member's content when it lies in one piece; else None, and nothing is taken."""
        stop = self._at + self._content
        if stop > len(self._piece):
            return None
        view = self._piece[self._at : stop]
        self._at = stop
        self._content = 0
        return view

    def leave(self, tar: Seekable) -> None:
        """Go past the present member's content without reading it.

        Args:
            tar: what the pieces come from.

        Raises:
            BadInputError: the tar ends before the content does.
        """
        end = self.position + self._content
        self._content = 0
        if end <= self._base + len(self._piece):
            self._at = end - self._base
            return
        self._base, self._piece, self._at = min(end, tar.size), memoryview(b""), 0
        if end > tar.size:
            raise self._cut("its content")
        tar.seek(end)

    def drain(self) -> int:
        """Read to the end of the stream and return the tar's size in bytes."""
        while self._fill():
            pass
        return self._base

    @property
    def _after(self) -> str:
        return f"{self._layer}, after {show(self._last)}" if self._count else f"{self._layer}, at its beginning"

    def _cut(self, inside: str) -> BadInputError:
        return BadInputError(
            f"{self.place}: the tar is cut off inside {inside}, at byte {self._base + len(self._piece)}",
            hint="the image is damaged: fetch or save it again",
        )

    def _fill(self) -> bool:
        """Go to the next piece; whether there is one."""
        self._base += len(self._piece)
        self._piece = memoryview(next(self._pieces, b""))
        self._at = 0
        return bool(self._piece)

    def _skip_content(self) -> None:
        for _ in self.content():
            pass
        padding = self._end - self.position
        while padding > 0:
            if self._at == len(self._piece) and not self._fill():
                return  # Go, too, takes a tar whose last member lacks its padding
            step = min(padding, len(self._piece) - self._at)
            self._at += step
            padding -= step

    def _take(self, size: int) -> bytes:
        """Take up to ``size`` bytes, fewer only at the end of the stream."""
        taken = bytes(self._piece[self._at : self._at + size])
        self._at += len(taken)
        if len(taken) == size:
            return taken
        parts = [taken]
        left = size - len(taken)
        while left and self._fill():
            parts.append(bytes(self._piece[:left]))
            self._at = len(parts[-1])
            left -= self._at
        return b"".join(parts)

    def _header(self) -> Header | None:
        block = self._take(BLOCK)
        if not block:
            return None
        if len(block) < BLOCK:
            raise self._cut("a header")
        if block[0] == 0 and block == ZERO_BLOCK:
            block = self._take(BLOCK)
            if block and block != ZERO_BLOCK[: len(block)]:
                raise BadInputError(f"{self._after}: one zero block and then something else, where the tar should end")
            return None
        try:
            header = parse_header(block)
        except ValueError as error:
            raise BadInputError(f"{self._after}: malformed tar header: {error}") from None
        if header.size < 0:
            raise BadInputError(f"{self._after}: {show(header.name)} states a size of {header.size} bytes")
        return header

    def _extension(self, header: Header) -> bytes:
        """Take the content of an extended header or GNU long name."""
        if header.size > self._limits.max_pax:
            found = f"an extended header of {header.size} bytes"
            raise exceeded(self._after, "max_pax", self._limits.max_pax, found)
        padded = -(-header.size // BLOCK) * BLOCK
        content = self._take(padded)
        if len(content) < padded:
            raise self._cut("an extended header")
        return content[: header.size]

    def _head(self, header: Header, override: Override, name: bytes, link: bytes, offset: int) -> Head:
        kind = _TYPES.get(header.flag)
        if kind is None:
            place = self._at_name(name)
            raise sparse(place) if header.flag == b"S" else _unknown(header.flag, place)
        if header.flag == b"\0" and name.endswith(b"/"):
            kind = "dir"
        self._count += 1
        path = clean_path(name, self._layer, self._limits)
        self._last = path or "/"
        if not path and kind != "dir":
            raise BadInputError(f"{self._at_name(name)}: a member of type {kind} in the place of the root directory")
        size = 0
        if kind == "file":
            size = header.size if override.size is None else override.size
        data = self._base + self._at
        self._content = size
        self._end = end = data + -(-size // BLOCK) * BLOCK
        target = "" if kind not in _LINKS else self._link(kind, link)
        uid = header.uid if override.uid is None else override.uid
        gid = header.gid if override.gid is None else override.gid
        mtime = header.mtime * _NANO if override.mtime is None else override.mtime
        if not (0 <= uid <= _MAX_ID and 0 <= gid <= _MAX_ID and -_MAX_SECONDS < header.mtime < _MAX_SECONDS):
            raise BadInputError(f"{self.place}: owner {uid}:{gid} or time {header.mtime} is out of range")
        device = self._device(header) if kind in _DEVICES else _NO_DEVICE
        self._count_metadata(path, target, override.xattrs, end)
        mode = header.mode & 0o7777
        return Head(path, kind, size, mode, uid, gid, mtime, target, device, override.xattrs, offset, data, end)

    def _at_name(self, name: bytes) -> str:
        return f"{self._layer}, {show(name)}"

    def _device(self, header: Header) -> tuple[int, int]:
        if not (0 <= header.major <= _MAX_DEVICE and 0 <= header.minor <= _MAX_DEVICE):
            raise BadInputError(f"{self.place}: device numbers {header.major}, {header.minor} are out of range")
        return header.major, header.minor

    def _link(self, kind: EntryType, link: bytes) -> str:
        if kind == "hardlink":
            target = clean_path(link, f"{self.place}, a hard link", self._limits)
            if not target:
                raise BadInputError(f"{self.place}: a hard link to the root directory")
            return target
        if not link or b"\0" in link:
            raise BadInputError(f"{self.place}: a symlink whose target {show(link)} is no name")
        if len(link) > self._limits.max_name:
            raise exceeded(self.place, "max_name", self._limits.max_name, f"a symlink's target of {len(link)} bytes")
        return link.decode("utf-8", "surrogateescape")

    def _count_metadata(self, path: str, link: str, xattrs: tuple[tuple[str, bytes], ...], end: int) -> None:
        limits = self._limits
        if self._count > limits.max_entries:
            raise exceeded(self.place, "max_entries", limits.max_entries, f"member number {self._count}")
        self._metadata += len(path) + len(link)
        if xattrs:
            self._metadata += sum(len(key) + len(value) for key, value in xattrs)
        if self._metadata > limits.max_metadata:
            raise exceeded(self.place, "max_metadata", limits.max_metadata, "names and attributes in all")
        if end > limits.max_tar_size:
            raise exceeded(self.place, "max_tar_size", limits.max_tar_size, f"a member that ends at byte {end}")


def _unknown(flag: bytes, place: str) -> RefusedError:
    return RefusedError(
        f"{place}: a member of type {flag!r}, which Docker and containerd do not unpack",
        hint="write the layer again with plain files, directories and links",
    )
