"""Why a path stays or goes."""

import pytest
from tests.helpers.elves import elf_bytes
from tests.helpers.tables import SITE, Deb, Link, debian, distribution, table

from jettison.errors import UsageError
from jettison.files.record import FileTable
from jettison.plan.explain import explain
from jettison.plan.options import PlanOptions

LIB = "usr/lib/x86_64-linux-gnu"


@pytest.fixture
def image() -> FileTable:
    tree = debian(
        Deb("libgomp1", {f"{LIB}/libgomp.so.1": elf_bytes(soname="libgomp.so.1")}),
        Deb("gcc", {"usr/bin/gcc": b"x"}, section="devel"),
        automatic=["libgomp1"],
    )
    tree |= distribution(
        "d", {"d/_x.so": elf_bytes(needed=["libgomp.so.1"]), "d/a.h": b"hh", "d/b.py": b"", "d/LICENSE": b""}
    )
    return table({**tree, "lib": Link("usr/lib"), "app/main.py": b""})


def test_goes(image: FileTable) -> None:
    """What goes is told with its step, rule and reason."""
    found = explain(image, "/usr/bin/gcc")
    assert (found.verdict, found.rule, found.step) == ("goes", "os-packages", "os-packages/deb:gcc")
    assert "gcc" in found.reason
    assert found.size == 1


def test_stays_with_evidence(image: FileTable) -> None:
    """What stays is told with what needs it, up to a root; a path through a symlink is found."""
    for path in (f"{LIB}/libgomp.so.1", "/lib/x86_64-linux-gnu/libgomp.so.1"):
        found = explain(image, path)
        assert (found.verdict, found.path, found.owner) == ("stays", f"{LIB}/libgomp.so.1", "deb:libgomp1")
        assert found.reason == f"{SITE}/d/_x.so needs libgomp.so.1"
        assert found.evidence[-1] == f"{SITE}/d/_x.so stays: it is part of python:d"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("app/main.py", "no package owns it, and no rule takes it"),
        (f"{SITE}/d/b.py", "it is part of python:d, and no rule takes it"),
        (f"{SITE}/d/LICENSE", "licences stay"),
        (f"{SITE}/d-1.0.dist-info/RECORD", "records of the distribution: entry points, licences, version"),
        ("usr/share/doc/libgomp1/copyright", f"it is part of deb:libgomp1, which stays: it holds {LIB}/libgomp.so.1"),
    ],
)
def test_other_reasons(image: FileTable, path: str, reason: str) -> None:
    """Every path that stays has a reason."""
    found = explain(image, path)
    assert (found.verdict, found.reason) == ("stays", reason)


def test_directory(image: FileTable) -> None:
    """Of a directory it is told how much in it goes."""
    found = explain(image, f"{SITE}/d")
    assert found.verdict == "partly"
    assert found.reason.startswith("1 of the 4")
    assert explain(image, "app").verdict == "stays"


def test_keep(image: FileTable) -> None:
    """A keep is a reason."""
    assert explain(image, f"{SITE}/d/a.h").verdict == "goes"
    assert explain(image, f"{SITE}/d/a.h", PlanOptions(keep=("**/a.h",))).reason == "--keep **/a.h"


def test_absent(image: FileTable) -> None:
    """A path that the container does not see is the user's mistake."""
    with pytest.raises(UsageError, match="no/such"):
        explain(image, "/no/such")
