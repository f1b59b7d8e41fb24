from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers.images import File, config_document, digest, tar_bytes
from tests.helpers.layers import members
from tests.helpers.slimming import drop, plan_of, read_rebuilt, rebuild, step, table_of, without_offsets

from jettison.errors import UsageError
from jettison.files.record import FileTable
from jettison.plan.record import Plan, Target
from jettison.proof.structure import check_structure
from jettison.proof.view import make_view
from jettison.rebuild.apply import BASE_DIGEST, PLAN_DIGEST

BASE = (
    File("usr", type="dir", mtime=1),
    File("usr/bin", type="dir", mtime=2),
    File("usr/bin/tool", b"tool" * 1000, mode=0o755, uid=1, gid=2, mtime=3, xattrs={"user.a": b"x"}),
    File("usr/bin/same", type="hardlink", link="usr/bin/tool", mode=0o755, uid=1, gid=2, mtime=3),
    File("usr/bin/third", type="hardlink", link="usr/bin/same", mode=0o755, uid=1, gid=2, mtime=3),
    File("usr/doc", b"doc" * 300, mtime=4),
)
TOP = (File("app", type="dir", mtime=5), File("app/main.py", b"print()", mtime=6), File("app/copy", b"tool" * 1000))


def contents(table: FileTable) -> dict[str, str]:
    return {path: node.digest for path, node in make_view(table).nodes.items() if node.type == "file"}


def test_an_untouched_layer_keeps_its_bytes(tmp_path: Path) -> None:
    """A layer that no step touches is the same blob; the other one loses exactly the dropped member."""
    table = table_of(tmp_path / "old", [BASE, TOP])
    rebuilt = rebuild(table, drop(table, (0, "usr/doc")), tmp_path / "scratch")
    new = read_rebuilt(rebuilt)
    assert rebuilt.image.layers[1].descriptor.digest == table.image.layers[1].descriptor.digest
    assert rebuilt.image.layers[1].blob == table.image.layers[1].blob
    wanted = without_offsets(table)
    wanted[0] = [entry for entry in wanted[0] if entry.path != "usr/doc"]
    assert without_offsets(new) == wanted


def test_the_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    """Applied twice, a plan gives the same manifest, which names its plan and its base."""
    table = table_of(tmp_path / "old", [BASE, TOP])
    plan = drop(table, (0, "usr/doc"), (1, "app/main.py"))
    first, second = (rebuild(table, plan, tmp_path / name) for name in ("one", "two"))
    assert first.image.manifest == second.image.manifest
    assert first.image.annotations[BASE_DIGEST] == table.image.manifest_digest
    assert first.image.annotations[PLAN_DIGEST].startswith("sha256:")


@pytest.mark.parametrize(
    ("dropped", "holder"),
    [
        (("usr/bin/tool",), "usr/bin/same"),
        (("usr/bin/same",), "usr/bin/tool"),
        (("usr/bin/tool", "usr/bin/same"), "usr/bin/third"),
    ],
)
def test_hard_links_outlive_their_first_name(tmp_path: Path, dropped: tuple[str, ...], holder: str) -> None:
    """When names of a shared file go, the first that stays holds the content, and the rest link to it."""
    table = table_of(tmp_path / "old", [BASE, TOP])
    new = read_rebuilt(rebuild(table, drop(table, *((0, path) for path in dropped)), tmp_path / "scratch"))
    left = [entry for entry in new.layers[0].entries if entry.path.startswith("usr/bin/")]
    assert [entry.type for entry in left] == ["file"] + ["hardlink"] * (len(left) - 1)
    assert left[0].path == holder
    assert left[0].xattrs == (("user.a", b"x"),)
    assert {entry.link for entry in left[1:]} <= {holder}
    assert contents(new) == {path: digest for path, digest in contents(table).items() if path not in dropped}


def test_a_link_step_makes_one_file_of_two(tmp_path: Path) -> None:
    """A copy becomes a hard link to the one that stays; the tar shrinks by its content."""
    twins = [File("a", b"x" * 5000, mtime=7), File("b", b"x" * 5000, mtime=7)]
    table = table_of(tmp_path / "old", [twins])
    new = read_rebuilt(rebuild(table, plan_of(table, step("link", Target(0, "b", "a"))), tmp_path / "scratch"))
    assert [(entry.type, entry.link) for entry in new.layers[0].entries] == [("file", ""), ("hardlink", "a")]
    assert contents(new) == contents(table)


