"""References: how a user names an image.

``docker-archive:PATH[:TAG]``, ``oci:DIR[:TAG]``, ``oci-archive:PATH[:TAG]``, ``registry:NAME``, and the name of an
engine, as in ``docker:NAME``. A bare path is one too; what lies there is recognised by content when it is opened.
"""

import os
import re
from dataclasses import dataclass
from typing import Literal

from jettison.errors import RefusedError, UsageError

Kind = Literal["docker-archive", "oci", "oci-archive", "registry", "docker", "podman", "nerdctl", ""]

KINDS: tuple[Kind, ...] = ("docker-archive", "oci-archive", "oci", "registry")
ENGINES: tuple[Kind, ...] = ("docker", "podman", "nerdctl")
_ENGINE_WORDS: dict[str, Kind] = {
    "docker": "docker",
    "docker-daemon": "docker",  # as skopeo has it
    "podman": "podman",
    "containers-storage": "podman",  # likewise
    "nerdctl": "nerdctl",
}

LATER = {
    "containerd": "export the image first: ctr images export image.tar NAME",
    "http": "download the archive first",
    "https": "download the archive first",
}

NAME_LENGTH = 384
_SKOPEO = "docker://"

_SCHEME = re.compile(r"([a-z][a-z0-9-]*):(?:.*)\Z", re.DOTALL)
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\Z")  # distribution-spec, "Pulling manifests"
# Wide enough for tags, for docker references and for org.opencontainers.image.ref.name (image-spec, annotations.md).
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@+/-]*\Z")
_REPOSITORY = re.compile(
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]+)?/)?"
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\Z"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A parsed reference.

    Attributes:
        text: as the user wrote it.
        kind: the scheme; empty for a bare path.
        path: of the file or folder; of an image in a registry or engine, its name.
        tag: which of the images there: a tag, or ``repository:tag``; empty when not said.
    """

    text: str
    kind: Kind
    path: str
    tag: str

    @property
    def named(self) -> bool:
        """Whether it is a name in a registry or engine, and no path."""
        return self.kind == "registry" or self.kind in ENGINES


def parse_reference(text: str) -> Reference:
    """Parse a reference.

    A path may hold colons: the longest path that exists wins, and where none exists (an output), the path ends at the
    first colon, as skopeo reads it.

    Args:
        text: ``docker-archive:PATH[:TAG]``, ``oci:DIR[:TAG]``, ``oci-archive:PATH[:TAG]``, a bare ``PATH[:TAG]``, or
            ``registry:NAME``, which may be written ``docker://NAME``, as skopeo has it; ``docker:NAME``,
            ``podman:NAME`` or ``nerdctl:NAME``, unless a file is called so.

    Raises:
        UsageError: it is empty, has no path, holds a NUL, or its tag is none.
        RefusedError: it names a place that is not read.
    """
    if not text or "\0" in text:
        raise UsageError("an image reference is empty or holds a NUL byte", hint="name an archive or a layout folder")
    kind, rest = _split_scheme(text)
    named = kind == "registry" or kind in ENGINES
    path, tag = (rest, "") if named else _split_tag(rest)
    if not path:
        raise UsageError(f"{text!r} names no path", hint=f"write {kind or 'oci'}:PATH")
    if kind in ENGINES:
        check_name(path, text)
    return Reference(text, kind, path, check_name(tag, text) if tag else "")


def check_name(name: str, where: str) -> str:
    """Return ``name`` when it can be the tag, or ``repository:tag``, of an image.

    Args:
        name: what stands behind the path, or what a caller wants an image to be called.
        where: for the error.

    Raises:
        UsageError: it breaks the grammar (image-spec, ``org.opencontainers.image.ref.name``; distribution-spec, tags).
    """
    if len(name) > NAME_LENGTH or not _NAME.match(name):
        raise UsageError(f"{where}: {name[:80]!r} is no tag or name of an image", hint="write TAG or REPOSITORY:TAG")
    return name


def is_tag(text: str) -> bool:
    """Whether ``text`` is a tag alone (distribution-spec grammar, at most 128 characters)."""
    return _TAG.match(text) is not None


def is_repository_tag(text: str) -> bool:
    """Whether ``text`` is ``repository:tag`` as Docker loads it."""
    repository, colon, tag = text.rpartition(":")
    return bool(colon) and is_tag(tag) and len(repository) <= NAME_LENGTH and _REPOSITORY.match(repository) is not None


def tagged(name: str) -> str:
    """Return an image's name with its tag: ``latest`` where it has neither tag nor digest."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _split_scheme(text: str) -> tuple[Kind, str]:
    if text.startswith(_SKOPEO):
        return "registry", text.removeprefix(_SKOPEO)
    for kind in KINDS:
        if text.startswith(kind + ":"):
            return kind, text[len(kind) + 1 :]
    match = _SCHEME.match(text)
    if match and match[1] in _ENGINE_WORDS and not os.path.lexists(text):
        return _ENGINE_WORDS[match[1]], text[len(match[1]) + 1 :]
    if match and match[1] in LATER and not os.path.lexists(text):
        raise RefusedError(f"{text[:200]!r}: {match[1]} is not read yet", hint=LATER[match[1]])
    return "", text


def _split_tag(rest: str) -> tuple[str, str]:
    colons = [place for place, letter in enumerate(rest) if letter == ":"]
    for place in [len(rest), *reversed(colons)]:
        if rest[:place] and os.path.lexists(rest[:place]):
            return rest[:place], rest[place + 1 :]
    path, _, tag = rest.partition(":")
    return path, tag
