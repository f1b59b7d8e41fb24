"""The strict JSON loader that every document goes through; what it accepts must survive being written again."""

from jettison.errors import JettisonError
from jettison.oci.document import dump_document, load_document

CORPUS = (
    b'{"a":[1,-2,3.5e2,true,false,null],"b":{"c":"\\u00e9\\ud83d\\ude00"},"":""}',
    b'{"a":1,"a":2}',
    b'{"a":NaN,"b":-Infinity}',
    b'{"a":"\\ud800"}',
    b"[" * 70 + b"]" * 70,
    b"{}",
)


def run(data: bytes) -> None:
    """Load, and when it loads, write and load again."""
    try:
        document = load_document(data, "document")
    except JettisonError:
        return
    again = load_document(dump_document(document), "document")
    if again != document:
        raise AssertionError("a document changes when it is written and read again")
