"""Debian packages: the ar around them, the tars in it, control stanzas and maintainer scripts."""

import contextlib
import tempfile
from pathlib import Path

from tests.helpers.packages import deb_of

from jettison.compose.alternatives import parse_alternatives
from jettison.compose.deb import read_deb
from jettison.compose.scripts import unknown_lines
from jettison.compose.stanza import names_of, parse_stanzas
from jettison.compose.tree import Tree
from jettison.errors import JettisonError

CORPUS = (
    deb_of("x", {"./usr/": None, "./usr/bin/x": b"x", "./usr/l": "bin"}, suffix=""),
    deb_of("x", {"./usr/bin/x": b"x"}, suffix=".gz", depends="libc6 (>= 2)"),
    deb_of("x", {"./usr/bin/x": b"x"}, suffix=".xz", scripts={"postinst": "#!/bin/sh\nset -e\n"}),
    deb_of("x", {"./usr/bin/x": b"x"}, suffix=".zst"),
    b"Package: x\nDepends: a | b (>= 1),\n c\n\n# comment\n",
    b"update-alternatives --install /usr/bin/cc cc /usr/bin/gcc 20 \\\n --slave /a b /c\n",
)


def run(data: bytes) -> None:
    """Read the input as a package, as stanzas and as a script."""
    text = data.decode("utf-8", "replace")
    unknown_lines(text)
    parse_alternatives(text)
    names_of(text)
    with contextlib.suppress(JettisonError):
        parse_stanzas(text, "fuzz")
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "x.deb"
        path.write_bytes(data)
        try:
            entries = read_deb(path, Path(name), "fuzz").entries
            tree = Tree()
            for entry in entries:
                tree.put(entry)
        except JettisonError:
            return
    if any(".." in path.split("/") or path.startswith("/") for path in tree.nodes):
        raise AssertionError("a path leaves the root")
