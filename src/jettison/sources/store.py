"""Stores: files by name and blobs by digest, in a layout folder or in an archive that is never unpacked."""

import errno
import os
import posixpath
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from jettison.errors import BadInputError, MachineError, RefusedError, UsageError
from jettison.oci.image import Extent
from jettison.sources.tar_index import Member, scan_tar

HOPS_LIMIT = 10
_BLOBS = "blobs/sha256"


class Store(Protocol):
    """Where an image's files lie."""

    @property
    def path(self) -> str:
        """The folder or archive, for messages."""

    def file(self, name: str) -> Extent | None:
        """Return where the bytes of a file lie, by its name relative to the store; None when there is none."""

    def blobs(self) -> Iterator[tuple[str, Extent]]:
        """Give digest (by name, not yet verified) and place of every sha256 blob."""


def blob(store: Store, digest: str) -> Extent | None:
    """Return where a blob lies, by its checked digest; None when the store lacks it."""
    return store.file(f"{_BLOBS}/{digest.removeprefix('sha256:')}")


@dataclass(frozen=True, slots=True)
class FolderStore:
    """A folder; nothing outside it is ever reached through it."""

    path: str

    def file(self, name: str) -> Extent | None:
        """Return where a file lies.

        Raises:
            RefusedError: it is a symlink that leads out of the folder.
            BadInputError: it is no regular file, or links lead in a circle.
            MachineError: it may not be looked at.
        """
        path = os.path.join(self.path, name)
        try:
            real = os.path.realpath(path, strict=True)
            status = os.stat(real)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise BadInputError(f"{path} is a link that leads in a circle") from None
            raise MachineError(f"{path} cannot be read: {error.strerror}") from None
        root = os.path.realpath(self.path)
        if os.path.commonpath([real, root]) != root:
            hint = "make a copy with its links resolved: cp -rL"
            raise RefusedError(f"{path} leads out of the layout, to {real}", hint=hint)
        if not stat.S_ISREG(status.st_mode):
            raise BadInputError(f"{path} is no regular file")
        return Extent(real, 0, status.st_size)

    def blobs(self) -> Iterator[tuple[str, Extent]]:
        """Give every blob whose name is the hex of a sha256 digest."""
        try:
            names = sorted(os.listdir(os.path.join(self.path, _BLOBS)))
        except OSError:
            return
        for name in filter(_is_hex, names):
            extent = self.file(f"{_BLOBS}/{name}")
            if extent is not None:
                yield f"sha256:{name}", extent


@dataclass(frozen=True, slots=True)
class TarStore:
    """An archive.

    Attributes:
        path: of the file.
        members: by name.
        doubled: names that stand in it more than once, so that nobody can say which is meant.
    """

    path: str
    members: Mapping[str, Member]
    doubled: frozenset[str]

    def file(self, name: str) -> Extent | None:
        """Return where a member's content lies; links are followed within the archive.

        Raises:
            BadInputError: links lead in a circle, out of the archive or to nothing; the name stands twice; or the
                member is no regular file.
        """
        here = name
        for _ in range(HOPS_LIMIT):
            member = self.members.get(here)
            if here in self.doubled:
                raise BadInputError(f"{self.path}: {here} stands in the archive more than once")
            if member is None and here == name:
                return None
            if member is None:
                raise BadInputError(f"{self.path}: {name} links to {here}, which is not in the archive")
            if member.kind == "file":
                return Extent(self.path, member.offset, member.size)
            here = self._target(member)
        raise BadInputError(f"{self.path}: {name} is a link that leads in a circle")

    def _target(self, member: Member) -> str:
        if member.kind == "symlink":
            target = posixpath.normpath(posixpath.join(posixpath.dirname(member.name), member.link))
        elif member.kind == "hardlink":
            target = posixpath.normpath(member.link)
        else:
            raise BadInputError(f"{self.path}: {member.name} is no regular file")
        if target.startswith(("/", "../")) or target == "..":
            raise BadInputError(f"{self.path}: {member.name} links out of the archive, to {member.link!r}")
        return target

    def blobs(self) -> Iterator[tuple[str, Extent]]:
        """Give every blob whose name is the hex of a sha256 digest."""
        for name in sorted(self.members):
            folder, _, last = name.rpartition("/")
            if folder == _BLOBS and _is_hex(last) and (extent := self.file(name)):
                yield f"sha256:{last}", extent


def open_store(path: str) -> Store:
    """Open a folder or an archive.

    Raises:
        UsageError: nothing is there.
        BadInputError: it is neither a folder nor a well-formed tar.
        RefusedError: the archive is compressed as a whole.
    """
    if os.path.isdir(path):
        return FolderStore(path)
    if not os.path.lexists(path):
        hint = "an image in an engine or a registry has to be saved first: docker save -o image.tar NAME"
        raise UsageError(f"{path}: no such file or folder", hint=hint)
    members: dict[str, Member] = {}
    doubled = set()
    for member in scan_tar(path):
        if member.name in members and "dir" not in (member.kind, members[member.name].kind):
            doubled.add(member.name)
        members[member.name] = member
    return TarStore(path, members, frozenset(doubled))


def _is_hex(name: str) -> bool:
    return len(name) == 64 and all(letter in "0123456789abcdef" for letter in name)  # noqa: PLR2004 -- sha256 in hex
