"""A shell body as a list of commands."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShellWord:
    """A word of a command.

    Attributes:
        text: as written.
        value: what the command receives; None where it depends on a variable, a substitution or a pattern of files.
        span: in the file.
        whole: whether it lies in one piece in the file, so that it can be edited.
    """

    text: str
    value: str | None
    span: tuple[int, int]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Redirect:
    """A redirection: its operator (``>``; ``>&`` of ``2>&1``), what it goes to, the descriptor written before it."""

    operator: str
    target: ShellWord | None
    descriptor: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A variable set for one command, or by itself."""

    name: str
    value: str | None
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command.

    Attributes:
        words: its name and arguments.
        assignments: the variables set in front of it.
        redirects: its own ones.
        span: in the file, assignments and redirects included.
        joiner: the operator in front of it: ``&&``, ``||``, ``;`` (a new line as well), ``|``, ``|&``, ``&``; nothing
            for the first.
        inside: what encloses it, outermost first: ``subshell``, ``group``, ``if``, ``for``, ``while``, ``case``,
            ``function``, ``substitution``, ``pipeline``, ``negated``, ``sh -c``.
        fallback: whether it stands left or right of ``||``, so that its failure may be meant.
    """

    words: tuple[ShellWord, ...]
    assignments: tuple[Assignment, ...]
    redirects: tuple[Redirect, ...]
    span: tuple[int, int]
    joiner: str
    inside: tuple[str, ...] = ()
    fallback: bool = False

    @property
    def name(self) -> str:
        """The program without its folder; ``""`` when it is not known, or there is none."""
        return (self.words[0].value or "").rpartition("/")[2] if self.words else ""

    @property
    def plain(self) -> bool:
        """Whether it runs always, once, and a failure of it fails the body or ends it: only such ones are edited."""
        return not self.inside and not self.fallback and self.joiner in ("", "&&", ";")


@dataclass(frozen=True, slots=True)
class Script:
    """A shell body.

    Attributes:
        commands: in order of their places.
        opaque: why it may not be edited; empty when it may.
        span: in the file.
        heredoc: whether it is a here-document's content.
    """

    commands: tuple[Command, ...]
    opaque: str
    span: tuple[int, int]
    heredoc: bool = False
