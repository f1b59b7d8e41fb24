"""What package records say must be as true of the new image as it was of the old one: scanners read them."""

import csv
import re
from collections.abc import Iterator, Mapping

from jettison.files.owners.claims import inside
from jettison.files.owners.record_digest import PREFIX, read_digest
from jettison.files.record import NOBODY
from jettison.proof.checks import told
from jettison.proof.record import Check
from jettison.proof.view import View

_RECORD = ".dist-info/RECORD"
_LISTS = ("var/lib/dpkg/info/", "var/lib/dpkg/status.d/")
_NUMBER = re.compile(r"[0-9]{1,20}\Z")
_SUM_COLUMNS = 34  # 32 hexadecimal digits and two spaces


def check_distributions(old: View, new: View) -> Check:
    """Check the RECORD of every Python distribution that is left.

    Every file it names is there, with the digest and size it states. What was untrue of the original already is counted
    in the detail, and is no failure.

    Args:
        old: rootfs of the original.
        new: rootfs of the new image.
    """
    before, after = _untrue(old), _untrue(new)
    records = sum(path.endswith(_RECORD) for path in new.table.texts)
    detail = f"{records} RECORD files name what is there"
    if before:
        detail += f"; {len(before)} of the original's lines were untrue"
    return told("distributions", detail, (text for key, text in after.items() if key not in before))


def _untrue(view: View) -> Mapping[tuple[str, str], str]:
    """Return what is wrong with RECORDs, by RECORD and the path a line names."""
    return {
        (record, name): f"{record}: {problem}"
        for record, content in view.table.texts.items()
        if record.endswith(_RECORD)
        for name, problem in _check_record(view, record, content)
    }


def _check_record(view: View, record: str, content: bytes) -> Iterator[tuple[str, str]]:
    site = record.rpartition("/")[0].rpartition("/")[0]
    lines = content.decode("utf-8", "surrogateescape").splitlines()
    try:
        for row in csv.reader(lines):
            if row and (problem := _check_row(view, site, row)):
                yield row[0], problem
    except csv.Error as error:
        yield "", f"malformed: {error}"


def _check_row(view: View, site: str, row: list[str]) -> str:
    """Return what is wrong with one line, or ``""``."""
    path = inside(site, row[0])
    real = view.resolve(path) if path is not None else None
    if real is None:
        return f"it names {row[0]}, which is not there"
    node = view.nodes[real]
    digest = row[1] if len(row) > 1 else ""
    if digest.startswith(PREFIX) and node.type == "file" and read_digest(digest) != node.digest:
        return f"{row[0]} has another digest than it states"
    size = row[2] if len(row) > 2 else ""  # noqa: PLR2004 -- path, digest, size
    if _NUMBER.match(size) and node.type == "file" and int(size) != node.size:
        return f"{row[0]} has {node.size} bytes, it states {size}"
    return ""


def check_packages(old: View, new: View) -> Check:
    """Check dpkg's lists, and that nothing stays of a package whose records are gone.

    A file that a list or md5sums names, and that was there, still is. A file that a package brought is still accounted
    for: its package's record is there.

    Args:
        old: rootfs of the original.
        new: rootfs of the new image.
    """
    lists = {path: text for path, text in new.table.texts.items() if path.startswith(_LISTS)}
    problems = [problem for path, text in sorted(lists.items()) for problem in _check_list(old, new, path, text)]
    problems += _orphans(old, new)
    packages = sum(owner.type != "python" for owner in new.table.owners.values())
    return told("packages", f"{packages} packages recorded, {len(lists)} lists name what is there", problems)


def _check_list(old: View, new: View, name: str, content: bytes) -> Iterator[str]:
    for line in content.decode("utf-8", "surrogateescape").splitlines():
        listed = f"/{line[_SUM_COLUMNS:]}" if name.endswith(".md5sums") else line
        path = inside("", listed) if listed.startswith("/") else None
        if path is None:
            continue
        had = old.resolve(path)
        if had is not None and old.nodes[had].type != "dir" and new.resolve(path) is None:
            yield f"{name}: it names {listed}, which is gone"


def _orphans(old: View, new: View) -> Iterator[str]:
    """Yield files whose owner has no record any more; a distribution is known by its record, as its key may change."""
    recorded = {*new.table.owners, *(owner.record for owner in new.table.owners.values() if owner.type == "python")}
    known = {NOBODY} | {key for key, owner in old.table.owners.items() if {key, owner.record} & recorded}
    for path, file in old.table.visible.items():
        if file.owner not in known and file.entry.type != "dir" and path in new.nodes:
            yield f"{path}: it came with {file.owner}, of which no record is left"
