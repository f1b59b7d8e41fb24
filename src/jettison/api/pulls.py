"""``pulls``: what a cluster's events say of image pulls."""

import shutil
import subprocess
import sys
from pathlib import Path

from jettison.errors import MachineError, UsageError
from jettison.run.pulls import LIMIT, PullReport, read_pulls

_COMMAND = ("get", "events", "--all-namespaces", "-o", "json")
_PATIENCE = 120.0  # seconds


def pulls(file: str | None = None) -> PullReport:
    """Read the pulls that Kubernetes tells of.

    Args:
        file: what ``kubectl get events -A -o json`` printed, ``-`` for standard input; None to ask kubectl.

    Raises:
        UsageError: the file cannot be read, or is no list of events.
        MachineError: kubectl is not here, or fails.
    """
    if file is None:
        return read_pulls(_asked(), "what kubectl prints")
    if file == "-":
        return read_pulls(sys.stdin.buffer.read(LIMIT + 1), "standard input")
    try:
        with open(Path(file), "rb") as opened:
            raw = opened.read(LIMIT + 1)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    return read_pulls(raw, file)


def _asked() -> bytes:
    program = shutil.which("kubectl")
    if program is None:
        hint = "name a file: kubectl get events -A -o json > events.json"
        raise MachineError("kubectl is not here", hint=hint)
    try:
        done = subprocess.run([program, *_COMMAND], capture_output=True, check=False, timeout=_PATIENCE)  # noqa: S603 -- fixed
    except subprocess.TimeoutExpired as error:
        raise MachineError(f"kubectl: no end within {_PATIENCE:.0f} s") from error
    if done.returncode:
        raise MachineError(f"kubectl: {done.stderr.decode(errors='replace').strip()[-300:]}")
    return done.stdout
