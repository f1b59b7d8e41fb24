"""A reader for tables of a TOML file that refuses what it does not know, and suggests what was meant."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jettison.errors import UsageError


@dataclass(slots=True)
class Table:
    """One table of a TOML document, asked key by key; :meth:`done` refuses the keys nobody asked for.

    Attributes:
        values: the table.
        where: what to call it in errors, for example ``compose.toml: [image]``.
        known: keys asked for so far.
    """

    values: Mapping[str, Any]
    where: str
    known: set[str] = field(default_factory=set)

    def _get(self, key: str, kind: type, word: str) -> Any:
        self.known.add(key)
        value = self.values.get(key)
        if value is None or (isinstance(value, kind) and not (kind is int and isinstance(value, bool))):
            return value
        raise UsageError(f"{self.where}: {key!r} is {value!r:.80}, not {word}")

    def text(self, key: str, default: str = "") -> str:
        """Return a string."""
        value = self._get(key, str, "a string")
        if value is not None and "\0" in value:
            raise UsageError(f"{self.where}: {key!r} holds a zero byte")
        return default if value is None else str(value)

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        """Return one of ``choices``."""
        value = self.text(key, default)
        if value not in choices:
            raise UsageError(f"{self.where}: {key!r} is {value!r:.80}; it can be {', '.join(map(repr, choices))}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Return a boolean."""
        value = self._get(key, bool, "true or false")
        return default if value is None else bool(value)

    def number(self, key: str, default: int, low: int, high: int) -> int:
        """Return an integer between ``low`` and ``high``, both included."""
        value = self._get(key, int, "a whole number")
        if value is None:
            return default
        if not low <= value <= high:
            raise UsageError(f"{self.where}: {key!r} is {value}; it can be {low} to {high}")
        return int(value)

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return an array of strings."""
        value = self._get(key, list, "an array of strings")
        if value is None:
            return default
        if not all(isinstance(item, str) and "\0" not in item for item in value):
            raise UsageError(f"{self.where}: {key!r} holds something that is not a string")
        return tuple(value)

    def mapping(self, key: str) -> dict[str, str]:
        """Return a table of strings."""
        value = self._get(key, dict, "a table of strings")
        for name, item in (value or {}).items():
            if not isinstance(item, str) or "\0" in item or "\0" in name:
                raise UsageError(f"{self.where}: {key}.{name} is not a string")
        return dict(value or {})

    def table(self, key: str) -> "Table | None":
        """Return a table below this one, or None."""
        value = self._get(key, dict, "a table")
        return None if value is None else Table(value, f"{self.where}: [{key}]")

    def tables(self, key: str) -> tuple["Table", ...]:
        """Return an array of tables."""
        value = self._get(key, list, "an array of tables")
        if not all(isinstance(item, dict) for item in value or ()):
            raise UsageError(f"{self.where}: {key!r} is not an array of tables", hint=f"write [[{key}]]")
        return tuple(Table(item, f"{self.where}: [[{key}]] number {n}") for n, item in enumerate(value or (), 1))

    def done(self) -> None:
        """Refuse what nobody asked for.

        Raises:
            UsageError: a key is not known here.
        """
        for key in self.values:
            if key not in self.known:
                near = difflib.get_close_matches(key, self.known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(self.known))}"
                raise UsageError(f"{self.where}: unknown key {key!r:.80}", hint=hint)
