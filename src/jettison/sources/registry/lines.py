"""How a host is reached: plain or with TLS, by whose certificates, through which proxy."""

import os
import re
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import PoolManager, ProxyManager

from jettison.errors import MachineError

_LOOPBACK = re.compile(r"(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?\Z")
_CONNECTIONS = 8


@dataclass(slots=True)
class Lines:
    """Connections that are kept, by host and port; a client's certificate goes to the host it was made for alone."""

    pools: dict[str, PoolManager] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def to(self, url: str) -> PoolManager:
        """Return the connections for an address."""
        parts = urlsplit(url)
        key = f"{parts.scheme}://{parts.netloc}"
        with self.lock:
            if key not in self.pools:
                self.pools[key] = _connect(parts.scheme, parts.netloc)
            return self.pools[key]


def root_of(host: str) -> str:
    """Return the address of a registry: https, but http on this machine, unless it has certificates."""
    plain = may_be_plain(host) and not _certificates(host)
    return f"{'http' if plain else 'https'}://{host}"


def may_be_plain(host: str) -> bool:
    """Whether a host may be asked without TLS: it is this machine, or $JETTISON_INSECURE_REGISTRIES lists it."""
    listed = os.environ.get("JETTISON_INSECURE_REGISTRIES", "").replace(",", " ").split()
    return bool(_LOOPBACK.match(host)) or host in listed


def is_allowed(url: str) -> bool:
    """Whether an address may be asked at all: with TLS, or of a host that may be asked without."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and may_be_plain(parts.netloc.rpartition("@")[2]))
    )


def _connect(scheme: str, host: str) -> PoolManager:
    proxy = "" if _LOOPBACK.match(host) or proxy_bypass(host) else getproxies().get(scheme, "")
    context = _context(host) if scheme == "https" else None
    if proxy:
        return ProxyManager(proxy, maxsize=_CONNECTIONS, ssl_context=context)
    return PoolManager(maxsize=_CONNECTIONS, ssl_context=context)


def _certificates(host: str) -> list[Path]:
    """Return what lies in the folders where Docker and Podman look for a host's certificates."""
    home = Path.home() / ".config/containers/certs.d"
    roots = (home, Path("/etc/containers/certs.d"), Path("/etc/docker/certs.d"))
    return [path for root in roots for path in sorted((root / host).glob("*.*"))]


def _context(host: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        for path in _certificates(host):
            if path.suffix == ".crt":
                context.load_verify_locations(path)
            elif path.suffix == ".cert":
                context.load_cert_chain(path, path.with_suffix(".key"))
    except (OSError, ssl.SSLError) as error:
        raise MachineError(f"a certificate for {host} cannot be used: {error}") from error
    return context
