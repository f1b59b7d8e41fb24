"""Limits that keep a hostile layer from eating memory, time or disk; each can be raised by the user."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from jettison.errors import BadInputError, UsageError
from jettison.oci.image import Layer

_MIB = 1 << 20
_DIGITS = 20  # of a limit: more than 64 bits hold


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader of one layer accepts. The defaults leave room for any image seen in practice.

    Attributes:
        max_tar_size: bytes of one uncompressed layer tar.
        max_ratio: uncompressed bytes for each stored one, looked at once ``ratio_grace`` bytes came out (gzip cannot
            exceed 1,032; zstd can exceed 30,000).
        ratio_grace: bytes that a layer may unpack to whatever the ratio.
        max_entries: members of one layer, and of all layers of an image together (1 KB of memory each).
        max_pax: bytes of one member's extended header, or of one GNU long name (Go's ``archive/tar`` reads 1 MiB).
        max_metadata: bytes of all names, link targets and extended attributes of one layer, and of all together.
        max_observed: bytes kept of the contents of an image's files: package databases, facts of ELF files (a CUDA
            image of 48,000 files: 6.5 MB).
        max_name: bytes of a path or link target (Linux: PATH_MAX, 4096).
        max_part: bytes of one part of a path (Linux: NAME_MAX, 255).
        max_depth: parts of a path.
        max_window: bytes of history that a zstd frame may ask the reader to keep.
    """

    max_tar_size: int = 1 << 40
    max_ratio: int = 200
    ratio_grace: int = 1 << 30
    max_entries: int = 500_000
    max_pax: int = _MIB
    max_metadata: int = 64 * _MIB
    max_observed: int = 64 * _MIB
    max_name: int = 4096
    max_part: int = 255
    max_depth: int = 500
    max_window: int = 128 * _MIB


LIMIT_NAMES: tuple[str, ...] = tuple(field.name.replace("_", "-") for field in fields(Limits))


def parse_limits(settings: Iterable[str], base: Limits | None = None) -> Limits:
    """Read ``--limit NAME=VALUE`` options.

    Args:
        settings: such as ``max-ratio=500``; names are those of :class:`Limits` with ``-`` for ``_``.
        base: what to start from; the defaults when None.

    Raises:
        UsageError: an unknown name, or a value that is not a whole number above zero.
    """
    limits = base if base is not None else Limits()
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or name not in LIMIT_NAMES:
            raise UsageError(f"unknown limit in {setting!r}", hint=f"NAME=VALUE, NAME one of {', '.join(LIMIT_NAMES)}")
        if not (value.isascii() and value.isdigit() and len(value) <= _DIGITS) or int(value) == 0:
            raise UsageError(f"limit {name}: {value!r} is not a whole number above zero")
        limits = replace(limits, **{name.replace("-", "_"): int(value)})
    return limits


def exceeded(place: str, name: str, limit: int, found: str) -> BadInputError:
    """Make the error for a limit that the input exceeds.

    Args:
        place: layer and entry, for the message.
        name: the field of :class:`Limits`.
        limit: its value.
        found: what was found, as a phrase.
    """
    option = name.replace("_", "-")
    return BadInputError(
        f"{place}: {found}, over the limit {option} of {limit}",
        hint=f"if you trust this image, raise it: --limit {option}=VALUE",
    )


def layer_place(layer: Layer) -> str:
    """Name a layer for messages: its index and the start of its digest (or diff_id, when it has none yet)."""
    digest = layer.descriptor.digest or layer.diff_id
    short = digest.partition(":")[2][:12]
    return f"layer {layer.index} ({short})" if short else f"layer {layer.index}"
