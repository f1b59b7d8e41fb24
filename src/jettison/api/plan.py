"""``plan`` and ``explain``: what would go from an image, and why."""

from collections.abc import Sequence

from jettison.files.read import ReadOptions, read_table
from jettison.files.record import FileTable
from jettison.plan import explain as explaining
from jettison.plan import make
from jettison.plan.explain import Explanation
from jettison.plan.record import Plan
from jettison.progress import SILENT, Progress
from jettison.sources.open import open_image


def make_plan(
    ref: str,
    *,
    platform: str | None = None,
    tier: int = 1,
    keep: Sequence[str] = (),
    drop: Sequence[str] = (),
    options: ReadOptions | None = None,
    progress: Progress = SILENT,
) -> Plan:
    """Plan what would go from an image; nothing is changed.

    Args:
        ref: the image.
        platform: which image of an index.
        tier: how far to go: 0 lossless, 1 build-only.
        keep: what stays: path globs, ``owner:TYPE/NAME``, ``kind:NAME``.
        drop: what goes besides.
        options: limits of reading and use of the cache.
        progress: told of stored bytes.

    Raises:
        JettisonError: of the family that says what is wrong with the image or the arguments.
    """
    return make.make_plan(_table(ref, platform, options, progress), tier=tier, keep=keep, drop=drop)


def explain(
    ref: str,
    path: str,
    *,
    platform: str | None = None,
    tier: int = 1,
    keep: Sequence[str] = (),
    drop: Sequence[str] = (),
    options: ReadOptions | None = None,
    progress: Progress = SILENT,
) -> Explanation:
    """Tell why a path of an image stays or goes.

    Args:
        ref: the image.
        path: as the container sees it.
        platform: which image of an index.
        tier: of the plan that is explained.
        keep: as for :func:`make_plan`.
        drop: likewise.
        options: limits of reading and use of the cache.
        progress: told of stored bytes.

    Raises:
        UsageError: the container sees nothing at ``path``.
        JettisonError: of the family that says what is wrong with the image or the arguments.
    """
    return explaining.explain(_table(ref, platform, options, progress), path, tier=tier, keep=keep, drop=drop)


def _table(ref: str, platform: str | None, options: ReadOptions | None, progress: Progress) -> FileTable:
    return read_table(open_image(ref, platform=platform), options=options or ReadOptions(), progress=progress)
