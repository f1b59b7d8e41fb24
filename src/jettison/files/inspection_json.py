"""Inspections as JSON, for the cache: records by their fields' types, both ways."""

import json
from dataclasses import asdict, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints

from jettison.files.inspection import Inspection


def inspection_to_json(inspection: Inspection) -> bytes:
    """Return an inspection as JSON; names that are not UTF-8 stay surrogate-escaped."""
    return json.dumps(asdict(inspection), separators=(",", ":")).encode()


def inspection_from_json(data: bytes) -> Inspection:
    """Return the inspection that :func:`inspection_to_json` wrote.

    Raises:
        ValueError: it is no JSON.
        KeyError: a field is missing.
        TypeError: a value has another type than the field.
    """
    return cast("Inspection", _build(Inspection, json.loads(data)))


def _build(kind: Any, value: Any) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        types = get_type_hints(kind)
        return kind(**{field.name: _build(types[field.name], value[field.name]) for field in fields(kind)})
    if get_origin(kind) is tuple:
        return tuple(_build(get_args(kind)[0], each) for each in value)
    if isinstance(kind, UnionType):
        return None if value is None else _build(next(arm for arm in get_args(kind) if arm is not NoneType), value)
    if kind in (int, float, str, bool) and not isinstance(value, kind if kind is not float else (int, float)):
        raise TypeError(f"{value!r} is not of type {kind}")
    return value
