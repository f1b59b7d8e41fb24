"""Dockerfile → :class:`Recipe`: what the parsing library found, with the places of all of it.

The library (``e2b-dockerfile-utils``, a port of BuildKit's parser) decides what the instructions are. This module walks
the same physical lines again to say where everything stands, and believes its own places only where the words at them
are the library's words.
"""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from e2b_dockerfile_utils import (
    DockerfileAst,
    DockerfileInstruction,
    DockerfileSyntaxError,
    is_space,
    parse_dockerfile_ast,
)

from jettison.dockerfile.record import Directive, Flag, Heredoc, Instruction, Line, LineKind, Recipe, Word
from jettison.dockerfile.text import BOM, MAX_SIZE, Joined, decode
from jettison.dockerfile.words import first_word_end, json_words, plain_words, take_flags, words_of
from jettison.errors import BadInputError, RefusedError
from jettison.regex import regex

_DIRECTIVE = regex(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$")
_DIRECTIVES = ("syntax", "escape", "check")
_LINE = regex(r"[^\n]*\n|[^\n]+$")
_BLANK_SPLIT = ("FROM", "EXPOSE", "VOLUME")  # quotes do not count in these (parseStringsWhitespaceDelimited)
_HELD_BACK = regex(r"^[ \t]*ONBUILD\s+(?:RUN|COPY|ADD)\b[^\n]*<<-?\s*['\"A-Za-z_]", re.IGNORECASE | re.MULTILINE)
_NOT_A_DOCKERFILE = "is it a Dockerfile? `jettison lint` reads what BuildKit reads"


@dataclass(frozen=True, slots=True)
class _File:
    """The file while it is read: ``lines`` are the starts of physical lines, and the end."""

    name: str
    text: str
    starts: tuple[int, ...]
    escape: str
    continuation: re.Pattern[str]

    def line(self, number: int) -> str:
        """Return the physical line ``number`` (from 1) without its ending."""
        return self.text[self.starts[number - 1] : self.starts[number]].rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class _Parts:
    """What an instruction's line consists of; see :class:`Instruction`."""

    keyword: str
    keyword_span: tuple[int, int]
    flags: tuple[Flag, ...]
    words: tuple[Word, ...]
    body: Joined


def read_recipe(path: Path, name: str = "") -> Recipe:
    """Read the Dockerfile at ``path``.

    Args:
        path: a regular file.
        name: for messages; the path when empty.

    Raises:
        BadInputError: it is no Dockerfile that BuildKit would read.
        RefusedError: it uses a form that Jettison does not follow.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return parse_recipe(file.read(MAX_SIZE + 1), name or str(path))


def parse_recipe(data: bytes, name: str = "Dockerfile") -> Recipe:
    """Parse a Dockerfile; raises as :func:`read_recipe` does."""
    return parse_text(decode(data, name), name)


def parse_text(text: str, name: str = "Dockerfile") -> Recipe:
    """Parse a Dockerfile's text, as :func:`jettison.dockerfile.text.decode` gives it; raises as :func:`read_recipe`."""
    if held := _HELD_BACK.search(text):  # the library does not know here-documents behind ONBUILD
        line = text.count("\n", 0, held.start()) + 1
        raise RefusedError(f"{name}:{line}: ONBUILD with a here-document is not followed")
    tree = _parse(text, name)
    starts = [1 if text.startswith(BOM) else 0]
    starts += [starts[0] + found.end() for found in _LINE.finditer(text[starts[0] :])]
    file = _File(name, text, tuple(starts), tree.escape_token, _continuation(tree.escape_token))
    directives = _directives(file)
    instructions = tuple(_instruction(file, each) for each in tree.instructions)
    lines = _lines(file, directives, instructions)
    endings = Counter(line.ending for line in lines if line.ending)
    newline = endings.most_common(1)[0][0] if endings else "\n"
    return Recipe(name, text, lines, directives, instructions, tree.escape_token, newline)


def _parse(text: str, name: str) -> DockerfileAst:
    try:
        tree = parse_dockerfile_ast(text)
    except DockerfileSyntaxError as error:
        where = f":{error.line}" if error.line else ""
        message = str(error).partition(": ")[2] or str(error)
        raise BadInputError(f"{name}{where}: {message}", hint=_NOT_A_DOCKERFILE) from None
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"{name}: {error}", hint=_NOT_A_DOCKERFILE) from None
    if not tree.instructions:
        raise BadInputError(f"{name} has no instructions", hint=_NOT_A_DOCKERFILE)
    return tree


