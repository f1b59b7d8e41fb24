r"""Names from images are untrusted: what reaches a terminal must not drive it.

A file may be called ``\x1b]0;…``, hold a newline that fakes a line of our report, or a right-to-left override that
shows ``exe.txt`` for ``txt.exe`` (Unicode TR 36, section 2; CVE-2021-42574 for the last). Every text that a report
draws goes through :func:`plain`.
"""

import unicodedata

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SURROGATE_BYTES = range(0xDC80, 0xDD00)


def plain(text: str) -> str:
    r"""Return ``text`` on one line, with everything invisible written out.

    Control and format characters, line separators, unassigned and private characters become ``\n``, ``\x1b`` or
    ``\u202e``; a byte that was not UTF-8 (surrogate-escaped) becomes ``\xe9``. What can be seen stays as it is, so the
    result is for people: the reversible form is :func:`jettison.oci.json_text.encode_text`.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_show(char) for char in text)


def _show(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    if code in _SURROGATE_BYTES:
        return f"\\x{code - 0xDC00:02x}"
    if code <= 0xFF:  # noqa: PLR2004 -- what two hex digits hold
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 -- what four hex digits hold


def cells(text: str) -> int:
    """Return how many terminal columns ``text`` takes: two for East Asian wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(_cell(char) for char in text)


def _cell(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
