"""RPM databases: recognised, so that a report says what it left out."""

from jettison.files.owners.claims import Claims, Rootfs
from jettison.finding import Skip

_FOLDERS = ("var/lib/rpm", "usr/lib/sysimage/rpm")
_NAMES = ("rpmdb.sqlite", "Packages", "Packages.db")


def claim_rpm(rootfs: Rootfs) -> Claims:
    """Say that an rpm database is there and not read; nothing is claimed."""
    found = [f"{folder}/{name}" for folder in _FOLDERS for name in _NAMES if f"{folder}/{name}" in rootfs.visible]
    reason = "the rpm database is not read yet; its packages' files count as nobody's"
    return Claims(skips=tuple(Skip(path, reason) for path in found))
