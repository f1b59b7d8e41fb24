"""What CPython's ``-X importtime`` tells: seconds by module (docs.python.org, using/cmdline.html#cmdoption-X)."""

import re
from dataclasses import dataclass

VARIABLE = "PYTHONPROFILEIMPORTTIME"
_LINE = re.compile(rb"import time:\s+(\d{1,12}) \|\s+(\d{1,12}) \| ( *)([^\s|]{1,200})\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Imported:
    """A package, with everything below it, as far as the program imported it first.

    Attributes:
        name: of the top package.
        seconds: spent in its modules themselves, not in those of other packages that they import.
        modules: how many of it were imported.
    """

    name: str
    seconds: float
    modules: int


def read_import_times(output: bytes) -> tuple[tuple[Imported, ...], float]:
    """Read what was printed, other lines left out.

    Args:
        output: of a Python program, whole or its end.

    Returns:
        The packages, slowest first, and the seconds of all; nothing when no module is told of.
    """
    own: dict[str, list[float]] = {}
    for self_us, _, _, name in _LINE.findall(output):
        top = name.partition(b".")[0].decode("utf-8", "replace")
        cell = own.setdefault(top, [0.0, 0])
        cell[0] += int(self_us) / 1e6
        cell[1] += 1
    found = tuple(Imported(name, seconds, int(modules)) for name, (seconds, modules) in own.items())
    return tuple(sorted(found, key=lambda one: (-one.seconds, one.name))), sum(one.seconds for one in found)
