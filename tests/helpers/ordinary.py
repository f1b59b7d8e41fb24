"""Run a test's code as an ordinary user, also when the tests run as root."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = 65_534


@contextmanager
def ordinary_folder() -> Iterator[Path]:
    """Give a folder that the ordinary user owns and can reach."""
    folder = Path(tempfile.mkdtemp(prefix="jettison-test-"))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def run_as_ordinary(code: str, *arguments: str, folder: Path) -> str:
    """Run Python code as an ordinary user and return what it printed; skip when this machine's Python cannot be run so.

    Args:
        code: a script; it can import the package and the test helpers.
        arguments: ``sys.argv`` from 1 on.
        folder: its home and cache.
    """
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "JETTISON_CACHE": str(folder / "cache"),
        "JETTISON_SCRATCH": str(folder / "cache" / "scratch"),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(
        [_python(), "-W", "error", "-c", code, *arguments],
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        **user,  # type: ignore[call-overload] # keywords of Popen
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def _python() -> str:
    """Return a Python of this version that other users may execute; root's own often lies in root's home."""
    if os.geteuid() != 0:
        return sys.executable
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for path in (sys.executable, f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        found = (
            subprocess.run(
                [path, "-c", "import encodings"], user=NOBODY, group=NOBODY, check=False, capture_output=True, cwd="/"
            )
            if os.path.exists(path) and os.access(path, os.X_OK) and _open_to_all(path)
            else None
        )
        if found is not None and found.returncode == 0:
            return path
    pytest.skip(f"no {name} that an ordinary user may execute")


def _open_to_all(path: str) -> bool:
    """Whether every folder on the way is open to others."""
    real = Path(os.path.realpath(path))
    return all(parent.stat().st_mode & 0o001 for parent in real.parents)
