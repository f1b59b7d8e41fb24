"""What apt keeps where, and which mounts of a RUN take it."""

from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.case import Site
from jettison.rules.dockerfile.mounts import Mount, mounts_of

ARCHIVES = "/var/cache/apt/archives"
LISTS = "/var/lib/apt/lists"
CACHE = "/var/cache/apt"
STATE = "/var/lib/apt"


def mounts_with(site: Site, folder: str) -> tuple[Mount, ...]:
    """Return the cache mounts that take what is written to a folder."""
    return tuple(mount for mount in mounts_of(site, "cache") if mount.covers(folder))


def apt_mounts(site: Site) -> tuple[Mount, ...]:
    """Return the cache mounts for apt's archives or lists."""
    found = mounts_of(site, "cache")
    return tuple(mount for mount in found if (mount.target or "").startswith((CACHE, STATE)))


def apt_calls(site: Site, *actions: str) -> tuple[Call, ...]:
    """Return apt's calls in a body; those of these actions only when any are given."""
    return tuple(call for call in site.calls if call.tool == "apt" and (not actions or call.action in actions))


DOCKER_CLEAN = ("debian", "ubuntu", "python", "cuda", "node", "conda", "pytorch", "tensorflow")
"""Families of bases (see :mod:`bases`) that delete each package after its installation: they bring docker-clean."""
INSTALLS = ("install", "upgrade", "dist-upgrade", "full-upgrade", "build-dep", "satisfy")
