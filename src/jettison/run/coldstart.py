"""A cold start, measured: the pull over a link, the container made, the process started, ready, asked twice."""

import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

from jettison.errors import JettisonError, MachineError
from jettison.oci.image import Descriptor, Extent, Image, Layer
from jettison.progress import SILENT, Progress
from jettison.run.engine import run_in_engine
from jettison.run.exercise import exercise_rootfs, unpacked_arriving
from jettison.run.imports import VARIABLE, Imported, read_import_times
from jettison.run.link import Link
from jettison.run.pullmodel import Pull
from jettison.run.workload import RunResult, Workload
from jettison.sources.blobs import contents_of
from jettison.sources.engine.client import Engine, EngineError, ask, failed, inspect_image
from jettison.sources.extent import pieces
from jettison.sources.registry.client import Patience
from jettison.sources.registry.download import Shelf, fetch_blobs
from jettison.sources.registry.find import find_registry
from jettison.storage import scratch_dir

_DROP = Path("/proc/sys/vm/drop_caches")
_LOOK = 0.002  # seconds between two looks at whether a layer has come
_WARM = 1 << 24
_STATUS = re.compile(rb"^([0-9a-f]{6,64}): (Download complete|Already exists|Pull complete)", re.MULTILINE)
_NAME = "jettison/coldstart"
_HEAD = b"imported package"  # of the head that each Python prints once


@dataclass(frozen=True, slots=True)
class Pass:
    """One cold start.

    Attributes:
        pull: measured.
        run: of the workload, whose first probe is asked twice; None when none was given.
        again: of a second workload on what was pulled; None when none was given.
        notes: what could not be emptied or told apart.
        plain: whether the pull tells how fast the engine unpacks: it fetched every layer, and said when it had all.
    """

    pull: Pull
    run: RunResult | None
    again: RunResult | None
    notes: tuple[str, ...]
    plain: bool = True


def empty_page_cache(image: Image) -> str:
    """Let the kernel forget what it has read of any file; then read the blobs to be served, which come from memory so.

    Returns:
        Why that cannot be done; empty when it was.
    """
    os.sync()
    try:
        _DROP.write_text("3", "ascii")
    except OSError as error:
        return f"the page cache could not be emptied: {error.strerror or error} (root may)"
    for layer in image.layers:
        with suppress(OSError, JettisonError):  # who serves it says what is wrong with it
            for _ in pieces(layer.blob, size=_WARM):
                pass
    return ""


def asked_twice(workload: Workload) -> Workload:
    """Return a workload whose first probe is asked twice, and no other: a first answer, and a second."""
    if not workload.probes:
        return workload
    first = workload.probes[0]
    return replace(workload, probes=(first, replace(first, name=f"{first.name}, again")))


# --- by the own sandbox -----------------------------------------------------------------------------------------------


def pass_embedded(
    image: Image,
    link: Link,
    workload: Workload | None,
    *,
    again: Workload | None = None,
    progress: Progress = SILENT,
) -> Pass:
    """Pull into an empty folder, unpack while it comes, and start.

    Args:
        image: as served by ``link``.
        link: where it is served.
        workload: what is started and asked; None for the pull alone.
        again: started once more on what was pulled, when the first run passed.
        progress: told of all of it.

    Raises:
        MachineError: there is no room, or sandboxes are forbidden.
    """
    note = empty_page_cache(image)
    with (
        scratch_dir() as folder,
        _arriving(image, link, Shelf(folder), progress) as (coming, arrivals),
        unpacked_arriving(coming, arrivals.wait, progress=progress) as rootfs,
    ):
        total = time.monotonic() - arrivals.began
        pull = Pull(arrivals.downloaded(), total - arrivals.waited, total)
        run = exercise_rootfs(rootfs, asked_twice(workload), progress=progress) if workload else None
        more = exercise_rootfs(rootfs, again, progress=progress) if again and run and not run.error else None
    return Pass(pull, run, more, (note,) if note else ())


class _Arrivals:
    """Layers on their way: whoever unpacks waits here for each."""

    def __init__(self, shelf: Shelf, fetch: threading.Thread) -> None:
        self._shelf = shelf
        self._fetch = fetch
        self.began = time.monotonic()
        self.waited = 0.0
        self.ended = 0.0
        self.error: BaseException | None = None

    def wait(self, layer: Layer) -> None:
        """Return once a layer's blob is there."""
        began = time.monotonic()
        while not self._shelf.has(layer.descriptor):
            if self.error is not None:
                raise self.error
            time.sleep(_LOOK)
        self.waited += time.monotonic() - began

    def downloaded(self) -> float:
        """Return the seconds that the downloads took together."""
        self._fetch.join()
        return self.ended - self.began


