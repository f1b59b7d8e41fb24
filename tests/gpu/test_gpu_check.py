"""Pruned libraries on a GPU: needs one, and a Python with torch (PYTHON_TORCH, else python3)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jettison.errors import MachineError
from jettison.run.gpus import find_gpus

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(1800)]
CHECK = Path(__file__).parents[2] / "bench" / "gpu_check.py"


def test_same_results() -> None:
    """Every operation gives, bit for bit, what it gives with the libraries as installed."""
    python = os.environ.get("PYTHON_TORCH") or shutil.which("python3") or sys.executable
    if shutil.which("nvidia-smi") is None:
        pytest.skip("no GPU: nvidia-smi is not there")
    try:
        find_gpus()
    except MachineError as error:
        pytest.skip(error.message)
    if subprocess.run([python, "-c", "import torch, torchvision"], capture_output=True, check=False).returncode:
        pytest.skip(f"{python} has no torch and torchvision")
    done = subprocess.run([sys.executable, CHECK, "--python", python], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("the same") == 3
