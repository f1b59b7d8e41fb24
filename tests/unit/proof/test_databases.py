"""Package records that are true, whatever keys their owners get."""

import pytest
from tests.helpers.reading import table_of

from jettison.proof.databases import check_packages
from jettison.proof.view import make_view

FIRST, SECOND = "usr/lib/python3/dist-packages", "usr/local/lib/python3.11/dist-packages"


def _distribution(site: str) -> dict[str, bytes]:
    info = f"{site}/tools-1.dist-info"
    record = b"tools.py,,\n" + b"tools-1.dist-info/METADATA,,\ntools-1.dist-info/RECORD,,\n"
    metadata = b"Metadata-Version: 2.1\nName: tools\nVersion: 1\n"
    return {f"{site}/tools.py": b"", f"{info}/METADATA": metadata, f"{info}/RECORD": record}


@pytest.mark.parametrize(("gone", "left"), [(FIRST, SECOND), (SECOND, FIRST)])
def test_one_of_two_distributions_of_a_name_goes(gone: str, left: str) -> None:
    """The other is still recorded, though its key changes; without its own record it is not."""
    old = table_of({**_distribution(FIRST), **_distribution(SECOND)})
    new = table_of({path: data for path, data in _distribution(left).items() if not path.startswith(gone)})
    assert len(old.owners) == 2
    assert check_packages(make_view(old), make_view(new)).verdict == "held"
    bare = table_of({f"{left}/tools.py": b""})
    check = check_packages(make_view(old), make_view(bare))
    assert check.problems[0].startswith(f"{left}/tools.py: it came with python:tools")
