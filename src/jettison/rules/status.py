"""What dpkg's status says beyond owners: sections, priorities, and which packages were installed by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jettison.files.owners.deb822 import relations, stanzas
from jettison.files.record import FileTable

_FIELDS = frozenset({"package", "section", "priority", "recommends", "status"})
_AUTO = frozenset({"package", "auto-installed"})
BASE_PRIORITIES = frozenset({"required", "important", "standard"})


@dataclass(frozen=True, slots=True)
class Installed:
    """One package.

    Attributes:
        key: its owner's key.
        section: without the archive's area (``non-free/libs`` is ``libs``).
        by_name: somebody asked for it: apt did not install it for another, and it is no part of the base system.
    """

    key: str
    section: str
    by_name: bool


def installed(table: FileTable) -> Mapping[str, Installed]:
    """Return the Debian packages of an image, by owner's key.

    ``var/lib/apt/extended_states`` says which were installed as dependencies; without it, those that another package
    depends on or recommends count so.
    """
    fields = {stanza["package"]: stanza for stanza in _stanzas(table) if "package" in stanza}
    automatic = _automatic(table, fields.values())
    found = {}
    for key, owner in table.owners.items():
        if owner.type == "deb":
            stanza = fields.get(owner.name, {})
            base = owner.essential or stanza.get("priority", "optional") in BASE_PRIORITIES
            section = stanza.get("section", "").rpartition("/")[2]
            found[key] = Installed(key, section, by_name=not base and owner.name not in automatic)
    return found


def _stanzas(table: FileTable) -> Iterable[Mapping[str, str]]:
    for path, text in table.texts.items():
        if path == "var/lib/dpkg/status" or (path.startswith("var/lib/dpkg/status.d/") and "md5sums" not in path):
            yield from stanzas(text.decode("utf-8", "surrogateescape"), _FIELDS)


def _automatic(table: FileTable, fields: Iterable[Mapping[str, str]]) -> frozenset[str]:
    states = table.texts.get("var/lib/apt/extended_states")
    if states:
        parsed = stanzas(states.decode("utf-8", "surrogateescape"), _AUTO)
        return frozenset(stanza.get("package", "") for stanza in parsed if stanza.get("auto-installed") == "1")
    names = {
        name for owner in table.owners.values() if owner.type == "deb" for group in owner.depends for name in group
    }
    names.update(name for stanza in fields for group in relations(stanza.get("recommends", "")) for name in group)
    return frozenset(names)
