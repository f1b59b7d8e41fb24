"""Manifests and indexes of a registry: got, their digests checked, and put (distribution-spec, "Pushing manifests")."""

from collections.abc import Mapping
from urllib.parse import quote

from urllib3.exceptions import HTTPError

from jettison.errors import BadInputError, MachineError, UsageError
from jettison.oci import media
from jettison.oci.digest import sha256
from jettison.oci.manifest import MANIFEST_LIMIT
from jettison.sources.registry.client import CREATED, NOT_FOUND, OK, Registry, asked, body_of, why

_ACCEPT: Mapping[str, str] = {"Accept": ", ".join((*media.INDEXES, *media.MANIFESTS))}
_TEXT = 300  # bytes of what a registry says against a manifest


def read_document(registry: Registry, wanted: str, where: str) -> tuple[bytes, str]:
    """Get a manifest or index.

    Args:
        registry: whom to ask.
        wanted: a tag or digest.
        where: what it is called in messages.

    Returns:
        Its bytes, their digest checked where one is known, and its media type.

    Raises:
        UsageError: there is no such image.
        BadInputError: the registry lies about a digest, or answers as no registry does.
        MachineError: it cannot be reached.
    """
    reason = ""
    for attempt in range(registry.patience.tries):
        with asked(registry, f"manifests/{quote(wanted, safe=':')}", _ACCEPT) as response:
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
            if response.status == NOT_FOUND:
                raise UsageError(f"{where}: the registry has no such image")
            if response.status != OK or kind not in (*media.INDEXES, *media.MANIFESTS):
                answered = f"{response.status} and {kind[:80] or 'nothing'}"
                raise BadInputError(f"{where}: the registry answered {answered}, which is no manifest")
            try:
                raw = body_of(registry, response, MANIFEST_LIMIT)
            except (HTTPError, OSError) as error:
                reason = why(error)
            else:
                _check(raw, {wanted, response.headers.get("Docker-Content-Digest", "")}, where)
                return raw, kind
        registry.patience.wait(attempt, registry.stop)
    raise MachineError(f"{where}: the registry's answer broke off: {reason}", hint="try again")


def _check(raw: bytes, said: set[str], where: str) -> None:
    if len(raw) > MANIFEST_LIMIT:
        raise BadInputError(f"{where}: the manifest is larger than {MANIFEST_LIMIT} bytes")
    for digest in said:
        if ":" in digest and digest != sha256(raw):
            raise BadInputError(f"{where}: the registry's manifest should be {digest[:80]}, and is {sha256(raw)}")


def find_digest(registry: Registry, tag: str) -> str:
    """Return the digest that a tag leads to; empty when there is no such tag.

    Raises:
        BadInputError, MachineError: as :func:`read_document`.
    """
    try:
        raw, _ = read_document(registry, tag, f"{registry.host}/{registry.repository}:{tag}")
    except UsageError:
        return ""
    return sha256(raw)


def put_document(registry: Registry, name: str, raw: bytes, media_type: str) -> Mapping[str, str]:
    """Put a manifest or index, all of whose blobs are there.

    Args:
        registry: whom to give it.
        name: a tag, or its digest.
        raw: its bytes.
        media_type: its type.

    Returns:
        The headers of the answer.

    Raises:
        BadInputError: the registry refuses it, or says that it has another digest.
        MachineError: it cannot be reached.
    """
    where = f"{registry.host}/{registry.repository}:{name}"
    headers = {"Content-Type": media_type}
    path = f"manifests/{quote(name, safe=':')}"
    with asked(registry, path, headers, method="PUT", body=raw) as response:
        if response.status not in (OK, CREATED):
            raise BadInputError(f"{where}: the registry refuses the manifest: {refusal(response.status, response)}")
        said = response.headers.get("Docker-Content-Digest", "")
        if said and said != sha256(raw):
            raise BadInputError(f"{where}: the registry took the manifest as {said[:80]}, and it is {sha256(raw)}")
        return dict(response.headers)


def refusal(status: int, response: object) -> str:
    """Return what a registry says against a request: its status, and the start of its text."""
    try:
        raw = response.read(_TEXT)  # type: ignore[attr-defined] # of urllib3, whose stub names two classes
    except (HTTPError, OSError):
        raw = b""
    text = "".join(letter if letter.isprintable() else " " for letter in raw.decode("utf-8", "replace")).strip()
    return f"{status} {text}".rstrip()
