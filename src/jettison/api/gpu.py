"""``gpu``: GPU code by architecture, of an image, a library, or a folder of libraries."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from jettison.elf.bytes import FileBytes
from jettison.elf.facts import ElfFacts
from jettison.elf.parse import MAGIC
from jettison.elf.read import read_facts
from jettison.errors import BadInputError, MachineError
from jettison.files.gpu import GpuReport, GpuRow, make_report, rows_of, table_rows, table_skips
from jettison.files.options import ReadOptions
from jettison.files.read import read_table
from jettison.finding import Skip
from jettison.progress import SILENT, Progress
from jettison.sources.open import open_image

_LAYOUT = ("oci-layout", "index.json")


def gpu(
    ref: str, *, platform: str | None = None, options: ReadOptions | None = None, progress: Progress = SILENT
) -> GpuReport:
    """Report GPU code by architecture and kind.

    Args:
        ref: an image, an ELF file, or a folder (which is searched, symlinks not followed).
        platform: which image of an index.
        options: limits of reading and use of the cache.
        progress: told of bytes.

    Raises:
        JettisonError: of the family that says what is wrong with the image or the arguments.
    """
    path = Path(ref)
    if path.is_dir() and not any((path / name).exists() for name in _LAYOUT):
        return _report(ref, sorted(_files(path)), path, progress)
    if path.is_file() and _is_elf(path):
        return _report(ref, [path], path.parent, progress)
    table = read_table(
        open_image(ref, platform=platform, progress=progress), options=options or ReadOptions(), progress=progress
    )
    disk = sum(file.entry.size for file in table.visible.values() if file.entry.type == "file")
    return make_report(ref, disk, table_rows(table), table_skips(table))


def _files(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def _is_elf(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise MachineError(f"{path}: {error.strerror}") from error


def _report(ref: str, paths: list[Path], base: Path, progress: Progress) -> GpuReport:
    sizes = {path: path.lstat().st_size for path in paths}
    rows: list[GpuRow] = []
    skips: list[Skip] = []
    seen = set()
    with progress.task("reading libraries", sum(sizes.values())) as task:
        for path in paths:
            status = path.lstat()
            key = status.st_dev, status.st_ino
            if key not in seen and _is_elf(path):
                name = os.fspath(path.relative_to(base))
                facts = _facts(path)
                rows += rows_of(name, "", facts)
                skips += [Skip(name, facts.gpu_problem)] if facts.gpu_problem else []
            seen.add(key)
            task.advance(sizes[path])
    return make_report(ref, sum(sizes.values()), rows, skips)


def _facts(path: Path) -> ElfFacts:
    with FileBytes(path) as data:
        try:
            return read_facts(data.read, len(data), likely=True)
        except BadInputError as error:
            return ElfFacts(0, 0, "other", complete=False, problem=error.message, gpu_problem=error.message)
