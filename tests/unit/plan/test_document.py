"""Plans as JSON: strict, and made to be edited."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.errors import UsageError
from jettison.finding import Skip
from jettison.plan.document import plan_from_json, plan_to_json
from jettison.plan.record import Plan, Step, Target

TEXT = st.one_of(st.text(max_size=12), st.binary(max_size=8).map(lambda raw: raw.decode("utf-8", "surrogateescape")))
NAME = TEXT.filter(lambda text: not any(0xD800 <= ord(char) < 0xDC80 or 0xDCFF < ord(char) < 0xE000 for char in text))


def step(name: str, *paths: str, **changes: Any) -> Step:
    fields: dict[str, Any] = {
        "id": name, "action": "drop", "tier": 1, "rule": "r", "reason": "because", "owner": "", "disk": 3, "pull": 2,
        "targets": tuple(sorted((Target(0, path) for path in paths), key=lambda each: (each.layer, each.path))),
    }  # fmt: skip
    return Step(**{**fields, **changes})


PLAN = Plan(
    "sha256:1", ("sha256:2",), 1, (step("a", "x", "y"), step("b", "z", action="link")), {"k": "why"}, (Skip("s", "r"),)
)


@given(st.sets(NAME, max_size=5), NAME, NAME)
def test_round_trip(paths: set[str], reason: str, owner: str) -> None:
    """Whatever bytes names are of, a plan comes back from its document as it was."""
    plan = Plan(
        "d",
        ("l",),
        0,
        (step("a", *paths, reason=reason, owner=owner),),
        dict.fromkeys(paths, reason),
        (Skip(owner, reason),),
    )
    text = plan_to_json(plan)
    assert text.isascii()
    assert plan_from_json(text.encode()) == plan


def test_empty() -> None:
    """A plan without steps is a plan."""
    plan = Plan("", (), 0, (), {}, ())
    assert plan_from_json(plan_to_json(plan).encode()) == plan


def edited(**changes: Any) -> bytes:
    return json.dumps({**json.loads(plan_to_json(PLAN)), **changes}).encode()


def edited_step(**changes: Any) -> bytes:
    document = json.loads(plan_to_json(PLAN))
    document["steps"][0].update(changes)
    return json.dumps(document).encode()


def test_edits() -> None:
    """Steps and targets may be taken out, and a target's ``to`` left out."""
    assert len(plan_from_json(edited(steps=[])).steps) == 0
    plan = plan_from_json(edited_step(targets=[{"layer": 0, "path": "x"}]))
    assert plan.steps[0].targets == (Target(0, "x"),)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "not JSON"),
        (b"[]", "no JSON object"),
        (b'{"a":1,"a":2}', "twice"),
        (b"[" * 1000, "malformed|levels|nest|deep|values"),
        (edited(schema="jettison/plan/9"), "schema"),
        (edited(extra=1), "unknown key 'extra'"),
        (edited(steps={}), "no list"),
        (edited(steps=[1]), "no object"),
        (edited(keeps=[]), "no object"),
        (edited(skips=[{"subject": "x"}]), "lacks the key 'reason'"),
        (edited(skips=[3]), "no object"),
        (edited(tier=7), "no tier 7"),
        (edited(layers=[1]), "not a text"),
        (edited_step(action="burn"), "no action 'burn'"),
        (edited_step(disk=-1), "not a number"),
        (edited_step(disk=True), "not a number"),
        (edited_step(more=1), "unknown key 'more'"),
        (edited_step(id="b"), "two steps 'b'"),
        (edited_step(targets=[{"layer": 0, "path": "z"}]), "in two steps"),
        (edited_step(targets=[{"layer": 0}]), "lacks the key 'path'"),
        (edited_step(targets=["x"]), "no object"),
        (edited_step(reason="bytes:é"), "the plan: 'bytes:é' is not ASCII"),
        (edited(keeps={"bytes:é": "x"}), "not ASCII"),
    ],
)
def test_mistakes(raw: bytes, message: str) -> None:
    """A document that is no plan is the user's to mend, and the message says where."""
    with pytest.raises(UsageError, match=message):
        plan_from_json(raw)


@given(st.binary(max_size=100))
def test_noise(raw: bytes) -> None:
    """Any bytes are a plan or a usage error."""
    with pytest.raises(UsageError):
        plan_from_json(raw)
