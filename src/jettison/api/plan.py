"""``plan`` and ``explain``: what would go from an image, and why."""

from jettison.files.read import ReadOptions, read_table
from jettison.files.record import FileTable
from jettison.plan import explain as explaining
from jettison.plan import make
from jettison.plan.explain import Explanation
from jettison.plan.options import DEFAULTS, PlanOptions
from jettison.plan.record import Plan
from jettison.progress import SILENT, Progress
from jettison.sources.open import open_image


def make_plan(
    ref: str,
    *,
    platform: str | None = None,
    planning: PlanOptions = DEFAULTS,
    options: ReadOptions | None = None,
    progress: Progress = SILENT,
) -> Plan:
    """Plan what would go from an image; nothing is changed.

    Args:
        ref: the image.
        platform: which image of an index.
        planning: how far to go, and what the user wants otherwise.
        options: limits of reading and use of the cache.
        progress: told of stored bytes.

    Raises:
        JettisonError: of the family that says what is wrong with the image or the arguments.
    """
    return make.make_plan(_table(ref, platform, options, progress), planning)


def explain(
    ref: str,
    path: str,
    *,
    platform: str | None = None,
    planning: PlanOptions = DEFAULTS,
    options: ReadOptions | None = None,
    progress: Progress = SILENT,
) -> Explanation:
    """Tell why a path of an image stays or goes.

    Args:
        ref: the image.
        path: as the container sees it.
        platform: which image of an index.
        planning: of the plan that is explained.
        options: limits of reading and use of the cache.
        progress: told of stored bytes.

    Raises:
        UsageError: the container sees nothing at ``path``.
        JettisonError: of the family that says what is wrong with the image or the arguments.
    """
    return explaining.explain(_table(ref, platform, options, progress), path, planning)


def _table(ref: str, platform: str | None, options: ReadOptions | None, progress: Progress) -> FileTable:
    return read_table(
        open_image(ref, platform=platform, progress=progress), options=options or ReadOptions(), progress=progress
    )
