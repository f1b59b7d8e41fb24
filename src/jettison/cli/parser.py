"""argparse with our manners: errors are raised, not printed, and help shows examples as they are typed."""

import argparse
import difflib
import re
import shutil
import sys
from typing import NoReturn, TextIO, cast

from jettison.cli.streams import write
from jettison.errors import UsageError

_CHOICE = re.compile(r"argument ([^:]*): invalid choice: '([^']*)'")
_MISSING = "the following arguments are required: "


class _Formatter(argparse.HelpFormatter):
    """Wraps sentences and keeps what has line breaks of its own, such as examples."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=min(100, shutil.get_terminal_size((100, 24)).columns))

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return text
        return super()._fill_text(text, width, indent)


class Parser(argparse.ArgumentParser):
    """An argument parser that raises :class:`UsageError`, and accepts no abbreviations."""

    def __init__(self, **options: object) -> None:
        options = {"formatter_class": _Formatter, "allow_abbrev": False, **options}
        super().__init__(**options)  # type: ignore[arg-type] # argparse's own options, passed through

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print.

        Raises:
            UsageError: always.
        """
        hint = f"see: {self.prog} --help"
        if wrong := _CHOICE.search(message):
            message = f"there is no command {wrong[2]!r}" if wrong[1] == "COMMAND" else message
            if near := difflib.get_close_matches(wrong[2], self.choices(), 1):
                hint = f"did you mean {near[0]!r}? {hint}"
        raise UsageError(message.replace(_MISSING, "missing: "), hint=hint)

    def _print_message(self, message: str, file: object = None) -> None:
        """Print the help or the version; argparse would hide that the disk behind a redirection is full."""
        write(message, cast("TextIO", file or sys.stderr))

    def choices(self) -> list[str]:
        """Return every word that some argument of this parser takes."""
        return [str(word) for action in self._actions for word in action.choices or ()]
