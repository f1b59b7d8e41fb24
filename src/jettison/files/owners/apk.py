"""Alpine packages: the installed database (apk-tools, doc/apk-v2.5.scd: one letter a field, F directories, R files)."""

import re
from collections.abc import Iterator

from jettison.files.owners.claims import Claims, Rootfs, inside
from jettison.files.record import Owner
from jettison.finding import Skip

_DATABASES = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
_CONSTRAINT = re.compile(r"[<>=~@].*")


def claim_apk(rootfs: Rootfs) -> Claims:
    """Read apk's installed database: packages and their files."""
    database = next((path for path in _DATABASES if path in rootfs.texts), None)
    if database is None:
        return Claims()
    owners: dict[str, Owner] = {}
    paths: dict[str, str] = {}
    bad = 0
    for block in rootfs.text(database).split("\n\n"):
        fields = {line[0]: line[2:] for line in block.splitlines() if line[1:2] == ":" and line[0] not in "FRMaZ"}
        if not fields.get("P"):
            bad += bool(block.strip())
            continue
        owner = _owner(fields, database)
        owners.setdefault(owner.key, owner)
        for path in _files(block):
            real = rootfs.real(path)
            if real is not None:
                paths.setdefault(real, owner.key)
    skips = (Skip(database, f"{bad} blocks without a package name; their files count as nobody's"),) if bad else ()
    return Claims(tuple(owners.values()), paths, skips=skips)


def _owner(fields: dict[str, str], record: str) -> Owner:
    name, origin = fields["P"], fields.get("o", "")
    depends = (_CONSTRAINT.sub("", word) for word in fields.get("D", "").split() if not word.startswith("!"))
    return Owner(
        key=f"apk:{name}",
        type="apk",
        name=name,
        version=fields.get("V", ""),
        record=record,
        depends=tuple((each,) for each in dict.fromkeys(depends) if each),
        provides=tuple(_CONSTRAINT.sub("", word) for word in fields.get("p", "").split()),
        source="" if origin == name else origin,
    )


def _files(block: str) -> Iterator[str]:
    folder = ""
    for line in block.splitlines():
        if line.startswith("F:"):
            folder = line[2:]
        elif line.startswith("R:") and (path := inside("", f"/{folder}/{line[2:]}")):
            yield path