def test_a_link_to_a_later_copy_keeps_the_first_as_the_file(tmp_path: Path) -> None:
    """A hard link cannot precede its file in a tar: the first of the two stays the file."""
    twins = [File("a", b"x" * 5000, mtime=7), File("b", b"x" * 5000, mtime=7)]
    table = table_of(tmp_path / "old", [twins])
    new = read_rebuilt(rebuild(table, plan_of(table, step("link", Target(0, "a", "b"))), tmp_path / "scratch"))
    assert [(entry.type, entry.link) for entry in new.layers[0].entries] == [("file", ""), ("hardlink", "a")]


def test_linking_a_name_of_a_shared_file_leaves_its_other_names(tmp_path: Path) -> None:
    """Of two shared pairs with equal content, one name moves over: the pairs are three names and one, not a mess."""
    pairs = [
        File("a", b"x" * 5000),
        File("a2", type="hardlink", link="a"),
        File("b", b"x" * 5000),
        File("b2", type="hardlink", link="b"),
    ]
    table = table_of(tmp_path / "old", [pairs])
    for moved, to in (("b", "a"), ("a", "b"), ("a2", "b"), ("b2", "a2"), ("a2", "b2")):
        plan = plan_of(table, step("link", Target(0, moved, to)))
        new = read_rebuilt(rebuild(table, plan, tmp_path / f"{moved}-{to}"))
        assert [check.problems for check in check_structure(table, new, plan) if check.problems] == []


def test_an_update_replaces_content_and_keeps_metadata(tmp_path: Path) -> None:
    """An updated file has new content and its old mode, owner and time; its hard links keep what they had."""
    table = table_of(tmp_path / "old", [BASE, TOP])
    new = read_rebuilt(rebuild(table, plan_of(table), tmp_path / "scratch", {(0, "usr/bin/tool"): b"new"}))
    tool, same = new.visible["usr/bin/tool"].entry, new.visible["usr/bin/same"].entry
    assert (tool.size, tool.mode, tool.uid, tool.gid, tool.mtime, tool.xattrs) == (
        3, 0o755, 1, 2, 3_000_000_000, (("user.a", b"x"),),
    )  # fmt: skip
    assert same.digest == contents(table)["usr/bin/tool"]


def test_a_layer_without_entries_goes_and_its_history_stays(tmp_path: Path) -> None:
    """A layer of which nothing is left is not in the image; its instruction is, as one that made no layer."""
    tars = [tar_bytes(BASE), tar_bytes(TOP), tar_bytes([File("etc", type="dir")])]
    none = {"created_by": "none", "empty_layer": True}
    history = [{"created_by": "one"}, none, {"created_by": "two", "comment": "mine"}, {"created_by": "three"}]
    table = table_of(tmp_path / "old", tars, config=config_document(tars, history=history))
    plan = drop(table, (0, "usr/doc"), *((1, entry.path) for entry in table.layers[1].entries))
    image = rebuild(table, plan, tmp_path / "scratch").image
    assert [layer.created_by for layer in image.layers] == ["one", "three"]
    assert image.layers[1].diff_id == table.layers[2].diff_id
    assert image.config.document["history"] == [
        {"created_by": "one", "comment": "slimmed by jettison"},
        none,
        {"created_by": "two", "comment": "mine; emptied by jettison", "empty_layer": True},
        {"created_by": "three"},
    ]


def test_an_image_keeps_one_layer(tmp_path: Path) -> None:
    """When everything goes, one empty layer stays: engines do not take an image without a layer."""
    table = table_of(tmp_path / "old", [BASE, TOP])
    plan = drop(table, *((at, entry.path) for at, layer in enumerate(table.layers) for entry in layer.entries))
    new = read_rebuilt(rebuild(table, plan, tmp_path / "scratch"))
    assert [len(layer.entries) for layer in new.layers] == [0]
    assert [check.problems for check in check_structure(table, new, plan) if check.problems] == []


