"""Addresses: which may be asked, and how they are shown.

Addresses come from two kinds of people. What the user configured or typed is trusted. What a Dockerfile, a
requirements file or an index's page names is not: there, only http and https, only hosts that are names on the public
pattern (no number, no ``localhost``), and no password of the user's. That keeps a hostile file from making a linter
ask the machine's own network; it does not see a public name that resolves to a private address.
"""

import os
import re
from urllib.parse import unquote, urldefrag, urlsplit, urlunsplit

MAX_URL = 4_000
_PUBLIC = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})\.?\Z")
_PRIVATE = re.compile(r"(?:.*\.)?(?:localhost|localdomain|local|internal|intranet|lan|home|corp|arpa)\.?\Z")


def shown(url: str) -> str:
    """Return an address fit for a message: its scheme, host and path, cut short."""
    try:
        parts = urlsplit(url)
        text = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        text = "an address"
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:160]


def is_public(url: str) -> bool:
    """Whether an address that no trusted person named may be asked."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return False
    named = bool(_PUBLIC.match(host)) and not _PRIVATE.match(host)
    return parts.scheme in {"http", "https"} and named and len(url) <= MAX_URL and "@" not in parts.netloc


def is_web(url: str) -> bool:
    """Whether it is an http or https address of sane length."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and len(url) <= MAX_URL
    except ValueError:
        return False


def path_of(url: str) -> str:
    """Return the path that a ``file:`` address names."""
    path = unquote(urlsplit(urldefrag(url)[0]).path)
    return os.path.join(path, "index.html") if path.endswith("/") else path
