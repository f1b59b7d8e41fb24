"""Plans as JSON documents: written for people to edit, read strictly.

Names that are not UTF-8 are written as in every JSON document (:mod:`jettison.oci.json_text`).
"""

import json
from typing import Any

from jettison.errors import BadInputError, UsageError
from jettison.finding import Skip
from jettison.oci.document import load_document
from jettison.oci.json_text import decode_text, encode_text
from jettison.plan.record import TIERS, Layout, Plan, Step, Target

SCHEMA = "jettison/plan/1"
LIMIT = 512 << 20
_ACTIONS = ("drop", "link", "prune", "stub", "update", "add")
_PLAN = ("schema", "image", "layers", "tier", "steps", "keeps", "skips", "layout")
_STEP = ("id", "action", "tier", "rule", "reason", "owner", "targets", "disk", "pull")


def plan_to_json(plan: Plan) -> str:
    """Return a plan as a JSON document, one line a target; the same plan gives the same text."""
    head = {"schema": SCHEMA, "image": plan.image, "layers": list(plan.layers), "tier": plan.tier}
    lines = [f" {_dump(key)}: {_dump(value)}," for key, value in head.items()]
    steps = ",\n".join(_step_text(step) for step in plan.steps)
    keeps = ",\n".join(
        f"  {_dump(encode_text(path))}: {_dump(encode_text(reason))}" for path, reason in sorted(plan.keeps.items())
    )
    skips = ",\n".join(
        "  " + _dump({"subject": encode_text(skip.subject), "reason": encode_text(skip.reason)}) for skip in plan.skips
    )
    layout = _dump(plan.layout and {"layers": plan.layout.layers, "order": [encode_text(p) for p in plan.layout.order]})
    tail = [
        f' "steps": [\n{steps}\n ],',
        f' "keeps": {{\n{keeps}\n }},',
        f' "skips": [\n{skips}\n ],',
        f' "layout": {layout}',
    ]
    return "\n".join(["{", *lines, *tail, "}"]) + "\n"


def _step_text(step: Step) -> str:
    fields = [(name, getattr(step, name)) for name in _STEP if name != "targets"]
    head = [
        f"   {_dump(name)}: {_dump(encode_text(value) if isinstance(value, str) else value)}," for name, value in fields
    ]
    targets = ",\n".join(
        "    " + _dump({"layer": each.layer, "path": encode_text(each.path), "to": encode_text(each.to)})
        for each in step.targets
    )
    return "\n".join(["  {", *head, f'   "targets": [\n{targets}\n   ]', "  }"])


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def plan_from_json(raw: bytes) -> Plan:
    """Read a plan, as written or edited: steps and targets may have been removed, reasons changed.

    Args:
        raw: the document.

    Raises:
        UsageError: it is no plan: malformed, of another version, with an unknown or missing key, a value of the wrong
            kind, an entry in two steps, or a tier or action that does not exist.
    """
    try:
        document = load_document(raw, "the plan", limit=LIMIT)
    except BadInputError as error:
        raise UsageError(error.message, hint="write a new one with 'jettison plan'") from error
    if document.get("schema") != SCHEMA:
        raise UsageError(f"the plan's schema is {document.get('schema')!r}, not {SCHEMA!r}", hint="make a new plan")
    document.setdefault("layout", None)  # plans of 0.1 have none
    _check_keys(document, _PLAN, "the plan")
    steps = tuple(_read_step(each, number) for number, each in enumerate(_list(document["steps"], "steps")))
    _check_once(steps)
    keeps = document["keeps"]
    if not isinstance(keeps, dict):
        raise UsageError("the plan's keeps are no object")
    return Plan(
        image=_text(document["image"], "image"),
        layers=tuple(_text(each, "layers") for each in _list(document["layers"], "layers")),
        tier=_tier(document["tier"], "the plan"),
        steps=steps,
        keeps={_text(path, "keeps"): _text(reason, "keeps") for path, reason in keeps.items()},
        skips=tuple(_read_skip(each) for each in _list(document["skips"], "skips")),
        layout=_read_layout(document["layout"]),
    )


def _read_layout(value: Any) -> Layout | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise UsageError("the plan's layout is no object")
    _check_keys(value, ("layers", "order"), "the layout")
    order = tuple(_text(path, "the layout") for path in _list(value["order"], "the layout's order"))
    return Layout(_count(value["layers"], "the layout"), order)


def _read_step(value: Any, number: int) -> Step:
    where = f"step {number}"
    if not isinstance(value, dict):
        raise UsageError(f"the plan's {where} is no object")
    _check_keys(value, _STEP, where)
    where = f"step {_text(value['id'], where)!r}"
    if value["action"] not in _ACTIONS:
        raise UsageError(f"{where}: there is no action {value['action']!r}", hint="drop, link, prune or stub")
    action = value["action"]
    found = {_read_target(each, where): None for each in _list(value["targets"], where)}
    return Step(
        id=_text(value["id"], where),
        action=action,
        tier=_tier(value["tier"], where),
        rule=_text(value["rule"], where),
        reason=_text(value["reason"], where),
        owner=_text(value["owner"], where),
        targets=tuple(sorted(found, key=lambda target: (target.layer, target.path))),
        disk=_count(value["disk"], where),
        pull=_count(value["pull"], where),
    )


def _read_target(value: Any, where: str) -> Target:
    if not isinstance(value, dict):
        raise UsageError(f"{where}: a target is no object")
    _check_keys({"to": "", **value}, ("layer", "path", "to"), f"{where}, a target")
    return Target(_count(value["layer"], where), _text(value["path"], where), _text(value.get("to", ""), where))


def _read_skip(value: Any) -> Skip:
    if not isinstance(value, dict):
        raise UsageError("a skip of the plan is no object")
    _check_keys(value, ("subject", "reason"), "a skip")
    return Skip(_text(value["subject"], "a skip"), _text(value["reason"], "a skip"))


def _check_keys(value: dict[str, Any], wanted: tuple[str, ...], where: str) -> None:
    if unknown := sorted(value.keys() - set(wanted)):
        raise UsageError(f"{where} has an unknown key {unknown[0]!r}", hint=f"known: {', '.join(wanted)}")
    if missing := [key for key in wanted if key not in value]:
        raise UsageError(f"{where} lacks the key {missing[0]!r}")


def _check_once(steps: tuple[Step, ...]) -> None:
    seen: dict[tuple[int, str], str] = {}
    ids: set[str] = set()
    for step in steps:
        if step.id in ids:
            raise UsageError(f"the plan has two steps {step.id!r}")
        ids.add(step.id)
        for target in step.targets:
            other = seen.setdefault((target.layer, target.path), step.id)
            if other != step.id:
                raise UsageError(f"{target.path!r} of layer {target.layer} is in two steps: {other!r} and {step.id!r}")


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise UsageError(f"the plan: {where} holds no list")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"the plan: {where} holds {value!r}, not a text")
    try:
        return decode_text(value)
    except BadInputError as error:
        raise UsageError(f"the plan: {error.message}") from None


def _count(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UsageError(f"the plan: {where} holds {value!r}, not a number of 0 or more")
    return value


def _tier(value: Any, where: str) -> int:
    if _count(value, where) not in TIERS:
        raise UsageError(f"{where}: there is no tier {value}")
    return int(value)
