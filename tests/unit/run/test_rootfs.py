"""Unpacking layers: engine semantics, and nothing outside the folder whatever a layer says."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers.images import File, oci_layout, tar_bytes
from tests.helpers.ordinary import ordinary_folder, run_as_ordinary

from jettison.errors import BadInputError, MachineError
from jettison.files.apply import apply_layers
from jettison.layers.members import members
from jettison.oci.image import Image
from jettison.run.ids import Ids
from jettison.run.remove import remove_inside
from jettison.run.rootfs import Unpacked, unpack
from jettison.sources.open import open_image

MINE = Ids(-1, os.getuid(), os.getgid())


def image(folder: Path, *layers: Sequence[File]) -> Image:
    return open_image(str(oci_layout(folder / "image", [tar_bytes(layer) for layer in layers], compression="none")))


def unpacked(folder: Path, *layers: Sequence[File]) -> tuple[Path, Unpacked]:
    into = folder / "rootfs"
    into.mkdir()
    return into, unpack(image(folder, *layers), into, ids=MINE)


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """Give a folder with a file that nothing may touch; check it, and that nothing came beside it."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text("secret")
    yield folder
    assert [path.name for path in folder.iterdir()] == ["secret"]
    assert (folder / "secret").read_text() == "secret"
    assert (folder / "secret").stat().st_nlink == 1


def test_a_layer_comes_out_as_it_is(tmp_path: Path) -> None:
    """Content, modes, times, links, fifos and directories made on the way."""
    root, _ = unpacked(
        tmp_path,
        [
            File("d", type="dir", mode=0o750, mtime=7),
            File("d/f", b"content", mode=0o640, mtime=1_500_000_000),
            File("d/s", type="symlink", link="../somewhere"),
            File("h", type="hardlink", link="d/f"),
            File("p", type="fifo", mode=0o600),
            File("a/b/c", b""),
            File("old", b"", mtime=-5),
        ],
    )
    assert (root / "d/f").read_bytes() == b"content"
    assert stat.S_IMODE((root / "d/f").stat().st_mode) == 0o640
    assert (root / "d/f").stat().st_mtime_ns == 1_500_000_000 * 10**9
    assert (root / "d/f").stat().st_ino == (root / "h").stat().st_ino
    assert (root / "d/s").readlink() == Path("../somewhere")
    assert stat.S_ISFIFO((root / "p").stat().st_mode)
    assert stat.S_IMODE((root / "d").stat().st_mode) == 0o750
    assert (root / "d").stat().st_mtime == 7
    assert stat.S_IMODE((root / "a/b").stat().st_mode) == 0o755
    assert (root / "old").stat().st_mtime == 0


def test_set_id_bits_go_and_sticky_bits_stay_for_an_ordinary_user(tmp_path: Path) -> None:
    """No file of the user's own becomes set-id."""
    root, _ = unpacked(tmp_path, [File("s", b"", mode=0o6755), File("t", type="dir", mode=0o1777)])
    assert stat.S_IMODE((root / "s").stat().st_mode) == 0o755
    assert stat.S_IMODE((root / "t").stat().st_mode) == 0o1777


def test_whiteouts_and_replacements(tmp_path: Path) -> None:
    """Explicit and opaque whiteouts hide lower layers only; other types replace whole trees."""
    root, _ = unpacked(
        tmp_path,
        [
            File("a/x", b"1"),
            File("a/y", b"1"),
            File("b/x", b"1"),
            File("b/s/x", b"1"),
            File("c/x", b""),
            File("e", b""),
        ],
        [
            File("a/.wh.x"),
            File("b/new", b"2"),
            File("b/.wh..wh..opq"),
            File("c", b"file"),
            File("e", type="dir"),
            File("e/f", b"2"),
            File("a/kept", b"2"),
            File("a/.wh.kept"),
            File(".wh.absent"),
            File(".wh..wh.plnk", type="dir"),
        ],
    )
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
    assert names == ["a", "a/kept", "a/y", "b", "b/new", "c", "e", "e/f"]


def test_devices_are_recorded_not_made(tmp_path: Path) -> None:
    """They hide what lies below all the same; a hard link to one is skipped too."""
    root, result = unpacked(
        tmp_path,
        [File("null", b"x"), File("dev/sda", type="block", device=(8, 0))],
        [File("null", type="char", device=(1, 3)), File("n2", type="hardlink", link="null")],
    )
    assert [path.name for path in root.rglob("*")] == ["dev"]
    assert [skip.subject for skip in result.skips] == ["dev/sda", "null", "n2"]


