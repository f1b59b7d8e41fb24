"""Text of any kind in a JSON document that is pure ASCII; a convention of every document, and reversible.

Text that is not Unicode (a file name whose bytes are not UTF-8) is written ``bytes:`` and then all its bytes,
percent-encoded (RFC 3986) where they are not plain ASCII: ``bytes:usr/share/caf%E9``. Text that begins with ``bytes:``
itself is written so too, hence the prefix always means this. Lone surrogates never appear.
"""

import re

from jettison.errors import BadInputError

_PREFIX = "bytes:"
_PLAIN = frozenset(b"/ !$&'()*+,;=:@-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")


def encode_text(text: str) -> str:
    """Return ``text`` in a form that every JSON parser takes; see the module's convention."""
    if not text.startswith(_PREFIX):
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return text
    return _PREFIX + "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in _bytes(text))


def decode_text(text: str) -> str:
    """Return what :func:`encode_text` was given (bytes that are not UTF-8 come back surrogate-escaped).

    Raises:
        BadInputError: what is behind the prefix is not ASCII: nothing here wrote it, and its bytes are anyone's guess.
    """
    if not text.startswith(_PREFIX):
        return text
    if not text.isascii():
        raise BadInputError(f"{text[:80]!r} is not ASCII behind {_PREFIX!r}")
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text[len(_PREFIX) :])
    return plain.encode("latin-1").decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # surrogates that stand for no byte: half a pair, which no file name has
        return text.encode("utf-8", "backslashreplace")