def _continuation(escape: str) -> re.Pattern[str]:
    """Return what a line ends with that goes on in the next: an escape character that is not escaped itself."""
    char = re.escape(escape)
    return re.compile(rf"(?:(?<=[^{char}])|^){char}[ \t]*$")


def _directives(file: _File) -> tuple[Directive, ...]:
    found: list[Directive] = []
    for number in range(1, len(file.starts)):
        line = file.line(number)
        match = _DIRECTIVE.match(_left(line))
        if not match or match[1].lower() not in _DIRECTIVES:
            break
        start = file.starts[number - 1]
        found.append(Directive(match[1].lower(), match[2], number, (start, start + len(line))))
    return tuple(found)


def _left(line: str) -> str:
    """Return ``line`` without leading blanks, by BuildKit's notion of them."""
    at = 0
    if line[:1].isalnum():
        return line
    while at < len(line) and is_space(line[at]):
        at += 1
    return line[at:]


def _instruction(file: _File, node: DockerfileInstruction) -> Instruction:
    logical, last = _logical(file, node.start_line)
    if logical.text != node.original:  # the library joins lines in a way that this module does not: a bug
        raise RefusedError(f"{file.name}:{node.start_line}: the instruction's lines are not understood")
    parts = _parts(logical, node, file.escape)
    span = (file.starts[node.start_line - 1], file.starts[node.end_line])
    child = _child(file, node, parts.body) if node.name == "ONBUILD" else None
    return _made(node, parts, _heredocs(file, node, last), span, (node.start_line, node.end_line), child)


def _made(
    node: DockerfileInstruction,
    parts: _Parts,
    heredocs: tuple[Heredoc, ...],
    span: tuple[int, int],
    lines: tuple[int, int],
    child: Instruction | None = None,
) -> Instruction:
    return Instruction(
        name=node.name,
        keyword=parts.keyword,
        flags=parts.flags,
        args=tuple(node.args),
        words=parts.words,
        json=node.json,
        heredocs=heredocs,
        body=parts.body,
        span=span,
        keyword_span=parts.keyword_span,
        line=lines[0],
        last_line=lines[1],
        child=child,
    )


def _logical(file: _File, first: int) -> tuple[Joined, int]:
    """Return the line that begins at the physical line ``first``, continuations joined, and its last physical line."""
    texts: list[str] = []
    places: list[int] = []
    number = first
    while True:
        line = file.line(number)
        kept = _left(line) if number == first else line
        start = file.starts[number - 1] + len(line) - len(kept)
        comment = _left(line).startswith("#")
        skip = number > first and (comment or not _left(line))
        kept = "" if comment else kept
        going_on = file.continuation.search(kept)
        if not skip:
            texts.append(kept[: going_on.start()] if going_on else kept)
            places.append(start)
        if (not skip and not going_on) or number + 1 >= len(file.starts):
            return _join(texts, places), number
        number += 1


def _join(texts: list[str], places: list[int]) -> Joined:
    starts: list[int] = []
    length = 0
    kept: list[int] = []
    for text, place in zip(texts, places, strict=True):
        if text or not starts:
            starts.append(length)
            kept.append(place)
        length += len(text)
    return Joined("".join(texts), tuple(starts), tuple(kept))


