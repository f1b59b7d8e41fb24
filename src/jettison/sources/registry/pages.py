"""Lists that a registry gives in pages, each of which says where the next one is (distribution-spec; RFC 8288)."""

import re
from collections.abc import Iterator
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from urllib3.exceptions import HTTPError

from jettison.errors import BadInputError, MachineError
from jettison.oci.manifest import MANIFEST_LIMIT
from jettison.sources.address import MAX_URL, shown
from jettison.sources.registry.client import OK, NoEntryError, Registry, asked, body_of, why

MOST = 100
"""Pages of a list."""
LARGEST = 4 * MANIFEST_LIMIT
"""Bytes of a list."""
_LINK = re.compile(r"<([^<>]*)>([^<>]*)")
_NEXT = re.compile(r';\s*rel\s*=\s*(?:next\b|"(?:[^"]*\s)?next[\s"])', re.IGNORECASE)


def read_pages(registry: Registry, path: str, media_type: str, where: str) -> Iterator[bytes]:
    """Give the pages of a list, one after another; none where the registry does not know the list.

    Args:
        registry: whom to ask.
        path: of the first page, behind the repository's name.
        media_type: of each page.
        where: what the list is called in messages.

    Raises:
        NoEntryError: the first page may not be read.
        BadInputError: a page is too large, breaks off, or is none; the list has too many, goes round in circles, or
            leads to another host.
        MachineError: the registry cannot be reached, or forbids a later page.
    """
    place = f"{registry.root}/v2/{quote(registry.repository)}/{path}"
    read: set[str] = set()
    left = LARGEST
    while place:
        if place in read or len(read) >= MOST:
            reason = "a page leads back to an earlier one" if place in read else f"it has more than {MOST} pages"
            raise BadInputError(f"{where}: the list does not end: {reason}")
        read.add(place)
        raw, link = _read(registry, place, media_type, where, first=len(read) == 1)
        if raw is None:
            return
        left -= len(raw)
        if len(raw) > MANIFEST_LIMIT or left < 0:
            raise BadInputError(f"{where}: the list is larger than {MANIFEST_LIMIT} bytes a page, or {LARGEST} in all")
        yield raw
        place = _next(registry, place, link, where)


def _read(registry: Registry, place: str, media_type: str, where: str, *, first: bool) -> tuple[bytes | None, str]:
    """Return a page and its Link header; None for what is no page, where it is the first."""
    try:
        with asked(registry, place, {"Accept": media_type}) as response:
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
            if response.status != OK or kind != media_type:
                if first:
                    return None, ""
                raise BadInputError(f"{where}: a later page was answered by {response.status} and {kind[:80]}")
            raw = body_of(registry, response, MANIFEST_LIMIT)
    except (HTTPError, OSError) as error:
        raise BadInputError(f"{where}: the answer broke off: {why(error)}") from error
    except NoEntryError as error:
        if first:
            raise
        raise MachineError(error.message, hint=error.hint) from error
    return raw, response.headers.get("Link", "")


def _next(registry: Registry, place: str, link: str, where: str) -> str:
    """Return the address of the next page; empty when there is none.

    It is asked as the registry is, whatever scheme the link has: one behind a proxy may not know that there is TLS.
    """
    found = next((address for address, rest in _LINK.findall(link[: 2 * MAX_URL]) if _NEXT.search(rest)), "")
    if not found:
        return ""
    try:
        there, here = urlsplit(urljoin(place, found)), urlsplit(registry.root)
    except ValueError:
        raise BadInputError(f"{where}: a page leads to {shown(found)}, which is no address") from None
    if there.scheme not in ("http", "https") or there.netloc != here.netloc or len(found) > MAX_URL:
        raise BadInputError(f"{where}: a page leads to {shown(there.geturl())}, which is not on {registry.host}")
    return str(urlunsplit((here.scheme, here.netloc, there.path, there.query, "")))
