"""Ownership on real records: distributions of this interpreter, and packages of this machine where it has dpkg."""

import os
import sysconfig
from pathlib import Path

import pytest
from tests.helpers.images import File
from tests.helpers.reading import table_of

INFO = Path("/var/lib/dpkg/info")
MOST = 300_000  # bytes of a file taken into the test's image


def members(root: Path, place: str, tops: list[str]) -> list[File | tuple[str, bytes]]:
    """Return files and symlinks below ``root``'s entries ``tops``, as they would lie at ``place`` in an image."""
    found: list[File | tuple[str, bytes]] = []
    for top in tops:
        paths = [root / top, *sorted((root / top).rglob("*"))] if (root / top).is_dir() else [root / top]
        for path in paths:
            name = f"{place}/{path.relative_to(root)}".lstrip("/")
            if path.is_symlink():
                found.append(File(name, type="symlink", link=os.readlink(path)))
            elif path.is_file() and path.stat().st_size < MOST:
                found.append((name, path.read_bytes()))
    return found


def test_installed_distributions_own_all_their_files() -> None:
    """Every file of pytest, pluggy and hypothesis, bytecode included, belongs to the distribution of that name."""
    site = Path(sysconfig.get_paths()["purelib"])
    tops = [path.name for path in site.iterdir() if path.name.startswith(("pytest", "_pytest", "pluggy", "hypothesis"))]
    place = "opt/venv/lib/python3.11/site-packages"
    table = table_of(members(site, place, tops))
    files = [file for file in table.visible.values() if file.entry.type == "file"]
    assert len(files) > 200
    assert [file.path for file in files if not file.owner] == []
    assert table.visible[f"{place}/_pytest/main.py"].owner == "python:pytest"
    assert ("pluggy",) in table.owners["python:pytest"].depends


@pytest.mark.skipif(not (INFO / "coreutils.list").exists(), reason="the machine has no dpkg")
def test_installed_packages_own_all_their_files() -> None:
    """Every file that lies where a package's list says belongs to that package, merged-usr aliases included."""
    status = Path("/var/lib/dpkg/status").read_bytes()
    records = members(Path("/"), "", [f"var/lib/dpkg/info/{name}.list" for name in ("coreutils", "base-files", "bash")])
    links = [Path("/", name) for name in ("bin", "lib")]
    aliases = [File(link.name, type="symlink", link=os.readlink(link)) for link in links if link.is_symlink()]
    listed = [Path(line) for line in (INFO / "coreutils.list").read_text("utf-8").split() if Path(line).is_file()]
    real = sorted({str(path.parent.resolve() / path.name).lstrip("/") for path in listed})
    content = [("var/lib/dpkg/status", status), ("usr/bin/unowned", b"x"), *members(Path("/"), "", real)]
    table = table_of([*aliases, *records, *content])
    mine = [path for path in real if path in table.visible]
    assert len(mine) > 20
    assert {table.visible[path].owner for path in mine} == {"deb:coreutils"}
    assert table.visible["usr/bin/unowned"].owner == ""
