"""The compressed size of an image, asked of its registry: a manifest is a few kilobytes (distribution-spec, "Pull")."""

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from jettison.errors import JettisonError
from jettison.oci.image import Platform
from jettison.oci.manifest import MANIFEST_LIMIT, entry_platform, read_index, read_manifest
from jettison.oci.media import INDEXES, MANIFESTS
from jettison.oci.platform import satisfies
from jettison.sizes.cache import DAY, FOREVER
from jettison.sizes.record import NoAnswerError
from jettison.sizes.transport import Web
from jettison.sizes.web import Reply, ask
from jettison.sources.imagename import ImageName
from jettison.sources.registry.tokens import TOKEN_LIMIT, read_challenge, read_token

_INDEX, _MANIFEST = frozenset(INDEXES), frozenset(MANIFESTS)
_OK, _UNAUTHORIZED = 200, 401


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull transfers.

    Attributes:
        bytes: config and layers.
        day: when the registry said so.
    """

    bytes: int
    day: str


def pulled(web: Web, name: ImageName, machine: str, registry: str) -> Pulled:
    """Return what pulling an image transfers.

    Args:
        web: how to ask.
        name: of the image.
        machine: the processor, as OCI names it.
        registry: address for names without a host; trusted, since the user gave it.

    Raises:
        NoAnswerError: there is no registry to ask, it wants a login, or it does not answer as it should.
    """
    if not name.host and not registry:
        raise NoAnswerError("no registry is configured for names without a host")
    subject = f"{registry if not name.host else ''} {name.short} {name.digest} {machine}"
    age = FOREVER if web.offline or name.digest else DAY
    if (kept := web.answers.get_document("manifest", subject, age)) and type(kept[0]) is int:
        return Pulled(kept[0], kept[1].day)
    root = f"https://{name.host}" if name.host else registry.rstrip("/")
    size = _ask(web, f"{root}/v2/{quote(name.repository)}", name, machine, trusted=not name.host)
    return Pulled(size, web.answers.put("manifest", subject, str(size).encode()).day)


@dataclass(frozen=True, slots=True)
class Named:
    """What a tag names now.

    Attributes:
        digest: of the document that the registry gives for the tag, recomputed from its bytes.
        index: whether that is an index of all platforms; else a manifest of one.
    """

    digest: str
    index: bool


def digest_of_tag(web: Web, name: ImageName, registry: str) -> Named:
    """Return what a tag names now: the digest of its index, or of its manifest where it has no index.

    Args:
        web: how to ask.
        name: of the image; its tag is what is asked for.
        registry: address for names without a host.

    Raises:
        NoAnswerError: there is no registry to ask, it wants a login, or it does not answer as it should: a digest in
            its headers that its bytes do not have is such an answer.
    """
    if web.offline:
        raise NoAnswerError("nobody is asked, offline")
    if not name.host and not registry:
        raise NoAnswerError("no registry is configured for names without a host: set JETTISON_REGISTRY")
    root = f"{_scheme(name.host)}://{name.host}" if name.host else registry.rstrip("/")
    base = f"{root}/v2/{quote(name.repository)}"
    # The user's own recipe names the registry; whom that one sends a token's request to is another matter.
    reply = _get(web, f"{base}/manifests/{quote(name.tag)}", base, {}, trusted=True, realm=not name.host)
    media = reply.headers.get("content-type", "").partition(";")[0].strip()
    if media not in _INDEX | _MANIFEST:
        raise NoAnswerError("the registry's answer is no manifest")
    try:
        (read_index if media in _INDEX else read_manifest)(reply.body, media, "the registry's answer")
    except JettisonError as error:
        raise NoAnswerError(f"the registry's answer is malformed: {error.message}"[:200]) from error
    digest = f"sha256:{hashlib.sha256(reply.body).hexdigest()}"
    said = reply.headers.get("docker-content-digest", digest)
    if said != digest:
        raise NoAnswerError(f"the registry says {said[:80]}, and its answer has {digest}")
    return Named(digest, media in _INDEX)


def _scheme(host: str) -> str:
    """Return ``http`` for this machine, as engines do, else ``https``."""
    return "http" if re.fullmatch(r"localhost(?::\d+)?|127\.\d+\.\d+\.\d+(?::\d+)?", host) else "https"


def _ask(web: Web, base: str, name: ImageName, machine: str, *, trusted: bool) -> int:
    login = dict[str, str]()
    wanted = name.digest or name.tag
    for _ in range(3):  # index, manifest, and one more for an index in an index
        reply = _get(web, f"{base}/manifests/{quote(wanted, safe=':')}", base, login, trusted=trusted)
        try:
            found = _read(reply, machine)
        except NoAnswerError:
            raise
        except JettisonError as error:
            raise NoAnswerError(f"the registry's answer is malformed: {error.message}"[:200]) from error
        if isinstance(found, int):
            return found
        wanted = found
    raise NoAnswerError("the registry's index leads to no manifest")


def _read(reply: Reply, machine: str) -> int | str:
    """Return the size that a manifest says, or the digest that an index leads to."""
    media = reply.headers.get("content-type", "").partition(";")[0].strip()
    if media in _MANIFEST:
        manifest = read_manifest(reply.body, media, "the registry's manifest")
        return manifest.config.size + sum(layer.size for layer in manifest.layers)
    if media not in _INDEX:
        raise NoAnswerError("the registry's answer is no manifest")
    return _choose(reply.body, media, machine)


def _choose(body: bytes, media: str, machine: str) -> str:
    wanted = Platform("linux", machine)
    for entry in read_index(body, media, "the registry's index"):
        platform = entry_platform(entry, "the registry's index")
        if platform and satisfies(platform, wanted):
            return entry.digest
    raise NoAnswerError(f"the image is not there for linux/{machine}")


def _get(web: Web, url: str, base: str, login: dict[str, str], *, trusted: bool, realm: bool | None = None) -> Reply:
    """Ask for a manifest, with the anonymous token that the registry may want first."""
    headers = {"Accept": ", ".join(sorted(_INDEX | _MANIFEST))}
    reply = ask(web, url, {**headers, **login}, limit=MANIFEST_LIMIT, trusted=trusted)
    if reply.status == _UNAUTHORIZED and not login:
        login["Authorization"] = f"Bearer {_token(web, reply, base, trusted=trusted if realm is None else realm)}"
        reply = ask(web, url, {**headers, **login}, limit=MANIFEST_LIMIT, trusted=trusted)
    if reply.status != _OK:
        raise NoAnswerError(f"the registry {urlsplit(base).hostname} answered {reply.status}")
    return reply


def _token(web: Web, reply: Reply, base: str, *, trusted: bool) -> str:
    """Return an anonymous token (Docker Registry v2 authentication: "Token Authentication Specification")."""
    kind, said = read_challenge(reply.headers.get("www-authenticate", ""))
    if kind != "bearer" or not said.get("realm"):
        raise NoAnswerError(f"the registry {urlsplit(base).hostname} wants a login")
    repository = base.partition("/v2/")[2]
    query = {"service": said.get("service", ""), "scope": said.get("scope") or f"repository:{repository}:pull"}
    answer = ask(web, f"{said['realm']}?{urlencode(query)}", {}, limit=TOKEN_LIMIT, trusted=trusted)
    token = read_token(answer.body)
    if answer.status != _OK or not token:
        raise NoAnswerError(f"the registry {urlsplit(base).hostname} gives no anonymous token")
    return token
