"""The container engine of tests: ``tools/engine.sh`` starts it, its own client is asked here."""

import json
import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tools/engine.sh"
PATIENCE = 1500  # seconds for one build
ANY_BASE = "debian:bookworm-slim"  # what build checks see where a base is unknown here
_MOST_BASES = 20
_UNKNOWN_BASE = re.compile(r"failed to resolve source metadata for ([^\s:]+(?::[\w.-]+)?(?:@sha256:\w+)?)")
_SYNTAX = re.compile(r"(?im)\A((?:#.*\n)*?)#[ \t]*syntax[ \t]*=.*$")


class EngineError(Exception):
    """A command of the engine failed; the text is the end of what it said."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that answers.

    Attributes:
        env: what its client needs: ``DOCKER_HOST``, ``DOCKER_CONFIG``, ``PATH``.
        started: whether it was started for this session, and should be stopped after it.
    """

    env: Mapping[str, str]
    started: bool


@dataclass(frozen=True, slots=True)
class Built:
    """An image that was built.

    Attributes:
        tag: its name in the engine.
        seconds: the build took.
        size: bytes on disk, unpacked.
        config: as ``docker image inspect`` says (``Config``).
    """

    tag: str
    seconds: float
    size: int
    config: Mapping[str, Any]


def start_engine() -> Engine | str:
    """Return the engine, started if it was not running, or the reason why there is none here."""
    running = _script("status").returncode == 0
    if not running and (done := _script("up")).returncode:
        return done.stderr.strip() or "tools/engine.sh up failed"
    exports = shlex.split(_script("env").stdout)[1:]
    env = dict(export.split("=", 1) for export in exports)
    return Engine({**env, "PATH": env["PATH"].replace("$PATH", os.environ["PATH"])}, started=not running)


def stop_engine() -> None:
    """Stop it; programs, bases and layers stay on disk."""
    _script("down")


def docker(engine: Engine, *arguments: str, timeout: float = PATIENCE) -> str:
    """Run a command of the client.

    Returns:
        Its standard output.

    Raises:
        EngineError: it failed, or took too long.
    """
    command = ("docker", *arguments)
    env = {**os.environ, **engine.env}
    try:
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, check=False, timeout=timeout, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as late:
        raise EngineError(f"{shlex.join(command)}: no end within {timeout:.0f} s") from late
    if done.returncode:
        raise EngineError(f"{shlex.join(command)}\n{done.stdout[-1000:]}{done.stderr[-4000:]}")
    return done.stdout


def has_image(engine: Engine, tag: str) -> bool:
    """Whether the engine has an image of this name."""
    return bool(docker(engine, "images", "-q", tag).strip())


def without_syntax(dockerfile: str) -> str:
    """Return a Dockerfile without its ``# syntax=`` line, at which BuildKit would ask a hub for its parser.

    The engine's own parser takes its place; the line stays, as a comment, so that places in messages are right.
    """
    return _SYNTAX.sub(r"\1# (syntax line left out)", dockerfile)


def build(engine: Engine, context: Path, tag: str, *options: str, dockerfile: str = "Dockerfile") -> Built:
    """Build a context with the network of the host, and without a question to a hub.

    Args:
        engine: where.
        context: folder with the Dockerfile and its context; the ``# syntax=`` line of the Dockerfile is taken out.
        tag: name of the image.
        options: more of ``docker buildx build``.
        dockerfile: its name in the folder.

    Raises:
        EngineError: the build failed.
    """
    path = context / dockerfile
    text = path.read_text()
    if (plain := without_syntax(text)) != text:
        path.write_text(plain)
    started = time.monotonic()
    file = ("-f", str(path))
    docker(engine, "buildx", "build", "--network=host", "--provenance=false", "-t", tag, *options, *file, str(context))
    seconds = time.monotonic() - started
    about = json.loads(docker(engine, "image", "inspect", tag))[0]
    return Built(tag, seconds, about["Size"], about["Config"])


def check(engine: Engine, context: Path, dockerfile: str = "Dockerfile") -> list[dict[str, Any]]:
    """Run BuildKit's build checks over a Dockerfile; nothing is built, and bases that are not here do not matter.

    Returns:
        Its warnings: ``ruleName``, ``description``, ``detail``, ``location`` (``ranges``), as BuildKit writes them.

    Raises:
        EngineError: the Dockerfile cannot be parsed, or the engine has no build checks (they came with Docker 27).
    """
    text = without_syntax((context / dockerfile).read_text())
    unknown: list[str] = []
    for _ in range(_MOST_BASES):
        named = [f"--build-context={name}=docker-image://{ANY_BASE}" for name in unknown]
        command = ("docker", "buildx", "build", "--call=lint,format=json", *named, "-f", "-", str(context))
        done = subprocess.run(
            command,
            env={**os.environ, **engine.env},
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        missing = _UNKNOWN_BASE.search(done.stdout + done.stderr)
        if not missing or (name := missing[1].removeprefix("docker.io/").removeprefix("library/")) in unknown:
            break
        unknown.append(name)
    if not done.stdout.startswith("{"):
        raise EngineError(done.stderr[-2000:])
    document = json.loads(done.stdout)
    if error := document.get("buildError"):
        raise EngineError(error["message"])
    warnings: list[dict[str, Any]] = document.get("warnings") or []
    return warnings


@contextmanager
def container(engine: Engine, tag: str, *options: str) -> Iterator[str]:
    """Start a container of an image, and remove it afterwards.

    Yields:
        Its id.
    """
    identity = docker(engine, "run", "-d", *options, tag).strip()
    try:
        yield identity
    finally:
        docker(engine, "rm", "-f", "-v", identity)


def inspect_container(engine: Engine, identity: str) -> dict[str, Any]:
    """Return what the engine says about a container."""
    about: dict[str, Any] = json.loads(docker(engine, "container", "inspect", identity))[0]
    return about


def remove_images(engine: Engine, *tags: str) -> None:
    """Remove images by name, and whatever the builder kept of their builds."""
    for tag in tags:
        if has_image(engine, tag):
            docker(engine, "rmi", "-f", tag)
    docker(engine, "builder", "prune", "-a", "-f")


def _script(verb: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(("bash", str(SCRIPT), verb), capture_output=True, text=True, check=False, timeout=PATIENCE)
