"""HTTP within limits: requests, seconds, redirects, whom to ask at all. urllib3 is imported at the first request."""

import contextlib
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit

from jettison.sizes.cache import Answers
from jettison.sizes.record import NoAnswerError
from jettison.sources.address import MAX_URL, is_public, is_web, shown

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

REDIRECTS = 5
_PIECE = 1 << 16
_RETRIED = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Limits:
    """What weighing may cost.

    Attributes:
        requests: how many requests in all.
        seconds: how long in all.
        patience: seconds that one server may be silent.
        tries: how often a request is made before it counts as failed.
        page: bytes of one document, after decompression.
    """

    requests: int = 800
    seconds: float = 90.0
    patience: float = 15.0
    tries: int = 3
    page: int = 64_000_000


@dataclass(slots=True)
class Web:
    """How to ask, and what has been spent; shared by threads.

    Attributes:
        limits: see there.
        answers: what was answered before.
        offline: ask nobody.
        ca: file of certificates; empty for the system's.
        proxy: address of a proxy; empty for the environment's.
    """

    limits: Limits = field(default_factory=Limits)
    answers: Answers = field(default_factory=Answers)
    offline: bool = False
    ca: str = ""
    proxy: str = ""
    spent: int = 0
    silent: set[str] = field(default_factory=set)
    started: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)
    pools: "dict[str, PoolManager]" = field(default_factory=dict)

    def remaining(self) -> float:
        """Seconds left."""
        return self.limits.seconds - (time.monotonic() - self.started)


@contextlib.contextmanager
def asked(web: Web, url: str, headers: Mapping[str, str], *, trusted: bool) -> "Iterator[tuple[BaseHTTPResponse, str]]":
    """Make a request, follow its redirects, and give the response, its body unread."""
    response = None
    try:
        response, final = _follow(web, urldefrag(url)[0], dict(headers), trusted=trusted)
        yield response, final
    finally:
        if response is not None:
            response.close()


def _follow(web: Web, url: str, headers: dict[str, str], *, trusted: bool) -> "tuple[BaseHTTPResponse, str]":
    for _ in range(REDIRECTS + 1):
        if not (is_web(url) if trusted else is_public(url)):
            raise NoAnswerError(f"{shown(url)} is not asked: a file may only name public http(s) addresses")
        response = _persist(web, url, headers, trusted=trusted)
        place = response.headers.get("Location")
        if response.status not in {301, 302, 303, 307, 308} or not place:
            return response, url
        response.close()
        url, old = urljoin(url, place[:MAX_URL]), url
        if urlsplit(old).scheme == "https" and urlsplit(url).scheme != "https":
            raise NoAnswerError(f"{shown(old)} leads from https to something else")
        if urlsplit(old).netloc != urlsplit(url).netloc:
            # Another host is somebody else: it may be private only where the first one was (a mirror on this machine).
            headers.pop("Authorization", None)
            trusted = trusted and not is_public(old)
    raise NoAnswerError(f"{shown(url)}: more than {REDIRECTS} redirects")


def _persist(web: Web, url: str, headers: Mapping[str, str], *, trusted: bool) -> "BaseHTTPResponse":
    """Make one request, and again when the server is busy or the line breaks."""
    reason = ""
    for attempt in range(web.limits.tries):
        if attempt:
            time.sleep(max(0.0, min(0.3 * attempt, web.remaining())))
        _spend(web, url)
        response = _request(web, url, headers, trusted=trusted)
        if isinstance(response, str):
            reason = response
        elif response.status in _RETRIED and attempt + 1 < web.limits.tries:
            response.close()
        else:
            return response
    with web.lock:
        web.silent.add(urlsplit(url).netloc)
    raise NoAnswerError(f"{shown(url)} cannot be reached: {reason}")


def _spend(web: Web, url: str) -> None:
    if web.offline:
        raise NoAnswerError(f"{shown(url)} is not asked: offline")
    with web.lock:
        if urlsplit(url).netloc in web.silent:
            raise NoAnswerError(f"{shown(url)} is not asked: the host did not answer before")
        if web.spent >= web.limits.requests:
            raise NoAnswerError(f"the limit of {web.limits.requests} requests is used up")
        if web.remaining() <= 0:
            raise NoAnswerError(f"the limit of {web.limits.seconds:g} seconds is used up")
        web.spent += 1


def _request(web: Web, url: str, headers: Mapping[str, str], *, trusted: bool) -> "BaseHTTPResponse | str":
    from urllib3.exceptions import HTTPError, LocationParseError  # noqa: PLC0415 -- most commands ask nobody
    from urllib3.util import Timeout, make_headers  # noqa: PLC0415 -- as above

    parts = urlsplit(url)
    sent = {"User-Agent": "jettison", **headers}
    try:
        if trusted and (login := _login(url)):
            sent.update(make_headers(basic_auth=login))
        bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        patience = max(0.1, min(web.limits.patience, web.remaining()))
        return _pool(web, bare).request(
            "GET",
            bare,
            headers=sent,
            redirect=False,
            retries=False,
            preload_content=False,
            timeout=Timeout(connect=patience, read=patience),
        )
    except (HTTPError, OSError) as error:
        return _why(error)
    except (LocationParseError, ValueError, UnicodeError) as error:
        raise NoAnswerError(f"{shown(url)} is no address") from error


def _login(url: str) -> str | None:
    """Return the name and password in an address."""
    parts = urlsplit(url)
    return f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None


def _why(error: Exception) -> str:
    text = str(error).rpartition(": ")[2] or type(error).__name__
    return re.sub(r"\S+://\S+|<[^>]*>", "…", text)[:120]


def _pool(web: Web, url: str) -> "PoolManager":
    """Return the connections to use for an address: direct ones, or through its proxy."""
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 -- it imports http and ssl

    from urllib3 import PoolManager, ProxyManager  # noqa: PLC0415 -- as above
    from urllib3.util import make_headers  # noqa: PLC0415 -- as above

    parts = urlsplit(url)
    proxy = web.proxy or ("" if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme, ""))
    with web.lock:
        if proxy not in web.pools:
            ca = web.ca or None
            if proxy:
                address = proxy if "://" in proxy else f"http://{proxy}"
                extra = make_headers(proxy_basic_auth=_login(address))
                web.pools[proxy] = ProxyManager(address, proxy_headers=extra, maxsize=8, ca_certs=ca)
            else:
                web.pools[proxy] = PoolManager(num_pools=20, maxsize=8, ca_certs=ca)
        return web.pools[proxy]


def body(web: Web, response: "BaseHTTPResponse", limit: int, url: str) -> bytes:
    """Return the decompressed body, however slowly it comes, within the limits."""
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 -- as above

    parts, size = [], 0
    try:
        while piece := response.read1(_PIECE, decode_content=True):
            parts.append(piece)
            size += len(piece)
            if size > limit:
                raise NoAnswerError(f"{shown(url)} is larger than {limit} bytes")
            if web.remaining() <= 0:
                raise NoAnswerError(f"the limit of {web.limits.seconds:g} seconds is used up")
    except (HTTPError, OSError, ValueError) as error:
        raise NoAnswerError(f"{shown(url)} broke off: {_why(error)}") from error
    return b"".join(parts)
