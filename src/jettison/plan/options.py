"""What a plan is to be."""

from dataclasses import dataclass

HIGHEST_TIER = 1
"""As far as Jettison can go."""


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """How far a plan goes, and what the user wants otherwise.

    Attributes:
        tier: highest tier to go to, see :data:`jettison.plan.record.TIERS`.
        keep: patterns of what stays: path globs, ``owner:TYPE/NAME``, ``kind:NAME``
            (:func:`jettison.plan.select.select`); they beat rules and ``drop``.
        drop: patterns of what goes besides; a step with the rule ``user``, of tier 1.
    """

    tier: int = HIGHEST_TIER
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


DEFAULTS = PlanOptions()
