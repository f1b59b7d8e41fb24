"""Drive a builder: ``docker buildx build`` where it is, else Podman, else Buildah."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from jettison.build.rawjson import Progress as Told
from jettison.build.record import Build, BuildOptions
from jettison.errors import MachineError, UsageError
from jettison.progress import SILENT, Progress

_WORDS = 1_500
_MOST_TOLD = 1 << 16


@dataclass(frozen=True, slots=True)
class Builder:
    """What builds Dockerfiles here.

    Attributes:
        name: ``docker``, ``podman`` or ``buildah``.
        program: path of its command line.
    """

    name: str
    program: str


def find_builder(name: str = "") -> Builder:
    """Return what builds Dockerfiles.

    Args:
        name: which; empty for the first that is here.

    Raises:
        MachineError: it is not here; Docker without buildx does not count.
    """
    for each in (name,) if name else ("docker", "podman", "buildah"):
        program = shutil.which(each)
        if program and (each != "docker" or _has_buildx(program)):
            return Builder(each, program)
    hint = "install Docker with buildx (Debian: docker.io, docker-buildx), Podman or Buildah"
    what = f"{name}{' with buildx' if name == 'docker' else ''} is not here" if name else ""
    raise MachineError(what or "nothing that builds Dockerfiles is here", hint=hint)


def _has_buildx(program: str) -> bool:
    try:
        done = subprocess.run([program, "buildx", "version"], capture_output=True, check=False, timeout=30)  # noqa: S603 -- an engine
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def build_image(
    builder: Builder, context: Path, image: str, options: BuildOptions, *, progress: Progress = SILENT
) -> Build:
    """Build a Dockerfile into the builder's own store.

    Args:
        builder: what builds.
        context: folder.
        image: name that it shall have there.
        options: how.
        progress: told of the steps that end.

    Raises:
        UsageError: the build fails; the message names the step, and has the end of what it said.
        MachineError: the builder cannot be started, or cannot do what the options ask.
    """
    command = [builder.program, *_arguments(builder, context, image, options)]
    told, words, began = Told(), b"", time.monotonic()
    with progress.task(f"build {context}", None, "steps") as task, _started(builder, command) as process:
        try:
            for line in cast("IO[bytes]", process.stderr):
                task.advance(told.feed(line))
                if not line.startswith(b"{"):
                    words = (words + line)[-_MOST_TOLD:]
            code = process.wait()
        except BaseException:
            process.kill()
            raise
    if code:
        raise _failed(builder, context, told.failure() or words.decode("utf-8", "replace"))
    steps = told.steps()
    cached = sum(step.cached for step in steps)
    return Build(str(context), builder.name, image, "", time.monotonic() - began, steps, cached)


def _started(builder: Builder, command: list[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 -- a builder
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise MachineError(f"{builder.name} cannot be started: {error.strerror}") from error


def _failed(builder: Builder, context: Path, text: str) -> Exception:
    shown = "".join(letter if letter.isprintable() else " " for letter in text).strip()[-_WORDS:]
    if "Cannot connect" in shown or "permission denied while trying to connect" in shown:
        return MachineError(f"{builder.name} does not answer: {shown}", hint="is its daemon running?")
    return UsageError(f"{context}: the build fails: {shown or 'without a word'}")


def _arguments(builder: Builder, context: Path, image: str, options: BuildOptions) -> Iterator[str]:
    if builder.name == "docker":
        yield from ("buildx", "build", "--progress=rawjson", "--load")
    elif unable := [word for word, value in (("--provenance", options.provenance),) if value]:
        raise MachineError(f"{builder.name} knows no {', '.join(unable)}", hint="build with Docker")
    else:
        yield "build"
    yield from ("-t", image)
    pairs = {
        "-f": options.dockerfile,
        "--target": options.target,
        "--platform": options.platform,
        "--network": options.network,
        "--provenance": options.provenance,
    }
    for option, value in pairs.items():
        if value:
            yield from (option, value)
    lists = {
        "--build-arg": options.arguments,
        "--secret": options.secrets,
        "--cache-from": options.cache_from,
        "--cache-to": options.cache_to,
    }
    for option, values in lists.items():
        for value in values:
            yield from (option, value)
    if options.no_cache:
        yield "--no-cache"
    yield str(context)
