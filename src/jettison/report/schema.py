"""Record types → JSON Schema (draft 2020-12), described by the records' own docstrings."""

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin

from jettison.report.documents import Document, record_type

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_SIMPLE: dict[object, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    Any: {},
    object: {},
}
_ATTRIBUTE = re.compile(r"^    (\w+): (.*)$")


def schema_of(document: Document) -> dict[str, Any]:
    """Return the JSON Schema of ``document``, made from its record's fields and docstring.

    Raises:
        TypeError: a field's type has no form in JSON: a bug in the record.
    """
    record = record_type(document)
    definitions: dict[str, Any] = {}
    body = _object(record, definitions)
    body["properties"] = {"schema": {"const": document.id}, **body["properties"]}
    body["required"] = ["schema", *body["required"]]
    title = {"$schema": _DRAFT, "$id": f"urn:{document.id.replace('/', ':')}", "title": document.name}
    schema = {**title, **body}
    if definitions:
        schema["$defs"] = dict(sorted(definitions.items()))
    return schema


def _object(record: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(record)
    summary, descriptions = described(record)
    properties = {}
    for field in dataclasses.fields(record):
        schema = _type(hints[field.name], definitions)
        if text := descriptions.get(field.name):
            schema = {"description": text, **schema}
        properties[field.name] = schema
    return {
        "description": summary,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _type(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if hint in _SIMPLE:
        return dict(_SIMPLE[hint])
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _reference(hint, definitions)
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(args)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_type(arg, definitions) for arg in args]}
    return _collection(hint, definitions)


def _collection(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, args = get_origin(hint), get_args(hint)
    if origin is tuple:
        return _array(args, definitions)
    if origin in (list, frozenset, set):
        return {"type": "array", "items": _type(args[0], definitions)}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(args, definitions)
    raise TypeError(f"{hint} has no JSON Schema")


def _array(args: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    if len(args) == 2 and args[1] is Ellipsis:  # noqa: PLR2004 -- tuple[X, ...]
        return {"type": "array", "items": _type(args[0], definitions)}
    items = [_type(arg, definitions) for arg in args]
    return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}


def _mapping(args: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "additionalProperties": _type(args[1], definitions)}
    if get_origin(args[0]) is Literal:
        schema["propertyNames"] = {"enum": list(get_args(args[0]))}
    elif args[0] is int:
        schema["propertyNames"] = {"pattern": "^-?[0-9]+$"}
    elif args[0] is not str:
        raise TypeError(f"a JSON object's keys cannot be {args[0]}")
    return schema


def _reference(record: type, definitions: dict[str, Any]) -> dict[str, Any]:
    name = record.__name__
    if name not in definitions:
        definitions[name] = {}  # taken before going in: a record may hold itself
        definitions[name] = _object(record, definitions)
    return {"$ref": f"#/$defs/{name}"}


def described(record: type) -> tuple[str, dict[str, str]]:
    """Return a record's summary and its fields' descriptions, from its Google-style docstring."""
    lines = inspect.cleandoc(record.__doc__ or "").splitlines()
    summary = _plain_words(" ".join(_paragraph(lines)))
    texts: dict[str, list[str]] = {}
    current: list[str] = []
    for line in _section(lines, "Attributes:"):
        if match := _ATTRIBUTE.match(line):
            current = texts.setdefault(match[1], [])
            current.append(match[2])
        elif line.strip():
            current.append(line.strip())
    return summary, {name: _plain_words(" ".join(parts)) for name, parts in texts.items()}


def _paragraph(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if not line.strip():
            return
        yield line.strip()


def _section(lines: list[str], title: str) -> Iterator[str]:
    if title not in lines:
        return
    for line in lines[lines.index(title) + 1 :]:
        if line and not line.startswith(" "):
            return
        yield line


def _plain_words(text: str) -> str:
    """Take the reStructuredText marks out of a sentence."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"\1", text)
    return text.replace("``", "`")
