"""Durations and sizes as people write them: ``30s``, ``1.5m``, ``512MB``, ``8GiB``."""

import re

from jettison.errors import UsageError

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {
    "B": 1,
    "kB": 10**3,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
    "TiB": 1 << 40,
}
_DAY = 86_400
_GRAMMAR = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([A-Za-z]+)\Z")


def seconds(value: object, where: str) -> float:
    """Read a duration.

    Args:
        value: a text such as ``30s``, ``500ms``, ``2m``, ``1.5h``.
        where: what holds it, for the error.

    Returns:
        Seconds, above zero and at most a day.

    Raises:
        UsageError: it is none.
    """
    result = _scaled(value, _SECONDS, where, "a duration such as '30s', '500ms' or '2m'")
    if not 0 < result <= _DAY:
        raise UsageError(f"{where}: {value!r} is not between nothing and a day")
    return result


def size(value: object, where: str) -> int:
    """Read a size.

    Args:
        value: a text such as ``512MB``, ``8GiB``.
        where: what holds it, for the error.

    Returns:
        Bytes.

    Raises:
        UsageError: it is none.
    """
    return round(_scaled(value, _BYTES, where, "a size such as '512MB' or '8GiB'"))


def _scaled(value: object, units: dict[str, float] | dict[str, int], where: str, wanted: str) -> float:
    match = _GRAMMAR.match(value) if isinstance(value, str) else None
    if match is None or match[2] not in units:
        raise UsageError(f"{where}: {str(value)[:80]!r} is not {wanted}", hint=f"units: {', '.join(units)}")
    return float(match[1]) * units[match[2]]
