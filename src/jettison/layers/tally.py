"""What the layers of one image come to in memory, counted while they are read: a thousand layers may each be modest."""

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any

from jettison.layers.limits import Limits, exceeded
from jettison.layers.table import LayerTable

_ITEM = 48  # bytes of an object in memory, about
_LINE = 16  # bytes that a line of captured text costs its readers besides


class Tally:
    """Counts over all layers of an image; several threads may add to it.

    Args:
        limits: ``max_entries``, ``max_metadata`` and ``max_observed`` hold for the sum of all layers, too.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = Lock()
        self._entries = 0
        self._metadata = 0
        self._observed = 0

    def observed(self, place: str, value: Any) -> None:
        """Count what an observer gave for a file.

        Raises:
            BadInputError: more is kept of files' contents than the limit allows.
        """
        with self._lock:
            self._observed += _cost(value)
            if self._observed > self._limits.max_observed:
                raise exceeded(place, "max_observed", self._limits.max_observed, "what is kept of contents, in all")

    def table(self, place: str, table: LayerTable) -> None:
        """Count a layer's entries and their names.

        Raises:
            BadInputError: with the layers counted before, there are more than the limits allow.
        """
        limits = self._limits
        metadata = sum(len(entry.path) + len(entry.link) for entry in table.entries)
        metadata += sum(len(name) + len(value) for entry in table.entries for name, value in entry.xattrs)
        with self._lock:
            self._entries += len(table.entries)
            self._metadata += metadata
            if self._entries > limits.max_entries:
                found = f"{self._entries} members with those of other layers"
                raise exceeded(place, "max_entries", limits.max_entries, found)
            if self._metadata > limits.max_metadata:
                raise exceeded(place, "max_metadata", limits.max_metadata, "names and attributes of all layers")

    def known(self, place: str, table: LayerTable) -> None:
        """Count a layer that came from the cache.

        Raises:
            BadInputError: as :meth:`table` and :meth:`observed`.
        """
        self.table(place, table)
        for values in table.observed.values():
            self.observed(place, tuple(values.values()))


def _cost(value: Any) -> int:
    """Return the bytes that a JSON value takes in memory, about."""
    if isinstance(value, str):
        return _ITEM + len(value) + _LINE * value.count("\n")
    if isinstance(value, Mapping):
        return _ITEM + sum(map(_cost, value.values()))
    if isinstance(value, Iterable):
        return _ITEM + sum(map(_cost, value))
    return _ITEM
