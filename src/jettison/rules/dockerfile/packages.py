"""Operating system packages that a recipe installs, and those that it removes again in the same layer."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.shell.record import ShellWord
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.python_installs import known_text

_MANAGERS = ("apt", "apk", "dnf", "zypper")


@dataclass(frozen=True, slots=True)
class Package:
    """A package that a RUN installs and leaves.

    Attributes:
        name: without version and architecture.
        word: where it stands.
        call: the call that installs it.
        site: the instruction.
    """

    name: str
    word: ShellWord
    call: Call
    site: Site


@functools.lru_cache(maxsize=2)
def packages(case: Case) -> tuple[Package, ...]:
    """Return the packages that RUN instructions install by name; what the same body removes again is left out."""
    return tuple(_packages(case))


def _packages(case: Case) -> Iterator[Package]:
    for site in case.named("RUN"):
        gone = _removed(site)
        for call in site.calls:
            if call.tool not in _MANAGERS or call.action != "install" or call.has("-t", "--virtual"):
                continue
            for word in call.operands:
                name = package_name(known_text(word, site.state))
                if name and name not in gone:
                    yield Package(name, word, call, site)


def package_name(text: str) -> str:
    """Return a package's name without version, release and architecture; empty for files and variables."""
    name = text.partition("=")[0].partition("/")[0].partition(":")[0].rstrip("~<>")
    return "" if not name or name.startswith((".", "$")) or "$" in name else name


def _removed(site: Site) -> frozenset[str]:
    found: set[str] = set()
    for call in site.calls:
        if call.tool in _MANAGERS and call.action in ("remove", "purge", "erase", "autoremove"):
            found |= {package_name(known_text(word, site.state)) for word in call.operands}
    return frozenset(found)