@pytest.mark.parametrize("style", ["absolute", "dotdot", "chain"])
def test_symlinked_parents_stay_inside(tmp_path: Path, outside: Path, style: str) -> None:
    """A file through a symlink lands inside the root, wherever the symlink points."""
    targets = {
        "absolute": str(outside),
        "dotdot": "../" * 40 + str(outside).lstrip("/"),
        "chain": "l1",
    }
    root, _ = unpacked(
        tmp_path,
        [
            File("l1", type="symlink", link=str(outside)),
            File("link", type="symlink", link=targets[style]),
            File("link/evil", b"evil"),
            File("link/secret", b"evil"),
            File("link/sub/.wh.secret"),
            File("link/.wh..wh..opq"),
        ],
    )
    inside = root / str(outside).lstrip("/")
    assert (inside / "evil").read_bytes() == b"evil"


def test_a_hard_link_does_not_reach_out(tmp_path: Path, outside: Path) -> None:
    """Neither through a symlinked parent, nor to what a symlink names."""
    with pytest.raises(BadInputError, match="which is not there"):
        unpacked(
            tmp_path,
            [
                File("link", type="symlink", link=str(outside)),
                File("hard", type="hardlink", link="link/secret"),
            ],
        )


def test_a_hard_link_to_a_symlink_is_one_to_the_symlink(tmp_path: Path, outside: Path) -> None:
    """What it points to is not touched, and writing over either replaces the name."""
    root, _ = unpacked(
        tmp_path,
        [
            File("link", type="symlink", link=f"{outside}/secret"),
            File("hard", type="hardlink", link="link"),
            File("hard2", type="hardlink", link="link"),
            File("hard", b"mine"),
        ],
    )
    assert (root / "hard").read_bytes() == b"mine"
    assert (root / "hard2").is_symlink()


@pytest.mark.parametrize(
    "layer",
    [
        [File("a", type="symlink", link="b"), File("b", type="symlink", link="a"), File("a/x")],
        [File("a", b""), File("a/x", b"")],
        [File("a", type="hardlink", link="nowhere")],
        [File("d", type="dir"), File("a", type="hardlink", link="d")],
        [File("a", b""), File("b", type="hardlink", link="a/x")],
        [File("s", type="symlink", link=("x" * 200 + "/") * 20), File("s/" + "y" * 200 + "/f", b"")],
        [File(".wh...", b"")],
    ],
    ids=["loop", "file as parent", "link to nowhere", "link to a directory", "link below a file", "long", "whiteout"],
)
def test_what_no_file_system_can_hold_is_bad_input(tmp_path: Path, layer: list[File]) -> None:
    """One error that names layer and entry."""
    with pytest.raises(BadInputError, match="layer 0"):
        unpacked(tmp_path, layer)


