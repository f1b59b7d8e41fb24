"""Which interpreter an image has: from its packages before they are unpacked, or from the files of a base image."""

import re
from collections.abc import Sequence

from jettison.compose.record import Package, PythonPart, Target
from jettison.errors import RefusedError, UsageError
from jettison.files.record import FileTable
from jettison.files.resolve import walk

LOCAL = "usr/local/lib/python{}/dist-packages"  # where Debian's interpreter looks for what dpkg did not bring
SITE = "usr/local/lib/python{}/site-packages"
OLD_GLIBC = (2, 17)  # manylinux2014: runs nearly everywhere
_MINIMAL = re.compile(r"python(3\.\d+)-minimal\Z")
_GLIBC = re.compile(r"(\d+)\.(\d+)")
_BINARY = re.compile(r"(usr/local/bin|usr/bin)/python(3\.\d+)\Z")
_MERGED = re.compile(r"\A(bin|sbin|lib(?:64|32|x32|o32)?)/")  # links into /usr on a base of packages
_ARCHITECTURES = {"386": "i386", "arm": "armhf"}


def target_of_packages(packages: Sequence[Package], part: PythonPart) -> Target:
    """Return the interpreter that packages bring.

    Raises:
        UsageError: they bring none, or several and the compose file does not say which.
        RefusedError: there is no GNU C library to run wheels on.
    """
    named = re.search(r"python(3\.\d+)\Z", part.interpreter)
    versions = sorted({match[1] for package in packages if (match := _MINIMAL.match(package.name))}, key=_order)
    if named and named[1] in versions:
        versions = [named[1]]
    if len(versions) != 1:
        raise UsageError(
            f"[debian] packages bring {len(versions)} interpreters ({', '.join(versions) or 'none'}), not one",
            hint="list python3-minimal and libpython3-stdlib, or say which: [python] interpreter",
        )
    libc = next((package for package in packages if package.name == "libc6"), None)
    match = _GLIBC.match(libc.version) if libc else None
    if libc is None or match is None:
        raise RefusedError("the packages bring no libc6, and wheels are built for the GNU C library")
    return Target(
        python=versions[0],
        architecture=libc.architecture,
        glibc=(int(match[1]), int(match[2])),
        interpreter=part.interpreter or f"/usr/bin/python{versions[0]}",
        folder=_MERGED.sub(r"usr/\1/", part.target) or LOCAL.format(versions[0]),
    )


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def target_of_image(table: FileTable, part: PythonPart) -> Target:
    """Return the interpreter that a base image has.

    Raises:
        UsageError: it has none where interpreters lie, or several.
        RefusedError: it stands on musl.
    """
    found = sorted(
        (match[1], match[2])
        for path, file in table.visible.items()
        if (match := _BINARY.match(path)) and file.entry.type == "file"
    )
    named = re.search(r"python(3\.\d+)\Z", part.interpreter)
    if named:
        found = [(part.interpreter.strip("/").rpartition("/")[0], named[1])]
    local = [pair for pair in found if pair[0] == "usr/local/bin"]
    found = local or found  # on python images /usr/local/bin is the one on the path
    if len(found) != 1:
        raise UsageError(
            f"the base image has {len(found)} interpreters ({', '.join('/'.join(pair) for pair in found) or 'none'})",
            hint='say which: [python] interpreter = "/usr/bin/python3.11"',
        )
    folder, python = found[0]
    default = (SITE if folder == "usr/local/bin" else LOCAL).format(python)
    kind = table.image.config.platform.architecture
    return Target(
        python=python,
        architecture=_ARCHITECTURES.get(kind, kind),
        glibc=_glibc(table),
        interpreter=part.interpreter or f"/{folder}/python{python}",
        folder=_real(table, part.target or default),
    )


def _real(table: FileTable, folder: str) -> str:
    """Return a folder with links in it followed: a layer that has the link as a folder would take the link away."""
    real = walk(lambda path: file.entry if (file := table.visible.get(path)) else None, folder)
    if real is None:
        raise UsageError(f"[python] target: /{folder} leads through something that is no folder in the base image")
    return real


def _glibc(table: FileTable) -> tuple[int, int]:
    libc = table.owners.get("deb:libc6")
    match = _GLIBC.match(libc.version) if libc else None
    if match:
        return int(match[1]), int(match[2])
    if any(re.search(r"(?:^|/)ld-musl-", path) for path in table.visible):
        raise RefusedError("the base image stands on musl, and the wheels fetched here are for the GNU C library")
    return OLD_GLIBC
