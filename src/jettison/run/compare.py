"""What differs between two answers to the same probe."""

import json
import math
from collections.abc import Iterator
from typing import Any

from jettison.run.workload import Answer, Compare, Probe

_MOST = 20
_WIDTH = 120
_ABSENT = object()
Path = tuple[str, ...]


def compare(probe: Probe, before: Answer, after: Answer) -> tuple[str, ...]:
    """Compare two answers as the probe asks.

    Args:
        probe: says what has to be the same.
        before: the original's answer.
        after: the new image's.

    Returns:
        One sentence a difference, at most 20 and one that counts the rest; empty when the answers agree. An answer that
        failed agrees with nothing.
    """
    failures = [
        f"{probe.name}: no answer {when}: {answer.error}"
        for when, answer in (("before", before), ("after", after))
        if answer.error
    ]
    if failures:
        return tuple(failures)
    found: list[str] = []
    count = 0
    for difference in _differences(probe.compare, before, after):
        count += 1
        if count <= _MOST:
            found.append(f"{probe.name}: {difference}")
    if count > _MOST:
        found.append(f"{probe.name}: and {count - _MOST} differences more")
    return tuple(found)


def _differences(wanted: Compare, before: Answer, after: Answer) -> Iterator[str]:
    for what in wanted.what:
        if what == "status" and before.status != after.status:
            yield f"status: {before.status} before, {after.status} after"
        elif what == "exit-code" and before.exit_code != after.exit_code:
            yield f"exit code: {before.exit_code} before, {after.exit_code} after"
        elif what in {"bytes", "stdout"} and before.body != after.body:
            yield _bytes_differ("body" if what == "bytes" else "stdout", before.body, after.body)
        elif what == "json" and before.body != after.body:
            yield from _json_differ(wanted, before.body, after.body)


def _bytes_differ(name: str, before: bytes, after: bytes) -> str:
    at = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after)))
    first, second = _show_bytes(before[at : at + 40]), _show_bytes(after[at : at + 40])
    return f"{name}: {len(before)} bytes before, {len(after)} after; from byte {at} on {first} became {second}"


def _show_bytes(data: bytes) -> str:
    return repr(data)[1:]


def _json_differ(wanted: Compare, before: bytes, after: bytes) -> Iterator[str]:
    values = []
    for when, body in (("before", before), ("after", after)):
        try:
            values.append(json.loads(body))
        except (ValueError, RecursionError) as error:
            yield f"the answer {when} is not JSON ({str(error) or 'nested too deep'}): {_show_bytes(body[:40])}"
            return
    patterns = tuple(tuple(text.split(".")) for text in wanted.ignore)
    for path, one, other in _walk(values[0], values[1], patterns, wanted.tolerance):
        yield f"{'.'.join(path)[:_WIDTH] or 'the whole answer'}: {_show(one)} before, {_show(other)} after"


def _walk(one: Any, other: Any, ignore: tuple[Path, ...], tolerance: float) -> Iterator[tuple[Path, Any, Any]]:
    """Give each place where two JSON values differ, in the order of the first."""
    stack: list[tuple[Path, Any, Any]] = [((), one, other)]
    while stack:
        path, one, other = stack.pop()
        if any(_matches(pattern, path) for pattern in ignore):
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            keys = [*one, *(key for key in other if key not in one)]
            pairs = [((*path, key), one.get(key, _ABSENT), other.get(key, _ABSENT)) for key in keys]
            stack.extend(reversed(pairs))
        elif isinstance(one, list) and isinstance(other, list):
            most = range(max(len(one), len(other)))
            stack.extend(((*path, str(i)), _at(one, i), _at(other, i)) for i in reversed(most))
        elif not _same(one, other, tolerance):
            yield path, one, other


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else _ABSENT


def _matches(pattern: Path, path: Path) -> bool:
    return len(pattern) == len(path) and all(part in {"*", key} for part, key in zip(pattern, path, strict=True))


def _same(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two values that are not both lists or both objects are the same; 1 and 1.0 are, 1 and true are not."""
    if not (_is_number(one) and _is_number(other)):
        return type(one) is type(other) and bool(one == other)
    if one == other or (one != one and other != other):  # noqa: PLR0124 -- NaN is what differs from itself
        return True
    try:
        return tolerance > 0 and math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
    except OverflowError:  # an integer that no float can hold
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _show(value: Any) -> str:
    if value is _ABSENT:
        return "absent"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):  # an integer of thousands of digits; nesting
        text = f"a {type(value).__name__}"
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
