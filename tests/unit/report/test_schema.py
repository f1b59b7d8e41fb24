import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import jsonschema
import pytest
from tests.helpers import records

from jettison.errors import UsageError
from jettison.plan.document import plan_to_json
from jettison.plan.record import Target
from jettison.report.documents import DOCUMENTS, Document, record_type, schema_text
from jettison.report.failure import Failure
from jettison.report.json import dumps, to_document
from jettison.report.schema import described, schema_of

MADE: tuple[Callable[[], Any], ...] = (
    records.inspection,
    records.image_diff,
    records.digest_report,
    records.proof,
    records.slim_result,
    records.comparison,
    records.build_result,
    records.plan,
    records.explanation,
    records.gpu_report,
    lambda: Failure("bug", 70, "x"),
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_schema_ships_and_is_valid(document: Document) -> None:
    """Each document's record can be imported, and its schema is there and is draft 2020-12."""
    schema = json.loads(schema_text(document.name))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == schema_of(document)
    assert schema["properties"]["schema"] == {"const": document.id}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_field_is_described(document: Document) -> None:
    """Descriptions come from the docstrings, and none is missing on the document's own record."""
    _, texts = described(record_type(document))
    assert set(schema_of(document)["properties"]) - {"schema"} == set(texts)


@pytest.mark.parametrize("make", MADE)
def test_documents_follow_their_schema(make: Callable[[], Any]) -> None:
    """A record written as a document is valid against the schema that ships; a changed one is not."""
    document = json.loads(dumps(to_document(make())))
    name = document["schema"].split("/")[1]
    validator = jsonschema.Draft202012Validator(json.loads(schema_text(name)))
    validator.validate(document)
    assert not validator.is_valid({**document, "surprise": 1})
    assert not validator.is_valid({key: value for key, value in document.items() if key != "schema"})


@dataclass(frozen=True)
class _Inner:
    """Inner one.

    Attributes:
        deep: another of these, or nothing.
    """

    deep: "_Inner | None"


@dataclass(frozen=True)
class _Outer:
    """Outer one.

    More words that are no summary.

    Attributes:
        pair: a pair, as :class:`tuple` of ``int`` and text that goes on
            in a second line.
        word: one of two.
        by_name: inner ones.
        data: bytes.
    """

    pair: tuple[int, str]
    word: Literal["a", "b"]
    by_name: Mapping[str, _Inner]
    data: bytes


def test_types() -> None:
    """Pairs, literals, mappings, nested and recursive records, bytes: each has its JSON Schema."""
    schema = schema_of(Document("outer", 1, __name__, "_Outer", "nothing"))
    assert schema["description"] == "Outer one."
    fields = schema["properties"]
    assert fields["pair"] == {
        "description": "a pair, as tuple of `int` and text that goes on in a second line.",
        "type": "array",
        "prefixItems": [{"type": "integer"}, {"type": "string"}],
        "items": False,
        "minItems": 2,
    }
    assert fields["word"] == {"description": "one of two.", "enum": ["a", "b"]}
    assert fields["by_name"]["additionalProperties"] == {"$ref": "#/$defs/_Inner"}
    assert fields["data"]["contentEncoding"] == "base64"
    assert schema["$defs"]["_Inner"]["properties"]["deep"]["anyOf"] == [{"$ref": "#/$defs/_Inner"}, {"type": "null"}]


def test_unknown_schema() -> None:
    """A schema that is not there is a usage error that lists those that are."""
    with pytest.raises(UsageError) as caught:
        schema_text("nothing")
    assert "inspection" in caught.value.hint


def test_plan_files_follow_the_schema() -> None:
    """A plan as it is saved, which has a writer and a reader of its own, follows the schema of its record."""
    plan = records.plan()
    target = Target(0, os.fsdecode(b"opt/caf\xe9"))
    plan = replace(plan, steps=(replace(plan.steps[0], targets=(target,)), *plan.steps[1:]))
    document = json.loads(plan_to_json(plan))
    jsonschema.Draft202012Validator(json.loads(schema_text("plan"))).validate(document)
    assert document == to_document(plan)
