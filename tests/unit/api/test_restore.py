"""What comes back of a slimmed image: what was asked for, what that needs, and records that say so."""

import os
from pathlib import Path

import pytest
from tests.helpers.elves import elf_bytes
from tests.helpers.images import File, oci_layout, tar_bytes
from tests.helpers.tables import Deb, Item, Link, debian, distribution

from jettison.api.restore import restore
from jettison.api.slim import SlimOptions, slim
from jettison.api.verify_image import verify_image
from jettison.errors import UsageError
from jettison.files.read import ReadOptions, read_table
from jettison.files.record import FileTable
from jettison.plan.options import PlanOptions
from jettison.proof.databases import check_distributions, check_packages
from jettison.proof.view import make_view
from jettison.sources.open import open_image

LIB = "usr/lib/x86_64-linux-gnu"
FRESH = ReadOptions(cache=False)


def members(tree: dict[str, Item]) -> list[File]:
    made = []
    for path, item in tree.items():
        if isinstance(item, Link):
            made.append(File(path, type="symlink", link=item.to, mtime=3))
        elif isinstance(item, bytes):
            made.append(File(path, item, mode=0o755 if "/bin/" in path else 0o644, uid=7, mtime=5))
    return made


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An image with a package, a library of another, and a distribution, of all of which something can go."""
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    tool = Deb("tool", {"usr/bin/tool": elf_bytes(kind=2, needed=["libt.so.1"]), "usr/share/tool/data": b"d"})
    linked = elf_bytes(soname="libt.so.1")
    library = Deb("libt", {f"{LIB}/libt.so.1.0": linked, f"{LIB}/libt.so.1": Link("libt.so.1.0")})
    rest = Deb("rest", {"usr/bin/rest": b"#!/bin/sh\n"})
    tree = {**debian(tool, library, rest), **distribution("pkg", files={"pkg/__init__.py": b"", "pkg/more.py": b"m"})}
    layers = [[File("usr", type="dir", mode=0o750), *members(tree)], [File("opt/big", b"b" * 9000)]]
    return f"oci:{oci_layout(tmp_path / 'old', [tar_bytes(layer) for layer in layers])}"


def slimmed(old: str, tmp_path: Path, *drop: str) -> str:
    plan = PlanOptions(0, drop=drop)
    assert slim(old, f"oci:{tmp_path / 'slim'}", SlimOptions(plan=plan, reading=FRESH)).delivered
    return f"oci:{tmp_path / 'slim'}"


def table_of(ref: str) -> FileTable:
    return read_table(open_image(ref), options=FRESH)


def test_a_path_comes_back_as_it_was(old: str, tmp_path: Path) -> None:
    """In a layer of its own, above those that stay as they are; owner, mode and time are the original's."""
    new = slimmed(old, tmp_path, "/opt/big", "/usr/share/tool")
    result = restore(new, ["/opt/big"], old, f"oci:{tmp_path / 'out'}", options=FRESH)
    assert set(result.paths) == {"opt/big"}
    before, made = open_image(new), open_image(result.out)
    assert [one.descriptor.digest for one in made.layers[:-1]] == [one.descriptor.digest for one in before.layers]
    assert made.config.process == before.config.process
    views = make_view(table_of(old)), make_view(table_of(result.out))
    assert views[0].nodes["opt/big"] == views[1].nodes["opt/big"]
    assert views[1].nodes.keys() - make_view(table_of(new)).nodes.keys() == {"opt/big"}
    assert verify_image(result.out).verdict == "held"
    assert (result.disk, result.digest) == (9000, made.manifest_digest)


