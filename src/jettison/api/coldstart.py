"""``coldstart``: where the seconds from "pod created" to "first good answer" go."""

from collections.abc import Iterator

from jettison.errors import NotTriedError, UsageError
from jettison.files.read import ReadOptions, read_table
from jettison.files.speed import unpack_speed
from jettison.oci.image import Image
from jettison.plan.coldstart.make import Measured, Rate, make_cold_start
from jettison.plan.coldstart.record import ColdStart
from jettison.plan.make import make_plan
from jettison.progress import SILENT, Progress
from jettison.proof.behaviour import unfit
from jettison.run.coldstart import Pass, asked_twice, pass_embedded, pass_engine, with_import_times
from jettison.run.link import Link, Shape, linked
from jettison.run.rates import known_rate, remember_rate
from jettison.run.sandbox import require
from jettison.run.workload import Workload
from jettison.sources.blobs import contents_of
from jettison.sources.engine.client import find_engine
from jettison.sources.open import open_image

PASSES = 3


def coldstart(
    ref: str,
    *,
    platform: str | None = None,
    workload: Workload | None = None,
    shape: Shape | None = None,
    engine: str = "embedded",
    disk: int = 0,
    passes: int = PASSES,
    options: ReadOptions | None = None,
    progress: Progress = SILENT,
) -> ColdStart:
    """Measure cold starts of an image, and explain them; or only work one out.

    Args:
        ref: the image. It is served from this machine over a link of its own, so one in a registry comes first.
        platform: which image of an index.
        workload: what is started and asked; None for the pull alone.
        shape: of the link.
        engine: ``embedded``, or the engine that pulls and runs.
        disk: bytes a second that the disk of the node writes which the pull is worked out for; 0 for no limit. What is
            measured here is written to this machine's.
        passes: how many cold starts; 0 for the model alone.
        options: limits of reading and use of the cache.
        progress: told of all of it.

    Raises:
        NotTriedError: the workload does not pass.
        UsageError: a number is out of range.
        MachineError: there is no room, sandboxes are forbidden, the engine is not there or has the image already.
    """
    shape, options = shape or Shape(), options or ReadOptions()
    if passes < 0:
        raise UsageError(f"{passes} passes cannot be made")
    if passes and engine == "embedded":
        require()
    image = open_image(ref, platform=platform, progress=progress)
    table = read_table(image, options=options, progress=progress)
    measured, rate = None, known_rate(engine) if options.cache else 0
    if passes:
        served = contents_of(image).image  # with a manifest, and each layer's digest, from here on
        with linked(served, shape) as link:
            found = tuple(_passes(served, link, engine, workload, passes, progress))
        measured = Measured(found, link)
    guess = 0 if rate else unpack_speed(cache=options.cache)
    record = make_cold_start(table, make_plan(table), shape, engine, Rate(rate, guess, disk), measured)
    if record.measured and options.cache:
        remember_rate(engine, record.unpack_rate)
    return record


def _passes(
    image: Image, link: Link, engine: str, workload: Workload | None, passes: int, progress: Progress
) -> Iterator[Pass]:
    """Measure one cold start after another; the first also tells the imports."""
    asked = find_engine(engine) if engine != "embedded" else None
    again = with_import_times(workload) if workload else None
    with progress.task("cold starts", passes, "passes") as task:
        for number in range(passes):
            more = again if number == 0 else None
            if asked:
                one = pass_engine(asked, image, link, workload, again=more, progress=progress)
            else:
                one = pass_embedded(image, link, workload, again=more, progress=progress)
            if workload and one.run and (reason := unfit(asked_twice(workload), one.run)):
                raise NotTriedError(f"workload {workload.name!r} does not pass on {image.name}: {reason}")
            task.advance(1)
            yield one