def _parts(logical: Joined, node: DockerfileInstruction, escape: str) -> _Parts:
    """Return keyword, flags, words and body of an instruction's line."""
    line = _stripped(logical)
    end = first_word_end(line.text)
    flags, at = take_flags(line.part(end, len(line.text)), escape)
    body = _stripped(line.part(end + at, len(line.text)))
    if [_flag_text(flag.name, flag.value) for flag in flags] != list(node.flags):
        flags, body = (), Joined("", (0,), (body.place(0),))
    if node.name == "HEALTHCHECK" and node.args:
        body = _stripped(body.part(len(node.args[0]), len(body.text)))
    return _Parts(line.text[:end], line.span(0, end), flags, _words(body, node, escape), body)


def _flag_text(name: str, value: str | None) -> str:
    return f"--{name}" if value is None else f"--{name}={value}"


def _stripped(line: Joined) -> Joined:
    text = line.text
    start = len(text) - len(text.lstrip())
    return line.part(start, max(start, len(text.rstrip())))


def _words(body: Joined, node: DockerfileInstruction, escape: str) -> tuple[Word, ...]:
    """Return the words of an instruction's body; none where they are not the library's."""
    if node.json:
        words = json_words(body)
    elif node.name in _BLANK_SPLIT:
        words = plain_words(body)
    elif node.name == "RUN":
        return ()  # its shell body is read by jettison.dockerfile.shell
    else:
        words = words_of(body, escape)
    return words if _agree([word.text for word in words], node) else ()


def _agree(words: list[str], node: DockerfileInstruction) -> bool:
    args = list(node.args)
    if node.name == "HEALTHCHECK":
        args = args[1:]
    if node.json or node.name in (*_BLANK_SPLIT, "ADD", "COPY", "ARG"):
        return words == args
    if node.name in ("ENV", "LABEL"):
        pairs = [f"{name}={value}" for name, value in zip(args[::3], args[1::3], strict=True)]
        return words == pairs or args[2:] == [""]
    return True  # one string: its words are for those who look for names in it


def _heredocs(file: _File, node: DockerfileInstruction, last: int) -> tuple[Heredoc, ...]:
    made: list[Heredoc] = []
    at = file.starts[last]
    for each in node.heredocs:
        end = at + len(each.content)
        made.append(Heredoc(each.name, each.content, (at, end), each.chomp, each.expand))
        found = _LINE.match(file.text, end)
        at = found.end() if found else len(file.text)
    return tuple(made)


def _child(file: _File, node: DockerfileInstruction, body: Joined) -> Instruction:
    """Return the instruction behind ONBUILD."""
    directive = "" if file.escape == "\\" else f"# escape={file.escape}\n"
    tree = _parse(directive + body.text, f"{file.name}:{node.start_line} (ONBUILD)")
    child = tree.instructions[0]
    parts = _parts(body, child, file.escape)
    span = body.span(0, len(body.text))
    return _made(child, parts, (), span, (node.start_line, node.end_line))


def _lines(file: _File, directives: tuple[Directive, ...], instructions: tuple[Instruction, ...]) -> tuple[Line, ...]:
    kinds: dict[int, LineKind] = {directive.line: "directive" for directive in directives}
    for each in instructions:
        kinds.update(dict.fromkeys(range(each.line, each.last_line + 1), "instruction"))
        if each.heredocs:
            first = file.text.count("\n", 0, each.heredocs[0].span[0]) + 1
            kinds.update(dict.fromkeys(range(first, each.last_line + 1), "heredoc"))
    made: list[Line] = []
    for number in range(1, len(file.starts)):
        start, end = file.starts[number - 1], file.starts[number]
        text = file.text[start:end]
        ending = "\r\n" if text.endswith("\r\n") else "\n" if text.endswith("\n") else ""
        made.append(Line(number, _kind(text, kinds.get(number)), start, end, ending))
    return tuple(made)


def _kind(text: str, known: LineKind | None) -> LineKind:
    if known in ("directive", "heredoc"):
        return known
    left = _left(text.rstrip("\r\n"))
    if left.startswith("#"):
        return "comment"
    return "instruction" if left and known else "blank" if not left else "comment"
