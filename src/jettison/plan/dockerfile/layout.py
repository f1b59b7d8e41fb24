"""What the layout of a split is made from: the recipe, its RUNs in parts, and where the builder ends."""

import re
from dataclasses import dataclass

from jettison.dockerfile.record import Instruction
from jettison.plan.dockerfile.parts import Part
from jettison.plan.dockerfile.rewrite_record import Facts
from jettison.rules.dockerfile.bases import Base
from jettison.rules.dockerfile.case import Case

VENV = "/opt/venv"
BUILDER = "builder"
RUNTIME = "runtime"


@dataclass(frozen=True, slots=True)
class Work:
    """What the layout is made from.

    Attributes:
        case: the recipe.
        facts: of the service.
        base: its base image.
        index: by instruction its index in the recipe.
        parts: by index of each RUN its parts.
        last: index of the last RUN that the builder has.
        environment: the folder that all distributions land in.
    """

    case: Case
    facts: Facts
    base: Base
    index: dict[int, int]
    parts: dict[int, tuple[Part, ...]]
    last: int
    environment: str = VENV

    @property
    def start(self) -> Instruction:
        """The FROM."""
        return self.case.scopes.stages[-1].start

    def at(self, instruction: Instruction) -> int:
        """Return the index of an instruction."""
        return self.index[instruction.span[0]]

    def text(self, instruction: Instruction) -> str:
        """Return an instruction's lines, with the comments directly above it."""
        recipe = self.case.recipe
        number = instruction.line
        while number > 1 and recipe.lines[number - 2].kind == "comment":
            number -= 1
        text = recipe.text[recipe.lines[number - 1].start : instruction.span[1]]
        return text if text.endswith("\n") else text + "\n"


def packages_of(work: Work) -> tuple[str, ...]:
    """Return the packages that the recipe installs plainly."""
    return tuple(
        word.value or word.text
        for parts in work.parts.values()
        for part in parts
        for call in part.calls
        if call.tool == "apt" and call.action == "install"
        for word in call.operands
    )


def interpreter_of(work: Work) -> str:
    """Return how the recipe calls its interpreter: as the pip that it names, else as the base has it."""
    for parts in work.parts.values():
        for call in (call for part in parts if part.kind == "python" for call in part.calls):
            version = re.search(r"(?:pip|python)(3\.\d+)$", call.head[0].text)
            if call.tool == "pip" and version:
                return f"python{version[1]}"
    return "python" if work.base.family in ("python", "pytorch") else "python3"


def venv_env() -> str:
    """Return the ENV that puts the virtual environment in front."""
    return f'ENV VIRTUAL_ENV={VENV} PATH="{VENV}/bin:$PATH"\n'
