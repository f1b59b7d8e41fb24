"""A registry asked: redirects, patience, tokens (distribution-spec; Docker's "Token Authentication Specification")."""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlencode, urljoin, urlsplit

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, SSLError
from urllib3.util import Timeout, make_headers

from jettison.errors import BadInputError, MachineError
from jettison.sources.address import shown
from jettison.sources.registry.lines import Lines, is_allowed
from jettison.sources.registry.login import Login
from jettison.sources.registry.together import StoppedError
from jettison.sources.registry.tokens import TOKEN_LIMIT, read_challenge, read_token

OK, CREATED, ACCEPTED, NO_CONTENT, PARTIAL = 200, 201, 202, 204, 206
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_RANGE = 401, 403, 404, 416
_MOVED = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD = frozenset({307, 308})
_BUSY = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = 5


class NoEntryError(MachineError):
    """The registry wants a login, or another one."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a registry is waited for.

    Attributes:
        tries: of one request, and of a blob without getting on.
        pause: seconds before the second try; doubled before each more.
        silence: seconds that a server may say nothing.
        longest: seconds that a server may ask to wait (Retry-After).
        window: seconds of waiting for an answer's bytes after which it is looked at how many came.
        slowest: bytes a second that have to come in each window; an answer that drips breaks off. 0 for no floor.
    """

    tries: int = 5
    pause: float = 0.5
    silence: float = 30.0
    longest: float = 60.0
    window: float = 60.0
    slowest: int = 1000

    def wait(self, attempt: int, stop: threading.Event, least: float = 0.0) -> None:
        """Wait before the next try; ``attempt`` counts from 0.

        Raises:
            StoppedError: ``stop`` was set.
        """
        if stop.wait(min(self.longest, max(least, self.pause * 2**attempt))):
            raise StoppedError


@dataclass(slots=True)
class Registry:
    """One repository of a registry, and what is known about asking it; shared by threads.

    Attributes:
        root: address, ``https://host:port``.
        repository: name.
        login: None to ask as nobody.
        patience: see there.
        authorization: the header that was accepted last.
        lines: connections.
        actions: what is to be done in the repository, as tokens say it: ``pull`` or ``pull,push``.
        beside: other repositories that are read from.
        stop: set when the work is to end: nobody waits for a busy server then.
    """

    root: str
    repository: str
    login: Login | None = None
    patience: Patience = field(default_factory=Patience)
    authorization: str = field(default="", repr=False)
    lines: Lines = field(default_factory=Lines)
    lock: threading.Lock = field(default_factory=threading.Lock)
    actions: str = "pull"
    beside: tuple[str, ...] = ()
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def scopes(self) -> list[str]:
        """What a token has to allow."""
        others = [f"repository:{name}:pull" for name in self.beside]
        return [f"repository:{self.repository}:{self.actions}", *others]

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.root).netloc


Body = bytes | Callable[[], Iterable[bytes | memoryview]]
"""What is sent; a callable gives the pieces anew at each try."""


