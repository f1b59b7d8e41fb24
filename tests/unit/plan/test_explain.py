"""Why a path stays or goes."""

from pathlib import Path

import pytest
from tests.helpers.elves import elf_bytes
from tests.helpers.images import File
from tests.helpers.slimming import table_of
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


@pytest.mark.parametrize("path", ["/", ".", "/opt", "/o/x/.."])
def test_directories_without_an_entry(tmp_path: Path, path: str) -> None:
    """The root, and folders that only follow from what lies in them, are told of like other folders."""
    files = [File("opt/x/1", b"1"), File("opt/2", b"22"), File("o", type="symlink", link="opt"), File("srv/3", b"3")]
    image = table_of(tmp_path / "old", [files])
    found = explain(image, path, PlanOptions(drop=("/opt/2",)))
    assert (found.verdict, found.kind, found.layer) == ("partly", "directory", 0)
    assert found.size == (3 if "o" in path else 4)
    assert f"1 of the {2 if 'o' in path else 4} entries in it goes" in found.reason
    kept = explain(image, "/srv")
    assert (kept.verdict, kept.reason) == ("stays", "no layer has an entry for it; none of the 1 entries in it goes")


def test_what_a_later_layer_deletes(tmp_path: Path) -> None:
    """Of a path that the container does not see it is told which layer hides it and where its bytes lie."""
    base = [File("usr/bin/vim", b"v" * 9000), File("bin", type="symlink", link="usr/bin"), File("usr/bin/a", b"a")]
    layers = [[*base, File("opt/x/1", b"1"), File("opt/x/2", b"22")], [File("usr/bin/.wh.vim"), File("opt/.wh.x")]]
    image = table_of(tmp_path / "old", layers)
    for path in ("/usr/bin/vim", "bin/vim"):
        found = explain(image, path)
        assert (found.path, found.verdict, found.step) == ("usr/bin/vim", "goes", "hidden-bytes/layer-0")
        assert (found.layer, found.size) == (0, 9000)
        assert "layer 1 deletes it; its bytes lie in layer 0, and a step takes them" in found.reason
    assert (explain(image, "/opt/x").verdict, explain(image, "/opt/x").size) == ("goes", 3)


def test_patterns_that_name_nothing(image: FileTable) -> None:
    """A pattern that names nothing is told beside the answer."""
    found = explain(image, "/app/main.py", PlanOptions(keep=("/nowhere",)))
    assert [(skip.subject, skip.reason) for skip in found.skips] == [
        ("--keep /nowhere", "it names nothing in this image")
    ]


def test_absent(image: FileTable) -> None:
    """A path that the container does not see is the user's mistake."""
    with pytest.raises(UsageError, match="no/such"):
        explain(image, "/no/such")
