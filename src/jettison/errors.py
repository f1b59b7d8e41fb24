"""The one family of errors: each has an exit code and a hint that says what to do next.

Exit codes (documented in docs/reference/exit-codes.md):

==== ==========================================================================
code meaning
==== ==========================================================================
0    done, and every check that was asked for held
1    done, and a check did not hold (a budget exceeded, a proof failed, a digest that lies)
2    the command line or a file the user wrote (plan, workload, compose file) is wrong
3    the input is malformed or hostile
4    refused: the input is well-formed, and Jettison does not handle it, on purpose
5    the machine lacks something (a tool, a right, room on the disk, a network)
6    it could not be tried: the workload does not even pass on the original, or verify may run no containers here
70   a bug in Jettison
130  interrupted
==== ==========================================================================
"""

from typing import ClassVar

EXIT_OK = 0
EXIT_CHECK_FAILED = 1
EXIT_BUG = 70
EXIT_INTERRUPTED = 130


class JettisonError(Exception):
    """What went wrong, in one sentence, and what to do about it.

    Args:
        message: one sentence that names the thing (file, layer, entry) at fault.
        hint: what the user can do next; empty when there is nothing better than the message.
    """

    exit_code: ClassVar[int] = EXIT_BUG

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(JettisonError):
    """The command line, or a file that the user wrote, is wrong."""

    exit_code = 2


class BadInputError(JettisonError):
    """The input is malformed, lies about itself, or exceeds a limit that protects the reader."""

    exit_code = 3


class RefusedError(JettisonError):
    """The input is well-formed, but outside what Jettison handles; nothing was guessed."""

    exit_code = 4


class MachineError(JettisonError):
    """The machine lacks a tool, a right, room or a network that the work needs."""

    exit_code = 5


class NotTriedError(JettisonError):
    """The check could not be run, so it neither held nor failed."""

    exit_code = 6
