"""An image and the folder of its papers (plan, removal list, proof), put in place together or not at all."""

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jettison.errors import MachineError, UsageError
from jettison.sources.write import Output, parse_output
from jettison.storage import fsync_dir

SUFFIX = ".jettison"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Stage:
    """A folder beside an output, in which image and papers are made before they take their places.

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
        name = f":{self.output.name}" if self.output.name else ""
        return f"{self.output.kind}:{self.image}{name}"

    @property
    def papers(self) -> Path:
        """Where the papers are made."""
        return self.folder / "papers"

    def deliver(self) -> None:
        """Put papers and image in their places; what was there before comes back when that fails.

        Raises:
            UsageError: something came to be there meanwhile, and it may not be replaced.
        """
        check_free(self.output, force=self.force)
        with contextlib.ExitStack() as undo:
            _place(self.papers, papers_of(self.output), self.folder / "old-papers", undo)
            _place(self.image, self.output.path, self.folder / "old-image", undo)
            undo.pop_all()
        fsync_dir(self.output.path.parent)


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
        UsageError: the reference is wrong, its folder does not exist, or something is there already.
        MachineError: there is no room, or no right to write.
    """
    output = parse_output(out)
    check_free(output, force=force)
    with told_if_full(output.path):
        folder = Path(tempfile.mkdtemp(prefix=f".{output.path.name}.", suffix=".part", dir=output.path.parent))
    try:
        yield Stage(output, folder, force)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_free(output: Output, *, force: bool) -> None:
    """Refuse an output that cannot be put in its place, before any work.

    Raises:
        UsageError: its folder does not exist, something is there and ``force`` is False, or a folder is there that
            is no image layout.
    """
    path = output.path
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is no folder", hint="make it first")
    for place in (path, papers_of(output)):
        if os.path.lexists(place) and not force:
            raise UsageError(f"{place} exists", hint="choose another output, or add --force")
    if path.is_dir() and any(path.iterdir()) and (output.kind != "oci" or not (path / "oci-layout").is_file()):
        raise UsageError(f"{path} is a folder that is no image layout; it is not replaced", hint="choose another")


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


def _place(made: Path, path: Path, aside: Path, undo: contextlib.ExitStack) -> None:
    if os.path.lexists(path):
        os.rename(path, aside)
        undo.callback(os.rename, aside, path)
    os.rename(made, path)
    undo.callback(os.rename, path, made)
