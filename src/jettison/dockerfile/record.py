"""A Dockerfile as it stands in its file: nothing lost, everything with its place.

Places are offsets of characters in :attr:`Recipe.text`; a span is from the first to behind the last.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from jettison.dockerfile.text import Joined

LineKind = Literal["directive", "comment", "blank", "instruction", "heredoc"]


@dataclass(frozen=True, slots=True)
class Line:
    r"""A physical line.

    Attributes:
        number: from 1.
        kind: ``comment`` and ``blank`` also inside a continued instruction; ``heredoc`` with its terminator.
        start: of its first character.
        end: behind its line ending.
        ending: ``"\n"``, ``"\r\n"`` or ``""`` (the last line).
    """

    number: int
    kind: LineKind
    start: int
    end: int
    ending: str


@dataclass(frozen=True, slots=True)
class Directive:
    """A parser directive (``# syntax=…``, ``# escape=…``, ``# check=…``), its name in lower case."""

    name: str
    value: str
    line: int
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of an instruction.

    Attributes:
        text: as the builder sees it, with its quotes; an element of a JSON array without them.
        span: in the file; with the quotes in either form.
        whole: whether it lies in one piece, so that it can be edited.
    """

    text: str
    span: tuple[int, int]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag of an instruction (``--chown=1000:1000``).

    Attributes:
        name: without the dashes.
        value: without quotes; None where the flag has none.
        word: the whole flag.
    """

    name: str
    value: str | None
    word: Word


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A here-document of RUN, COPY or ADD.

    Attributes:
        name: the terminator, without quotes.
        content: its lines as written.
        span: of the content, without the terminator's line.
        chomp: ``<<-``: leading tabs do not count.
        expand: whether variables are expanded in it.
    """

    name: str
    content: str
    span: tuple[int, int]
    chomp: bool
    expand: bool


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction.

    Attributes:
        name: in upper case.
        keyword: as written.
        flags: in order.
        args: as the builder parses them (BuildKit's ``parser.Node``): ENV and LABEL in triples of name, value, ``=``.
        words: the arguments as words with places; of a JSON array its strings. Of HEALTHCHECK without CMD or NONE.
            None of RUN's shell form: that is the shell's.
        json: whether the arguments are a JSON array (exec form).
        heredocs: in order.
        body: all behind keyword and flags; of HEALTHCHECK behind CMD as well. Heredocs' contents are not in it.
        span: from the keyword's line to behind its last line's ending, heredocs included.
        keyword_span: of the keyword.
        line: its first physical line, from 1.
        last_line: its last one.
        child: for ONBUILD: the instruction it holds back, with places in the same file.
    """

    name: str
    keyword: str
    flags: tuple[Flag, ...]
    args: tuple[str, ...]
    words: tuple[Word, ...]
    json: bool
    heredocs: tuple[Heredoc, ...]
    body: Joined
    span: tuple[int, int]
    keyword_span: tuple[int, int]
    line: int
    last_line: int
    child: "Instruction | None" = None

    def flag(self, name: str) -> Flag | None:
        """Return the last flag called ``name``; None when there is none."""
        return next((flag for flag in reversed(self.flags) if flag.name == name), None)

    def flags_named(self, name: str) -> tuple[Flag, ...]:
        """Return the flags called ``name``."""
        return tuple(flag for flag in self.flags if flag.name == name)

    def pairs(self) -> Iterator[tuple[str, str, Word]]:
        """Give name, value and place of each variable that ENV, LABEL or ARG sets; an ARG without a value has ``""``.

        The legacy form ``ENV name value`` gives one pair, at the place of the name.
        """
        if self.name == "ARG":
            for word in self.words:
                name, _, value = word.text.partition("=")
                yield name, value, word
        else:
            nowhere = Word("", self.keyword_span, whole=False)
            for at, (name, value) in enumerate(zip(self.args[::3], self.args[1::3], strict=True)):
                yield name, value, self.words[at] if at < len(self.words) else nowhere


@dataclass(frozen=True, slots=True)
class Recipe:
    """A Dockerfile.

    Attributes:
        name: for messages, as the user wrote it.
        text: the whole file, byte order mark included.
        lines: every physical line.
        directives: in order.
        instructions: in order.
        escape: the escape character.
        newline: the line ending that most lines have.
    """

    name: str
    text: str
    lines: tuple[Line, ...]
    directives: tuple[Directive, ...]
    instructions: tuple[Instruction, ...]
    escape: str
    newline: str

    def directive(self, name: str) -> Directive | None:
        """Return the parser directive called ``name``."""
        return next((each for each in self.directives if each.name == name), None)

    def line_at(self, place: int) -> int:
        """Return the number of the line that holds the character ``place``."""
        low, high = 0, len(self.lines)
        while low < high:
            middle = (low + high) // 2
            if self.lines[middle].end <= place:
                low = middle + 1
            else:
                high = middle
        return min(low, len(self.lines) - 1) + 1
