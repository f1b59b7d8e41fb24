"""conda packages: one JSON record a package in ``conda-meta`` of each environment."""

import json
from typing import Any

from jettison.files.owners.claims import Claims, Rootfs, inside
from jettison.files.record import Owner
from jettison.finding import Skip


def claim_conda(rootfs: Rootfs) -> Claims:
    """Read the conda-meta records of every environment."""
    owners: dict[str, Owner] = {}
    paths: dict[str, str] = {}
    skips: list[Skip] = []
    for record in rootfs.texts:
        folder, _, name = record.rpartition("/")
        if not (name.endswith(".json") and (folder == "conda-meta" or folder.endswith("/conda-meta"))):
            continue
        prefix = folder.rpartition("/")[0]
        try:
            document = json.loads(rootfs.text(record))
            owner = _owner(document, record, prefix, owners)
            files = [str(path) for path in document.get("files") or ()]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            skips.append(Skip(record, f"not a conda record ({type(error).__name__}); its files count as nobody's"))
            continue
        owners[owner.key] = owner
        paths[record] = owner.key
        for path in files:
            joined = inside(prefix, path)
            if joined is None or not joined.startswith(f"{prefix}/" if prefix else ""):
                continue
            real = rootfs.real(joined)
            if real is not None:
                paths.setdefault(real, owner.key)
    return Claims(tuple(owners.values()), paths, skips=tuple(skips))


def _owner(document: Any, record: str, prefix: str, taken: dict[str, Owner]) -> Owner:
    name = document["name"]
    if not isinstance(name, str) or not name:
        raise ValueError(name)
    key = f"conda:{name}"
    if key in taken:
        key = f"conda:{name}@{prefix}"
    if key in taken:
        key = f"conda:{name}@{record}"
    depends = (str(each).split()[:1] for each in document.get("depends") or ())
    return Owner(
        key=key,
        type="conda",
        name=name,
        version=str(document.get("version", "")),
        record=record,
        depends=tuple(dict.fromkeys(tuple(words) for words in depends if words)),
    )
