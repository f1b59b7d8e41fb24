"""What paths layers have: kept beside a cached layer, so that what goes on top is placed without reading the layer."""

from collections.abc import Iterable, Mapping

from jettison.compose.tree import Held, Node, make_entry
from jettison.files.record import FileTable
from jettison.layers.entry import EntryType

Outline = Mapping[str, Mapping[str, str]]
"""By type (``dir``, ``file``, ``symlink``): paths, each with a link's target, an account file's text, or nothing."""

TEXTS = ("etc/passwd", "etc/group")
"""Files that are looked into for the names of users and groups."""
MAX_TEXT = 1_000_000
_TYPES: tuple[EntryType, ...] = ("dir", "file", "symlink")


def outline_of(nodes: Mapping[str, Node]) -> dict[str, dict[str, str]]:
    """Return the outline of a layer, a value that JSON can hold."""
    found: dict[str, dict[str, str]] = {kind: {} for kind in _TYPES}
    for path, node in sorted(nodes.items()):
        text = node.entry.link if node.entry.type == "symlink" else ""
        if path in TEXTS and node.content is not None and node.entry.size <= MAX_TEXT:
            text = b"".join(node.content.pieces()).decode(errors="replace")
        found[node.entry.type if node.entry.type in found else "file"][path] = text
    return found


def nodes_of(outlines: Iterable[Outline]) -> dict[str, Node]:
    """Return what layers have together, lowest first; only paths, types, links and account files are true to them."""
    found: dict[str, Node] = {}
    for outline in outlines:
        for kind in _TYPES:
            for path, text in outline[kind].items():
                found[path] = _node(path, kind, text)
    return found


def nodes_of_table(table: FileTable | None) -> dict[str, Node]:
    """Return what a base image has, as :func:`nodes_of` does; folders without an entry of their own are there too."""
    found: dict[str, Node] = {}
    for path, file in (table.visible if table else {}).items():
        kind: EntryType = file.entry.type if file.entry.type in _TYPES else "file"
        text = table.texts.get(path, b"").decode(errors="replace") if table and path in TEXTS else ""
        found[path] = _node(path, kind, file.entry.link if kind == "symlink" else text)
    for path in list(found):
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found[folder] = _node(folder, "dir", "")
            folder = folder.rpartition("/")[0]
    return found


def _node(path: str, kind: EntryType, text: str) -> Node:
    if kind == "file" and text:
        data = text.encode()
        return Node(make_entry(path, "file", mode=0o644, size=len(data)), Held(data))
    return Node(make_entry(path, kind, mode=0o755, link=text))
