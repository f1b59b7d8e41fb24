"""Which GPUs there are: asked of this machine and of the cluster that kubectl talks to; never guessed."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

from jettison.errors import MachineError

SECONDS = 20
_CAPABILITY = re.compile(r"([0-9]{1,2})\.([0-9])\Z")
_SMI = ("nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader")
_NODES = ("kubectl", "get", "nodes", "-o", "json")
_MAJOR, _MINOR = "nvidia.com/gpu.compute.major", "nvidia.com/gpu.compute.minor"
"""Labels that NVIDIA's GPU feature discovery puts on nodes."""
_RESOURCE = "nvidia.com/gpu"


def find_gpus() -> tuple[int, ...]:
    """Return the architectures of the GPUs of the cluster's nodes and of this machine, ascending.

    Raises:
        MachineError: neither ``nvidia-smi`` nor ``kubectl`` is there, they know of none, or do not say which.
    """
    found = sorted({*_of_machine(), *_of_cluster()})
    if not found:
        raise MachineError(
            "--gpu auto: nvidia-smi and kubectl are not there, or know of no GPU",
            hint="name the GPUs, as in --gpu h100,a100",
        )
    return tuple(found)


def gpu_names() -> tuple[str, ...]:
    """Return the names of this machine's GPUs; none where ``nvidia-smi`` is not there."""
    lines = _asked(("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")).splitlines()
    return tuple(line.strip() for line in lines if line.strip())


def _of_machine() -> Iterator[int]:
    for line in _asked(_SMI).splitlines():
        if match := _CAPABILITY.match(line.strip()):
            yield int(match[1] + match[2])


def _of_cluster() -> Iterator[int]:
    try:
        nodes = json.loads(_asked(_NODES) or "{}")["items"]
        found = [_of_node(node) for node in nodes]
    except (ValueError, KeyError, AttributeError, TypeError):
        return
    for arch in found:
        if arch:
            yield arch


def _of_node(node: Any) -> int:
    """Return the architecture of a node's GPUs; 0 when it has none."""
    labels = node["metadata"].get("labels") or {}
    if match := _CAPABILITY.match(f"{labels.get(_MAJOR)}.{labels.get(_MINOR)}"):
        return int(match[1] + match[2])
    if node.get("status", {}).get("allocatable", {}).get(_RESOURCE, "0") != "0":
        raise MachineError(
            f"--gpu auto: node {node['metadata']['name']} has GPUs, and no label says which",
            hint="install NVIDIA's GPU feature discovery, or name the GPUs, as in --gpu h100,a100",
        )
    return 0


def _asked(command: Sequence[str]) -> str:
    """Return what a command prints; empty when it is not there or fails."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603 -- fixed
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""
