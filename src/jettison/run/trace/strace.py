"""strace's output, read line by line into system calls (strace(1), OUTPUT FORMAT; options ``-f -y -ttt``).

A call that others interrupted is two lines, ``name(… <unfinished ...>`` and ``<... name resumed>…``; they are put
together again. Text in quotes, and paths behind descriptors (``3</etc/passwd>``), have all bytes that are not plain
ASCII as escapes of C, ``<`` and ``>`` among them.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jettison.errors import BadInputError

_LINE = re.compile(r"([1-9]\d{0,9}) +(\d{1,12}\.\d{1,9}) (.*)\Z")
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>")
_MAKING = re.compile(r"(?:clone3?|v?fork)\(")
_UNFINISHED = " <unfinished ...>"
_CALL = re.compile(r"(\w+)\(")
_RESULT = re.compile(r"\s+= (0x[0-9a-f]{1,16}|-?\d{1,20}|\?)(?:<([^>]*)>)?(?:\([^)]*\))?(?: (E\w+))?")
_MARKS = re.compile(r'"(?:[^"\\]|\\.)*"|<[^>]*>|[()\[\]{}]')
_ESCAPE = re.compile(rb"\\(x[0-9a-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_PLAIN = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f", b"a": b"\a", b"b": b"\b", b"e": b"\x1b"}
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that returned, or the end of a process.

    Attributes:
        pid: of the thread.
        time: when it began, seconds since the epoch.
        name: of the call; ``+exit`` when the process ended, ``+killed`` when a signal ended it, ``+making`` when it
            makes a process, which may run before the call returns.
        arguments: as strace writes them.
        result: the number it returned; None when it did not return one.
        path: behind a descriptor that it returned; empty for none.
        error: ``ENOENT``; empty for none.
    """

    pid: int
    time: float
    name: str
    arguments: str = ""
    result: int | None = None
    path: str = ""
    error: str = ""


def read_calls(lines: Iterable[bytes], *, where: str) -> Iterator[Call]:
    """Read a record.

    Args:
        lines: of the file. A last line without an end is left out: strace was killed while it wrote it.
        where: for messages.

    Raises:
        BadInputError: a line is none that strace writes.
    """
    pending: dict[int, tuple[float, str]] = {}
    for number, line in enumerate(lines, 1):
        if len(line) > _LONGEST_LINE:
            raise BadInputError(f"{where}, line {number}: longer than {_LONGEST_LINE} bytes")
        if not line.endswith(b"\n"):
            return
        match = _LINE.match(line[:-1].decode("latin-1"))
        if match is None:
            raise BadInputError(f"{where}, line {number}: not a line of strace")
        pid, time, text = int(match[1]), float(match[2]), match[3]
        if text.startswith("+++"):
            pending.pop(pid, None)
            yield Call(pid, time, "+killed" if text.startswith("+++ killed") else "+exit")
        elif text.startswith("---"):
            continue
        elif text.endswith(_UNFINISHED):
            pending[pid] = time, text.removesuffix(_UNFINISHED)
            if _MAKING.match(text):
                yield Call(pid, time, "+making", text)
        elif resumed := _RESUMED.match(text):
            began, head = pending.pop(pid, (time, f"{resumed[1]}("))
            yield _call(pid, began, head + text[resumed.end() :], f"{where}, line {number}")
        else:
            yield _call(pid, time, text, f"{where}, line {number}")


def _call(pid: int, time: float, text: str, where: str) -> Call:
    head = _CALL.match(text)
    if head is None:
        raise BadInputError(f"{where}: not a line of strace")
    end = _end(text, head.end())
    result = _RESULT.match(text, end + 1)
    if end < 0 or result is None:  # such as exit_group, which never returns, or a call cut short by a kill
        return Call(pid, time, head[1], text[head.end() : end if end >= 0 else len(text)])
    number = result[1]
    value = None if number == "?" else number_of(number)
    return Call(pid, time, head[1], text[head.end() : end], value, unescape(result[2] or ""), result[3] or "")


def _end(text: str, start: int) -> int:
    """Return where the parenthesis closes that the arguments begin with; -1 when it does not."""
    end = text.rfind(") ")
    if end >= 0 and text.find(") ", start) == end and text[end:].lstrip(") ").startswith("= "):
        return end
    depth = 0
    for mark in _MARKS.finditer(text, start):
        letter = mark[0]
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            if depth == 0:
                return mark.start()
            depth -= 1
    return -1


def number_of(text: str) -> int:
    """Return a number that strace writes in tens, or in sixteens with ``0x`` before it."""
    return int(text, 16 if text.startswith("0x") else 10)


def unescape(text: str) -> str:
    """Return what strace escaped, as a path of Python (bytes that are not UTF-8 surrogate-escaped)."""
    if "\\" not in text:
        return text
    return os.fsdecode(_ESCAPE.sub(_unescaped, text.encode("latin-1")))


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code[:1] == b"x" and len(code) > 1:
        return bytes([int(code[1:], 16)])
    if code[:1] in b"01234567":
        return bytes([int(code, 8) & 0xFF])
    return _PLAIN.get(code, code)
