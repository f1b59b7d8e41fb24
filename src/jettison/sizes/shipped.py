"""Tables that ship with Jettison: what was measured on one day, for when nobody can be asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from packaging.version import Version

from jettison.sizes.market import Offer
from jettison.sizes.simple import File, Named
from jettison.sizes.wheelfacts import WheelFacts


@dataclass(frozen=True, slots=True)
class Shipped:
    """A distribution of the shipped table.

    Attributes:
        offer: its file, with no address.
        facts: what the wheel said of itself.
    """

    offer: Offer
    facts: WheelFacts


def shipped_document(name: str) -> dict[str, Any]:
    """Return a JSON table that ships in this package."""
    document: dict[str, Any] = json.loads((files("jettison.sizes") / "tables" / name).read_text("utf-8"))
    return document


@cache
def shipped_wheels() -> Mapping[str, Shipped]:
    """Return the table of distributions, by canonical name (CPython 3.11, x86_64)."""
    document = shipped_document("wheels.json")
    found = {}
    for name, (version, size, unpacked, python, count, needs) in document["wheels"].items():
        named = Named(name, Version(version), "wheel")
        file = File(f"{name.replace('-', '_')}-{version}-py3-none-any.whl", "", size=size)
        facts = WheelFacts(size, unpacked, python, tuple(needs), count)
        found[name] = Shipped(Offer(file, named, 0, document["date"]), facts)
    return found
