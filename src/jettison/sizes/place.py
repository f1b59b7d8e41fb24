"""Where distributions are to run: a Python version, a processor and a C library, without that interpreter at hand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from packaging.tags import Tag, compatible_tags, cpython_tags

from jettison.compose.wheels import NAMED, OLDEST_GLIBC
from jettison.errors import UsageError
from jettison.sizes.record import Libc

MACHINES: Mapping[str, str] = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64"}
ARCHITECTURES: Mapping[str, str] = {"x86_64": "amd64", "aarch64": "arm64"}
DEFAULT_GLIBC = 36  # 2.36: Debian 12; wheels that ask for more are few
DEFAULT_MUSL = 2  # musl 1.2
PATCH = 99  # a marker or Requires-Python that names a patch release asks for an old one to be passed, as a rule


@dataclass(frozen=True, slots=True)
class Place:
    """What wheels are chosen for.

    Attributes:
        python: ``3.11``.
        machine: ``x86_64`` or ``aarch64``.
        libc: ``glibc`` or ``musl``.
        minor: of the C library: 36 stands for glibc 2.36; for musl, 2 stands for 1.2.
    """

    python: str = "3.11"
    machine: str = "x86_64"
    libc: Libc = "glibc"
    minor: int = DEFAULT_GLIBC

    @property
    def architecture(self) -> str:
        """The processor as Debian and OCI name it."""
        return ARCHITECTURES[self.machine]


def make_place(python: str, machine: str = "x86_64", libc: Libc = "glibc", minor: int | None = None) -> Place:
    """Return a place.

    Args:
        python: ``3.11`` or ``3.11.9``; the patch is dropped.
        machine: as uname, Debian or OCI name the processor.
        libc: which C library.
        minor: of the C library; None for the usual one.

    Raises:
        UsageError: no wheels are known for such a place.
    """
    numbers = python.split(".")
    if machine not in MACHINES:
        raise UsageError(f"no wheels are known for the processor {machine[:40]!r}", hint="say x86_64 or aarch64")
    if len(numbers) < 2 or numbers[0] != "3" or not numbers[1].isdecimal() or len(numbers[1]) > 2:  # noqa: PLR2004 -- major, minor
        raise UsageError(f"{python[:40]!r} is no version of Python 3", hint="say it as 3.11")
    usual = DEFAULT_MUSL if libc == "musl" else DEFAULT_GLIBC
    return Place(f"3.{int(numbers[1])}", MACHINES[machine], libc, usual if minor is None else minor)


def _platforms(place: Place) -> Iterator[str]:
    """Give platform tags, best first (PEP 600 and PEP 656)."""
    if place.libc == "musl":
        yield from (f"musllinux_1_{minor}_{place.machine}" for minor in range(place.minor, 0, -1))
    else:
        oldest = OLDEST_GLIBC if place.machine == "x86_64" else min(NAMED)
        for minor in range(place.minor, oldest - 1, -1):
            yield f"manylinux_2_{minor}_{place.machine}"
            if minor in NAMED:
                yield f"{NAMED[minor]}_{place.machine}"
    yield f"linux_{place.machine}"


@cache
def ranks(place: Place) -> Mapping[Tag, int]:
    """Return the wheel tags that the place takes; the lower the rank, the better."""
    version = (3, int(place.python.partition(".")[2]))
    platforms = list(_platforms(place))
    interpreter = f"cp3{version[1]}"
    tags = [*cpython_tags(version, [f"{interpreter}"], platforms), *compatible_tags(version, interpreter, platforms)]
    return {tag: rank for rank, tag in reversed(list(enumerate(tags)))}


@cache
def marker_environment(place: Place) -> Mapping[str, str]:
    """Return the environment in which markers are evaluated (PEP 508)."""
    full = f"{place.python}.{PATCH}"
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": place.machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": full,
        "python_version": place.python,
        "sys_platform": "linux",
    }
