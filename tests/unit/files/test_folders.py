"""The folders that paths lie in."""

from jettison.files.folders import folders_of, parents_of


def test_parents() -> None:
    """The nearest comes first, and the root is left out; a path at the root has none."""
    assert list(parents_of("a/b/c")) == ["a/b", "a"]
    assert list(parents_of("a")) == list(parents_of("")) == []


def test_folders() -> None:
    """All folders that paths lie in, each once, the root always among them; the paths themselves are not."""
    assert folders_of(["a/b/c", "a/b/d", "a/e/f", "g"]) == {"", "a", "a/b", "a/e"}
    assert folders_of([]) == {""}
