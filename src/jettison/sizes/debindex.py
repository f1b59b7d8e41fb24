"""Packages indexes of Debian and Ubuntu archives, read as they come, keeping only what weighing needs.

The index is not checked against its signature: sizes are information here, nothing is installed by it.
"""

import json
import lzma
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jettison.sizes.cache import DAY, FOREVER
from jettison.sizes.record import NoAnswerError
from jettison.sizes.transport import Web
from jettison.sizes.web import get

if TYPE_CHECKING:  # of a machine that is asked for its archives; most runs ask none
    from jettison.compose.aptsources import Source

MAX_PACKED = 80_000_000
MAX_UNPACKED = 700_000_000
MAX_PACKAGES = 300_000
_FIELD = re.compile(
    rb"^(Package|Version|Size|Installed-Size|Depends|Pre-Depends|Recommends|Provides|Essential|Priority):"
    rb"[ \t]*(.*(?:\n[ \t].*)*)",
    re.MULTILINE | re.IGNORECASE,
)
MAX_STANZA = 1 << 20
_INTEGER = re.compile(r"\d{1,12}\Z")


@dataclass(frozen=True, slots=True)
class DebRow:
    """A package in an archive's index.

    Attributes:
        name: of the package.
        version: as the index has it.
        size: bytes of the archive file.
        installed: bytes that its Installed-Size stands for.
        depends: Depends and Pre-Depends.
        recommends: Recommends.
        provides: Provides.
        base: whether every system of that kind has it (Essential, or priority required).
    """

    name: str
    version: str
    size: int
    installed: int
    depends: str = ""
    recommends: str = ""
    provides: str = ""
    base: bool = False


@dataclass(frozen=True, slots=True)
class DebIndex:
    """Packages by name.

    Attributes:
        rows: the newest of each name.
        providers: names of packages that provide a name that is no package.
        day: when the index was read.
        estimated: whether it is another suite's.
    """

    rows: dict[str, DebRow]
    providers: dict[str, tuple[str, ...]]
    day: str
    estimated: bool = False


def make_index(rows: Iterable[DebRow], day: str, *, estimated: bool = False) -> DebIndex:
    """Return an index of packages; a later row of a name replaces an earlier one."""
    named = {row.name: row for row in rows}
    providers = dict[str, list[str]]()
    for row in named.values():
        for part in row.provides.split(","):
            if name := part.partition("(")[0].strip():
                providers.setdefault(name, []).append(row.name)
    return DebIndex(named, {name: tuple(sorted(who)) for name, who in providers.items()}, day, estimated)


def read_index(web: Web, sources: "Iterable[Source]", architecture: str) -> DebIndex:
    """Return what archives offer together; pockets that cannot be had are done without, the first one not.

    Raises:
        NoAnswerError: no archive is configured, or the first does not answer.
    """
    rows, day = list[DebRow](), ""
    for number, source in enumerate(sorted(sources, key=lambda source: len(source.suite))):
        for component in source.components or ("main",):
            try:
                found, when = _component(web, source, component, architecture)
            except NoAnswerError:
                if number == 0 and component == "main":
                    raise
                continue
            rows += found
            day = max(day, when)
    if not rows:
        raise NoAnswerError("no archive is configured for the suite")
    return make_index(rows, day)


def _component(web: Web, source: "Source", component: str, architecture: str) -> tuple[list[DebRow], str]:
    base = f"{source.uri.rstrip('/')}/dists/{source.suite}/{component}/binary-{architecture}/Packages"
    age = FOREVER if web.offline else DAY
    if kept := web.answers.get_document("debs", base, age):
        return _from_document(kept[0]), kept[1].day
    try:
        rows = list(parse_packages(_unpacked(web, base)))
    except NoAnswerError:
        if old := web.answers.get_document("debs", base, FOREVER):
            return _from_document(old[0]), old[1].day
        raise
    return rows, web.answers.put("debs", base, to_document(rows)).day


def _unpacked(web: Web, base: str) -> Iterator[bytes]:
    try:
        packed = get(web, f"{base}.xz", limit=MAX_PACKED, trusted=True).body
        return unpack(packed, "xz")
    except NoAnswerError:
        packed = get(web, f"{base}.gz", limit=MAX_PACKED, trusted=True).body
        return unpack(packed, "gz")


def unpack(packed: bytes, kind: str) -> Iterator[bytes]:
    """Give the content of a compressed index in pieces of at most 1 MB.

    Raises:
        NoAnswerError: it is broken, or unpacks to more than 700 MB.
    """
    total, rest = 0, packed
    xz = lzma.LZMADecompressor(memlimit=256_000_000)
    gz = zlib.decompressobj(31)
    try:
        while True:
            if kind == "xz":
                piece = xz.decompress(rest, 1 << 20)
                rest, done = b"", xz.eof
            else:
                piece = gz.decompress(rest, 1 << 20)
                rest, done = gz.unconsumed_tail, gz.eof
            total += len(piece)
            if total > MAX_UNPACKED:
                raise NoAnswerError(f"the archive's index unpacks to more than {MAX_UNPACKED} bytes")
            if piece:
                yield piece
            if done:
                return
            if not piece and not rest:
                raise NoAnswerError("the archive's index ends too early")
    except (lzma.LZMAError, zlib.error) as error:
        raise NoAnswerError("the archive's index is broken") from error


def parse_packages(pieces: Iterable[bytes]) -> Iterator[DebRow]:
    """Give the packages of an index (deb822); stanzas without a name, a version or sizes are passed over.

    Raises:
        NoAnswerError: there are more than 300,000, or one is longer than 1 MB.
    """
    count = 0
    for stanza in _stanzas(pieces):
        fields = {
            name.lower().decode("ascii"): " ".join(value.decode("utf-8", "replace").split())
            for name, value in _FIELD.findall(stanza)
        }
        if row := _row(fields):
            count += 1
            if count > MAX_PACKAGES:
                raise NoAnswerError(f"the archive's index names more than {MAX_PACKAGES} packages")
            yield row


def _stanzas(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *stanzas, rest = (rest + piece).split(b"\n\n")
        yield from stanzas
        if len(rest) > MAX_STANZA:
            raise NoAnswerError("the archive's index has a stanza of more than 1 MB")
    yield rest


def _row(fields: dict[str, str]) -> DebRow | None:
    name, version = fields.get("package", ""), fields.get("version", "")
    size, installed = fields.get("size", ""), fields.get("installed-size", "0")
    if not name or not version or not _INTEGER.match(size) or not _INTEGER.match(installed):
        return None
    depends = ", ".join(part for part in (fields.get("pre-depends"), fields.get("depends")) if part)
    base = fields.get("essential") == "yes" or fields.get("priority") == "required"
    recommends, provides = fields.get("recommends", ""), fields.get("provides", "")
    return DebRow(name, version, int(size), int(installed) * 1024, depends, recommends, provides, base)


def to_document(rows: Iterable[DebRow]) -> bytes:
    """Return rows as they are kept."""
    lists = [[r.name, r.version, r.size, r.installed, r.depends, r.recommends, r.provides, r.base] for r in rows]
    return json.dumps(lists, separators=(",", ":")).encode()


def _from_document(document: object) -> list[DebRow]:
    return [DebRow(*one) for one in document] if isinstance(document, list) else []
