"""What one wheel says of itself: what it unpacks to, and what it needs; without having it."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from jettison.sizes.cache import FOREVER
from jettison.sizes.record import NoAnswerError
from jettison.sizes.simple import File
from jettison.sizes.transport import Web
from jettison.sizes.web import Piece, get, get_piece
from jettison.sizes.zipdir import TAIL, Member, Read, read_content, read_members
from jettison.sources.address import path_of, shown

MAX_METADATA = 8_000_000
MAX_NEEDS = 5_000
SMALL = 4_000_000  # a wheel this small is taken whole from a server that serves no parts


@dataclass(frozen=True, slots=True)
class WheelFacts:
    """What is known of a wheel.

    Attributes:
        size: bytes of the file.
        unpacked: bytes of its files once unpacked.
        python: bytes of those that get bytecode (``.py``).
        needs: its Requires-Dist, as text.
        files: how many files it holds.
    """

    size: int
    unpacked: int
    python: int
    needs: tuple[str, ...]
    files: int


def wheel_facts(web: Web, file: File) -> WheelFacts:
    """Return what a wheel says of itself, from the cache or by range requests.

    Raises:
        NoAnswerError: it cannot be asked, serves no parts, or is malformed.
    """
    subject = f"{file.url} {file.sha256}"
    # A file behind an address with a digest never changes; one without may.
    kept = web.answers.get_document("wheel", subject, FOREVER)
    if kept and (facts := _from_document(kept[0])):
        return facts
    facts = _asked_facts(web, file)
    if urlsplit(file.url).scheme != "file":
        web.answers.put("wheel", subject, _to_bytes(facts))
    return facts


def _from_document(document: object) -> WheelFacts | None:
    match document:
        case {
            "size": int(size),
            "unpacked": int(unpacked),
            "python": int(python),
            "files": int(count),
            "needs": list(n),
        }:
            return WheelFacts(size, unpacked, python, tuple(str(one) for one in n), count)
    return None


def _to_bytes(facts: WheelFacts) -> bytes:
    return json.dumps(
        {
            "size": facts.size,
            "unpacked": facts.unpacked,
            "python": facts.python,
            "files": facts.files,
            "needs": list(facts.needs),
        }
    ).encode()


def _asked_facts(web: Web, file: File) -> WheelFacts:
    if urlsplit(file.url).scheme == "file":
        return _facts(web, file, *_local(file.url))
    piece = get_piece(web, file.url, f"-{TAIL}", small=SMALL, longest=max(TAIL, SMALL), trusted=file.trusted)
    return _facts(web, file, _remote(web, file, piece), piece.total)


def _local(url: str) -> tuple[Read, int]:
    """Return a reader of a file on this machine, and the file's size."""
    path = path_of(url)

    def read(start: int, length: int) -> bytes:
        try:
            with open(path, "rb") as file:
                file.seek(start)
                return file.read(length)
        except OSError as error:
            raise NoAnswerError(f"{shown(url)}: {error.strerror}") from error

    try:
        return read, os.stat(path).st_size
    except (OSError, ValueError) as error:
        raise NoAnswerError(f"{shown(url)} cannot be read") from error


def _remote(web: Web, file: File, first: Piece) -> Read:
    """Return a reader that asks only for what it has not yet."""
    pieces = [first]

    def read(start: int, length: int) -> bytes:
        for piece in pieces:
            if piece.start <= start and start + length <= piece.start + len(piece.data):
                return piece.data[start - piece.start : start - piece.start + length]
        if length <= 0:
            return b""
        # Read a little more than asked: a file's head and its content are asked for one after the other.
        end = min(first.total, start + max(length, 4_096)) - 1
        piece = get_piece(web, file.url, f"{start}-{end}", small=SMALL, longest=end - start + 1, trusted=file.trusted)
        if piece.total != first.total:
            raise NoAnswerError(f"{shown(file.url)} changed while it was read")
        pieces.append(piece)
        return piece.data[start - piece.start :][:length]

    return read


def _facts(web: Web, file: File, read: Read, size: int) -> WheelFacts:
    if file.size is not None and file.size != size:
        raise NoAnswerError(f"{shown(file.url)} has {size} bytes, and the index says {file.size}")
    members = read_members(read, size)
    files = [member for member in members if not member.name.endswith("/")]
    return WheelFacts(
        size,
        sum(member.size for member in files),
        sum(member.size for member in files if is_compiled(member.name)),
        needs_of(_metadata(web, file, read, files)),
        len(files),
    )


def is_compiled(name: str) -> bool:
    """Whether an installer makes bytecode of a wheel's file: modules, not the scripts in its ``.data`` folder."""
    return name.endswith(".py") and ".data/scripts/" not in name


def _metadata(web: Web, file: File, read: Read, members: Iterable[Member]) -> bytes:
    if file.metadata:
        try:
            return get(web, f"{file.url}.metadata", limit=MAX_METADATA, trusted=file.trusted).body
        except NoAnswerError:
            pass  # the wheel itself has it
    for member in members:
        folder, _, name = member.name.partition("/")
        if name == "METADATA" and folder.endswith(".dist-info"):
            return read_content(read, member, MAX_METADATA)
    raise NoAnswerError(f"{shown(file.url)} has no METADATA")


def needs_of(metadata: bytes) -> tuple[str, ...]:
    """Return the Requires-Dist fields of a METADATA file (core metadata specification), as they stand.

    Raises:
        NoAnswerError: there are more than 5,000.
    """
    from email.parser import HeaderParser  # noqa: PLC0415 -- it is slow to import, and a table that ships needs none

    head = HeaderParser().parsestr(metadata.decode("utf-8", errors="replace"), headersonly=True)
    needs = tuple(" ".join(str(value).split()) for value in head.get_all("Requires-Dist", []))
    if len(needs) > MAX_NEEDS:
        raise NoAnswerError(f"a distribution needs more than {MAX_NEEDS} others")
    return needs
