"""The removal list as text: tab-separated, one line a target, safe for any name."""

import re
from collections.abc import Iterable, Iterator

from jettison.rebuild.record import Removed

COLUMNS = ("path", "layer", "bytes", "action", "tier", "rule", "step", "reason")
# A backslash, what ends a cell or a line, and what a terminal or an editor may act upon.
_UNSAFE = re.compile(rb"[\\\x00-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]")
_NAMED = {b"\\": rb"\\", b"\t": rb"\t", b"\n": rb"\n", b"\r": rb"\r"}


def removed_lines(rows: Iterable[Removed]) -> Iterator[bytes]:
    r"""Give the list line by line, a head line first.

    Names are written as their bytes; a backslash, a tab, a line end and other control bytes are escaped as ``\\``,
    ``\t``, ``\n``, ``\r`` and ``\xNN``, and so is every byte that is not UTF-8, so that the list is text.

    Args:
        rows: the removal list.
    """
    yield "\t".join(COLUMNS).encode() + b"\n"
    for row in rows:
        cells = (row.path, row.layer, row.size, row.action, row.tier, row.rule, row.step, row.reason)
        yield b"\t".join(escape(str(cell)) for cell in cells) + b"\n"


def escape(text: str) -> bytes:
    """Return a cell: bytes without tab, line end or control bytes, and valid UTF-8."""
    data = _UNSAFE.sub(_escaped, text.encode("utf-8", "surrogateescape"))
    return data.decode("utf-8", "backslashreplace").encode()


def _escaped(match: re.Match[bytes]) -> bytes:
    found = match[0]
    return _NAMED.get(found) or b"".join(b"\\x%02x" % byte for byte in found)
