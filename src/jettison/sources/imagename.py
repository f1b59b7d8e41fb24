"""Names of images as Dockerfiles write them (distribution-spec; Docker's short names)."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(
    r"(?P<path>[a-z0-9][a-z0-9._:/-]{0,254}?)(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?\Z"
)
DAEMON = Path("/etc/docker/daemon.json")
_SHORT_HOSTS = frozenset({"docker.io", "index.docker.io"})  # the default registry, said aloud


@dataclass(frozen=True, slots=True)
class ImageName:
    """An image's name in parts.

    Attributes:
        host: of the registry; empty for the default one.
        repository: ``library/python`` for ``python``.
        tag: ``latest`` when none is said and no digest is.
        digest: empty when none is said.
    """

    host: str
    repository: str
    tag: str
    digest: str = ""

    @property
    def short(self) -> str:
        """The name as tables have it: ``python:3.11``, ``nvcr.io/nvidia/cuda:…``."""
        host = f"{self.host}/" if self.host else ""
        return f"{host}{self.repository.removeprefix('library/')}:{self.tag}"


def parse_image_name(text: str) -> ImageName | None:
    """Return a name in parts; None when it is none, such as ``scratch``, a stage or something with a variable."""
    match = _NAME.match(text)
    if match is None or text == "scratch" or ("://" in text):
        return None
    path = match["path"]
    first, slash, rest = path.partition("/")
    host = first if slash and ("." in first or ":" in first or first == "localhost") else ""
    repository = rest if host else path
    if not repository or ":" in repository or repository.strip("/") != repository:
        return None
    if host in _SHORT_HOSTS:
        host = ""
    if not host and "/" not in repository:
        repository = f"library/{repository}"
    return ImageName(host, repository, match["tag"] or ("" if match["digest"] else "latest"), match["digest"] or "")


def default_registry(environ: Mapping[str, str] | None = None, daemon: Path = DAEMON) -> str:
    """Return the address of the registry for names without a host; empty when this machine says none.

    It is ``$JETTISON_REGISTRY``, or the first of ``registry-mirrors`` in the Docker daemon's configuration.
    """
    if said := (os.environ if environ is None else environ).get("JETTISON_REGISTRY"):
        return said
    try:
        mirrors = json.loads(daemon.read_text("utf-8"))["registry-mirrors"]
        return str(mirrors[0])
    except (OSError, ValueError, KeyError, IndexError, TypeError, RecursionError):
        return ""
