"""``jettison verify-image``: recompute every digest, diff_id and size of an image from its bytes."""

from jettison.layers.limits import Limits
from jettison.progress import SILENT, Progress
from jettison.proof.digests import DigestReport, recompute


def verify_image(
    ref: str, *, platform: str | None = None, limits: Limits | None = None, progress: Progress = SILENT
) -> DigestReport:
    """Recompute everything that an image says about itself.

    Args:
        ref: the reference.
        platform: ``os/architecture[/variant]``; default every image of an index that is there.
        limits: what a layer may unpack to.
        progress: told the stored bytes of layers as they are read.

    Returns:
        What was recomputed, and every mismatch; the verdict is ``held`` when there is none.

    Raises:
        UsageError: the reference is wrong, or no image has that tag or platform.
        BadInputError: nothing can be read at all.
        RefusedError: the image is well-formed and not handled; the message says why.
    """
    return recompute(ref, platform=platform, limits=limits, progress=progress)
