"""Names of members and link targets, made safe: relative to the root, and never above it."""

import os

from jettison.errors import BadInputError
from jettison.layers.entry import WHITEOUT_PREFIX
from jettison.layers.limits import Limits, exceeded

_HIDDEN_BY_NO_WHITEOUT = frozenset({"", ".", ".."})


def clean_path(raw: bytes, place: str, limits: Limits) -> str:
    """Make a member's name, or a hard link's target, a path relative to the root.

    A leading ``/``, ``.`` parts and doubled or trailing slashes go, as Go's ``filepath.Clean`` does for containerd
    and Docker; ``..`` is refused, where they confine it to the root, since no builder writes it.

    Args:
        raw: the name as stored.
        place: the layer, for messages, which show the name.
        limits: of length and depth.

    Returns:
        The path; ``""`` for the root. Bytes that are not UTF-8 are surrogate-escaped.

    Raises:
        BadInputError: ``..``, a NUL, a whiteout that hides nothing nameable, or a limit exceeded.
    """
    if len(raw) > limits.max_name:
        raise exceeded(place, "max_name", limits.max_name, f"a name of {len(raw)} bytes ({show(raw)})")
    name = raw.decode("utf-8", "surrogateescape")
    simple = (
        raw
        and len(raw) <= limits.max_part
        and "//" not in name
        and "/." not in name
        and "\0" not in name
        and name[0] not in "/."
        and name[-1] != "/"
        and name.count("/") < limits.max_depth
    )
    return name if simple else _clean(name, raw, place, limits)


def _clean(name: str, raw: bytes, place: str, limits: Limits) -> str:
    if "\0" in name:
        raise BadInputError(f"{place}: a NUL in the name {show(raw)}")
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise BadInputError(f"{place}: the name {show(raw)} climbs with '..'", hint="no builder writes such a layer")
    if len(parts) > limits.max_depth:
        raise exceeded(place, "max_depth", limits.max_depth, f"a path of {len(parts)} parts ({show(raw)})")
    longest = max(map(len, map(os.fsencode, parts)), default=0)
    if longest > limits.max_part:
        raise exceeded(place, "max_part", limits.max_part, f"a path with a part of {longest} bytes ({show(raw)})")
    last = parts[-1] if parts else ""
    if last.startswith(WHITEOUT_PREFIX) and last[len(WHITEOUT_PREFIX) :] in _HIDDEN_BY_NO_WHITEOUT:
        raise BadInputError(f"{place}: the whiteout {show(raw)} hides no name")
    return "/".join(parts)


def show(raw: bytes | str) -> str:
    """Quote a name for a message, at most 120 characters, control characters escaped."""
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "backslashreplace")
    text = text.encode("utf-8", "backslashreplace").decode()
    return ascii(text if len(text) <= 120 else text[:117] + "...")  # noqa: PLR2004 -- a message's line
