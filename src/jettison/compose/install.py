"""A wheel installed with PyPA's ``installer`` into a tree: nothing of it is run, each hash in its RECORD is checked."""

import errno
import hashlib
import io
import lzma
import os
import posixpath
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from installer import install
from installer.destinations import WheelDestination
from installer.exceptions import InstallerError
from installer.records import Hash, InvalidRecordEntry, RecordEntry
from installer.scripts import Script
from installer.sources import WheelContentElement, WheelFile
from installer.utils import Scheme, construct_record_file, fix_shebang

from jettison.compose.bytecode import Interpreter, Source, cache_path, compile_sources
from jettison.compose.record import Target, Wheel
from jettison.compose.tree import Stored, Tree, is_clean, make_entry
from jettison.errors import BadInputError
from jettison.files.owners.record_digest import PREFIX, write_digest
from jettison.oci.image import Extent

PIECE = 1 << 20
MAX_FILES = 500_000
MAX_SIZE = 50_000_000_000
MAX_RATIO = 200  # deflate reaches 1,032; real wheels stay below 20
GRACE = 1 << 30
_MALFORMED = (
    InstallerError,
    InvalidRecordEntry,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    AssertionError,  # installer's way to say that RECORD lacks a file
    ValueError,
    KeyError,
    EOFError,
    RuntimeError,  # zipfile: encrypted, or a compression that is not built in (NotImplementedError)
)


@dataclass(frozen=True, slots=True)
class Way:
    """How wheels are installed.

    Attributes:
        target: the interpreter they are for.
        interpreter: what makes bytecode; None makes none.
        timestamps: bytecode is checked against its source's mtime, as pip makes it, not left unchecked.
        mtime: seconds since the epoch, of all files.
    """

    target: Target
    interpreter: Interpreter | None
    timestamps: bool
    mtime: int


def scheme_folders(target: Target, name: str) -> dict[str, str]:
    """Return where each part of a wheel goes, relative to the root."""
    prefix = target.folder.partition("/lib/")[0]
    return {
        "purelib": target.folder,
        "platlib": target.folder,
        "scripts": f"{prefix}/bin",
        "data": prefix,
        "headers": f"{prefix}/include/python{target.python}/{name}",
    }


class _Checked(WheelFile):
    """A wheel whose files are checked against its RECORD as they are read."""

    def get_contents(self) -> Iterator[WheelContentElement]:
        """Give the files; each must be read to its end before the next."""
        for record, stream, is_executable in super().get_contents():
            checked = _Hashed(stream)
            yield record, cast("BinaryIO", checked), is_executable
            if record[1] and checked.hexdigest(record[1]) != record[1]:
                raise BadInputError(f"{record[0]} does not match its hash in RECORD")


class _Hashed:
    """A stream that keeps a SHA-256 of what was read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._hash = stream, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes."""
        piece = self._stream.read(size)
        self._hash.update(piece)
        return piece

    def hexdigest(self, claimed: str) -> str:
        """Return the digest in the form of a RECORD, after reading the rest.

        Raises:
            BadInputError: the claim is by an algorithm that RECORDs must not use.
        """
        while self.read(PIECE):
            pass
        if not claimed.startswith(PREFIX):
            raise BadInputError(f"RECORD has a hash that is not sha256: {claimed[:40]!r}")
        return write_digest(f"sha256:{self._hash.hexdigest()}")


