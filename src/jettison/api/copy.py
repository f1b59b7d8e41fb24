"""``copy``: an image from one place into another, byte for byte, with its papers; or its layers packed anew."""

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jettison.api.delivery import as_papers, check_free, stage_for
from jettison.api.papers import papers_of_image
from jettison.errors import UsageError
from jettison.layers.table import Compression
from jettison.oci.image import Image
from jettison.progress import SILENT, Progress
from jettison.sources.blobs import Contents, contents_of
from jettison.sources.open import open_image
from jettison.sources.registry.download import own_shelf
from jettison.sources.registry.push import push_image
from jettison.sources.transfer import CopiedBlob, CopyResult, How
from jettison.sources.write import parse_output, write_image
from jettison.storage import scratch_dir

if TYPE_CHECKING:
    from jettison.files.record import FileTable
    from jettison.rebuild.lazy import Lazy


def copy(
    ref: str,
    out: str,
    *,
    platform: str | None = None,
    compression: "Compression | Lazy | None" = None,
    level: int | None = None,
    traces: Sequence[Path] = (),
    force: bool = False,
    progress: Progress = SILENT,
) -> CopyResult:
    """Copy an image; manifest, config and layers keep their bytes, each blob is verified on the way.

    Args:
        ref: the original.
        out: ``oci:DIR``, ``oci-archive:PATH``, ``docker-archive:PATH`` or ``registry:NAME``.
        platform: which image of an index; the others are not copied.
        compression: codec for every layer; then the manifest is another, and all tars and the config stay. None to
            leave each as it is packed. ``zstd:chunked`` and ``estargz`` are for pulling lazily: both give a layer the
            folders that it lacks, eStargz adds files to each; where a tar changed so, the config gets other diff_ids,
            and papers, which tell of the old ones, do not come along.
        level: of the codec.
        traces: files of :mod:`jettison.run.trace`: what they saw opened goes first in eStargz layers, in that order.
        force: replace what is there: a file, a layout, a tag that leads to another image.
        progress: told of bytes.

    Returns:
        What was done.

    Raises:
        UsageError: traces without ``estargz``, or none of their files is in the image.
        JettisonError: of the family that says what is wrong with image, output, registry or machine. Nothing is left
            behind after any of them, and no tag was moved.
    """
    began = time.monotonic()
    output = parse_output(out)
    if traces and compression != "estargz":
        raise UsageError("a trace goes with --compression estargz", hint="no other format has files fetched ahead")
    if not output.remote:
        check_free(output, force=force)
    original = open_image(ref, platform=platform, progress=progress)
    papers = papers_of_image(ref, original.manifest_digest, progress=progress)
    with scratch_dir() as scratch:
        image, notes = original, tuple[str, ...]()
        if compression:
            from jettison.files.read import read_table  # noqa: PLC0415 -- most copies read no layer

            table = read_table(original, progress=progress)
            image, notes = _packed(table, compression, level, traces, scratch, progress)
        if image.config.digest != original.config.digest:
            papers = {}  # they tell of other diff_ids
        made = contents_of(image)
        how = _bring(made.image, out, papers, force=force, progress=progress)
    blobs = _blobs(made, how)
    return CopyResult(
        source=ref,
        out=out,
        digest=made.image.manifest_digest,
        made=made.image.manifest_digest != original.manifest_digest or not original.manifest,
        blobs=blobs,
        size=sum(one.size for one in blobs),
        sent=sum(one.size for one in blobs if one.how in ("written", "sent")),
        papers=tuple(papers),
        seconds=time.monotonic() - began,
        notes=notes,
    )


def _packed(
    table: "FileTable",
    compression: "Compression | Lazy",
    level: int | None,
    traces: Sequence[Path],
    scratch: Path,
    progress: Progress,
) -> tuple[Image, tuple[str, ...]]:
    """Pack the layers anew, and return the image with what there is to say of it."""
    from jettison.api.evidence import load_traces  # noqa: PLC0415 -- most copies read no layer
    from jettison.rebuild.lazy import make_lazy  # noqa: PLC0415 -- as above
    from jettison.rebuild.repack import repack  # noqa: PLC0415 -- as above
    from jettison.run.trace.record import in_order  # noqa: PLC0415 -- as above

    match compression:
        case "none" | "gzip" | "zstd":
            return repack(table, compression, level, scratch=scratch, progress=progress), ()
    first = in_order(load_traces(traces, incomplete=True)) if traces else ()
    made = make_lazy(table, compression, level, first=first, scratch=scratch, progress=progress)
    if first and not made.ahead:
        raise UsageError("no file of the trace is in the image", hint="trace this image: jettison trace")
    ahead = (f"{made.ahead} files go first ({made.ahead_size} bytes)",) if first else ()
    return made.image, (*ahead, *made.notes)


def _bring(image: Image, out: str, papers: Mapping[str, Path], *, force: bool, progress: Progress) -> Mapping[str, How]:
    """Bring an image to its place, and return how the blobs came into a registry; nothing for other places."""
    output = parse_output(out)
    if output.remote:
        attached = as_papers(papers)
        return push_image(image, out, output.name, papers=attached, force=force, progress=progress).blobs
    _write(image, out, papers, force=force, progress=progress)
    return {}


def _write(image: Image, out: str, papers: Mapping[str, Path], *, force: bool, progress: Progress) -> None:
    with stage_for(out, force=force) as stage:
        if papers:
            stage.papers.mkdir()
        for name, path in papers.items():
            shutil.copyfile(path, stage.papers / name)
        fresh = own_shelf().fresh  # verified as they came; what is shared with the cache need not be read again
        known = all(layer.descriptor.digest in fresh for layer in image.layers)
        write_image(image, stage.reference, shown=out, proved=known, progress=progress)
        stage.deliver()


def _blobs(made: Contents, how: Mapping[str, How]) -> tuple[CopiedBlob, ...]:
    config = made.image.config
    sizes = {config.digest: len(config.raw)}
    sizes.update({layer.descriptor.digest: layer.descriptor.size for layer in made.layers})
    return tuple(CopiedBlob(digest, size, how.get(digest, "written")) for digest, size in sizes.items())
