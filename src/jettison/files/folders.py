"""The folders that paths lie in; not each has an entry of its own."""

from collections.abc import Iterable, Iterator


def parents_of(path: str) -> Iterator[str]:
    """Give the directories that a path lies in, the nearest first, the root left out."""
    while path := path.rpartition("/")[0]:
        yield path


def folders_of(paths: Iterable[str]) -> set[str]:
    """Return all directories that paths lie in, the root (``""``) among them."""
    found = {""}
    for path in paths:
        for folder in parents_of(path):
            if folder in found:
                break
            found.add(folder)
    return found
