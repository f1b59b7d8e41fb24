"""Ask, without Jettison, what this machine gives a test: what it lacks is a reason to skip, a fault of Jettison is not.

Each question is asked once a session.
"""

import contextlib
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jettison.errors import MachineError
from jettison.run.sandbox import require

APT_HELPER = "/usr/lib/apt/apt-helper"
PATIENCE = 90  # seconds
SMALL_WHEEL = "packaging"


def need_network() -> None:
    """Skip where apt cannot fetch an index, or pip a wheel."""
    if lack := _apt_lacks() or _pip_lacks():
        pytest.skip(lack)


def need_namespaces() -> None:
    """Skip where the kernel gives no namespaces; when it does and the sandbox says otherwise, that is a failure."""
    try:
        require()
    except MachineError as error:
        if _unshare_works():
            raise
        pytest.skip(error.message)


def need_strace() -> None:
    """Skip where there is no strace; what installs this project's tools installs it."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """Give a disk of so many bytes, mounted on a new folder; skip where this user may mount none."""
    folder.mkdir()
    command = ("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a file system in memory")
    try:
        yield folder
    finally:
        subprocess.run(("umount", "--lazy", str(folder)), check=True)


@functools.cache
def _apt_lacks() -> str:
    """Fetch the first index file of the machine's own sources; return what is missing, or nothing."""
    if not shutil.which("apt-get") or not shutil.which(APT_HELPER):
        return "no apt on this machine"
    listed = _run("apt-get", "update", "--print-uris").partition("'")[2].partition("'")[0]
    if not listed:
        return "apt has no sources on this machine"
    quick = ("-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=15", "-o", "Acquire::https::Timeout=15")
    with tempfile.TemporaryDirectory(prefix="jettison-test-") as folder:
        # root's apt lets its own user fetch, who cannot write here
        root = ("-o", "APT::Sandbox::User=root") if os.geteuid() == 0 else ()
        fetched = _run(APT_HELPER, *quick, *root, "download-file", listed, f"{folder}/index")
    return "" if fetched else "the Debian archive cannot be reached from here"


@functools.cache
def _pip_lacks() -> str:
    with tempfile.TemporaryDirectory(prefix="jettison-test-") as folder:
        quick = ("--retries=1", "--timeout=15", "--disable-pip-version-check")
        command = (sys.executable, "-m", "pip", "download", *quick, "--no-deps", "--only-binary=:all:", "-d", folder)
        return "" if _run(*command, SMALL_WHEEL) else "pip cannot fetch a wheel here"


@functools.cache
def _unshare_works() -> bool:
    command = ("unshare", "--user", "--map-root-user", "--mount", "--ipc", "--pid", "--fork", "--mount-proc")
    return bool(shutil.which("unshare")) and bool(_run(*command, "echo", "yes"))


def _run(*command: str) -> str:
    """Return what a command printed; nothing when it failed."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
