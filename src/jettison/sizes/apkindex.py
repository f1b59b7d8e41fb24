"""What Alpine packages weigh, by the repository's APKINDEX (apk-tools: fields P, V, S, I, D, p in a tar.gz)."""

import io
import re
import tarfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jettison.finding import Skip
from jettison.sizes.cache import DAY
from jettison.sizes.record import Bill, Line, NoAnswerError, Weight, bill
from jettison.sizes.transport import Web
from jettison.sizes.web import cached_get

MAX_INDEX = 200_000_000
MAX_PACKAGES = 200_000
_NUMBER = re.compile(r"\d{1,12}\Z")
_CONSTRAINT = re.compile(r"[<>=~@].*\Z")


@dataclass(frozen=True, slots=True)
class ApkRow:
    """A package of a repository.

    Attributes:
        name: of the package.
        version: as the index has it.
        size: bytes of the package file, which is gzip-compressed already.
        installed: bytes once installed.
        depends: names that it needs.
        provides: names that it gives beside its own.
    """

    name: str
    version: str
    size: int
    installed: int
    depends: tuple[str, ...]
    provides: tuple[str, ...]


def weigh_apks(web: Web, names: Sequence[str], repositories: Iterable[str], machine: str) -> Bill:
    """Return what installing Alpine packages adds to an image that has none of them.

    Args:
        web: how to ask.
        names: as on apk's command line.
        repositories: addresses such as ``…/v3.20/main``; trusted.
        machine: ``x86_64`` or ``aarch64``.
    """
    rows, day, reasons = dict[str, ApkRow](), "", list[str]()
    for url in repositories:
        try:
            answer, _ = cached_get(web, f"{url.rstrip('/')}/{machine}/APKINDEX.tar.gz", max_age=DAY, trusted=True)
            rows |= {row.name: row for row in parse_apkindex(answer.body)}
            day = max(day, answer.day)
        except NoAnswerError as error:
            reasons.append(error.message)
    if not rows:
        reason = "; ".join(reasons) or "no Alpine repository is configured"
        return bill([], (Skip(name, reason) for name in names))
    return _closure(rows, names, day)


def _closure(rows: dict[str, ApkRow], names: Sequence[str], day: str) -> Bill:
    given = {name: row.name for row in rows.values() for name in row.provides}
    lines, missing, queue = dict[str, Line](), list[Skip](), [(_plain(name), "") for name in names]
    while queue:
        name, needed_by = queue.pop()
        row = rows.get(name) or rows.get(given.get(name, ""))
        if row is None:
            if not needed_by:
                missing.append(Skip(name, "the repository does not have it"))
        elif row.name not in lines:
            weight = Weight(row.installed, row.size, f"Alpine index, {day}")
            lines[row.name] = Line(row.name, row.version, weight, (needed_by,) if needed_by else ())
            queue += [(other, row.name) for other in row.depends]
    return bill(lines.values(), missing)


def _plain(name: str) -> str:
    return _CONSTRAINT.sub("", name)


def parse_apkindex(body: bytes) -> list[ApkRow]:
    """Return the packages of an APKINDEX.tar.gz.

    Raises:
        NoAnswerError: it is none, is broken, or unpacks to more than 200 MB.
    """
    text = _index_text(_gunzip(body))
    found = []
    for stanza in text.split("\n\n")[:MAX_PACKAGES]:
        fields = {line[0]: line[2:] for line in stanza.split("\n") if line[1:2] == ":"}
        if fields.get("P") and _NUMBER.match(fields.get("S", "")) and _NUMBER.match(fields.get("I", "")):
            depends = tuple(_plain(one) for one in fields.get("D", "").split() if not one.startswith("!"))
            provides = tuple(_plain(one) for one in fields.get("p", "").split())
            row = ApkRow(fields["P"], fields.get("V", ""), int(fields["S"]), int(fields["I"]), depends, provides)
            found.append(row)
    return found


def _gunzip(body: bytes) -> bytes:
    """Return all gzip members unpacked: the signature and the index are two."""
    parts, size, rest = [], 0, body
    try:
        while rest:
            gunzip = zlib.decompressobj(31)
            parts.append(gunzip.decompress(rest, MAX_INDEX - size + 1))
            size += len(parts[-1])
            if size > MAX_INDEX:
                raise NoAnswerError(f"the Alpine index unpacks to more than {MAX_INDEX} bytes")
            if not gunzip.eof:
                raise NoAnswerError("the Alpine index ends too early")
            rest = gunzip.unused_data
    except zlib.error as error:
        raise NoAnswerError("the Alpine index is broken") from error
    return b"".join(parts)


def _index_text(data: bytes) -> str:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:", ignore_zeros=True) as tar:
            for member in tar:
                if member.name == "APKINDEX" and member.isfile() and (file := tar.extractfile(member)):
                    return file.read(MAX_INDEX).decode("utf-8", errors="replace")
    except (tarfile.TarError, ValueError, OSError, EOFError) as error:
        raise NoAnswerError("the Alpine index is no tar file") from error
    raise NoAnswerError("the Alpine index holds no APKINDEX")
