"""How a library is pruned, as text."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.elf.arch import Choice
from jettison.elf.treatment import Treatment, read_treatment, treatment_text
from jettison.errors import UsageError

CHOICES = st.builds(
    Choice, st.sampled_from([(90,), (75, 80, 90), (120,)]), st.sampled_from(["needed", "newest", "all"])
)


@given(CHOICES, st.sampled_from([1, 2, 3]), st.booleans())
def test_round_trip(choice: Choice, level: int, debug: bool) -> None:  # noqa: FBT001 -- hypothesis
    """A treatment comes back from its text."""
    treatment = Treatment(choice, level, debug)
    assert read_treatment(treatment_text(treatment)) == treatment


def test_texts() -> None:
    """The text says what is done."""
    assert treatment_text(Treatment(Choice((80, 90)), 2)) == "gpu=8.0,9.0 ptx=needed level=2 debug"
    assert treatment_text(Treatment(None)) == "debug"
    assert read_treatment("debug") == Treatment(None)


@pytest.mark.parametrize(
    "text",
    ["", "gpu", "gpu=9.0", "gpu=9.0 ptx=some level=1", "gpu=9.0 ptx=all level=4", "gpu=0.1 ptx=all level=1", "x debug"],
)
def test_refused(text: str) -> None:
    """What does not say how to prune is the user's error: it comes from a plan file."""
    with pytest.raises(UsageError):
        read_treatment(text)


@given(st.text(alphabet="gpu=9.0 ptxlevdbn,12all", max_size=40))
def test_any_text(text: str) -> None:
    """Any text is read or refused."""
    with contextlib.suppress(UsageError):
        read_treatment(text)
