import json
from dataclasses import replace
from pathlib import Path

import pytest

from jettison.compose.lock import input_hash, lock_path, read_lock, write_lock
from jettison.compose.record import DebianBase, Listing, Package, PythonPart, Recipe, Resolved, Wheel
from jettison.errors import UsageError
from jettison.finding import Skip

HEX = "a" * 64
RESOLVED = Resolved(
    "bookworm",
    (Package("libc6", "1:2.36-9+deb12u1~x", "amd64", HEX, 7),),
    (Wheel("torch", "2.13.0+cpu", "torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl", HEX, 9),),
    (Listing("archive_dists_bookworm_main_binary-amd64_Packages.lz4", HEX, 3),),
    (Skip("dpkg", "why"),),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A lock comes back as it was, for its own inputs only."""
    path = tmp_path / "x.toml.lock"
    assert read_lock(path, "i") is None
    write_lock(path, RESOLVED, "i")
    assert read_lock(path, "i") == RESOLVED
    assert read_lock(path, "other") is None
    assert "://" not in path.read_text()


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("packages"),
        lambda d: d["packages"][0].update(sha256="x"),
        lambda d: d["packages"][0].update(name="../../etc"),
        lambda d: d["packages"][0].update(size="7"),
        lambda d: d["wheels"][0].update(version="1; rm"),
        lambda d: d["wheels"][0].update(extra=1),
        lambda d: d["listings"][0].update(name="a/b"),
        lambda d: d.update(packages=3),
    ],
)
def test_malformed_locks(change: object, tmp_path: Path) -> None:
    """A lock that was tampered with is a usage error that says how to go on."""
    path = tmp_path / "x.lock"
    write_lock(path, RESOLVED, "i")
    document = json.loads(path.read_text())
    change(document)  # type: ignore[operator]
    path.write_text(json.dumps(document))
    with pytest.raises(UsageError, match="malformed lock") as caught:
        read_lock(path, "i")
    assert "--update" in caught.value.hint
    path.write_text("[" * 100_000)
    with pytest.raises(UsageError, match="lock"):
        read_lock(path, "i")


def test_the_input_hash_covers_what_matters(tmp_path: Path) -> None:
    """Packages, style, requirements and their includes change it; the mirror's address and the code do not."""
    (tmp_path / "r.txt").write_text("-r more.txt\n")
    (tmp_path / "more.txt").write_text("six\n")
    debian = DebianBase(packages=("libc6",))
    recipe = Recipe(tmp_path / "x.toml", "x", debian=debian, python=PythonPart(tmp_path / "r.txt"))
    first = input_hash(recipe, "amd64", debug=False)
    assert first == input_hash(replace(recipe, debian=replace(debian, mirror="file:///m")), "amd64", debug=False)
    (tmp_path / "more.txt").write_text("six==1\n")
    others = {
        input_hash(recipe, "amd64", debug=False),
        input_hash(recipe, "arm64", debug=False),
        input_hash(recipe, "amd64", debug=True),
        input_hash(replace(recipe, style="naive"), "amd64", debug=False),
        input_hash(replace(recipe, debian=replace(debian, packages=("libc6", "tzdata"))), "amd64", debug=False),
    }
    assert len(others | {first}) == 6
    assert lock_path(recipe) == tmp_path / "x.toml.lock"
