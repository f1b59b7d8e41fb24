"""The records of composing: what a compose file says, what was resolved from it, what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from jettison.finding import Skip
from jettison.layers.table import Compression
from jettison.oci.image import Image

Style = Literal["lean", "naive"]
FileLayer = Literal["model", "code"]

HOST = "host"


@dataclass(frozen=True, slots=True)
class DebianBase:
    """A base made of Debian (or Ubuntu) packages.

    Attributes:
        suite: such as ``bookworm``; ``host`` means the one this machine runs.
        components: such as ``main``.
        packages: names whose dependency closure makes the base.
        exclude: names left out, with all that is there only for them.
        mirror: address of an archive; empty means the ones of the machine's own apt configuration.
        keyring: file of keys that must have signed the index; empty means the distribution's own.
        ignore_scripts: packages whose maintainer scripts may be left out although nothing here knows them.
    """

    suite: str = HOST
    components: tuple[str, ...] = ("main",)
    packages: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    mirror: str = ""
    keyring: str = ""
    ignore_scripts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PythonPart:
    """The Python distributions.

    Attributes:
        requirements: the requirements file.
        interpreter: path in the image, such as ``/usr/bin/python3.11``; empty means found.
        target: folder in the image for distributions, relative to the root; empty means the interpreter's own.
        compile: whether bytecode is made.
    """

    requirements: Path
    interpreter: str = ""
    target: str = ""
    compile: bool = True


@dataclass(frozen=True, slots=True)
class FileRule:
    """Files of the user's to put into the image.

    Attributes:
        source: a path or glob, absolute.
        to: absolute path in the image; a folder when it ends in ``/`` or the source is a folder or a glob.
        mode: permission bits; None keeps 0755 for executables and 0644 for the rest.
        uid: numeric owner.
        gid: numeric group.
        layer: ``model`` or ``code``; empty means by the file's suffix.
    """

    source: str
    to: str
    mode: int | None = None
    uid: int = 0
    gid: int = 0
    layer: FileLayer | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the image's config says of the process; None or empty where the compose file says nothing."""

    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    workdir: str = ""
    ports: tuple[str, ...] = ()
    healthcheck: tuple[str, ...] = ()
    health_start: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A compose file, read and checked.

    Attributes:
        path: the file.
        name: tag of the image.
        style: ``lean`` or ``naive``.
        debug: add busybox and its shell.
        lock: write and use a lock beside the file.
        max_layers: the most layers the image may have.
        base: reference of a base image; empty when ``debian`` is given.
        debian: the base made of packages; None when ``base`` is given.
        python: None when there are no distributions.
        files: in order; later ones win.
        runtime: what the config says.
    """

    path: Path
    name: str
    style: Style = "lean"
    debug: bool = False
    lock: bool = True
    max_layers: int = 12
    base: str = ""
    debian: DebianBase | None = None
    python: PythonPart | None = None
    files: tuple[FileRule, ...] = ()
    runtime: Runtime = field(default_factory=Runtime)


@dataclass(frozen=True, slots=True)
class Package:
    """A Debian package, chosen.

    Attributes:
        name: of the binary package.
        version: whole.
        architecture: ``amd64``, ``all`` …
        sha256: of the archive file, hexadecimal, from the signed index.
        size: bytes of the archive file.
        part: ``base`` (what a distribution's minimal base image has) or ``more``.
    """

    name: str
    version: str
    architecture: str
    sha256: str
    size: int
    part: Literal["base", "more"] = "base"


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel, chosen.

    Attributes:
        name: normalised name of the distribution.
        version: of the distribution.
        filename: of the wheel.
        sha256: hexadecimal.
        size: bytes.
    """

    name: str
    version: str
    filename: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Listing:
    """An index of packages as a careless image leaves it behind: name under ``var/lib/apt/lists``, SHA-256, bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Target:
    """The interpreter that the distributions are for.

    Attributes:
        python: ``3.11``.
        architecture: as Debian names it: ``amd64``, ``arm64``.
        glibc: ``(2, 36)``.
        interpreter: absolute path in the image.
        folder: where distributions go, relative to the root.
    """

    python: str
    architecture: str
    glibc: tuple[int, int]
    interpreter: str
    folder: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """All that was chosen for a recipe: what a lock holds.

    Attributes:
        suite: the suite by name; empty without packages.
        packages: sorted by name.
        wheels: sorted by name.
        listings: indexes a naive image leaves behind.
        skips: packages of the closure that were left out, and why.
    """

    suite: str = ""
    packages: tuple[Package, ...] = ()
    wheels: tuple[Wheel, ...] = ()
    listings: tuple[Listing, ...] = ()
    skips: tuple[Skip, ...] = ()


@dataclass(frozen=True, slots=True)
class BuiltLayer:
    """One layer of the result.

    Attributes:
        name: ``base``, ``python torch``, ``python (12 small ones)``, ``model``, ``code``.
        digest: of the blob.
        stored: bytes of the blob.
        size: bytes of the uncompressed tar.
        cached: whether it came from the cache.
    """

    name: str
    digest: str
    stored: int
    size: int
    cached: bool


@dataclass(frozen=True, slots=True)
class Options:
    """How to compose, beyond what the file says.

    Attributes:
        compression: of new layers.
        level: its level; None is the codec's default here.
        update: resolve anew although a lock fits.
        lock: write and use a lock.
        mirror: address of an archive that overrides the file's.
        cache: use and fill the user's cache of layers.
    """

    compression: Compression = "gzip"
    level: int | None = None
    update: bool = False
    lock: bool = True
    mirror: str = ""
    cache: bool = True


@dataclass(frozen=True, slots=True)
class Composed:
    """An image made from a recipe; its layers lie in scratch files, in the cache, or in the base image.

    Attributes:
        image: ready to be written.
        layers: what each layer is, base image's layers not included.
        resolved: what was chosen.
        skips: what was left out, and why.
        warnings: what the user should know.
    """

    image: Image
    layers: tuple[BuiltLayer, ...]
    resolved: Resolved
    skips: tuple[Skip, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build gave.

    Attributes:
        out: the reference that was written.
        name: the image's tag.
        digest: of its manifest.
        stored: bytes of all layers as stored: what a pull fetches.
        size: bytes of the new layers uncompressed.
        layers: the new layers, lowest first.
        below: how many layers a base image brought.
        resolved: the packages and wheels in it.
        skips: what was left out, and why.
        warnings: what the user should know.
    """

    out: str
    name: str
    digest: str
    stored: int
    size: int
    layers: tuple[BuiltLayer, ...]
    below: int
    resolved: Resolved
    skips: tuple[Skip, ...]
    warnings: tuple[str, ...]
