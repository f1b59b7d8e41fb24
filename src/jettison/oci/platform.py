"""Platforms: read from documents and the command line, compared, and the machine's own."""

import os
import re
from typing import Any

from jettison.errors import UsageError
from jettison.oci import fields
from jettison.oci.image import Platform

# As containerd normalises them (platforms/database.go); the right side is what GOARCH says.
_ARCHITECTURES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "i386": "386", "i686": "386"}
_ARM = {"armhf": "v7", "armv7l": "v7", "armel": "v6", "armv6l": "v6"}
_DEFAULT_VARIANTS = {"arm64": "v8", "arm": "v7", "amd64": "v1"}
_GRAMMAR = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+){1,2}\Z")


def parse_platform(text: str) -> Platform:
    """Parse ``os/architecture[/variant]`` from the command line.

    Raises:
        UsageError: it is not of that form.
    """
    if not _GRAMMAR.match(text):
        raise UsageError(f"{text[:80]!r} is no platform", hint="write os/architecture[/variant], such as linux/amd64")
    system, architecture, *variant = text.split("/")
    return normal(Platform(system.lower(), architecture.lower(), "".join(variant).lower()))


def read_platform(value: Any, where: str) -> Platform | None:
    """Return a descriptor's ``platform``; None when absent.

    Raises:
        BadInputError: a field is of the wrong type.
    """
    if value is None:
        return None
    document = fields.an_object(value, where)
    os_, architecture, variant = (fields.text(document, key, where) for key in ("os", "architecture", "variant"))
    return Platform(os_, architecture, variant)


def normal(platform: Platform) -> Platform:
    """Return the platform with its architecture as Go names it."""
    if platform.architecture in _ARM:
        return Platform(platform.os, "arm", platform.variant or _ARM[platform.architecture])
    return Platform(platform.os, _ARCHITECTURES.get(platform.architecture, platform.architecture), platform.variant)


def machine_platform() -> Platform:
    """Return the platform of containers on this machine."""
    return normal(Platform("linux", os.uname().machine))


def satisfies(offered: Platform, wanted: Platform) -> bool:
    """Whether an image for ``offered`` is what ``wanted`` asks for; a variant counts only when asked for."""
    offered, wanted = normal(offered), normal(wanted)
    if (offered.os, offered.architecture) != (wanted.os, wanted.architecture):
        return False
    default = _DEFAULT_VARIANTS.get(wanted.architecture, "")
    return not wanted.variant or (offered.variant or default) == wanted.variant
