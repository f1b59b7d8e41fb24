"""Plans as JSON: read, or the user's mistake; what is read can be written and read again."""

import contextlib

from jettison.errors import JettisonError
from jettison.finding import Skip
from jettison.plan.document import plan_from_json, plan_to_json
from jettison.plan.record import Plan, Step, Target

_STEP = Step("r/a", "drop", 1, "r", "because", "deb:a", (Target(0, "usr/bin/a"), Target(1, "caf\udce9")), 3, 2)
_LINK = Step("d/b", "link", 0, "d", "same", "", (Target(0, "x", "y"),), 1, 1)
CORPUS = (
    plan_to_json(Plan("sha256:1", ("sha256:2",), 1, (_STEP, _LINK), {"k": "why"}, (Skip("s", "r"),))).encode(),
    plan_to_json(Plan("", (), 0, (), {}, ())).encode(),
)


def run(data: bytes) -> None:
    """Read the input as a plan."""
    with contextlib.suppress(JettisonError):
        plan = plan_from_json(data)
        if plan_from_json(plan_to_json(plan).encode()) != plan:
            raise AssertionError(plan)
