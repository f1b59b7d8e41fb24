"""A proof's verdict → an exit code."""

from jettison.errors import EXIT_CHECK_FAILED, EXIT_OK, NotTriedError
from jettison.proof.record import Proof


def exit_code_for(proof: Proof) -> int:
    """Return 0 when the proof held, 1 when it did not, 6 when it could not be tried."""
    codes = {"held": EXIT_OK, "failed": EXIT_CHECK_FAILED, "not-tried": NotTriedError.exit_code}
    return codes[proof.verdict]
