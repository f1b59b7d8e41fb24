"""strace's output, read line by line into system calls (strace(1), OUTPUT FORMAT; options ``-f -y -ttt``).

A call that others interrupted is two lines, ``name(… <unfinished ...>`` and ``<... name resumed>…``; they are put
together again. Text in quotes, and paths behind descriptors (``3</etc/passwd>``), have all bytes that are not plain
ASCII as escapes of C, ``<`` and ``>`` among them.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from jettison.errors import BadInputError

_LINE = re.compile(r"([1-9]\d{0,9}) +(\d{1,12}\.\d{1,9}) (.*)\Z")
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>")
_MAKING = re.compile(r"(?:clone3?|v?fork)\(")
_UNFINISHED = " <unfinished ...>"
_CALL = re.compile(r"(\w+)\(")
_RESULT = re.compile(r"\s+= (0x[0-9a-f]{1,16}|-?\d{1,20}|\?)(?:<([^>]*)>)?(?:\([^)]*\))?(?: (E\w+))?")
_MARK = re.compile(r'[()\[\]{}"<]')
_QUOTED = re.compile(r'(?:[^"\\]|\\.)*"')
_CHANGED = re.compile(r"(.*) <pid changed to ([1-9]\d{0,9}) \.\.\.>\Z")
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
            makes a process, which may run before the call returns, ``+became`` when the thread whose number
            ``arguments`` has goes on as this process, by an execve.
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


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """Give a record's lines, each no longer than one byte more than :func:`read_calls` takes."""
    while line := file.readline(_LONGEST_LINE + 1):
        yield line


def read_calls(lines: Iterable[bytes], *, where: str) -> Iterator[Call]:
    """Read a record.

    Args:
        lines: of the file. A last line without an end is left out: strace was killed while it wrote it.
        where: for messages.

    Raises:
        BadInputError: a line is none that strace writes.
    """
    reader = _Reader()
    for number, line in enumerate(lines, 1):
        if len(line) > _LONGEST_LINE:
            raise BadInputError(f"{where}, line {number}: longer than {_LONGEST_LINE} bytes")
        if not line.endswith(b"\n"):
            return
        match = _LINE.match(line[:-1].decode("latin-1"))
        if match is None:
            raise BadInputError(f"{where}, line {number}: not a line of strace")
        yield from reader.read(int(match[1]), float(match[2]), match[3], f"{where}, line {number}")


class _Reader:
    """Puts calls together that others interrupted."""

    def __init__(self) -> None:
        self._pending: dict[int, tuple[float, str]] = {}
        self._became: set[int] = (
            set()
        )  # of these strace cannot tell the result: it is a success, or no change were told

    def read(self, pid: int, time: float, text: str, where: str) -> Iterator[Call]:
        """Give what one line tells of."""
        if text.startswith(("---", "+++ superseded")):  # a signal; what an execve ended, which is told of otherwise
            return
        if text.startswith("+++"):
            self._pending.pop(pid, None)
            yield Call(pid, time, "+killed" if text.startswith("+++ killed") else "+exit")
        elif changed := _CHANGED.match(text):  # an execve by a thread that is not the first takes the first's number
            other = int(changed[2])
            self._pending[other] = time, changed[1]
            self._became.add(other)
            yield Call(other, time, "+became", str(pid))
        elif text.endswith(_UNFINISHED):
            self._pending[pid] = time, text.removesuffix(_UNFINISHED)
            if _MAKING.match(text):
                yield Call(pid, time, "+making", text)
        elif resumed := _RESUMED.match(text):
            began, head = self._pending.pop(pid, (time, f"{resumed[1]}("))
            yield self._done(_call(pid, began, head + text[resumed.end() :], where))
        else:
            yield _call(pid, time, text, where)

    def _done(self, call: Call) -> Call:
        if call.pid in self._became and call.name.startswith("execve"):
            self._became.discard(call.pid)
            return replace(call, result=0, error="")
        return call


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
    depth, at, angles = 0, start, True
    while mark := _MARK.search(text, at):
        letter, at = mark[0], mark.end()
        if letter == '"':
            quoted = _QUOTED.match(text, at)
            if quoted is None:
                return -1
            at = quoted.end()
        elif letter == "<":
            close = text.find(">", at) if angles else -1
            angles = close >= 0  # none behind this one, so none behind others
            at = close + 1 if angles else at
        elif letter in "([{":
            depth += 1
        elif depth == 0:
            return mark.start()
        else:
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