@pytest.mark.parametrize("source", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("codec", [None, "none", "gzip", "zstd"])
def test_codecs(tmp_path: Path, source: str, codec: Any) -> None:
    """Without a codec asked for, rewritten layers follow the source (gzip for plain); with one, every layer has it."""
    table = table_of(tmp_path / "old", [BASE, TOP], compression=source)
    new = read_rebuilt(rebuild(table, drop(table, (0, "usr/doc")), tmp_path / "scratch", compression=codec))
    rewritten = codec or ("gzip" if source == "none" else source)
    assert [layer.compression for layer in new.layers] == [rewritten, codec or source]
    assert new.layers[1].diff_id == table.layers[1].diff_id
    suffix = "" if rewritten == "none" else f"+{rewritten}"
    assert new.image.layers[0].descriptor.media_type == f"application/vnd.oci.image.layer.v1.tar{suffix}"


def test_a_docker_manifest_becomes_an_oci_one(tmp_path: Path) -> None:
    """A rewritten layer has an OCI type, so the manifest is OCI's and carries the annotations; other blobs stay."""
    table = table_of(tmp_path / "old", [BASE, TOP], docker_types=True)
    image = rebuild(table, drop(table, (0, "usr/doc")), tmp_path / "scratch").image
    assert image.manifest_media_type == "application/vnd.oci.image.manifest.v1+json"
    assert {layer.descriptor.media_type for layer in image.layers} == {"application/vnd.oci.image.layer.v1.tar+gzip"}
    assert image.layers[1].descriptor.digest == table.image.layers[1].descriptor.digest


def test_a_tar_without_its_end_is_completed(tmp_path: Path) -> None:
    """A tar may end in its last member, without padding; the rewritten one ends as tars do."""
    table = table_of(tmp_path / "old", [tar_bytes([File("a", b"1"), File("b", b"22")])[: 512 * 3 + 2]])
    new = read_rebuilt(rebuild(table, drop(table, (0, "a")), tmp_path / "scratch"))
    assert [(entry.path, entry.size) for entry in new.layers[0].entries] == [("b", 2)]
    assert new.layers[0].size == 512 * 4


def test_plans_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """A plan for another image, an entry that is not there, a link between different files: each a usage error."""
    table = table_of(tmp_path / "old", [BASE, TOP])
    plans = {
        "another image": Plan("sha256:0", ("sha256:0",), 1, (), {}, ()),
        "no entry 'usr/nothing'": drop(table, (0, "usr/nothing")),
        "layer 7 has no entry": drop(table, (7, "usr")),
        "contents differ": plan_of(table, step("link", Target(0, "usr/doc", "usr/bin/tool"))),
        "one file already": plan_of(table, step("link", Target(0, "usr/bin/same", "usr/bin/tool"))),
        "both must be files": plan_of(table, step("link", Target(0, "usr/bin", "usr/bin/tool"))),
        "does not stay": plan_of(
            table, step("link", Target(1, "app/main.py", "app/copy")), step("drop", Target(1, "app/copy"))
        ),
    }
    for number, (words, plan) in enumerate(plans.items()):
        with pytest.raises(UsageError, match=words):
            rebuild(table, plan, tmp_path / str(number))
    with pytest.raises(UsageError, match="is not a file"):
        rebuild(table, plan_of(table), tmp_path / "update", {(0, "usr"): b""})


def test_the_removal_list_names_every_target(tmp_path: Path) -> None:
    """One row a target, with where it lands, its bytes and the step's reason."""
    table = table_of(tmp_path / "old", [BASE, TOP])
    rows = rebuild(table, drop(table, (0, "usr/doc"), (0, "usr/bin/same")), tmp_path / "scratch").removed
    assert [(row.path, row.size, row.step) for row in rows] == [
        ("usr/bin/same", 0, "test/step"),
        ("usr/doc", 900, "test/step"),
    ]


Simple = tuple[str, str, int, object]


def flat(layers: Sequence[Sequence[File]]) -> list[list[tuple[str, Simple]]]:
    """Return each member with what it stands for: a hard link as a file with its target's content and an identity."""
    result = []
    for number, layer in enumerate(layers):
        done: dict[str, Simple] = {}
        for member in layer:
            value: Simple = (member.type, member.link, member.mtime, member.content)
            if member.type == "hardlink":
                target = done[member.link]
                value = ("file", "", member.mtime, target[3])
            elif member.type == "file" and not member.path.rpartition("/")[2].startswith(".wh."):
                value = ("file", "", member.mtime, (number, member.path, member.content))
            done[member.path] = value
        result.append(list(done.items()))
    return result


def naive(layers: Sequence[Sequence[tuple[str, Simple]]]) -> Mapping[str, Simple]:
    """Apply layers to a dictionary: whiteouts hide what was there before, then the members are set."""
    root: dict[str, Simple] = {}
    for layer in layers:
        for path, _ in layer:
            parent, _, name = path.rpartition("/")
            if name == ".wh..wh..opq":
                root = {at: value for at, value in root.items() if not at.startswith(f"{parent}/")}
            elif name.startswith(".wh."):
                hidden = f"{parent}/{name[4:]}".lstrip("/")
                root = {at: value for at, value in root.items() if at != hidden and not at.startswith(f"{hidden}/")}
        root.update((path, value) for path, value in layer if not path.rpartition("/")[2].startswith(".wh."))
    return root


def seen(table: FileTable) -> tuple[dict[str, object], list[set[str]]]:
    """Return what the container sees, in the oracle's terms, and the sets of hard links."""
    view = make_view(table)
    nodes = {
        path: (node.type, node.link, node.mtime // 10**9, node.digest if node.type == "file" else b"")
        for path, node in view.nodes.items()
    }
    sets: dict[object, set[str]] = {}
    for path, key in view.inodes.items():
        sets.setdefault(key, set()).add(path)
    return dict(nodes), sorted((paths for paths in sets.values() if len(paths) > 1), key=sorted)


def expected(root: Mapping[str, Simple]) -> tuple[dict[str, object], list[set[str]]]:
    nodes: dict[str, object] = {}
    sets: dict[object, set[str]] = {}
    for path, (kind, link, mtime, content) in root.items():
        if kind == "file":
            assert isinstance(content, tuple)
            nodes[path] = (kind, link, mtime, digest(content[2]))
            sets.setdefault(content, set()).add(path)
        else:
            nodes[path] = (kind, link, mtime, b"")
    return nodes, sorted((paths for paths in sets.values() if len(paths) > 1), key=sorted)


@settings(max_examples=80, deadline=None)
@given(st.lists(members(), min_size=1, max_size=3), st.data())
def test_random_plans_give_what_the_oracle_says(layers: list[list[File]], data: st.DataObject) -> None:
    """Any drops from any layers give the rootfs that a dictionary gives; twice the same bytes; the proof agrees."""
    places = [(number, member.path) for number, layer in enumerate(layers) for member in layer]
    dropped = set(data.draw(st.lists(st.sampled_from(places), unique=True))) if places else set()
    flattened = flat(layers)
    left = [
        [(path, value) for path, value in layer if (number, path) not in dropped]
        for number, layer in enumerate(flattened)
    ]
    with TemporaryDirectory() as name:
        table = table_of(Path(name) / "old", layers)
        assert seen(table) == expected(naive(flattened))
        plan = drop(table, *dropped)
        rebuilt = rebuild(table, plan, Path(name) / "one")
        assert rebuild(table, plan, Path(name) / "two").image.manifest == rebuilt.image.manifest
        new = read_rebuilt(rebuilt)
        assert seen(new) == expected(naive(left))
        problems = [problem for check in check_structure(table, new, plan) for problem in check.problems]
    visible = {path: value for path, value in naive(flattened).items() if not gone(table, path, dropped)}
    if visible == naive(left) and not parents_lost(visible, dropped):
        assert problems == []
    elif not naive(left).items() <= naive(flattened).items():
        assert problems


def gone(table: FileTable, path: str, dropped: set[tuple[int, str]]) -> bool:
    return (table.visible[path].layer, table.visible[path].entry.path) in dropped


def parents_lost(visible: Mapping[str, Simple], dropped: set[tuple[int, str]]) -> bool:
    """Whether a directory's entry goes while something in it stays."""
    return any(other.startswith(f"{path}/") for _, path in dropped for other in visible)
