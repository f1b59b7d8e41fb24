"""RUN's mounts, their fields read."""

from dataclasses import dataclass

from jettison.rules.dockerfile.case import Site


@dataclass(frozen=True, slots=True)
class Mount:
    """A ``--mount`` of RUN: its type (``bind`` when none is written), its absolute target (or ``""``), its fields."""

    type: str
    target: str
    fields: dict[str, str]


def mounts_of(site: Site) -> tuple[Mount, ...]:
    """Return the mounts of a RUN."""
    return tuple(_mount(flag.value or "") for flag in site.instruction.flags_named("mount"))


def _mount(text: str) -> Mount:
    fields = {name: value for name, _, value in (part.partition("=") for part in text.split(","))}
    target = fields.get("target") or fields.get("dst") or fields.get("destination") or ""
    return Mount(fields.get("type", "bind"), target, fields)
