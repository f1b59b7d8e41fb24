"""Extended headers of POSIX.1-2001 (pax): records ``LENGTH KEY=VALUE`` and a newline, read and written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jettison.errors import BadInputError, RefusedError

XATTR = b"SCHILY.xattr."
_NANO = 1_000_000_000
_MAX_SECONDS = 1 << 63
_NO_NUL = frozenset({b"path", b"linkpath", b"uname", b"gname"})


@dataclass(frozen=True, slots=True)
class Override:
    """What an extended header says in place of the header block; None where it is silent."""

    path: bytes | None = None
    link: bytes | None = None
    size: int | None = None
    uid: int | None = None
    gid: int | None = None
    mtime: int | None = None
    xattrs: tuple[tuple[str, bytes], ...] = ()


def parse_records(data: bytes, place: str) -> dict[bytes, bytes]:
    """Split an extended header into its records; of a key that comes twice the last value stands.

    Raises:
        BadInputError: a record is malformed.
    """
    records: dict[bytes, bytes] = {}
    position = 0
    while position < len(data):
        space = data.find(b" ", position, position + 20)
        digits = data[position:space] if space > 0 else b""
        length = int(digits) if digits.isdigit() else 0
        end = position + length
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        if length < len(digits) + 4 or end > len(data) or data[end - 1] != ord("\n") or not equals or not key:
            raise BadInputError(f"{place}: malformed pax record at byte {position} of its extended header")
        if b"\0" in (value if key in _NO_NUL else key):
            raise BadInputError(f"{place}: a NUL in the pax record {key[:40]!r}")
        records[key] = value
        position = end
    return records


def read_override(records: Mapping[bytes, bytes], place: str) -> Override:
    """Take from the records what Jettison uses; empty values leave the header block's, as in Go.

    ``LIBARCHIVE.xattr.*`` and other vendors' records are left aside, as container engines do.

    Raises:
        BadInputError: a number is malformed.
        RefusedError: the member is sparse.
    """
    for key in records:
        if key.startswith(b"GNU.sparse."):
            raise sparse(place)
    xattrs = {
        key[len(XATTR) :].decode("utf-8", "surrogateescape"): value
        for key, value in records.items()
        if key.startswith(XATTR) and len(key) > len(XATTR)
    }
    return Override(
        path=records.get(b"path") or None,
        link=records.get(b"linkpath") or None,
        size=_whole(records, b"size", place),
        uid=_whole(records, b"uid", place),
        gid=_whole(records, b"gid", place),
        mtime=parse_time(records.get(b"mtime"), place),
        xattrs=tuple(sorted(xattrs.items())),
    )


def sparse(place: str) -> RefusedError:
    """Make the error for a sparse member, in GNU's old or pax form."""
    return RefusedError(
        f"{place}: a GNU sparse member: Docker and containerd do not unpack it from a layer",
        hint="write the layer again without tar's --sparse option",
    )


def _whole(records: Mapping[bytes, bytes], key: bytes, place: str) -> int | None:
    value = records.get(key)
    if not value:
        return None
    if not value.isdigit() or len(value) > 20:  # noqa: PLR2004 -- more than 64 bits hold
        raise BadInputError(f"{place}: pax record {key.decode()}={value[:40]!r} is not a whole number")
    return int(value)


def parse_time(value: bytes | None, place: str, key: str = "mtime") -> int | None:
    """Decode seconds with an optional sign and fraction; more than nine digits of it are cut, as in Go.

    Args:
        value: of the record; None or empty when there is none.
        place: the layer, for messages.
        key: of the record, likewise.

    Returns:
        Nanoseconds since the epoch; None without a record.

    Raises:
        BadInputError: it is no time.
    """
    if not value:
        return None
    whole, _, fraction = value.removeprefix(b"-").partition(b".")
    if not whole.isdigit() or (fraction and not fraction.isdigit()) or len(whole) > 20:  # noqa: PLR2004 -- as above
        raise BadInputError(f"{place}: pax record {key}={value[:40]!r} is not a time")
    if int(whole) >= _MAX_SECONDS:
        raise BadInputError(f"{place}: pax record {key}={value[:40]!r} is beyond 64 bits")
    nanoseconds = int(whole) * _NANO + int(fraction[:9].ljust(9, b"0"))
    return -nanoseconds if value.startswith(b"-") else nanoseconds


def format_records(records: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Write records in the order given."""
    return b"".join(_record(key, value) for key, value in records)


def _record(key: bytes, value: bytes) -> bytes:
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + len(str(len(rest)))
    if len(str(length)) > len(str(len(rest))):
        length += 1
    return str(length).encode() + rest


def format_time(mtime: int) -> bytes:
    """Write nanoseconds as pax does: seconds, and the fraction when there is one."""
    sign, magnitude = (b"-", -mtime) if mtime < 0 else (b"", mtime)
    seconds, fraction = divmod(magnitude, _NANO)
    text = str(seconds).encode() + (f".{fraction:09d}".rstrip("0").encode() if fraction else b"")
    return sign + text
