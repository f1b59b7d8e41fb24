"""Budgets: limits on an image's figures, for CI."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jettison.errors import UsageError
from jettison.files.inspection import Inspection

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_VALUE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*|%)\Z")
GRAMMAR = "size=2GB,pull=900MB,waste=5%,files=40000,layers=12"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit.

    Attributes:
        name: ``size`` (bytes over all layers), ``pull``, ``waste``, ``files`` or ``layers``.
        value: bytes, a count, or percent when ``percent``.
        percent: whether ``value`` is a share of the bytes over all layers, in percent.
    """

    name: str
    value: float
    percent: bool = False


@dataclass(frozen=True, slots=True)
class BudgetResult:
    """A limit held against an image.

    Attributes:
        name: of the limit.
        limit: its value (bytes, count or percent).
        actual: the image's, in the same unit.
        percent: whether both are percent.
        held: ``actual <= limit``.
    """

    name: str
    limit: float
    actual: float
    percent: bool
    held: bool


_ACTUAL: Mapping[str, Callable[[Inspection], int]] = {
    "size": lambda image: image.sizes.disk_total,
    "pull": lambda image: image.sizes.pull,
    "waste": lambda image: image.waste.total,
    "files": lambda image: image.sizes.files,
    "layers": lambda image: image.sizes.layers,
}
_COUNTS = frozenset({"files", "layers"})


def parse_budget(text: str) -> tuple[Limit, ...]:
    """Read a budget such as ``size=2GB,pull=900MB,waste=5%``.

    Args:
        text: ``name=value`` pairs with commas between. Sizes take KB, MB, GB (powers of 1000) or KiB, MiB, GiB; size,
            pull and waste also take percent of the image's bytes over all layers.

    Raises:
        UsageError: a name or value is not understood; the hint gives the grammar.
    """
    limits = tuple(_parse_limit(part.strip()) for part in text.split(",") if part.strip())
    if not limits:
        raise UsageError("the budget is empty", hint=f"for example: {GRAMMAR}")
    return limits


def _parse_limit(part: str) -> Limit:
    name, _, value = (piece.strip() for piece in part.partition("="))
    if name not in _ACTUAL:
        raise UsageError(f"budget: {name!r} is not one of {', '.join(_ACTUAL)}", hint=f"for example: {GRAMMAR}")
    found = _VALUE.match(value)
    unit = found[2].upper() if found else "?"
    known = unit in _UNITS if name not in _COUNTS else unit == ""
    if found is None or not (known or (unit == "%" and name not in _COUNTS)):
        raise UsageError(f"budget: {value!r} is no value for {name}", hint=f"for example: {GRAMMAR}")
    return Limit(name, float(found[1]) * _UNITS.get(unit, 1), percent=unit == "%")


def check_budget(inspection: Inspection, limits: tuple[Limit, ...]) -> tuple[BudgetResult, ...]:
    """Hold an image against each limit, in order."""
    return tuple(_check(inspection, limit) for limit in limits)


def _check(inspection: Inspection, limit: Limit) -> BudgetResult:
    actual: float = _ACTUAL[limit.name](inspection)
    if limit.percent:
        total = inspection.sizes.disk_total
        actual = 100 * actual / total if total else 0.0
    return BudgetResult(limit.name, limit.value, actual, limit.percent, actual <= limit.value)
