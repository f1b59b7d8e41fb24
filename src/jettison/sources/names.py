"""Names of images as archives and layouts hold them, and how one is chosen by a tag."""

from collections.abc import Sequence

from jettison.errors import UsageError
from jettison.oci.descriptor import annotations_of
from jettison.oci.image import Descriptor
from jettison.reference import is_repository_tag

REF_NAME = "org.opencontainers.image.ref.name"
CONTAINERD_NAME = "io.containerd.image.name"
_HUB = ("docker.io/library/", "docker.io/", "index.docker.io/library/", "index.docker.io/")


def familiar(name: str) -> str:
    """Return a name as Docker shows it: without the default registry in front."""
    for prefix in _HUB:
        if name.startswith(prefix):
            return name[len(prefix) :]
    return name


def complete(name: str) -> str:
    """Return a familiar ``repository:tag`` as containerd stores it: with its registry."""
    first, slash, _ = name.partition("/")
    if not slash:
        return f"docker.io/library/{name}"
    return name if "." in first or ":" in first or first == "localhost" else f"docker.io/{name}"


def names_of(entry: Descriptor) -> tuple[str, ...]:
    """Return the names that an index gives to an entry: containerd's full name, else the reference name."""
    annotations = annotations_of(entry)
    full = familiar(annotations.get(CONTAINERD_NAME, ""))
    short = familiar(annotations.get(REF_NAME, ""))
    return tuple(name for name in (full or short,) if name)


def name_annotations(name: str) -> dict[str, str]:
    """Return the annotations of an index entry that is called ``name``."""
    if not is_repository_tag(name):
        return {REF_NAME: name}
    return {CONTAINERD_NAME: complete(name), REF_NAME: name.rpartition(":")[2]}


def is_called(name: str, wanted: str) -> bool:
    """Whether an image called ``name`` is meant by ``wanted``: the whole name, its tag, or its repository (latest)."""
    name, wanted = familiar(name), familiar(wanted)
    return name in (wanted, f"{wanted}:latest") or (":" not in wanted and name.rpartition(":")[2] == wanted)


def no_such_name(path: str, wanted: str, names: Sequence[str]) -> UsageError:
    """Return the error for a tag that nothing in ``path`` has."""
    listed = ", ".join(sorted(set(names))[:50])
    return UsageError(f"{path} holds no image called {wanted!r}", hint=f"it holds: {listed or 'images without names'}")


def several(path: str, names: Sequence[str]) -> UsageError:
    """Return the error for a source of several images, of which none was chosen."""
    listed = ", ".join(sorted(set(names))[:50])
    return UsageError(f"{path} holds several images", hint=f"choose one, as PATH:TAG: {listed}")
