"""One interface over the command lines of Docker, Podman and nerdctl, which agree in what is used here."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jettison.errors import MachineError

_INSTALL = {
    "docker": "install Docker, or use another engine",
    "podman": "install Podman, or use another engine",
    "nerdctl": "install nerdctl, or use another engine",
}
_OLDEST = {"docker": (20, 10), "podman": (4, 0), "nerdctl": (1, 0)}
"""The oldest that was tried, or whose answers are known to be the same."""
_VERSION = {"docker": "{{.Server.Version}}", "podman": "{{.Client.Version}}", "nerdctl": "{{.Client.Version}}"}
_NUMBERS = re.compile(r"v?(\d+)\.(\d+)")
PATIENCE = 120.0  # seconds for what an engine does at once
_WORDS = 600


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that answers.

    Attributes:
        name: ``docker``, ``podman`` or ``nerdctl``.
        program: path of its command line.
        version: of the server, as it says.
    """

    name: str
    program: str
    version: str


class EngineError(MachineError):
    """The engine refused a command, or its daemon is gone."""


def find_engine(name: str) -> Engine:
    """Return the engine of a name, once it has answered.

    Raises:
        MachineError: it is not installed, does not answer, or is too old.
    """
    program = shutil.which(name)
    if program is None:
        raise MachineError(f"{name} is not here", hint=_INSTALL[name])
    engine = Engine(name, program, "")
    try:
        version = ask(engine, "version", "--format", _VERSION[name]).strip()
    except EngineError as error:
        hint = "is its daemon running, and may this user ask it?" if name != "podman" else error.hint
        raise MachineError(f"{name} does not answer: {error.message}", hint=hint) from error
    match = _NUMBERS.match(version)
    if match is None or (int(match[1]), int(match[2])) < _OLDEST[name]:
        oldest = ".".join(map(str, _OLDEST[name]))
        raise MachineError(f"{name} {version[:40] or 'of an unknown version'} is older than {oldest}")
    return Engine(name, program, version)


def any_engine() -> Engine:
    """Return the first engine that answers: Docker, Podman, nerdctl.

    Raises:
        MachineError: none does.
    """
    reasons = []
    for name in _OLDEST:
        try:
            return find_engine(name)
        except MachineError as error:
            reasons.append(error.message)
    raise MachineError(f"no container engine is here: {'; '.join(reasons)}", hint="install Docker or Podman")


def ask(engine: Engine, *arguments: str, stdin: bytes = b"", seconds: float = PATIENCE) -> str:
    """Run a command of an engine, and return what it prints.

    Raises:
        EngineError: it failed, or took longer than ``seconds``; the message has what it said.
    """
    command = [engine.program, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 -- an engine
            command,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=seconds,
            start_new_session=True,  # Ctrl-C is for Jettison: what cleans up must not be ended by it
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"{engine.name} {arguments[0]}: no end within {seconds:.0f} s") from error
    except OSError as error:
        raise EngineError(f"{engine.name} cannot be started: {error.strerror}") from error
    if done.returncode:
        raise failed(engine, arguments, done.stderr)
    return done.stdout.decode("utf-8", "replace")


def failed(engine: Engine, arguments: Sequence[str], stderr: bytes) -> EngineError:
    """Make the error of a command that failed."""
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    text = "".join(letter if letter.isprintable() else " " for letter in " ".join(lines))[-_WORDS:]
    return EngineError(f"{engine.name} {arguments[0]}: {text or 'it failed without a word'}")


def inspect_image(engine: Engine, name: str) -> dict[str, Any] | None:
    """Return what an engine says of an image; None when it has none of that name.

    Raises:
        EngineError: it does not answer.
    """
    try:
        found = json.loads(ask(engine, "image", "inspect", name))
    except EngineError as error:
        if re.search(r"no such (image|object)|not known|not found|unable to find", error.message, re.IGNORECASE):
            return None
        raise
    except (ValueError, RecursionError) as error:
        raise EngineError(f"{engine.name} image inspect: no JSON came") from error
    return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else None


def stores(engine: Engine) -> list[str]:
    """Return the folders where an engine on a containerd image store may keep its blobs; those that can be read.

    Docker with that store keeps them under its own root, or in the containerd it shares with others.
    """
    root = ""
    if engine.name == "docker":
        try:
            root = ask(engine, "info", "--format", "{{.DockerRootDir}}").strip()
        except EngineError:
            return []
    content = "io.containerd.content.v1.content"
    roots = [f"{root}/containerd/daemon/{content}"] if root else []
    found = [*roots, f"/var/lib/containerd/{content}"]
    return [path for path in found if os.access(f"{path}/blobs/sha256", os.R_OK | os.X_OK)]
