"""``build`` of a Dockerfile: BuildKit does it, Jettison tells how long each step took and brings the image along."""

import contextlib
import os
import time
from dataclasses import replace
from pathlib import Path

from jettison.api.copy import copy
from jettison.build.record import Build, BuildOptions
from jettison.build.run import build_image, find_builder
from jettison.errors import UsageError
from jettison.layers.table import Compression
from jettison.progress import SILENT, Progress
from jettison.sources.engine.client import EngineError, ask, find_engine
from jettison.sources.write import check_output, parse_output


def build_dockerfile(
    context: Path,
    out: str,
    options: BuildOptions | None = None,
    *,
    builder: str = "",
    compression: Compression | None = None,
    level: int | None = None,
    force: bool = False,
    progress: Progress = SILENT,
) -> Build:
    """Build a Dockerfile, and bring the image to ``out``, or measure only.

    Args:
        context: folder.
        out: ``docker:NAME`` (or the builder's own engine) to leave it there; else where it is copied to, and then it
            is taken away from the engine, whose cache stays. Empty to bring it nowhere.
        options: how.
        builder: ``docker``, ``podman`` or ``buildah``; empty for the first that is here.
        compression: codec of the layers of what is copied; None as the engine gives them, which may be plain.
        level: of the codec.
        force: replace what is at ``out``.
        progress: told of steps and bytes.

    Raises:
        UsageError: the context is no folder, ``out`` is taken, or the build fails.
        MachineError: there is no builder, or it cannot do what is asked.
    """
    if not context.is_dir():
        raise UsageError(f"{context} is no folder", hint="name the build context")
    options, found = options or BuildOptions(), find_builder(builder)
    engine = "podman" if found.name == "buildah" else found.name
    if out:
        output = parse_output(out)
        check_output(output, force=force)
        if output.engine == engine:
            return replace(build_image(found, context, output.name, options, progress=progress), out=out)
    asked = find_engine(engine)
    name = f"jettison-build/{os.getpid()}:{time.monotonic_ns()}"
    try:
        made = build_image(found, context, name, options, progress=progress)
        if out:
            copy(f"{engine}:{name}", out, compression=compression, level=level, force=force, progress=progress)
    finally:
        with contextlib.suppress(EngineError):  # where it is not there, or in use, and so the user's
            ask(asked, "rmi", name)
    return replace(made, image="", out=out)