class _IntoTree(WheelDestination):
    """Takes the files of a wheel: contents to one spool file, names to a tree."""

    def __init__(self, wheel: Wheel, way: Way, tree: Tree, spool: Path) -> None:
        self.wheel, self.way, self.tree = wheel, way, tree
        self.folders = scheme_folders(way.target, wheel.name)
        self.spool = spool
        self.sources: list[Source] = []
        self.offset = 0

    def write_file(
        self,
        scheme: Scheme,
        path: str | os.PathLike[str],
        stream: BinaryIO,
        is_executable: bool,  # noqa: FBT001 -- installer's protocol
    ) -> RecordEntry:
        """Take one file of the wheel."""
        name = os.fspath(path)
        if scheme == "scripts":
            with tempfile.SpooledTemporaryFile(PIECE, dir=str(self.spool.parent)) as whole:
                shutil.copyfileobj(stream, whole, PIECE)
                with fix_shebang(cast("BinaryIO", whole), self.way.target.interpreter) as fixed:
                    return self._take(scheme, name, fixed, executable=True)
        return self._take(scheme, name, stream, executable=is_executable)

    def write_script(self, name: str, module: str, attr: str, section: Any) -> RecordEntry:
        """Make a console script."""
        file, data = Script(name, module, attr, section).generate(self.way.target.interpreter, "posix")
        return self._take(cast("Scheme", "scripts"), file, io.BytesIO(data), executable=True)

    def _take(self, scheme: Scheme, path: str, stream: BinaryIO, *, executable: bool) -> RecordEntry:
        if not is_clean(path) or any(part.startswith(".wh.") for part in path.split("/")):
            raise BadInputError(f"{path[:200]!r} is a path no wheel may have")
        extent, digest = self._spool(stream)
        where = f"{self.folders[scheme]}/{posixpath.normpath(path)}"
        self._put(where, extent, mode=0o755 if executable else 0o644)
        if where.endswith(".py") and scheme in {"purelib", "platlib"}:
            self.sources.append(Source(extent, where, self.way.mtime if self.way.timestamps else None))
        return RecordEntry(path, Hash.parse(write_digest(digest)), extent.size)

    def _spool(self, stream: BinaryIO) -> tuple[Extent, str]:
        digest, size = hashlib.sha256(), 0
        with open(self.spool, "ab") as file:
            while piece := stream.read(PIECE):
                digest.update(piece)
                size += file.write(piece)
        extent = Extent(str(self.spool), self.offset, size)
        self.offset += size
        return extent, f"sha256:{digest.hexdigest()}"

    def _put(self, path: str, extent: Extent, *, mode: int = 0o644) -> None:
        entry = make_entry(path, "file", mode=mode, size=extent.size, mtime=self.way.mtime)
        self.tree.put(entry, Stored(extent), owner=self.wheel.name)

    def finalize_installation(
        self, scheme: Scheme, record_file_path: str, records: Iterable[tuple[Scheme, RecordEntry]]
    ) -> None:
        """Write RECORD, bytecode included, and the bytecode."""
        lines = list(records)
        lines += [(scheme, RecordEntry(path, None, None)) for path in self._compile(scheme)]
        base = self.folders[scheme]

        def prefix(of: Scheme) -> str | None:
            return None if of == scheme else posixpath.relpath(self.folders[of], base) + "/"

        lines.sort(key=lambda line: line[1].path)
        with construct_record_file(lines, prefix) as stream:
            extent, _ = self._spool(stream)
        self._put(f"{base}/{record_file_path}", extent)

    def _compile(self, scheme: Scheme) -> list[str]:
        if self.way.interpreter is None or not self.sources:
            return []
        self.sources.sort(key=lambda source: source.name)
        output = self.spool.with_suffix(".pyc")
        made = []
        for source, extent in zip(
            self.sources, compile_sources(self.way.interpreter, self.sources, output), strict=True
        ):
            if extent is not None:
                path = cache_path(source.name, self.way.target.python)
                self._put(path, extent)
                made.append(posixpath.relpath(path, self.folders[scheme]))
        return made


def check_size(names: Collection[zipfile.ZipInfo], stored: int) -> int:
    """Return the bytes a wheel unpacks to.

    Raises:
        BadInputError: it is larger than any wheel, or has a name twice.
    """
    total = sum(info.file_size for info in names)
    if len(names) > MAX_FILES or total > MAX_SIZE or (total > GRACE and total > MAX_RATIO * stored):
        raise BadInputError(f"{len(names)} files, {total} bytes from {stored}: no wheel is like that")
    if len({info.filename for info in names}) != len(names):
        raise BadInputError("a name comes twice")
    return total


def unpacked_size(path: Path, wheel: Wheel) -> int:
    """Return the bytes a wheel unpacks to, from its directory.

    Raises:
        BadInputError: it is no zip file, or no wheel is like that.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return check_size(archive.infolist(), wheel.size)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BadInputError(f"{wheel.filename}: not a wheel: {error}") from error
    except BadInputError as error:
        raise BadInputError(f"{wheel.filename}: {error.message}") from error


def install_wheel(path: Path, wheel: Wheel, way: Way, tree: Tree, spool: Path) -> None:
    """Install a wheel into a tree; contents go to ``spool``, a new file.

    Raises:
        BadInputError: the wheel is malformed or hostile: paths that leave its folder, a RECORD that lies, a bomb.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            check_size(archive.infolist(), wheel.size)
            archive.filename = wheel.filename  # the cache names files by hash; installer reads the name
            source = _Checked(archive)
            source.validate_record(validate_contents=False)
            spool.write_bytes(b"")
            install(source, _IntoTree(wheel, way, tree, spool), {"INSTALLER": b"jettison\n"})
    except BadInputError as error:
        raise BadInputError(f"{wheel.filename}: {error.message}") from error
    except _MALFORMED as error:
        raise BadInputError(f"{wheel.filename}: {str(error) or type(error).__name__:.300}") from error
    except OSError as error:
        if error.errno == errno.EINVAL:
            raise BadInputError(f"{wheel.filename}: a place in its directory is outside the file") from error
        if error.errno is None:  # not the machine's: how bz2 says that data is malformed
            raise BadInputError(f"{wheel.filename}: {error}") from error
        raise
