"""``--gpu auto`` asks nvidia-smi and kubectl, and never guesses."""

import json
from pathlib import Path

import pytest

from jettison.errors import MachineError
from jettison.run.gpus import find_gpus

NODES = {
    "items": [
        {"metadata": {"labels": {"nvidia.com/gpu.compute.major": "9", "nvidia.com/gpu.compute.minor": "0"}}},
        {"metadata": {"labels": {"nvidia.com/gpu.compute.major": "8", "nvidia.com/gpu.compute.minor": "9"}}},
        {"metadata": {"labels": {"kubernetes.io/os": "linux"}}},
        {"metadata": {}},
    ]
}


@pytest.fixture(autouse=True)
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder in which commands are looked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def tool(folder: Path, name: str, output: str, code: int = 0) -> None:
    """Write a command that prints something."""
    (folder / f"{name}.out").write_text(output)
    script = (
        f'#!/bin/sh\nwhile read -r line || [ -n "$line" ]; do echo "$line"; done < {folder}/{name}.out\nexit {code}\n'
    )
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


def test_both(tools: Path) -> None:
    """The GPUs of this machine and of the cluster's nodes are all found, each architecture once."""
    tool(tools, "nvidia-smi", "9.0\n9.0\n8.6\n")
    tool(tools, "kubectl", json.dumps(NODES))
    assert find_gpus() == (86, 89, 90)


def test_a_node_that_does_not_say(tools: Path) -> None:
    """A node that offers GPUs without a label that says which is an error with its name."""
    silent = {"metadata": {"name": "worker-7"}, "status": {"allocatable": {"nvidia.com/gpu": "8"}}}
    tool(tools, "kubectl", json.dumps({"items": [*NODES["items"], silent]}))
    with pytest.raises(MachineError, match="node worker-7 has GPUs"):
        find_gpus()


@pytest.mark.parametrize(
    ("smi", "nodes", "code"),
    [
        (None, None, 0),
        ("NVIDIA-SMI has failed\n", "", 9),
        ("[N/A]\n", "not json", 0),
        ("", "[]", 0),
        ("9.0\n", json.dumps(NODES), 1),
        ("", '{"items": [1]}', 0),
        ("", '{"items": [{"metadata": {"labels": {"nvidia.com/gpu.compute.major": "9"}}}]}', 0),
        ("", '{"items": [{"metadata": {"labels": []}}]}', 0),
        ("", '{"items": [{"metadata": {"labels": null}}]}', 0),
    ],
)
def test_nothing_is_guessed(tools: Path, smi: str | None, nodes: str | None, code: int) -> None:
    """Where both are missing, fail or say nothing that can be used, one is asked to name the GPUs."""
    if smi is not None:
        tool(tools, "nvidia-smi", smi, code)
    if nodes is not None:
        tool(tools, "kubectl", nodes, code)
    with pytest.raises(MachineError, match="--gpu auto"):
        find_gpus()