@dataclass(frozen=True, slots=True)
class _Request:
    """One request; ``once``: it is not made again when the line breaks or the server is busy."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Body | None = None
    once: bool = False


@contextlib.contextmanager
def asked(
    registry: Registry,
    path: str,
    headers: Mapping[str, str],
    *,
    method: str = "GET",
    body: Body | None = None,
    once: bool = False,
) -> Iterator[BaseHTTPResponse]:
    """Ask something of the repository, and give the response, its body unread.

    Args:
        registry: whom to ask.
        path: behind the repository's name: ``manifests/1``, ``blobs/sha256:…``; or the address of an upload.
        headers: more of the request; an authorization is added, and never sent to another host.
        method: of HTTP.
        body: to send; a callable's length stands in the headers.
        once: leave it to the caller to try again.

    Raises:
        MachineError: it cannot be reached, stays busy, or wants a login.
        BadInputError: its redirects or challenges are not those of a registry.
    """
    url = path if "://" in path else f"{registry.root}/v2/{quote(registry.repository)}/{path}"
    response = _authorised(registry, _Request(method, url, headers, body, once))
    try:
        yield response
    finally:
        response.close()


def place_of(asked_at: str, response: BaseHTTPResponse) -> str:
    """Return the address that a response gives as its Location.

    Args:
        asked_at: what was asked; the Location may be relative to it.
        response: the answer.

    Raises:
        BadInputError: there is none, or it may not be asked.
    """
    place = response.headers.get("Location", "")
    if not place:
        raise BadInputError(f"{shown(asked_at)}: the registry does not say where to go on")
    return _joined(asked_at, place)


def pieces_of(registry: Registry, response: BaseHTTPResponse, size: int, *, decode: bool = False) -> Iterator[bytes]:
    """Give what a response holds as it comes, while it comes fast enough.

    Only the time that the server is waited for counts: what else this machine does in between is not its fault.

    Args:
        registry: says how slow it may be.
        response: its body unread.
        size: bytes of a piece, at most.
        decode: whether a Content-Encoding is taken away.

    Raises:
        TimeoutError: it drips; or nothing came for too long, as HTTPError.
        HTTPError, ConnectionError: the line broke.
    """
    patience = registry.patience
    waited, came = 0.0, 0
    while True:
        began = time.monotonic()
        piece = response.read1(size, decode_content=decode)
        waited += time.monotonic() - began
        if not piece:
            return
        yield piece
        came += len(piece)
        if waited >= patience.window:
            if came < patience.slowest * waited:
                raise TimeoutError(f"less than {patience.slowest} bytes a second came in {waited:.0f} s")
            waited, came = 0.0, 0


def body_of(registry: Registry, response: BaseHTTPResponse, limit: int) -> bytes:
    """Return what a response holds; more than ``limit`` bytes when it holds more.

    Raises:
        HTTPError, OSError: as :func:`pieces_of`.
    """
    raw = bytearray()
    for piece in pieces_of(registry, response, limit + 1, decode=True):
        raw += piece
        if len(raw) > limit:
            break
    return bytes(raw)


def _authorised(registry: Registry, request: _Request) -> BaseHTTPResponse:
    used = registry.authorization if urlsplit(request.url).netloc == registry.host else ""
    response, place = _follow(registry, replace(request, headers={**request.headers, **_header(used)}))
    if response.status == UNAUTHORIZED and urlsplit(place).netloc == registry.host:
        challenge = response.headers.get("WWW-Authenticate", "")
        response.close()
        _authorise(registry, challenge, used)
        headers = {**request.headers, **_header(registry.authorization)}
        response, place = _follow(registry, replace(request, headers=headers))
    if response.status in (UNAUTHORIZED, FORBIDDEN):
        response.close()
        raise _no_entry(registry, f"{shown(place)} answered {response.status}")
    return response


def _header(authorization: str) -> dict[str, str]:
    return {"Authorization": authorization} if authorization else {}


def _no_entry(registry: Registry, why: str) -> NoEntryError:
    what = "the login is not enough" if registry.login else "it wants a login, or the image is not there"
    return NoEntryError(f"{why}: {what}", hint=f"docker login {registry.host} (or podman login)")


def _follow(registry: Registry, request: _Request) -> tuple[BaseHTTPResponse, str]:
    for _ in range(_REDIRECTS + 1):
        response, url = _persist(registry, request), request.url
        place = response.headers.get("Location")
        if response.status not in _MOVED or not place:
            return response, url
        response.close()
        if request.method not in ("GET", "HEAD") and response.status not in _SAME_METHOD:
            raise BadInputError(f"{shown(url)} answers a {request.method} with a redirect of reading")
        new = _joined(url, place)
        headers = request.headers
        if urlsplit(new).netloc != urlsplit(url).netloc:
            headers = {name: value for name, value in headers.items() if name != "Authorization"}
        request = replace(request, url=new, headers=headers)
    raise BadInputError(f"{shown(request.url)}: more than {_REDIRECTS} redirects")


def _joined(url: str, place: str) -> str:
    """Return the address that a registry sends to, when it may be asked at all."""
    try:
        new = urljoin(url, place)
    except ValueError:
        new = place
    if not is_allowed(new) or (url.startswith("https:") and not new.startswith("https:")):
        raise BadInputError(f"{shown(url)} leads to {shown(new)}, which is not safe to ask")
    return new


def _persist(registry: Registry, request: _Request) -> BaseHTTPResponse:
    """Make one request, and again when the server is busy or the line breaks."""
    reason, url = "", request.url
    patience = registry.patience
    tries = 1 if request.once else patience.tries
    for attempt in range(tries):
        least = 0.0
        try:
            response = _send(registry, request)
        except SSLError as error:
            hint = f"put its CA into /etc/docker/certs.d/{urlsplit(url).netloc}/ca.crt"
            raise MachineError(f"{shown(url)}: no safe connection: {why(error)}", hint=hint) from error
        except ValueError as error:  # urllib3's own, and those of host names
            raise BadInputError(f"{shown(url)} is no address that can be asked") from error
        except (HTTPError, OSError) as error:
            reason = why(error)
        else:
            if response.status not in _BUSY:
                return response
            reason, least = f"it answered {response.status}", _retry_after(response)
            response.close()
        if attempt + 1 < tries:
            patience.wait(attempt, registry.stop, least)
    raise MachineError(f"{shown(url)} cannot be had: {reason}", hint="try again: blobs go on where they stopped")


def _send(registry: Registry, request: _Request) -> BaseHTTPResponse:
    silence = registry.patience.silence
    return registry.lines.to(request.url).request(
        request.method,
        request.url,
        headers={"User-Agent": "jettison", "Accept-Encoding": "identity", **request.headers},
        body=request.body() if callable(request.body) else request.body,  # type: ignore[arg-type] # sent as they are
        redirect=False,
        retries=False,
        preload_content=False,
        timeout=Timeout(connect=silence, read=silence),
    )


def _retry_after(response: BaseHTTPResponse) -> float:
    """Return the seconds that a server asks for (RFC 9110, 10.2.3); a date counts as nothing said."""
    said = response.headers.get("Retry-After", "")
    return float(said) if re.fullmatch(r"[0-9]{1,6}", said) else 0.0


def why(error: Exception) -> str:
    """Return what broke, without the addresses of objects that urllib3 puts before it."""
    return re.sub(r"\S+://\S+|<[^>]*>", "…", str(error).rpartition(": ")[2] or type(error).__name__)[:160]


def _authorise(registry: Registry, challenge: str, used: str) -> None:
    """Find the authorization that a challenge asks for (RFC 9110, 11.6.1)."""
    with registry.lock:
        if registry.authorization != used:
            return  # another thread has found a new one
        kind, said = read_challenge(challenge)
        login = registry.login
        if kind == "basic" and login and not login.identity:
            registry.authorization = _basic(login)
        elif kind == "bearer" and said.get("realm"):
            registry.authorization = f"Bearer {_token(registry, said)}"
        else:
            raise _no_entry(registry, f"{registry.root} answered {UNAUTHORIZED}")


def _basic(login: Login) -> str:
    return str(make_headers(basic_auth=f"{login.user}:{login.secret}")["authorization"])


def _token(registry: Registry, said: Mapping[str, str]) -> str:
    realm = _joined(registry.root, said["realm"])
    login = registry.login if _is_akin(realm, registry.root) else None
    service = {"service": said.get("service", "")}
    if login and login.identity:
        form = {**service, "scope": " ".join(registry.scopes), "grant_type": "refresh_token", "client_id": "jettison"}
        body = urlencode({**form, "refresh_token": login.secret}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        response = _persist(registry, _Request("POST", realm, kind, body))
    else:
        query = urlencode({**service, "scope": registry.scopes}, doseq=True)
        url = f"{realm}{'&' if '?' in realm else '?'}{query}"
        response, _ = _follow(registry, _Request("GET", url, _header(_basic(login) if login else "")))
    try:
        token = read_token(body_of(registry, response, TOKEN_LIMIT))
    except (HTTPError, OSError):
        token = ""
    finally:
        response.close()
    if response.status != OK or not token:
        raise _no_entry(registry, f"{shown(realm)} gives no token")
    return token


def _is_akin(realm: str, root: str) -> bool:
    """Whether a login may go to a server of tokens: the registry itself, or a neighbour under the same name."""
    one, other = urlsplit(realm), urlsplit(root)
    if one.netloc == other.netloc:
        return True
    host, registry = one.hostname or "", other.hostname or ""
    parent = registry.partition(".")[2]
    named = "." in parent and not parent.rpartition(".")[2].isdigit()  # not an address in numbers
    near = host.endswith(f".{registry}") or (named and (host == parent or host.endswith(f".{parent}")))
    return near and one.scheme == other.scheme
