"""Documents and parts of files, from web servers, files and what was answered before."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from jettison.sizes.cache import DAY, FOREVER, Answer
from jettison.sizes.record import NoAnswerError
from jettison.sizes.transport import Web, asked, body
from jettison.sources.address import path_of, shown

_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})\Z")
_OK = 200
_PARTIAL = 206


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said.

    Attributes:
        status: HTTP's; 200 for a file.
        headers: names in lower case.
        body: decompressed.
        url: where it came from after redirects.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


def cached_get(
    web: Web, url: str, *, accept: str = "*/*", max_age: float = DAY, limit: int | None = None, trusted: bool
) -> tuple[Answer, str]:
    """Return a document, from the cache when it is young enough, and where it came from.

    When nobody may be asked or nobody answers, an older answer stands in.

    Raises:
        NoAnswerError: there is none. A 404 is none either.
    """
    subject = f"{url} {accept}"
    kept = _unpacked(web.answers.get("page", subject, FOREVER if web.offline else max_age))
    if kept is not None:
        return kept
    try:
        reply = get(web, url, accept=accept, limit=limit, trusted=trusted)
    except NoAnswerError:
        if (old := _unpacked(web.answers.get("page", subject, FOREVER))) is not None:
            return old
        raise
    if urlsplit(url).scheme == "file":
        return Answer(reply.body, web.answers.now()), reply.url
    answer = web.answers.put("page", subject, reply.url.encode() + b"\n" + reply.body)
    return Answer(reply.body, answer.at), reply.url


def _unpacked(answer: Answer | None) -> tuple[Answer, str] | None:
    if answer is None:
        return None
    url, _, body = answer.body.partition(b"\n")
    return Answer(body, answer.at), url.decode(errors="replace")


def get(
    web: Web,
    url: str,
    *,
    accept: str = "*/*",
    limit: int | None = None,
    trusted: bool,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Return a document; only a status of 200 is one.

    Args:
        web: how to ask.
        url: http, https or, when trusted, file.
        accept: media types.
        limit: bytes; default ``web.limits.page``.
        trusted: whether the user named the address.
        headers: more of them; dropped when a redirect leads to another host.

    Raises:
        NoAnswerError: with the reason.
    """
    most = web.limits.page if limit is None else limit
    if trusted and urlsplit(url).scheme == "file":
        return Reply(200, {}, read_file(url, most), url)
    sent = {"Accept": accept, "Accept-Encoding": "gzip", **(headers or {})}
    with asked(web, url, sent, trusted=trusted) as (response, final):
        status = response.status
        if status != _OK:
            raise NoAnswerError(f"{shown(final)} answered {status}")
        data = body(web, response, most, final)
        return Reply(status, {k.lower(): v for k, v in response.headers.items()}, data, final)


def ask(web: Web, url: str, headers: Mapping[str, str], *, limit: int, trusted: bool) -> Reply:
    """Return whatever a server says to a GET, of any status.

    Raises:
        NoAnswerError: with the reason.
    """
    with asked(web, url, headers, trusted=trusted) as (response, final):
        data = body(web, response, limit, final)
        return Reply(response.status, {k.lower(): v for k, v in response.headers.items()}, data, final)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file.

    Attributes:
        data: its bytes.
        start: where in the file they begin.
        total: the whole file's size.
        url: where it came from after redirects.
    """

    data: bytes
    start: int
    total: int
    url: str


def get_piece(web: Web, url: str, span: str, *, small: int, longest: int, trusted: bool) -> Piece:
    """Return a part of a file by a range request (RFC 9110, section 14).

    Args:
        web: how to ask.
        url: of the file.
        span: ``-1000`` for the last 1,000 bytes, or ``0-999``.
        small: a file of at most so many bytes is taken whole from a server that ignores ranges.
        longest: bytes that the answer may have.
        trusted: whether the user named the address.

    Raises:
        NoAnswerError: the server ignores ranges, lies about them, or does not answer.
    """
    headers = {"Range": f"bytes={span}", "Accept-Encoding": "identity"}
    with asked(web, url, headers, trusted=trusted) as (response, final):
        length = _number(response.headers.get("Content-Length"))
        if response.status == _OK:
            if length is None or length > small:
                raise NoAnswerError(f"{shown(final)}: the server does not serve parts of files")
            return Piece(body(web, response, small, final), 0, length, final)
        match = _RANGE.match(response.headers.get("Content-Range", ""))
        if response.status != _PARTIAL or match is None:
            raise NoAnswerError(f"{shown(final)} answered {response.status} to a request for a part")
        start, end, whole = (int(text) for text in match.groups())
        data = body(web, response, longest, final)
        if not (0 <= start <= end < whole and len(data) == end - start + 1) or not _fits(span, start, whole):
            raise NoAnswerError(f"{shown(final)}: the server sent another part than the one it announces")
        return Piece(data, start, whole, final)


def _fits(span: str, start: int, whole: int) -> bool:
    first, _, last = span.partition("-")
    return start == int(first) if first else start == max(0, whole - int(last))


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else None  # noqa: PLR2004 -- 2^63


def read_file(url: str, limit: int) -> bytes:
    """Return the content of a ``file:`` address.

    Raises:
        NoAnswerError: it cannot be read, is no file, or is too large.
    """
    try:
        with open(path_of(url), "rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path"
        raise NoAnswerError(f"{shown(url)}: {reason}") from error
    if len(data) > limit:
        raise NoAnswerError(f"{shown(url)} is larger than {limit} bytes")
    return data
