"""A registry asked: redirects, patience, tokens (distribution-spec; Docker's "Token Authentication Specification")."""

import contextlib
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urljoin, urlsplit

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, SSLError
from urllib3.util import Timeout, make_headers

from jettison.errors import BadInputError, MachineError
from jettison.sources.address import shown
from jettison.sources.registry.lines import Lines, is_allowed
from jettison.sources.registry.login import Login
from jettison.sources.registry.tokens import TOKEN_LIMIT, read_challenge, read_token

OK, PARTIAL, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_RANGE = 200, 206, 401, 403, 404, 416
_MOVED = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a registry is waited for.

    Attributes:
        tries: of one request, and of a blob without getting on.
        pause: seconds before the second try; doubled before each more.
        silence: seconds that a server may say nothing.
        longest: seconds that a server may ask to wait (Retry-After).
    """

    tries: int = 5
    pause: float = 0.5
    silence: float = 30.0
    longest: float = 60.0

    def wait(self, attempt: int, least: float = 0.0) -> None:
        """Sleep before the next try; ``attempt`` counts from 0."""
        time.sleep(min(self.longest, max(least, self.pause * 2**attempt)))


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
    """

    root: str
    repository: str
    login: Login | None = None
    patience: Patience = field(default_factory=Patience)
    authorization: str = field(default="", repr=False)
    lines: Lines = field(default_factory=Lines)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.root).netloc


@contextlib.contextmanager
def asked(registry: Registry, path: str, headers: Mapping[str, str]) -> Iterator[BaseHTTPResponse]:
    """Get something of the repository, and give the response, its body unread.

    Args:
        registry: whom to ask.
        path: behind the repository's name: ``manifests/1``, ``blobs/sha256:…``.
        headers: more of the request; an authorization is added, and never sent to another host.

    Raises:
        MachineError: it cannot be reached, stays busy, or wants a login.
        BadInputError: its redirects or challenges are not those of a registry.
    """
    response = _authorised(registry, f"{registry.root}/v2/{quote(registry.repository)}/{path}", headers)
    try:
        yield response
    finally:
        response.close()


def _authorised(registry: Registry, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
    used = registry.authorization
    response, place = _follow(registry, url, {**headers, **_header(used)})
    if response.status == UNAUTHORIZED and urlsplit(place).netloc == registry.host:
        challenge = response.headers.get("WWW-Authenticate", "")
        response.close()
        _authorise(registry, challenge, used)
        response, place = _follow(registry, url, {**headers, **_header(registry.authorization)})
    if response.status in (UNAUTHORIZED, FORBIDDEN):
        response.close()
        raise _no_entry(registry, f"{shown(place)} answered {response.status}")
    return response


def _header(authorization: str) -> dict[str, str]:
    return {"Authorization": authorization} if authorization else {}


def _no_entry(registry: Registry, why: str) -> MachineError:
    what = "the login is not enough" if registry.login else "it wants a login, or the image is not there"
    return MachineError(f"{why}: {what}", hint=f"docker login {registry.host} (or podman login)")


def _follow(registry: Registry, url: str, headers: dict[str, str]) -> tuple[BaseHTTPResponse, str]:
    for _ in range(_REDIRECTS + 1):
        response = _persist(registry, url, headers)
        place = response.headers.get("Location")
        if response.status not in _MOVED or not place:
            return response, url
        response.close()
        new = _joined(url, place)
        if url.startswith("https:") and not new.startswith("https:"):
            raise BadInputError(f"{shown(url)} leads to {shown(new)}, which is not safe to ask")
        if urlsplit(new).netloc != urlsplit(url).netloc:
            headers = {name: value for name, value in headers.items() if name != "Authorization"}
        url = new
    raise BadInputError(f"{shown(url)}: more than {_REDIRECTS} redirects")


def _joined(url: str, place: str) -> str:
    """Return the address that a registry sends to, when it may be asked at all."""
    try:
        new = urljoin(url, place)
    except ValueError:
        new = place
    if not is_allowed(new):
        raise BadInputError(f"{shown(url)} leads to {shown(new)}, which is not safe to ask")
    return new


def _persist(
    registry: Registry, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None = None
) -> BaseHTTPResponse:
    """Make one request, and again when the server is busy or the line breaks."""
    reason = ""
    patience = registry.patience
    for attempt in range(patience.tries):
        least = 0.0
        try:
            response = _send(registry, url, headers, form)
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
        if attempt + 1 < patience.tries:
            patience.wait(attempt, least)
    raise MachineError(f"{shown(url)} cannot be had: {reason}", hint="try again: blobs go on where they stopped")


def _send(registry: Registry, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None) -> BaseHTTPResponse:
    silence = registry.patience.silence
    return registry.lines.to(url).request(
        "GET" if form is None else "POST",
        url,
        headers={"User-Agent": "jettison", "Accept-Encoding": "identity", **headers},
        body=urlencode(form) if form is not None else None,
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
    query = {"service": said.get("service", ""), "scope": f"repository:{registry.repository}:pull"}
    if login and login.identity:
        form = {**query, "grant_type": "refresh_token", "client_id": "jettison", "refresh_token": login.secret}
        response = _persist(registry, realm, {"Content-Type": "application/x-www-form-urlencoded"}, form)
    else:
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}"
        response, _ = _follow(registry, url, _header(_basic(login) if login else ""))
    try:
        token = read_token(response.read(TOKEN_LIMIT))
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
