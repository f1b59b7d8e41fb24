"""Registries that others made, started on this machine: Distribution's and the one in crane."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

HTPASSWD = "ann:$2b$05$abcdefghijklmnopqrstuuQbLfdQZSxZ9gjhA5V9o8Tyc6aQRO0Qi"  # opensesame
_CONFIG = """\
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"{tls}}}
{auth}
"""


def program(env: Mapping[str, str], name: str) -> str:
    """Return where a program is; skip where it is not."""
    found = shutil.which(name, path=env["PATH"])
    if found is None:
        pytest.skip(f"{name} is not here")
    return found


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def distribution(env: Mapping[str, str], folder: Path, *, tls: str = "", auth: str = "") -> Iterator[str]:
    """Start Distribution's registry, and give its host."""
    port = free_port()
    folder.mkdir(exist_ok=True)
    (folder / "config.yml").write_text(_CONFIG.format(folder=folder, port=port, tls=tls, auth=auth))
    with _started([program(env, "docker-registry"), "serve", str(folder / "config.yml")], folder, port) as host:
        yield host


@contextmanager
def crane(env: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Start crane's registry, and give its host."""
    port = free_port()
    (folder / "data").mkdir(parents=True, exist_ok=True)
    argv = [program(env, "crane"), "registry", "serve", "--address", f"127.0.0.1:{port}", "--disk"]
    with _started([*argv, str(folder / "data")], folder, port) as host:
        yield host


@contextmanager
def _started(argv: list[str], folder: Path, port: int) -> Iterator[str]:
    with open(folder / "log", "wb") as log, subprocess.Popen(argv, stdout=log, stderr=log) as process:
        try:
            _wait(port, process, folder / "log")
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"the registry does not answer: {log.read_text()[-500:]}")
