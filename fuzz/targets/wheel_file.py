"""Wheels: zip, RECORD, WHEEL, entry points, installed into a tree."""

import tempfile
from pathlib import Path

from tests.helpers.packages import wheel_of, wheel_record

from jettison.compose.install import Way, install_wheel
from jettison.compose.record import Target
from jettison.compose.tree import EPOCH, Tree
from jettison.errors import JettisonError

CORPUS = (
    wheel_of("thing", {"thing/__init__.py": b"X = 1\n"}, entry_points="[console_scripts]\nt = thing:main\n"),
    wheel_of("thing", {"thing-1.0.data/scripts/t": b"#!python\n", "thing-1.0.data/data/x": b"x"}),
)
_WAY = Way(Target("3.11", "amd64", (2, 36), "/usr/bin/python3.11", "usr/lib/x"), None, timestamps=False, mtime=EPOCH)


def run(data: bytes) -> None:
    """Install the input."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "x.whl"
        path.write_bytes(data)
        tree = Tree()
        try:
            install_wheel(path, wheel_record("thing", data), _WAY, tree, Path(name) / "spool")
        except JettisonError:
            return
    if any(path != "usr" and not path.startswith("usr/") for path in tree.nodes):
        raise AssertionError("a wheel wrote outside its folders")
