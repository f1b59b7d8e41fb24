"""The modules that the code of a context imports from elsewhere, and the distributions that bring them."""

import os
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from jettison.dockerfile.project.facts import GUARDS, Code, CodeFile, Guard, Import
from jettison.dockerfile.project.modules import DISTRIBUTIONS, distribution_of, distributions_of, known_as
from jettison.dockerfile.project.text import Place

MAX_PLACES = 20
# In the standard library until 3.11 or 3.12, and so of no distribution that a requirements file would name.
_GONE = frozenset(
    """
    distutils imp asyncore asynchat smtpd cgi cgitb crypt pipes telnetlib imghdr sndhdr audioop aifc chunk msilib nis
    nntplib ossaudiodev spwd sunau uu xdrlib
    """.split()  # noqa: SIM905 -- read by people
)
STANDARD = frozenset(sys.stdlib_module_names) | _GONE | {"__main__", "__future__"}


@dataclass(frozen=True, slots=True)
class Imported:
    """A module from elsewhere.

    Attributes:
        module: as the table of distributions knows it (``google.cloud.storage``), else its first part.
        distribution: normalised name of what most likely brings it.
        alternates: names of all that may bring it, the likely one first.
        guard: the weakest that stands around any of its imports: "" when one of them must work.
        places: the first few, those with the weakest guard first.
        count: of all places.
        dynamic: whether it is only imported by name at run time.
    """

    module: str
    distribution: str
    alternates: tuple[str, ...]
    guard: Guard
    places: tuple[Place, ...]
    count: int
    dynamic: bool


def imported(code: Code, paths: Collection[str], *, roots: Iterable[str] = ("", "src")) -> tuple[Imported, ...]:
    """Return the modules that code imports from elsewhere, sorted by name; neither the standard library's nor its own.

    A module is the code's own when a file or a package of its name lies beside the importing file, in a folder above
    it, in the folder of a project (with ``pyproject.toml`` or ``setup.py``) or its ``src``, or in one of the roots. A
    folder without ``__init__.py`` is one only where no distribution has that name.

    Args:
        code: what was read.
        paths: all files of the context.
        roots: folders that are on Python's path.
    """
    own = _Own(paths)
    projects = {os.path.dirname(path) for path in paths if os.path.basename(path) in {"pyproject.toml", "setup.py"}}
    places = (*roots, *sorted(projects), *(os.path.join(folder, "src") for folder in sorted(projects)))
    found = dict[str, list[Import]]()
    for file in code.files:
        for item in file.imports:
            for module in _modules(item):
                top = module.partition(".")[0]
                if top not in STANDARD and not own.has(top, file, places):
                    found.setdefault(known_as(module), []).append(item)
    return tuple(_summed(name, found[name]) for name in sorted(found))


def _modules(item: Import) -> Iterator[str]:
    """Give the modules that an import names; ``from google.cloud import storage`` is ``google.cloud.storage``."""
    if item.module.startswith(".") or not item.module:
        return
    known = known_as(item.module)
    names = (f"{item.module}.{name}" for name in item.names if name != "*")
    longer = [name for name in names if known_as(name) != known]
    yield from longer
    if len(longer) < max(len(item.names), 1):
        yield item.module


def _summed(name: str, items: list[Import]) -> Imported:
    ordered = sorted(items, key=lambda item: (GUARDS.index(item.guard), item.place.path, item.place.line))
    places = tuple(dict.fromkeys(item.place for item in ordered))
    dynamic = all(item.dynamic for item in items)
    return Imported(
        name, distribution_of(name), distributions_of(name), ordered[0].guard, places[:MAX_PLACES], len(places), dynamic
    )


class _Own:
    """Which names are modules in which folder of the context."""

    def __init__(self, paths: Collection[str]) -> None:
        self.modules = set[str]()  # paths without suffix, and folders with __init__.py
        self.folders = set[str]()  # folders with any Python file in or below
        for path in paths:
            if not path.endswith((".py", ".pyi", ".so", ".pyx")):
                continue
            folder, name = os.path.split(path)
            stem = name.partition(".")[0]
            self.modules.add(folder if stem == "__init__" else os.path.join(folder, stem))
            while folder and folder not in self.folders:
                self.folders.add(folder)
                folder = os.path.dirname(folder)

    def has(self, top: str, file: CodeFile, roots: Iterable[str]) -> bool:
        """Whether a module is found from a file on, or in a root."""
        folder = os.path.dirname(file.path)
        places = [folder]
        while folder:
            folder = os.path.dirname(folder)
            places.append(folder)
        for place in (*places, *roots):
            path = os.path.join(place, top)
            if path in self.modules or (path in self.folders and not _is_known(top)):
                return True
        return False


def _is_known(top: str) -> bool:
    return top in _COMMON or any(name.partition(".")[0] == top for name in DISTRIBUTIONS)


# Distributions of the same name, which projects also give to folders without __init__.py.
_COMMON = frozenset(("datasets", "evaluate", "tokenizers", "transformers", "diffusers", "docker", "torch", "triton"))