def test_a_rootfs_larger_than_the_disk_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is written."""
    real = os.statvfs(tmp_path)
    fields = [*real[:4], 0, *real[5:]]
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(fields))
    with pytest.raises(MachineError, match="0 bytes free"):
        unpacked(tmp_path, [File("a", b"1")])


def test_a_disk_that_fills_up_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ENOSPC becomes one sentence with layer and entry."""

    def full(_fd: int, _piece: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(MachineError, match="'a': the disk is full"):
        unpacked(tmp_path, [File("a", b"1")])


def test_deep_and_closed_trees_are_made_and_removed(tmp_path: Path) -> None:
    """400 levels, and directories that nobody may enter: made by an ordinary user, and gone afterwards."""
    code = """
import os, sys
from pathlib import Path
from jettison.run.exercise import unpacked
from jettison.sources.open import open_image
with unpacked(open_image(sys.argv[1])) as rootfs:
    print(oct((rootfs.path / "closed").stat().st_mode), (rootfs.path / ("d/" * 400)).is_dir())
print(sorted(path.name for path in Path(os.environ["JETTISON_CACHE"]).rglob("*")))
"""
    layer = [File("closed", type="dir", mode=0), File("closed/in/x", b"1"), File("d/" * 400 + "x", b"1")]
    with ordinary_folder() as folder:
        source = oci_layout(folder / "image", [tar_bytes(layer)])
        out = run_as_ordinary(code, str(source), folder=folder)
    assert out.split("\n")[:2] == ["0o40000 True", "['scratch']"]


def test_owners_are_mapped_as_root(tmp_path: Path, as_root: None) -> None:
    """Each id moves by the base; one outside the range becomes nobody's; set-id bits stay."""
    into = tmp_path / "rootfs"
    into.mkdir()
    layer = [
        File("f", b"", uid=5, gid=6, mode=0o4755),
        File("big", b"", uid=2_000_000, gid=70_000),
        File("d", type="dir", uid=7, gid=8),
        File("l", type="symlink", link="x", uid=9, gid=9),
        File("i/x", b""),
    ]
    unpack(image(tmp_path, layer), into, ids=Ids(1_000_000, 0, 0))
    owners = {name: os.lstat(into / name)[4:6] for name in ("f", "big", "d", "l", "i")}
    assert owners["f"] == (1_000_005, 1_000_006)
    assert owners["big"] == (1_065_534, 1_065_534)
    assert owners["d"] == (1_000_007, 1_000_008)
    assert owners["l"] == (1_000_009, 1_000_009)
    assert owners["i"] == (1_000_000, 1_000_000)
    assert stat.S_IMODE((into / "f").stat().st_mode) == 0o4755


PARTS = ("a", "b", "c")
PATHS = st.lists(st.sampled_from(PARTS), min_size=1, max_size=3).map("/".join)


def _hidden(path: str) -> str:
    parent, _, name = path.rpartition("/")
    return f"{parent}/.wh.{name}" if parent else f".wh.{name}"


ENTRIES = st.one_of(
    st.builds(File, PATHS, st.binary(max_size=3)),
    st.builds(File, PATHS, type=st.just("dir"), mode=st.sampled_from([0o755, 0o700])),
    st.builds(File, PATHS, type=st.just("symlink"), link=st.sampled_from(["a", "/b", "../c", "b/../a", "/", "."])),
    st.builds(File, PATHS, type=st.just("hardlink"), link=PATHS),
    st.builds(File, PATHS.map(_hidden)),
    st.builds(File, PATHS.map(lambda path: f"{path}/.wh..wh..opq")),
)
LAYERS = st.lists(st.lists(ENTRIES, max_size=6), min_size=1, max_size=3)


@settings(max_examples=60, deadline=None)
@given(LAYERS)
def test_the_disk_agrees_with_the_file_table(layers: list[list[File]]) -> None:
    """What :func:`apply_layers` says is visible is what lies on the disk, type by type, or both refuse."""
    folder = Path(tempfile.mkdtemp())
    try:
        opened = image(folder, *layers)
        entries = [[member.entry for member in members(layer)] for layer in opened.layers]
        (folder / "rootfs").mkdir()
        try:
            applied = apply_layers(entries)
        except BadInputError:
            with pytest.raises(BadInputError):
                unpack(opened, folder / "rootfs", ids=MINE)
            return
        unpack(opened, folder / "rootfs", ids=MINE)
        flat = [entry for layer in entries for entry in layer]
        contents = [one.content for layer in layers for one in layer]
        for path, number in applied.visible.items():
            holder = applied.inodes.get(number, number)
            kind = flat[holder].type
            status = os.lstat(folder / "rootfs" / path)
            assert stat.S_IFMT(status.st_mode) == {"file": stat.S_IFREG, "symlink": stat.S_IFLNK}.get(
                kind, stat.S_IFDIR
            )
            if kind == "file":
                assert (folder / "rootfs" / path).read_bytes() == contents[holder]
        on_disk = {str(each.relative_to(folder / "rootfs")) for each in _files(folder / "rootfs")}
        assert on_disk == {path for path, number in applied.visible.items() if flat[number].type != "dir"}
    finally:
        shutil.rmtree(folder)


def _files(folder: Path) -> Iterator[Path]:
    for root, dirs, files in os.walk(folder):
        for name in [*files, *(each for each in dirs if os.path.islink(os.path.join(root, each)))]:
            yield Path(root, name)


def test_removing_takes_any_tree(tmp_path: Path) -> None:
    """Deeper than the limits of recursion and of open files, names like those used on the way, links."""
    (tmp_path / "safe").write_text("x")
    fd = os.open(tmp_path, os.O_RDONLY)
    os.mkdir("tree", dir_fd=fd)
    inner = os.open("tree", os.O_RDONLY, dir_fd=fd)
    os.symlink(tmp_path, "link", dir_fd=inner)
    for _ in range(1_100):
        os.mkdir(".jettison-1", dir_fd=inner)
        deeper = os.open(".jettison-1", os.O_RDONLY, dir_fd=inner)
        os.close(inner)
        inner = deeper
    os.close(inner)
    remove_inside(fd, "tree")
    remove_inside(fd, "absent")
    os.close(fd)
    assert [path.name for path in tmp_path.iterdir()] == ["safe"]
