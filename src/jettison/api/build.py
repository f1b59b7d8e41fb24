"""The verb *build*: an image from a compose file, without a container engine."""

from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

from jettison.compose.document import read_recipe
from jettison.compose.layering import drop_damaged
from jettison.compose.make import compose
from jettison.compose.record import BuildResult, Options
from jettison.errors import BadInputError
from jettison.layers.table import Compression
from jettison.progress import SILENT, Progress
from jettison.sources.write import write_image
from jettison.storage import scratch_dir


def build(
    file: Path,
    out: str,
    *,
    force: bool = False,
    update: bool = False,
    debug: bool = False,
    compression: Compression | None = None,
    level: int | None = None,
    lock: bool = True,
    mirror: str = "",
    cache: bool = True,
    progress: Progress = SILENT,
) -> BuildResult:
    """Compose an image from a TOML file and write it.

    Args:
        file: the compose file.
        out: reference to write: ``oci:DIR``, ``oci-archive:FILE``, ``docker-archive:FILE``.
        force: replace what is there.
        update: choose versions anew although the lock fits.
        debug: add busybox, whatever the file says.
        compression: of new layers; gzip when None.
        level: of the compression.
        lock: use and write the lock beside the file.
        mirror: address of a package archive, in place of the machine's own.
        cache: use and fill the cache of layers.
        progress: told of what is going on.

    Raises:
        JettisonError: as :func:`jettison.compose.make.compose` and :func:`jettison.sources.write.write_image`.
    """
    recipe = read_recipe(file)
    recipe = replace(recipe, debug=recipe.debug or debug)
    options = Options(compression or "gzip", level, update, lock, mirror, cache)
    with scratch_dir() as scratch:
        made = compose(recipe, options, scratch, progress)
        try:
            write_image(made.image, out, force=force, progress=progress)
        except BadInputError:
            if not drop_damaged(made.image):
                raise
            made = compose(recipe, options, Path(mkdtemp(dir=scratch)), progress)
            write_image(made.image, out, force=force, progress=progress)
    return BuildResult(
        out=out,
        name=made.image.tags[0],
        digest=made.image.manifest_digest,
        stored=sum(layer.descriptor.size for layer in made.image.layers),
        size=sum(layer.size for layer in made.layers),
        layers=made.layers,
        below=len(made.image.layers) - len(made.layers),
        resolved=made.resolved,
        skips=made.skips,
        warnings=made.warnings,
    )
