"""Values that users type: sizes, bandwidths, tiers, codecs. Each is a ``type=`` of argparse."""

import re
from argparse import ArgumentTypeError
from typing import Literal

Compression = Literal["none", "gzip", "zstd"]
Packing = Literal["none", "gzip", "zstd", "estargz", "zstd:chunked"]

_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z/]*)")
_POWERS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY = {"ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_RATES = {"bps": 8, "bit/s": 8, "b/s": 1}
_LEVELS = {"gzip": range(1, 10), "zstd": range(1, 23), "none": range(0)}
_TIERS = {"0": 0, "lossless": 0, "1": 1, "build-only": 1, "2": 2, "gpu": 2, "3": 3, "traced": 3}


def size(text: str) -> int:
    """Return bytes from ``2GB``, ``900 MB``, ``1.5GiB``, ``64k`` or ``4096`` (decimal units, unless ``i`` is there).

    Raises:
        ArgumentTypeError: it is no size.
    """
    match = _NUMBER.fullmatch(text.strip())
    unit = match[2].lower().removesuffix("b") if match else "?"
    factor = _POWERS.get(unit) or _BINARY.get(unit)
    if not match or factor is None:
        raise ArgumentTypeError(f"{text!r} is no size; write for example 2GB, 900MB or 1.5GiB")
    return round(float(match[1]) * factor)


def bandwidth(text: str) -> int:
    """Return bytes a second from ``100Mbps``, ``1Gbps``, ``1Gbit/s`` or ``125MB/s``.

    Raises:
        ArgumentTypeError: it is no bandwidth, or none is left of it.
    """
    match = _NUMBER.fullmatch(text.strip())
    if match:
        unit = match[2].lower()
        for suffix, divisor in _RATES.items():
            factor = _POWERS.get(unit.removesuffix(suffix)) if unit.endswith(suffix) else None
            if factor and (rate := round(float(match[1]) * factor / divisor)):
                return rate
    raise ArgumentTypeError(f"{text!r} is no bandwidth; write for example 100Mbps, 1Gbps or 125MB/s")


def duration(text: str) -> float:
    """Return seconds from ``5ms``, ``0.2s`` or ``2 s``.

    Raises:
        ArgumentTypeError: it is no duration.
    """
    match = _NUMBER.fullmatch(text.strip())
    if not match or match[2] not in ("ms", "s"):
        raise ArgumentTypeError(f"{text!r} is no duration; write for example 5ms or 0.2s")
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


def tier(text: str) -> int:
    """Return the number of a tier, by its number or name: ``0`` or ``lossless`` to ``3`` or ``traced``.

    Raises:
        ArgumentTypeError: there is no such tier.
    """
    if text not in _TIERS:
        raise ArgumentTypeError(f"{text!r} is no tier; choose from {', '.join(_TIERS)}")
    return _TIERS[text]


def compression(text: str) -> tuple[Compression, int | None]:
    """Return codec and level from ``gzip``, ``zstd:19`` or ``none``; the level is None when left to Jettison.

    Raises:
        ArgumentTypeError: the codec or its level does not exist.
    """
    name, colon, level = text.partition(":")
    if name == "estargz" or text.startswith("zstd:chunked"):
        raise ArgumentTypeError(f"{text!r}: layers are made for pulling lazily afterwards, by jettison copy")
    if name not in _LEVELS:
        raise ArgumentTypeError(f"{text!r} is no compression; choose gzip, zstd or none, with a level as in zstd:12")
    if not colon:
        return _codec(name), None
    if not level.isdecimal() or int(level) not in _LEVELS[name]:
        levels = _LEVELS[name]
        allowed = f"{name} takes levels {levels[0]} to {levels[-1]}" if levels else f"{name} takes no level"
        raise ArgumentTypeError(f"{text!r}: {allowed}")
    return _codec(name), int(level)


def packing(text: str) -> tuple[Packing, int | None]:
    """Return format and level, as :func:`compression`, or ``estargz``, ``estargz:9``, ``zstd:chunked:12``.

    Raises:
        ArgumentTypeError: the format or its level does not exist.
    """
    name, colon, level = text.removeprefix("zstd:chunked").partition(":")
    if text.startswith("zstd:chunked") and not name:
        return "zstd:chunked", compression(f"zstd{colon}{level}")[1]
    name, colon, level = text.partition(":")
    if name == "estargz":
        return "estargz", compression(f"gzip{colon}{level}")[1]
    return compression(text)


def _codec(name: str) -> Compression:
    return "gzip" if name == "gzip" else "zstd" if name == "zstd" else "none"


def assignment(text: str) -> tuple[str, str]:
    """Return name and value of ``NAME=VALUE``.

    Raises:
        ArgumentTypeError: a part is missing.
    """
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name.strip(), value.strip()


def count(text: str) -> int:
    """Return a whole number of at least 1.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)
