"""``pulls``: what a cluster's events say of image pulls."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from jettison.errors import MachineError, UsageError
from jettison.run.pullmetrics import read_metrics
from jettison.run.pulls import LIMIT, PullReport, read_pulls

_COMMAND = ("get", "events", "--all-namespaces", "-o", "json")
_PATIENCE = 120.0  # seconds


def pulls(file: str | None = None, *, metrics: str | None = None) -> PullReport:
    """Read the pulls that Kubernetes tells of.

    Args:
        file: what ``kubectl get events -A -o json`` printed, ``-`` for standard input; None to ask kubectl, unless
            metrics are given.
        metrics: file with the metrics of a kubelet, of containerd, or of both; None for none.

    Raises:
        UsageError: a file cannot be read, or is no list of events or has no metrics of pulls.
        MachineError: kubectl is not here, or fails.
    """
    sizes, runtime = read_metrics(_read(metrics), metrics) if metrics else ((), None)
    if file is not None:
        report = read_pulls(_read(file), file)
    elif metrics:
        report = PullReport(0, (), (), ())
    else:
        report = read_pulls(_asked(), "what kubectl prints")
    return replace(report, sizes=sizes, runtime=runtime)


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(LIMIT + 1)
    try:
        with open(Path(file), "rb") as opened:
            return opened.read(LIMIT + 1)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error


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
