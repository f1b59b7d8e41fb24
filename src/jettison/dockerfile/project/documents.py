"""TOML and JSON from strangers: read whole or not at all, and what lies in them taken only with the right type."""

import json
import tomllib
from collections.abc import Iterator
from typing import Any

Table = dict[str, Any]
MAX_ITEMS = 200_000


def load_toml(text: str) -> Table:
    """Return a TOML document.

    Raises:
        ValueError: it is malformed or nested too deeply.
    """
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def load_json(text: str) -> Table:
    """Return a JSON document whose top is an object.

    Raises:
        ValueError: it is malformed, nested too deeply, or no object.
    """
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 -- a file's fault, like any other here
    return found


def table(value: object, *keys: str) -> Table:
    """Return the table that lies under some keys, an empty one when there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """Return a text; "" for anything else."""
    return value if isinstance(value, str) else ""


def texts(value: object) -> Iterator[str]:
    """Give the texts of a list; of one text, that."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (item for item in value[:MAX_ITEMS] if isinstance(item, str))


def tables(value: object) -> Iterator[Table]:
    """Give the tables of a list."""
    if isinstance(value, list):
        yield from (item for item in value[:MAX_ITEMS] if isinstance(item, dict))


def number(value: object) -> int:
    """Return a number that is a size; -1 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else -1
