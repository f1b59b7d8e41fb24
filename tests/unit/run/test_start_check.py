"""The check to start a service with: it names the GPU that is here and those that the image holds code for."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jettison.run import start_check
from jettison.run.start_check import Held, gpus, held, problem, runs

H100 = ("NVIDIA H100", "9.0")
T4 = ("Tesla T4", "7.5")
DRIVER = """\
#include <string.h>
int cuInit(unsigned f) { return 0; }
int cuDeviceGetCount(int *n) { *n = 2; return 0; }
int cuDeviceGet(int *d, int i) { *d = i; return 0; }
int cuDeviceGetName(char *s, int n, int d) { strcpy(s, d ? "Tesla T4" : "NVIDIA H100"); return 0; }
int cuDeviceGetAttribute(int *v, int a, int d) { *v = a == 75 ? (d ? 7 : 9) : (d ? 5 : 0); return 0; }
"""


def test_problem() -> None:
    """A GPU without code is named, with what there is, and how to get both."""
    here = Held(["9.0"], newer=False, tool="jettison 1")
    assert problem([H100], here) == ""
    assert problem([], here) == problem([T4], None) == ""
    text = problem([H100, T4], here)
    assert "holds GPU code for compute capability 9.0" in text
    assert "Tesla T4 (compute capability 7.5)" in text
    assert "H100" not in text
    assert "--gpu 9.0,7.5 " in text


@pytest.mark.parametrize(
    ("gpu", "kept", "newer", "able"),
    [
        ("8.6", ["8.0"], False, True),
        ("8.0", ["8.6"], False, False),
        ("9.0", ["8.0"], False, False),
        ("9.0", ["8.0"], True, True),
        ("7.5", ["8.0"], True, False),
        ("10.0", ["9.0", "10.0"], False, True),
        ("12.0", [], True, False),
    ],
)
def test_runs(gpu: str, kept: list[str], *, newer: bool, able: bool) -> None:
    """Machine code runs on newer GPUs of its generation, PTX on all newer ones."""
    assert runs(gpu, Held(kept, newer, "jettison")) is able


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"gpus": 1, "ptx": "all", "tool": "x"}', '{"gpus": ["9.0"]}'])
def test_malformed_manifest(tmp_path: Path, text: str) -> None:
    """A manifest that cannot be read says nothing, and stops nothing."""
    (tmp_path / "gpu.json").write_text(text)
    assert held(str(tmp_path / "gpu.json")) is None
    assert held(str(tmp_path / "none")) is None


def test_no_driver() -> None:
    """Without a driver there is no GPU."""
    assert gpus("libno-such-driver.so") == []


def program(tmp_path: Path, manifest: object) -> Path:
    """Write the program as it would lie in an image, with a manifest of its own."""
    (tmp_path / "gpu.json").write_text(json.dumps(manifest))
    text = start_check.source().replace(start_check.MANIFEST, str(tmp_path / "gpu.json"))
    (tmp_path / "gpu_check.py").write_text(text)
    return tmp_path / "gpu_check.py"


def run(path: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the program, without Jettison at hand."""
    command = [sys.executable, "-S", "-E", str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def test_command(tmp_path: Path) -> None:
    """It becomes the command; without one, or with one that is not there, it says so."""
    path = program(tmp_path, {"gpus": ["9.0"], "ptx": "needed", "tool": "jettison 1"})
    done = run(path, sys.executable, "-c", "print('started')")
    assert (done.returncode, done.stdout) == (0, "started\n")
    assert run(path).returncode == 2
    missing = run(path, "/no/such/command")
    assert missing.returncode == 127
    assert "/no/such/command: No such file" in missing.stderr


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler to make a driver with")
def test_with_a_driver(tmp_path: Path) -> None:
    """It asks the driver, and ends before the command where a GPU finds no code."""
    (tmp_path / "driver.c").write_text(DRIVER)
    library = tmp_path / "libcuda.so.1"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "driver.c"], check=True)
    assert gpus(str(library)) == [H100, T4]
    path = program(tmp_path, {"gpus": ["9.0"], "ptx": "needed", "tool": "jettison 1"})
    done = run(path, sys.executable, "-c", "print('started')", LD_LIBRARY_PATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (78, "")
    assert "Tesla T4 (compute capability 7.5)" in done.stderr
