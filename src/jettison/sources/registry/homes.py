"""Which repository of a registry was seen to have a blob: from there it can be mounted, and need not be sent."""

from jettison.oci.digest import sha256
from jettison.storage import Cache, cache_root

_LIMIT = 10_000_000  # bytes; a home takes some twenty
_LONGEST = 255


def remember_home(host: str, digest: str, repository: str) -> None:
    """Keep that a repository has a blob."""
    key = _key(host, digest)
    if _cache().get(key) != repository.encode():
        with _cache().put(key) as file:
            file.write(repository.encode())


def home_of(host: str, digest: str) -> str:
    """Return a repository of ``host`` that had the blob; empty when none is known."""
    found = _cache().get(_key(host, digest)) or b""
    return found.decode("ascii", "replace") if len(found) <= _LONGEST else ""


def _cache() -> Cache:
    return Cache(cache_root() / "registry" / "homes", _LIMIT)


def _key(host: str, digest: str) -> str:
    return sha256(f"{host} {digest}".encode()).partition(":")[2]
