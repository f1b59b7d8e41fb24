"""A program as data, and one call of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jettison.dockerfile.shell.record import Command, ShellWord


@dataclass(frozen=True, slots=True)
class Tool:
    """A program.

    Attributes:
        name: as rules call it; ``apt`` is apt-get and apt.
        programs: regular expression of the whole names it goes by.
        modules: names behind ``python -m`` that are the same.
        actions: sub-commands, with the one word that rules use for it (``add`` → ``install``); empty: it has none.
        valued: options that take a value as the next word or behind ``=``.
        short_valued: letters of short options that take a value, which may be glued on (``-j8``).
        short_glued: letters whose value, if any, is glued on (``make -j8``).
        groups: words in front of the action (``uv pip install``: ``pip``).
    """

    name: str
    programs: str
    modules: tuple[str, ...] = ()
    actions: Mapping[str, str] = field(default_factory=dict)
    valued: frozenset[str] = frozenset()
    short_valued: str = ""
    short_glued: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a call.

    Attributes:
        name: ``--long`` or ``-s``; bundled short ones are given one by one.
        value: the word of the value; None for an option without.
        text: the value's text; None where there is none, or it is not known.
        word: where it stands (bundled ones share a word).
    """

    name: str
    value: ShellWord | None
    text: str | None
    word: ShellWord


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a tool.

    Attributes:
        tool: its name.
        action: the sub-command in rules' words; ``""`` where there is none.
        group: the word in front of the action (``pip`` of ``uv pip install``).
        options: in order, wherever they stand.
        operands: the other words behind the action.
        head: the words up to and with the action (``python3 -m pip install``), wrappers left out.
        wrappers: what it is called through: ``sudo``, ``env``, ``time``, ``exec``, ``conda run``, ``poetry run`` …
        command: the whole.
    """

    tool: str
    action: str
    group: str
    options: tuple[Option, ...]
    operands: tuple[ShellWord, ...]
    head: tuple[ShellWord, ...]
    wrappers: tuple[str, ...]
    command: Command

    def has(self, *names: str) -> bool:
        """Whether one of the options is there."""
        return any(option.name in names for option in self.options)

    def option(self, *names: str) -> Option | None:
        """Return the last option of one of these names."""
        return next((option for option in reversed(self.options) if option.name in names), None)

    def values(self, *names: str) -> tuple[str | None, ...]:
        """Return the values of the options of these names."""
        return tuple(option.text for option in self.options if option.name in names)
