"""Edits of package databases: any bytes are edited without an error, and nothing is added."""

from jettison.elf.scripts import parse_script
from jettison.plan.content import content_of
from jettison.plan.texts import edit_alternatives, edit_diversions, edit_list, edit_record, edit_status, edit_sums

CORPUS = (
    b"Package: a\nStatus: install ok installed\nArchitecture: amd64\n\nPackage: b\n\n",
    b"auto\n/usr/bin/x\n\n/usr/bin/a\n10\n/usr/bin/b\n20\n\n",
    b'd/a.py,sha256=x,1\n"d/b,c.py",,\n',
    b"/usr/bin/a\n/usr/bin/a.real\npackage\n",
    b"#!/bin/sh\nexec x\n",
)


def run(data: bytes) -> None:
    """Edit the input as each kind of database; half of all paths go."""

    def lost(path: str) -> bool:
        return len(path) % 2 == 0

    removed = frozenset({"a", "package"})
    results = (
        edit_status(data, removed, removed),
        edit_list(data, lost),
        edit_sums(data, lost, {}),
        edit_diversions(data, removed),
        edit_alternatives(data, lost),
        edit_record(data, "usr/lib/site", lost, {}),
    )
    if any(len(result) > len(data) + 2 for result in results):
        raise AssertionError(data)
    edit_sums(data, lost, {"usr/bin/x": content_of(data)})
    edit_record(data, "usr/lib/site", lost, {"usr/lib/site/x.py": content_of(data)})
    parse_script(data)
