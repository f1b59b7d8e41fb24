"""JSON documents from untrusted hands: read strictly, within bounds of size, depth and count.

A document that two programs could read differently (duplicate keys, NaN, lone surrogates) is malformed.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from jettison.errors import BadInputError

DOCUMENT_LIMIT = 16 * 1024 * 1024
DEPTH_LIMIT = 64
DIGITS_LIMIT = 20  # of an integer; 2**63 has 19
BYTES_PER_VALUE = 16  # a document may hold one value for each 16 bytes of its limit: 1,048,576 by default

_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class _Malformed(ValueError):  # noqa: N818 -- never leaves this module
    """Why a document is refused; carries no name of the document."""


def load_document(raw: bytes, where: str, *, limit: int = DOCUMENT_LIMIT) -> dict[str, Any]:
    """Parse a JSON object.

    Args:
        raw: the document's bytes.
        where: what it is, for the error (``image.tar: config sha256:…``).
        limit: bytes it may have; the number of values it may hold follows from it.

    Raises:
        BadInputError: it is not UTF-8, not JSON, no object, has a key twice, NaN or an infinity, an integer of more
            than 20 digits, a lone surrogate, or exceeds ``limit``, 64 levels or the number of values.
    """
    document = load_json(raw, where, limit=limit)
    if not isinstance(document, dict):
        raise BadInputError(f"{where} is no JSON object")
    return document


def load_json(raw: bytes, where: str, *, limit: int = DOCUMENT_LIMIT) -> Any:
    """Parse any JSON value, with the bounds and errors of :func:`load_document`."""
    if len(raw) > limit:
        raise BadInputError(f"{where} has {len(raw)} bytes, more than the {limit} allowed")
    try:
        return _parse(raw, limit)
    except _Malformed as error:
        raise BadInputError(f"{where} is malformed: {error}") from None
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"{where} is not JSON: {error}") from None


def dump_document(document: Mapping[str, Any], *, sort: bool = True) -> bytes:
    """Return canonical JSON: UTF-8, no spaces, keys sorted unless ``sort`` is False (then in the given order)."""
    text = json.dumps(document, sort_keys=sort, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def _parse(raw: bytes, limit: int) -> Any:
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > limit // BYTES_PER_VALUE:
        raise _Malformed("it holds too many values")
    text = raw.decode()
    _check_depth(text)
    value = json.loads(
        text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
    )
    if _SURROGATE.search(text):
        _check_surrogates(value)
    return value


def _check_depth(text: str) -> None:
    """Refuse deep nesting before a recursive parser meets it."""
    depth = 0
    for match in _BRACKETS.finditer(text):
        mark = match[0]
        if mark in "[{":
            depth += 1
            if depth > DEPTH_LIMIT:
                raise _Malformed(f"it is nested deeper than {DEPTH_LIMIT} levels")
        elif mark in "]}":
            depth -= 1


def _check_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _Malformed("a string holds half of a surrogate pair") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add() is the way to remember
        raise _Malformed(f"the key {twice[:80]!r} stands twice")
    return result


def _integer(digits: str) -> int:
    if len(digits) > DIGITS_LIMIT:
        raise _Malformed(f"an integer has {len(digits)} digits")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _Malformed(f"the number {digits[:40]} is infinite")
    return value


def _constant(name: str) -> NoReturn:
    raise _Malformed(f"{name} is no JSON")
