"""Records → JSON documents (RFC 8259), pure ASCII, fit for any parser.

Two conventions, both reversible:

- Text that is not Unicode is written as :mod:`jettison.oci.json_text` says.
- A field of bytes is written in base64 (RFC 4648, section 4), and its schema says ``contentEncoding``.
"""

import base64
import dataclasses
import json
import os
from collections.abc import Mapping
from typing import Any

from jettison.oci.json_text import encode_text
from jettison.report.documents import document_of


def to_value(thing: Any) -> Any:
    """Return ``thing`` as a JSON value: records become objects, tuples lists, bytes base64.

    Args:
        thing: a record, or what records hold.

    Raises:
        TypeError: it holds something that has no form in JSON: a bug in the record.
    """
    if isinstance(thing, str | os.PathLike):
        return encode_text(os.fsdecode(thing))
    if thing is None or isinstance(thing, bool | int | float):
        return thing
    if isinstance(thing, bytes):
        return base64.b64encode(thing).decode()
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return {field.name: to_value(getattr(thing, field.name)) for field in dataclasses.fields(thing)}
    if isinstance(thing, Mapping):
        return {encode_text(str(key)): to_value(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [to_value(value) for value in thing]
    raise TypeError(f"{type(thing).__name__} has no form in JSON")


def to_document(record: Any) -> dict[str, Any]:
    """Return ``record`` as a JSON document that names its schema in the field ``schema``."""
    return {"schema": document_of(record).id, **to_value(record)}


def dumps(value: Any) -> str:
    """Return a JSON value as indented ASCII text that ends in a newline.

    Raises:
        ValueError: a number is infinite or no number; JSON has none.
    """
    return json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
