"""How a library is pruned, as a record and as the short text that stands in plans."""

import re
from dataclasses import dataclass
from typing import get_args

from jettison.elf.arch import Choice, Ptx, parse_targets, shown
from jettison.errors import UsageError

LEVELS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Treatment:
    """How a library is pruned.

    Attributes:
        choice: what is to be left of GPU code; None leaves it all.
        level: 1 takes from sections of nothing but fatbins; 2 from fatbins in other sections as well; 3 also
            cubins that lie packed in no fatbin (experimental).
        debug: whether symbol tables and debug information that is not mapped go.
    """

    choice: Choice | None
    level: int = 1
    debug: bool = True


def treatment_text(treatment: Treatment) -> str:
    """Return a treatment as ``gpu=8.0,9.0 ptx=needed level=1 debug``; :func:`read_treatment` reads it."""
    parts = []
    if (choice := treatment.choice) is not None:
        targets = ",".join(map(shown, choice.targets))
        parts += [f"gpu={targets}", f"ptx={choice.ptx}", f"level={treatment.level}"]
    return " ".join((*parts, *(["debug"] if treatment.debug else [])))


_TEXT = re.compile(r"(?:gpu=(?P<gpu>[0-9.,]+) ptx=(?P<ptx>\w+) level=(?P<level>\d))?(?P<debug> ?debug)?\Z")


def read_treatment(text: str) -> Treatment:
    """Read what :func:`treatment_text` wrote.

    Raises:
        UsageError: it wrote something else.
    """
    match = _TEXT.match(text)
    ptx = match["ptx"] if match else None
    known: tuple[Ptx, ...] = get_args(Ptx)
    kept = next((each for each in known if each == ptx), None)
    if not match or not text or (match["gpu"] and (kept is None or int(match["level"]) not in LEVELS)):
        raise UsageError(f"{text!r} does not say how to prune", hint="such as: gpu=9.0 ptx=needed level=1 debug")
    choice = Choice(parse_targets(match["gpu"]), kept) if match["gpu"] and kept else None
    return Treatment(choice, int(match["level"] or 1), bool(match["debug"]))