def test_an_owner_comes_back_with_what_it_needs_and_its_records(old: str, tmp_path: Path) -> None:
    """The library that it links, of another package; dpkg's records name what is there, and no more."""
    new = slimmed(old, tmp_path, "owner:deb:tool", "owner:deb:libt")
    assert "usr/bin/tool" not in table_of(new).visible
    result = restore(new, ["deb:tool"], old, f"oci:{tmp_path / 'out'}", options=FRESH)
    made = table_of(result.out)
    assert {"usr/bin/tool", "usr/share/tool/data", f"{LIB}/libt.so.1", f"{LIB}/libt.so.1.0"} <= result.paths.keys()
    assert result.paths[f"{LIB}/libt.so.1.0"] == "/usr/bin/tool needs it"
    assert {"deb:tool", "deb:libt"} <= made.owners.keys()
    view, was = make_view(made), make_view(table_of(old))
    for check in (check_packages(was, view), check_distributions(was, view)):
        assert check.verdict == "held", check.problems


def test_part_of_a_package_comes_back_and_the_rest_stays_gone(old: str, tmp_path: Path) -> None:
    """Its list names the one file."""
    new = slimmed(old, tmp_path, "owner:deb:tool")
    result = restore(new, ["/usr/share/tool/data"], old, f"oci:{tmp_path / 'out'}", options=FRESH)
    made = table_of(result.out)
    assert "usr/bin/tool" not in made.visible
    names = made.texts["var/lib/dpkg/info/tool.list"].split()
    assert b"/usr/share/tool/data" in names
    assert b"/usr/bin/tool" not in names
    view, was = make_view(made), make_view(table_of(old))
    assert check_packages(was, view).verdict == "held"


def test_a_record_of_python_names_what_came_back(old: str, tmp_path: Path) -> None:
    """Exactly as before, once all is back."""
    new = slimmed(old, tmp_path, "**/pkg/more.py")
    record = next(path for path in table_of(old).texts if path.endswith("pkg-1.0.dist-info/RECORD"))
    assert b"more.py" not in table_of(new).texts[record]
    result = restore(new, ["python:pkg"], old, f"oci:{tmp_path / 'out'}", options=FRESH)
    assert result.databases == (record,)
    assert table_of(result.out).texts[record] == table_of(old).texts[record]


def test_without_the_plan_records_stay_and_that_is_said(old: str, tmp_path: Path) -> None:
    """The files come back all the same."""
    new = slimmed(old, tmp_path, "**/pkg/more.py")
    for paper in (tmp_path / "slim.jettison").iterdir():
        paper.unlink()
    result = restore(new, ["**/pkg/more.py"], old, f"oci:{tmp_path / 'out'}", options=FRESH)
    assert result.databases == ()
    assert [skip.subject for skip in result.skips] == ["records of packages"]


@pytest.mark.parametrize(("what", "words"), [("/none", "names nothing"), ("/usr/bin/rest", "has all of it already")])
def test_what_cannot_come_back_is_refused(old: str, tmp_path: Path, what: str, words: str) -> None:
    """Nothing is written."""
    new = slimmed(old, tmp_path, "/opt/big")
    with pytest.raises(UsageError, match=words):
        restore(new, [what], old, f"oci:{tmp_path / 'out'}", options=FRESH)
    assert "out" not in os.listdir(tmp_path)


def test_two_runs_give_one_digest(old: str, tmp_path: Path) -> None:
    """No time of today is in it."""
    new = slimmed(old, tmp_path, "/opt/big")
    digests = {
        restore(new, ["/opt/big"], old, f"oci:{tmp_path / name}", options=FRESH).digest for name in ("one", "two")
    }
    assert len(digests) == 1


def test_all_of_it_gives_the_original_s_files_again(old: str, tmp_path: Path) -> None:
    """Whatever went: to debug with, the slim layers below stay those that a node has."""
    new = slimmed(old, tmp_path, "owner:deb:tool", "owner:deb:libt", "/opt/big", "**/pkg/more.py")
    result = restore(new, ["/**"], old, f"oci:{tmp_path / 'out'}", options=FRESH)
    assert make_view(table_of(result.out)).nodes == make_view(table_of(old)).nodes
