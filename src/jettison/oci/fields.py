"""Fields of JSON documents by type; ``null`` counts as absent, as Go's programs write and read it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from jettison.errors import BadInputError, JettisonError, RefusedError
from jettison.oci.image import Document

SIZE_LIMIT = 2**63 - 1
T = TypeVar("T")

Forgive = Callable[[JettisonError], None]
"""Takes what is wrong with a part of a document; returns when the reader may go on without that part."""


def insist(error: JettisonError) -> None:
    """Forgive nothing: what every reader does that wants a true image.

    Raises:
        JettisonError: always.
    """
    raise error


def attempt(read: Callable[[], T], otherwise: T, forgive: Forgive) -> T:
    """Return what ``read`` gives, or ``otherwise`` when it is malformed or refused and that is forgiven."""
    try:
        return read()
    except (BadInputError, RefusedError) as error:
        forgive(error)
        return otherwise


def an_object(value: Any, where: str) -> Document:
    """Return ``value`` when it is a JSON object.

    Raises:
        BadInputError: it is not.
    """
    if not isinstance(value, dict):
        raise BadInputError(f"{where} is no JSON object")
    return value


def check_case(document: Document, names: Iterable[str], where: str) -> None:
    """Refuse a key that differs from one of ``names`` by case only.

    Go reads keys without regard to case, the last one winning, so such a document means one thing to an engine and
    another to everyone else.

    Raises:
        BadInputError: there is such a key.
    """
    exact = {name.casefold(): name for name in names}
    for key in document:
        meant = exact.get(key.casefold())
        if meant is not None and meant != key:
            raise BadInputError(f"{where}: the key {key!r} would be read as {meant!r} by some programs")


def text(document: Document, key: str, where: str) -> str:
    """Return a string; ``""`` when absent.

    Raises:
        BadInputError: it is of another type, or holds a NUL.
    """
    value = document.get(key)
    if value is None:
        return ""
    return _string(value, f"{where}: {key}")


def texts(document: Document, key: str, where: str) -> tuple[str, ...]:
    """Return a list of strings; empty when absent.

    Raises:
        BadInputError: it, or a member, is of another type.
    """
    return tuple(_string(item, f"{where}: {key}") for item in items(document, key, where))


def items(document: Document, key: str, where: str) -> list[Any]:
    """Return a list; empty when absent.

    Raises:
        BadInputError: it is of another type.
    """
    value = document.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadInputError(f"{where}: {key} is no list")
    return value


def mapping(document: Document, key: str, where: str) -> Document:
    """Return an object; empty when absent.

    Raises:
        BadInputError: it is of another type.
    """
    value = document.get(key)
    return {} if value is None else an_object(value, f"{where}: {key}")


def string_map(document: Document, key: str, where: str) -> Mapping[str, str]:
    """Return an object whose values are strings; empty when absent.

    Raises:
        BadInputError: it, or a value, is of another type.
    """
    return {name: _string(value, f"{where}: {key}: {name}") for name, value in mapping(document, key, where).items()}


def flag(document: Document, key: str, where: str) -> bool:
    """Return a truth value; False when absent.

    Raises:
        BadInputError: it is of another type.
    """
    value = document.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise BadInputError(f"{where}: {key} is neither true nor false")
    return value


def size(document: Document, key: str, where: str) -> int:
    """Return a number of bytes, which must be there.

    Raises:
        BadInputError: it is absent, no integer, negative, or over 2**63 - 1.
    """
    value = document.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= SIZE_LIMIT:
        raise BadInputError(f"{where}: {key} {str(value)[:40]!r} is no size in bytes")
    return value


def _string(value: Any, where: str) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise BadInputError(f"{where}: {str(value)[:80]!r} is no string without NUL")
    return value
