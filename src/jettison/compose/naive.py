"""What the usual careless image leaves behind: caches of apt and pip, lists of packages."""

from collections.abc import Sequence

from jettison.compose.debian import deb_cache
from jettison.compose.record import Listing, Package, Wheel
from jettison.compose.tree import Stored, Tree, make_entry
from jettison.compose.wheels import wheel_cache
from jettison.errors import MachineError
from jettison.oci.image import Extent
from jettison.storage import Cache

ARCHIVES = "var/cache/apt/archives"
LISTS = "var/lib/apt/lists"
PIP_CACHE = "root/.cache/pip/http-v2"


def leave_behind(tree: Tree, packages: Sequence[Package], wheels: Sequence[Wheel], listings: Sequence[Listing]) -> None:
    """Add package archives, package lists and pip's cache, where apt and pip leave them.

    Args:
        tree: of the one big layer.
        packages: installed by that layer; those of the base image left no archives.
        wheels: installed by that layer.
        listings: indexes of packages.

    Raises:
        MachineError: the user's cache no longer has one of them.
    """
    for package in packages:
        name = f"{package.name}_{package.version.replace(':', '%3a')}_{package.architecture}.deb"
        _add(tree, f"{ARCHIVES}/{name}", deb_cache(), f"{package.sha256}.deb", package.size)
    for listing in listings:
        _add(tree, f"{LISTS}/{listing.name}", deb_cache(), f"{listing.sha256}.list", listing.size)
    for wheel in wheels:
        shelf = "/".join(wheel.sha256[:5])
        _add(tree, f"{PIP_CACHE}/{shelf}/{wheel.sha256[:56]}.body", wheel_cache(), f"{wheel.sha256}.whl", wheel.size)


def _add(tree: Tree, path: str, cache: Cache, key: str, size: int) -> None:
    source = cache.path(key)
    if source is None:
        raise MachineError(f"{path} is no longer in the cache", hint="choose anew: jettison build --update")
    entry = make_entry(path, "file", mode=0o644, size=size, mtime=tree.mtime)
    tree.put(entry, Stored(Extent(str(source), 0, size)), owner="caches")
