"""Traces as JSON documents, one line a path; read strictly, since they travel between machines."""

import json
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal, get_args, get_origin

from jettison.errors import BadInputError, UsageError
from jettison.oci.document import load_document
from jettison.oci.json_text import decode_text, encode_text
from jettison.run.trace.record import Access, Trace, TracedImport

SCHEMA = "jettison/trace/1"
LIMIT = 512 << 20
_HINT = "record it again: jettison trace IMAGE -w WORKLOAD -o FILE"


def trace_to_json(trace: Trace) -> str:
    """Return a trace as a JSON document; the same trace gives the same text."""
    head = {"schema": SCHEMA, "image": trace.image, "layers": list(trace.layers)}
    lines = [f" {_dump(key)}: {_dump(value)}," for key, value in head.items()]
    runs = ",\n".join(f"  {_dump(_value(run))}" for run in trace.runs)
    accesses = ",\n".join(
        f"  {_dump(encode_text(path))}: {_dump(_value(access))}" for path, access in trace.accesses.items()
    )
    missing = ",\n".join(f"  {_dump(encode_text(path))}: {_dump(list(how))}" for path, how in trace.missing.items())
    imports = ",\n".join(f"  {_dump(encode_text(name))}: {_dump(_value(one))}" for name, one in trace.imports.items())
    tail = [
        f' "runs": [\n{runs}\n ],',
        f' "accesses": {{\n{accesses}\n }},',
        f' "missing": {{\n{missing}\n }},',
        f' "imports": {{\n{imports}\n }}',
    ]
    return "\n".join(["{", *lines, *tail, "}"]) + "\n"


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def _value(thing: Any) -> Any:
    if is_dataclass(thing):
        return {field.name: _value(getattr(thing, field.name)) for field in fields(thing)}
    if isinstance(thing, tuple):
        return [_value(each) for each in thing]
    return encode_text(thing) if isinstance(thing, str) else thing


def trace_from_json(raw: bytes, *, where: str) -> Trace:
    """Read a trace.

    Args:
        raw: the document.
        where: for messages.

    Raises:
        UsageError: it is none: malformed or cut off, of another version, with an unknown or missing key, a value of
            the wrong kind, or an access by a run or process that it does not have.
    """
    try:
        document = load_document(raw, where, limit=LIMIT)
    except BadInputError as error:
        raise UsageError(error.message, hint=_HINT) from error
    if document.get("schema") != SCHEMA:
        raise UsageError(f"{where}: its schema is {document.get('schema')!r}, not {SCHEMA!r}", hint=_HINT)
    del document["schema"]
    trace: Trace = _read(Trace, document, where)
    if not trace.runs:
        raise UsageError(f"{where}: it has no run", hint=_HINT)
    for path in (*trace.accesses, *trace.missing):
        if path != "/".join(part for part in path.split("/") if part not in ("", ".", "..")):
            raise UsageError(f"{where}: {path!r} is no real path", hint=_HINT)
    for path, access in trace.accesses.items():
        _check(trace, path, access, where)
    for name, one in trace.imports.items():
        _check(trace, name, one, where)
    return trace


def _check(trace: Trace, path: str, access: Access | TracedImport, where: str) -> None:
    if not 0 <= access.run < len(trace.runs):
        raise UsageError(f"{where}: {path!r} was asked for by run {access.run}, which is not there", hint=_HINT)
    if not 0 <= access.process < len(trace.runs[access.run].processes):
        raise UsageError(f"{where}: {path!r} was asked for by a process that is not there", hint=_HINT)
    if isinstance(access, Access) and len(set(access.how)) != len(access.how):
        raise UsageError(f"{where}: something was done twice to {path!r}", hint=_HINT)
    if isinstance(access, Access) and not access.how:
        raise UsageError(f"{where}: nothing was done to {path!r}", hint=_HINT)


def _read(kind: Any, value: Any, where: str) -> Any:
    """Return a JSON value as what a type says; numbers are never texts, and true is no number."""
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _read_record(kind, value, where)
    if origin is tuple:
        return _read_tuple(arguments, value, where)
    if origin is not None and issubclass(origin if isinstance(origin, type) else object, Mapping):
        if not isinstance(value, dict):
            raise _wrong(where, value)
        found = {_text(key, where): _read(arguments[1], each, f"{where}: {key!r}") for key, each in value.items()}
        if len(found) != len(value):
            raise UsageError(f"{where} has a key in two forms", hint=_HINT)
        return found
    if origin is Literal:
        if not any(value == one and type(value) is type(one) for one in arguments):
            raise _wrong(where, value)
        return value
    return _read_plain(kind, value, where)


def _read_record(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(where, value)
    hints = _hints(kind)
    if value.keys() != hints.keys():
        odd = min(value.keys() ^ hints.keys())
        raise UsageError(f"{where}: the key {odd!r} is {'unknown' if odd in value else 'missing'}", hint=_HINT)
    return kind(**{name: _read(hint, value[name], f"{where}: {name}") for name, hint in hints.items()})


_KNOWN: dict[Any, dict[str, Any]] = {}


def _hints(kind: Any) -> dict[str, Any]:
    if kind not in _KNOWN:
        _KNOWN[kind] = typing.get_type_hints(kind)
    return _KNOWN[kind]


def _read_tuple(arguments: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _wrong(where, value)
    if arguments[-1] is Ellipsis:
        return tuple(_read(arguments[0], each, where) for each in value)
    if len(value) != len(arguments):
        raise _wrong(where, value)
    return tuple(_read(hint, each, where) for hint, each in zip(arguments, value, strict=True))


def _read_plain(kind: Any, value: Any, where: str) -> Any:
    if kind is str:
        return _text(value, where)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind or (kind in (int, float) and value < 0):
        raise _wrong(where, value)
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _wrong(where, value)
    try:
        return decode_text(value)
    except BadInputError as error:
        raise UsageError(f"{where}: {error.message}", hint=_HINT) from None


def _wrong(where: str, value: Any) -> UsageError:
    return UsageError(f"{where} holds {str(value)[:60]!r}, which it cannot", hint=_HINT)
