from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.compose.native import lay_foundation, merged
from jettison.compose.tree import Held, Stored, Tree, is_clean, layer_order, make_entry
from jettison.errors import BadInputError
from jettison.layers.entry import Entry, EntryType
from jettison.oci.image import Extent


def file(path: str, size: int = 0) -> Entry:
    return make_entry(path, "file", mode=0o644, size=size)


def link(path: str, target: str) -> Entry:
    return make_entry(path, "symlink", mode=0o777, link=target)


def hard(path: str, target: str) -> Entry:
    return make_entry(path, "hardlink", mode=0o644, link=target)


def types(tree: Tree) -> Mapping[str, str]:
    return {path: node.entry.type for path, node in tree.nodes.items()}


def test_paths_follow_links_of_the_tree() -> None:
    """A file below a link to a directory lands in the directory, as on a merged /usr."""
    tree = Tree()
    lay_foundation(tree)
    assert tree.put(file("bin/tool")) == "usr/bin/tool"
    assert tree.put(merged(file("lib64/ld.so"), tree)) == "usr/lib64/ld.so"
    assert tree.nodes["lib64"].entry.link == "usr/lib64"
    assert tree.nodes["tmp"].entry.mode == 0o1777


def test_links_never_lead_outside() -> None:
    """Absolute and dot-dot targets are followed inside the tree's own root."""
    tree = Tree()
    tree.put(link("a", "/../../etc"))
    assert tree.put(file("a/passwd")) == "etc/passwd"
    tree.put(link("etc/up", "../../.."))
    assert tree.put(file("etc/up/x")) == "x"


def test_link_loops_end() -> None:
    """Links in a circle are bad input, not an endless walk."""
    tree = Tree()
    tree.put(link("a", "b"))
    tree.put(link("b", "a"))
    with pytest.raises(BadInputError, match="circles"):
        tree.put(file("a/x"))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (make_entry("a", "dir", mode=0o755), file("a")),
        (file("a"), make_entry("a", "dir", mode=0o755)),
        (file("a"), file("a/b")),
        (file("a"), hard("b", "nowhere")),
        (make_entry("a", "dir", mode=0o755), hard("b", "a")),
        (file("a"), hard("a", "a")),
    ],
)
def test_contradictions(first: Entry, second: Entry) -> None:
    """A path cannot be a directory and something else; a hard link needs a file."""
    tree = Tree()
    tree.put(first)
    with pytest.raises(BadInputError):
        tree.put(second, owner="x")


def test_a_directory_over_a_link_to_one_changes_nothing() -> None:
    """As dpkg does it: the link stays."""
    tree = Tree()
    lay_foundation(tree)
    tree.put(make_entry("bin", "dir", mode=0o700))
    assert tree.nodes["bin"].entry.type == "symlink"
    assert tree.nodes["usr/bin"].entry.mode == 0o755


def test_the_first_name_of_a_hard_linked_file_holds_the_content() -> None:
    """In the layer's order, a hard link never comes before the file it links to."""
    tree = Tree()
    tree.put(file("z", 1), Held(b"z"))
    tree.put(hard("a", "z"))
    tree.put(hard("m", "a"))
    order = [(entry.path, entry.type, entry.link) for entry, _ in layer_order(tree.nodes)]
    assert order == [("a", "file", ""), ("m", "hardlink", "a"), ("z", "hardlink", "a")]


def test_a_file_that_shrinks_is_noticed(tmp_path: Path) -> None:
    """A source that became shorter than it was is an error, not a short layer."""
    (tmp_path / "x").write_bytes(b"ab")
    with pytest.raises(BadInputError, match="shorter"):
        list(Stored(Extent(str(tmp_path / "x"), 0, 5)).pieces())


def test_reading_and_dropping() -> None:
    """read() follows links and respects the limit; drop() takes a path and all below it."""
    tree = Tree()
    tree.add_file("d/x", b"abc")
    tree.add_link("l", "d/x")
    assert tree.read("l") == b"abc"
    assert tree.read("l", limit=2) is None
    assert tree.read("none") is None
    tree.drop("d")
    assert types(tree) == {"l": "symlink"}


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../../x", "a\0b"])
def test_unclean_paths(path: str) -> None:
    """Absolute, dot-dot, empty and zero-byte paths are not clean."""
    assert not is_clean(path)
    assert is_clean("a/b")


NAMES = st.lists(st.sampled_from(["a", "b", "c", "..", "."]), min_size=1, max_size=4).map("/".join)
KINDS: list[EntryType] = ["file", "dir", "symlink", "hardlink"]
ENTRIES = st.tuples(NAMES, st.sampled_from(KINDS), NAMES.map(lambda name: name) | NAMES.map(lambda name: "/" + name))


@given(st.lists(ENTRIES, max_size=12))
def test_every_parent_is_a_directory(entries: list[tuple[str, EntryType, str]]) -> None:
    """Whatever is put in, each node's parent is a real directory of the tree, and no path has dots."""
    tree = Tree()
    for path, kind, target in entries:
        try:
            tree.put(make_entry(path, kind, mode=0o644, link=target), Held(b"") if kind == "file" else None)
        except BadInputError:
            continue
    for path in tree.nodes:
        parent = path.rpartition("/")[0]
        assert not parent or tree.nodes[parent].entry.type == "dir"
        assert ".." not in path.split("/")
    seen: set[str] = set()
    for entry, _ in layer_order(tree.nodes):
        assert entry.type != "hardlink" or entry.link in seen
        seen.add(entry.path)
