"""``diff``: two images by owner, kind and path."""

from jettison.files.diff import ImageDiff, make_diff
from jettison.files.read import ReadOptions, read_table
from jettison.progress import SILENT, Progress
from jettison.sources.open import open_image


def diff(
    before: str,
    after: str,
    *,
    platform: str | None = None,
    options: ReadOptions | None = None,
    progress: Progress = SILENT,
) -> ImageDiff:
    """Compare what the containers of two images see.

    Args:
        before: reference of the first image.
        after: reference of the second.
        platform: which image of an index, for both.
        options: limits and use of the cache.
        progress: told of stored bytes.

    Raises:
        JettisonError: of the family that says what is wrong with an image.
    """
    tables = [
        read_table(open_image(ref, platform=platform, progress=progress), options=options, progress=progress)
        for ref in (before, after)
    ]
    return make_diff(tables[0], tables[1])
