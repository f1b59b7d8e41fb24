"""An image and its papers (plan, removal list, proof), put in place together or not at all.

Beside a file or folder the papers have a folder of their own; in a registry they are attached to the image.
"""

import errno
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jettison.errors import MachineError
from jettison.interrupt import deferred, done
from jettison.outputs import check_place, put, workspace
from jettison.progress import SILENT, Progress
from jettison.sources.open import open_image
from jettison.sources.write import Output, check_output, parse_output
from jettison.storage import fsync_dir, scratch_dir

if TYPE_CHECKING:
    from jettison.sources.registry.referrers import Paper

SUFFIX = ".jettison"
_BYTES = "application/octet-stream"
_TYPES = {".json": "application/json", ".tsv": "text/tab-separated-values"}
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Stage:
    """A folder in which image and papers are made before they take their places: beside a file, else in scratch.

    Attributes:
        output: where the image goes.
        folder: the stage's own.
        force: whether what is at the output may be replaced.
    """

    output: Output
    folder: Path
    force: bool

    @property
    def image(self) -> Path:
        """Where the image is made."""
        return self.folder / "image"

    @property
    def reference(self) -> str:
        """The image's reference while it is on the stage."""
        if self.output.remote or self.output.engine:
            return f"oci:{self.image}"
        name = f":{self.output.name}" if self.output.name else ""
        return f"{self.output.kind}:{self.image}{name}"

    @property
    def target(self) -> str:
        """What the image is called once it is in its place."""
        return f"{self.output.kind}:{self.output.name}" if self.output.engine else str(self.output.path)

    @property
    def papers(self) -> Path:
        """Where the papers are made."""
        return self.folder / "papers"

    def deliver(self, *, progress: Progress = SILENT) -> None:
        """Put papers, where there are any, and image in their places; what was there comes back when that fails.

        Args:
            progress: told the bytes pushed.

        Raises:
            UsageError: something came to be there meanwhile, and it may not be replaced.
            BadInputError, MachineError: as :func:`jettison.sources.registry.push.push_image`.
        """
        if self.output.remote:
            from jettison.sources.registry.push import push_image  # noqa: PLC0415 -- most outputs are files

            files = sorted(self.papers.iterdir()) if self.papers.is_dir() else []
            papers = as_papers({path.name: path for path in files})
            image, name = open_image(self.reference), self.output.name
            push_image(image, f"registry:{name}", name, papers=papers, force=self.force, progress=progress)
            return
        check_free(self.output, force=self.force)
        places, there = {papers_of(self.output): self.papers}, self.papers.exists()
        if self.output.engine:
            from jettison.sources.engine.load import load_image  # noqa: PLC0415 -- most outputs are files

            image, name = open_image(self.reference), self.output.name
            load_image(image, self.output.engine, name, force=self.force, last=False, progress=progress)
        else:
            places[self.output.path] = self.image
        with deferred():
            put(self.folder, {place: made for place, made in places.items() if made.exists()})
            if not there:
                shutil.rmtree(papers_of(self.output), ignore_errors=True)  # those of the image that was replaced
            done(self.target)
        fsync_dir(self.output.path.parent)


def as_papers(files: Mapping[str, Path]) -> "tuple[Paper, ...]":
    """Return files by name as what is attached to an image."""
    from jettison.sources.registry.referrers import Paper  # noqa: PLC0415 -- most outputs are files

    return tuple(Paper(name, _TYPES.get(Path(name).suffix, _BYTES), path.read_bytes()) for name, path in files.items())


def papers_of(output: Output) -> Path:
    """Return the folder of an image's papers: the image's path with :data:`SUFFIX`."""
    return output.path.with_name(output.path.name + SUFFIX)


@contextmanager
def stage_for(out: str, *, force: bool) -> Iterator[Stage]:
    """Give a stage for an output; it is gone when the block is left, however it is left.

    Args:
        out: the reference to write.
        force: replace what is there: a file, an image layout, papers.

    Raises:
        UsageError: the reference is wrong, its folder does not exist, something is there already, or another run is
            writing to it.
        MachineError: there is no room, or no right to write; likewise for what the block does.
    """
    output = parse_output(out)
    check_free(output, force=force)
    if output.remote:
        with scratch_dir() as folder, told_if_full(folder):
            yield Stage(output, folder, force)
        return
    with told_if_full(output.path), workspace(output.path) as folder:
        check_free(output, force=force)  # once more: what a killed run had set aside may be back
        yield Stage(output, folder, force)


def check_free(output: Output, *, force: bool) -> None:
    """Refuse an output that cannot be put in its place, before any work.

    Raises:
        UsageError: its folder does not exist, or something is there that may not be replaced.
    """
    check_output(output, force=force)
    if not output.remote:
        check_place(papers_of(output), force=force)


@contextmanager
def told_if_full(place: Path) -> Iterator[None]:
    """Turn an error of the file system into one that says what to do.

    Args:
        place: what was being written, for the message.

    Raises:
        MachineError: in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        hint = "free some room; nothing was left behind" if error.errno in _NO_ROOM else ""
        raise MachineError(f"{error.filename or place}: {error.strerror or error}", hint=hint) from error