@contextmanager
def _arriving(image: Image, link: Link, shelf: Shelf, progress: Progress) -> Iterator[tuple[Image, _Arrivals]]:
    contents = contents_of(image)
    registry, _ = find_registry(link.host, f"{link.host}/{_NAME}:1", Patience(slowest=0))
    config = contents.image.config
    wanted = [Descriptor("", config.digest, len(config.raw), {})]
    wanted += [layer.descriptor for layer in contents.layers]
    (shelf.folder / "blobs/sha256").mkdir(parents=True)

    stop = threading.Event()

    def fetch() -> None:
        try:
            size = sum(one.size for one in wanted)
            with progress.task(f"pull over the {link.how} link", size) as task:
                fetch_blobs(registry, shelf, wanted, task, stop)
        except BaseException as error:  # noqa: BLE001 -- raised again by whoever waits
            arrivals.error = error
        arrivals.ended = time.monotonic()

    thread = threading.Thread(target=fetch, name="coldstart pull", daemon=True)
    arrivals = _Arrivals(shelf, thread)
    thread.start()
    layers = tuple(
        replace(layer, blob=Extent(str(shelf.blob(layer.descriptor.digest)), 0, layer.descriptor.size))
        for layer in contents.image.layers
    )
    try:
        yield replace(contents.image, layers=layers), arrivals
    finally:
        stop.set()
        thread.join()


# --- by an engine -----------------------------------------------------------------------------------------------------


def pass_engine(
    engine: Engine,
    image: Image,
    link: Link,
    workload: Workload | None,
    *,
    again: Workload | None = None,
    progress: Progress = SILENT,
) -> Pass:
    """Let an engine pull, and start what it pulled; the image is taken away from it afterwards.

    Args:
        engine: that pulls; it has to take plain HTTP from this machine's loopback, as Docker does.
        image: as served by ``link``.
        link: where it is served.
        workload: what is started and asked; None for the pull alone.
        again: started once more on what was pulled, when the first run passed.
        progress: told of it.

    Raises:
        MachineError: the engine refuses, or has the image already, so that nothing would be pulled.
    """
    made = contents_of(image).image
    known = inspect_image(engine, made.config.digest) or inspect_image(engine, made.manifest_digest)
    if known is not None:
        names = ", ".join(known.get("RepoTags") or ["no name"])
        hint = f"remove it for the measurement: {engine.name} rmi {names}"
        raise MachineError(f"{engine.name} has this image already ({names}): nothing would be pulled", hint=hint)
    note = empty_page_cache(image)
    name = f"{link.host}/{_NAME}:{os.getpid()}"
    try:
        with progress.task(f"{engine.name} pull", None):
            pull, already = _pulled(engine, name)
        process = image.config.process
        run = run_in_engine(engine, name, process, asked_twice(workload), progress) if workload else None
        more = None
        if again and run and not run.error:
            more = run_in_engine(engine, name, process, again, progress)
    finally:
        with suppress(EngineError):
            ask(engine, "rmi", "-f", name)
    notes = [note] if note else []
    if already:
        notes.append(f"{already} of {len(image.layers)} layers were in the engine's store already, for another image")
    if not pull.download:
        notes.append(f"{engine.name} does not tell when it had all bytes: the pull is one phase")
    return Pass(pull, run, more, tuple(notes), plain=bool(pull.download) and not already)


def _pulled(engine: Engine, name: str) -> tuple[Pull, int]:
    """Pull, and tell by what the engine prints when it had all (0: it does not say), and how many layers it had."""
    plain = ["--tls-verify=false"] if engine.name == "podman" else []
    plain += ["--insecure-registry"] if engine.name == "nerdctl" else []
    command = ("pull", *plain, name)
    began = time.monotonic()
    downloaded, already, said = 0.0, 0, b""
    with subprocess.Popen(  # noqa: S603 -- an engine
        [engine.program, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            for line in cast("IO[bytes]", process.stdout):
                said = (said + line)[-4096:]
                for _, status in _STATUS.findall(line):
                    already += status == b"Already exists"
                    if status == b"Download complete":
                        downloaded = time.monotonic() - began
            code = process.wait()
        except BaseException:
            process.kill()
            raise
    if code:
        raise failed(engine, command, said)
    total = time.monotonic() - began
    return Pull(downloaded, total - downloaded if downloaded else 0.0, total), already


# --- imports ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Imports:
    """What a Python service imports until it is ready, from a run of its own (measuring makes it slower).

    Attributes:
        packages: slowest first.
        seconds: of all.
        ready: seconds to ready of that run.
    """

    packages: tuple[Imported, ...]
    seconds: float
    ready: float


def with_import_times(workload: Workload) -> Workload:
    """Return a workload that has CPython print its import times, and asks nothing."""
    return replace(workload, probes=(), env={**workload.env, VARIABLE: "1"})


def imports_of(result: RunResult) -> Imports | None:
    """Return what a run under :func:`with_import_times` told; None when it is no Python, several, or not ready."""
    packages, seconds = read_import_times(result.output)
    if not packages or not result.ready or result.output.count(_HEAD) > 1:  # several processes cannot be told apart
        return None
    return Imports(packages, seconds, result.ready_seconds)
