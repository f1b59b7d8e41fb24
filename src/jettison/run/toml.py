"""One table of a TOML document that a user wrote, taken key by key: each of the type wanted, none unknown."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from jettison.errors import UsageError

T = TypeVar("T")
_NAMES = {str: "a text", int: "a whole number", bool: "true or false", list: "a list", dict: "a table"}


@dataclass(slots=True)
class Table:
    """A table and what was taken from it.

    Attributes:
        values: its keys and values.
        where: its place in the file, such as ``probe 2``; for errors.
        known: keys that were asked for.
    """

    values: Mapping[str, Any]
    where: str
    known: set[str] = field(default_factory=set)

    def take(self, key: str, kind: type[T], default: T) -> T:
        """Return a key's value.

        Raises:
            UsageError: it is there and of another type.
        """
        self.known.add(key)
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise UsageError(f"{self.where}: {key} is not {_NAMES[kind]}")
        return value

    def any(self, key: str) -> Any:
        """Return a key's value whatever its type; None when it is absent."""
        self.known.add(key)
        return self.values.get(key)

    def number(self, key: str, default: float) -> float:
        """Return a number, whole or not."""
        value = self.any(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"{self.where}: {key} is not a number")
        return float(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; empty when absent."""
        values = self.take(key, list, [])
        if not all(isinstance(value, str) for value in values):
            raise UsageError(f"{self.where}: {key} is not a list of texts")
        return tuple(values)

    def pairs(self, key: str) -> dict[str, str]:
        """Return a table of texts; empty when absent."""
        values = self.take(key, dict, {})
        if not all(isinstance(value, str) for value in values.values()):
            raise UsageError(f"{self.where}: {key}: each value must be a text in quotes")
        return dict(values)

    def table(self, key: str) -> "Table":
        """Return an inner table; an empty one when absent."""
        return Table(self.take(key, dict, {}), f"{self.where}: [{key}]")

    def tables(self, key: str) -> list["Table"]:
        """Return the tables of ``[[key]]``."""
        values = self.take(key, list, [])
        if not all(isinstance(value, dict) for value in values):
            raise UsageError(f"{self.where}: {key} is not a list of tables", hint=f"write each as [[{key}]]")
        return [Table(value, f"{self.where}: {key} {number}") for number, value in enumerate(values, 1)]

    def one_of(self, *keys: str) -> str:
        """Return the one key of ``keys`` that is there; empty when none is.

        Raises:
            UsageError: more than one is.
        """
        self.known.update(keys)
        found = [key for key in keys if key in self.values]
        if len(found) > 1:
            raise UsageError(f"{self.where}: {found[0]} and {found[1]} exclude each other")
        return found[0] if found else ""

    def end(self) -> None:
        """Refuse keys that nobody asked for.

        Raises:
            UsageError: with the key that was probably meant.
        """
        for key in self.values:
            if key not in self.known:
                near = difflib.get_close_matches(key, self.known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(self.known))}"
                raise UsageError(f"{self.where}: unknown key {key[:80]!r}", hint=hint)
