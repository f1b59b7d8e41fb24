from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.helpers.images import File, oci_layout, tar_bytes
from tests.helpers.slimming import drop, read_rebuilt, rebuild, table_of

from jettison.api.slim import SlimOptions, slim
from jettison.errors import BadInputError, RefusedError
from jettison.files.read import ReadOptions
from jettison.plan.options import PlanOptions
from jettison.proof.record import Proof
from jettison.proof.structure import check_structure
from jettison.proof.view import make_view

CONTENT = b"x" * 5000
NEW = File("f", CONTENT)
SECOND = File("h", type="hardlink", link="f")
LATER = File("g", type="hardlink", link="f")
GONE = File(".wh.f")


def slimmed(folder: Path, layers: Sequence[Sequence[File]], tier: int, out: str = "new") -> Proof:
    if not (folder / "old").exists():
        oci_layout(folder / "old", [tar_bytes(layer) for layer in layers])
    options = SlimOptions(plan=PlanOptions(tier=tier), reading=ReadOptions(cache=False))
    return slim(f"oci:{folder / 'old'}", f"oci:{folder / out}", options).proof


@pytest.mark.parametrize(
    "layers",
    [
        pytest.param([[NEW], [LATER], [GONE]], id="the layer of the file goes whole"),
        pytest.param([[NEW, SECOND], [LATER], [GONE]], id="another name stays beside the file"),
        pytest.param([[NEW, SECOND], [LATER, GONE]], id="linked and deleted in one layer"),
        pytest.param([[NEW], [LATER, GONE]], id="the file moves up into the layer of its link"),
        pytest.param([[NEW], [SECOND], [File("g", type="hardlink", link="h"), File(".wh.h")], [GONE]], id="a chain"),
    ],
)
def test_hard_links_to_a_file_of_a_lower_layer(tmp_path: Path, layers: list[list[File]]) -> None:
    """A file that is deleted while hard links in other layers share it: slimming leaves them as one file, and holds."""
    proof = slimmed(tmp_path, layers, tier=0)
    assert proof.verdict == "held", [check.problems for check in proof.checks]


def test_a_name_that_is_hidden_later_is_linked_only_while_it_is_there(tmp_path: Path) -> None:
    """Layer 1's name links to layer 0's other one; layer 3's, once that is hidden, to the one left."""
    other = File("k", type="hardlink", link="g")
    table = table_of(tmp_path / "old", [[NEW, SECOND], [LATER], [File(".wh.h")], [other]])
    plan = drop(table, (0, "f"))
    new = read_rebuilt(rebuild(table, plan, tmp_path / "scratch"))
    entries = [entry for layer in new.layers for entry in layer.entries]
    assert [(entry.path, entry.type, entry.link) for entry in entries] == [
        ("h", "file", ""), ("g", "hardlink", "h"), (".wh.h", "file", ""), ("k", "hardlink", "g"),
    ]  # fmt: skip
    view = make_view(new)
    assert view.inodes["g"] == view.inodes["k"]
    assert {
        check.name: check.problems for check in check_structure(table, new, plan) if check.verdict == "failed"
    } == {}


def test_content_of_a_layer_that_is_not_rewritten(tmp_path: Path) -> None:
    """A link that loses its name takes over the content, also from a layer that stays as it is."""
    top = [File("g", type="hardlink", link="h"), GONE]
    table = table_of(tmp_path / "old", [[NEW], [SECOND, File("o", b"other")], top])
    new = read_rebuilt(rebuild(table, drop(table, (1, "h")), tmp_path / "scratch"))
    assert new.image.layers[0].descriptor.digest == table.image.layers[0].descriptor.digest
    first = new.layers[2].entries[0]
    assert (first.path, first.type, first.size) == ("g", "file", 5000)


def test_a_layer_rewritten_for_a_link_keeps_its_other_entries(tmp_path: Path) -> None:
    """Where a layer may be rewritten, an entry that no step concerns must still be the same, seen or not."""
    layers = [[NEW], [LATER, File("o", b"other")], [GONE, File(".wh.o")]]
    changed = [[], [File("g", CONTENT), File("o", b"OTHER")], [GONE, File(".wh.o")]]
    old, new = table_of(tmp_path / "old", layers), table_of(tmp_path / "new", changed[1:])
    found = {check.name: check.problems for check in check_structure(old, new, drop(old, (0, "f")))}
    assert found["layers"] == ("layer 1: entry 'o' differs, and no step changes it",)
    assert found["differences-explained"] == ()


FOLDERS = ("a", "usr", "usr/b", "usr/tests")
NAMES = ("f1", "f2", "x.h", "lib.a")


@st.composite
def layers_of(draw: st.DrawFn) -> list[list[File]]:
    """Draw layers that replace, delete and link what the ones below hold; some cannot be applied."""
    path = st.builds("{}/{}".format, st.sampled_from(FOLDERS), st.sampled_from(NAMES)) | st.sampled_from(NAMES)
    layers: list[list[File]] = []
    files: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        layer: list[File] = []
        for kind in draw(
            st.lists(st.sampled_from(["file", "link", "link", "away", "dir", "opaque", "symlink"]), max_size=7)
        ):
            name, folder = draw(path), draw(st.sampled_from(FOLDERS))
            mode, mtime = draw(st.sampled_from([0o644, 0o755])), draw(st.integers(1, 2))
            if kind == "file":
                layer.append(File(name, draw(st.sampled_from([b"", b"z", b"x" * 5000])), mode=mode, mtime=mtime))
                files.append(name)
            elif kind == "link" and files:
                layer.append(File(name, type="hardlink", link=draw(st.sampled_from(files)), mode=mode, mtime=mtime))
                files.append(name)
            elif kind == "away":
                parent, _, last = draw(path | st.just(folder)).rpartition("/")
                layer.append(File(f"{parent}/.wh.{last}".lstrip("/")))
            elif kind == "dir":
                layer.append(File(folder, type="dir", mtime=mtime))
            elif kind == "opaque":
                layer.append(File(f"{folder}/.wh..wh..opq"))
            elif kind == "symlink":
                layer.append(File(name, type="symlink", link=draw(st.sampled_from(["/a", "f1", "nowhere"]))))
        layers.append(layer)
    return layers


@settings(max_examples=100, deadline=None)
@given(layers_of(), st.sampled_from([0, 1]))
def test_slimming_any_layers_holds_or_is_refused(layers: list[list[File]], tier: int) -> None:
    """Whatever layers share, hide and replace: slimming holds, or says why not; it never fails its own proof."""
    with TemporaryDirectory() as folder:
        try:
            proof = slimmed(Path(folder), layers, tier)
        except (BadInputError, RefusedError):
            event("refused")
            return
    assert proof.verdict == "held", [(check.name, check.problems) for check in proof.checks if check.problems]
