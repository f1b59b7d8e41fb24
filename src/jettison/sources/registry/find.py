"""From an image's name to its registry, and who asks it."""

from jettison.errors import UsageError
from jettison.sources.imagename import ImageName, default_registry, parse_image_name
from jettison.sources.registry.client import Patience, Registry
from jettison.sources.registry.lines import root_of
from jettison.sources.registry.login import find_login


def find_registry(text: str, name: str, patience: Patience, *, actions: str = "pull") -> tuple[Registry, ImageName]:
    """Return the registry of an image, not yet asked anything, and the name in parts.

    Args:
        text: the reference as the user wrote it.
        name: ``[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]``; without a host, $JETTISON_REGISTRY or the Docker daemon's
            mirror is asked.
        patience: with the registry.
        actions: ``pull`` or ``pull,push``.

    Raises:
        UsageError: the name is none, or no registry is known for it.
    """
    parsed = parse_image_name(name)
    if parsed is None:
        raise UsageError(f"{text!r} names no image", hint="write registry:HOST/REPOSITORY:TAG")
    root = root_of(parsed.host) if parsed.host else default_registry().rstrip("/")
    if not root:
        hint = "write registry:HOST/REPOSITORY:TAG, or set JETTISON_REGISTRY to the address of one"
        raise UsageError(f"{parsed.short}: no registry is configured for names without a host", hint=hint)
    registry = Registry(root, parsed.repository, patience=patience, actions=actions)
    registry.login = find_login(registry.host)
    return registry, parsed
