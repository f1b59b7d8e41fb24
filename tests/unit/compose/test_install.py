import re
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers.packages import record_hash, wheel_of, wheel_record

from jettison.compose.bytecode import host_interpreter
from jettison.compose.install import Way, check_size, install_wheel, unpacked_size
from jettison.compose.record import Target
from jettison.compose.tree import EPOCH, Tree
from jettison.errors import BadInputError

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SITE = f"usr/local/lib/python{PYTHON}/dist-packages"
TARGET = Target(PYTHON, "amd64", (2, 36), f"/usr/bin/python{PYTHON}", SITE)
WAY = Way(TARGET, None, timestamps=False, mtime=EPOCH)


def put(data: bytes, tmp_path: Path, way: Way = WAY) -> Tree:
    path = tmp_path / "cached.whl"
    path.write_bytes(data)
    tree = Tree()
    install_wheel(path, wheel_record("thing", data), way, tree, tmp_path / "thing.spool")
    return tree


def test_a_wheel_is_installed_as_pip_would(tmp_path: Path) -> None:
    """Modules, data, console scripts with the image's interpreter, INSTALLER and a RECORD that is true."""
    data = wheel_of(
        "thing",
        {
            "thing/__init__.py": b"X = 1\n",
            "thing-1.0.data/scripts/tool": b"#!python\nprint(1)\n",
            "thing-1.0.data/data/share/x.txt": b"x",
        },
        entry_points="[console_scripts]\nthing = thing:main\n",
    )
    tree = put(data, tmp_path)
    assert tree.read(f"{SITE}/thing/__init__.py") == b"X = 1\n"
    assert tree.read("usr/local/bin/tool") == f"#!/usr/bin/python{PYTHON}\nprint(1)\n".encode()
    assert (tree.read("usr/local/bin/thing") or b"").startswith(f"#!/usr/bin/python{PYTHON}\n".encode())
    assert tree.nodes["usr/local/bin/thing"].entry.mode == 0o755
    assert tree.read("usr/local/share/x.txt") == b"x"
    assert tree.read(f"{SITE}/thing-1.0.dist-info/INSTALLER") == b"jettison\n"
    _record_is_true(tree)


def _record_is_true(tree: Tree) -> None:
    lines = (tree.read(f"{SITE}/thing-1.0.dist-info/RECORD") or b"").decode().splitlines()
    listed = set()
    for line in lines:
        path, digest, size = line.split(",")
        content = tree.read(f"{SITE}/{path}")
        assert content is not None, path
        assert not digest or (digest, int(size)) == (record_hash(content), len(content))
        listed.add(tree.resolve(f"{SITE}/{path}"))
    assert listed == {path for path, node in tree.nodes.items() if node.entry.type == "file"}


def test_bytecode_is_made_and_listed(tmp_path: Path) -> None:
    """Bytecode is unchecked-hash, the same on every run, in RECORD; sources that do not compile have none."""
    files = {"thing/__init__.py": b"X = {1, 2, 'a'}\n", "thing/old.py": b"print 'x'\n"}
    way = Way(TARGET, host_interpreter(PYTHON), timestamps=False, mtime=EPOCH)
    first = put(wheel_of("thing", files), tmp_path, way)
    cached = f"{SITE}/thing/__pycache__/__init__.cpython-{PYTHON.replace('.', '')}.pyc"
    bytecode = first.read(cached)
    assert bytecode is not None
    assert bytecode[4:8] == b"\x01\0\0\0"
    assert not [path for path in first.nodes if "old.cpython" in path]
    _record_is_true(first)
    (tmp_path / "again").mkdir()
    assert put(wheel_of("thing", files), tmp_path / "again", way).read(cached) == bytecode


def test_timestamp_bytecode_names_the_sources_time(tmp_path: Path) -> None:
    """The naive style's bytecode carries the mtime and size that the source has in the layer."""
    way = Way(TARGET, host_interpreter(PYTHON), timestamps=True, mtime=EPOCH)
    tree = put(wheel_of("thing", {"thing/__init__.py": b"X = 1\n"}), tmp_path, way)
    (path,) = [path for path in tree.nodes if path.endswith(".pyc")]
    bytecode = tree.read(path) or b""
    assert bytecode[4:16] == bytes(4) + EPOCH.to_bytes(4, "little") + (6).to_bytes(4, "little")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x05\x06" + bytes(18),
        wheel_of("thing", {"../evil.py": b"x"}),
        wheel_of("thing", {"thing/../../evil.py": b"x"}),
        wheel_of("thing", {"/etc/evil": b"x"}),
        wheel_of("thing", {"thing-1.0.data/data/../../../evil": b"x"}),
        wheel_of("thing", {"thing-1.0.data/scripts/../../evil": b"#!python\n"}),
        wheel_of("thing", {"thing-1.0.data/nonsense/x": b"x"}),
        wheel_of("thing", {"thing/.wh.numpy": b""}),
        wheel_of("thing", {"thing.py": b"x"}, lies={"thing.py": record_hash(b"y")}),
        wheel_of("thing", {"thing.py": b"x"}, lies={"thing.py": "md5=abc"}),
        wheel_of("thing", {"thing.py": b"x"}, lies={"thing.py": "nonsense"}),
        wheel_of("thing", {"thing.py": b"x"}, forgotten=["thing.py"]),
        wheel_of("thing", {"thing.py": b"x"}, entry_points="[console_scripts]\n../../evil = thing:main\n"),
        wheel_of("thing", {"thing.py": b"x"}, entry_points="[console_scripts]\nx = not an entry\n"),
        wheel_of("other", {"other.py": b"x"}),
        wheel_of("thing", {"thing.py": b"x" * 50})[:-40],
    ],
    ids=range(17),
)
def test_hostile_wheels(data: bytes, tmp_path: Path) -> None:
    """Wheels that leave their folder, lie in RECORD, or are damaged: bad input, named after the wheel."""
    with pytest.raises(BadInputError, match=r"thing-1\.0-py3-none-any\.whl"):
        put(data, tmp_path)


def test_bombs_are_refused(tmp_path: Path) -> None:
    """The directory of a wheel is enough to refuse a bomb."""
    data = wheel_of("thing", {"x": b"x"})
    (tmp_path / "x.whl").write_bytes(data)
    assert unpacked_size(tmp_path / "x.whl", wheel_record("thing", data)) > 0

    class Huge:
        file_size = 10**12
        filename = "x"

    with pytest.raises(BadInputError, match="no wheel is like that"):
        check_size([Huge()], 1000)  # type: ignore[list-item]


WHEEL = wheel_of("thing", {"thing/__init__.py": b"X = 1\n" * 30}, entry_points="[console_scripts]\nt = thing:main\n")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.integers(0, len(WHEEL) - 1), st.binary(min_size=1, max_size=8))
def test_damaged_wheels(tmp_path: Path, at: int, junk: bytes) -> None:
    """Any bytes overwritten anywhere: it is installed below its own folders, or refused as bad input."""
    try:
        tree = put(WHEEL[:at] + junk + WHEEL[at + len(junk) :], tmp_path)
    except BadInputError:
        return
    assert all(path.startswith("usr/local") or path == "usr" for path in tree.nodes)


@pytest.mark.parametrize("method", [9, 12, 14, 99])
def test_wheels_that_lie_about_their_compression(tmp_path: Path, method: int) -> None:
    """Deflated members that claim to be deflate64, bzip2, LZMA or something unknown: refused as bad input."""
    data = bytearray(WHEEL)
    for mark, field in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        for match in re.finditer(re.escape(mark), WHEEL):
            at = match.start() + field
            if data[at : at + 2] == b"\x08\x00":
                data[at] = method
    assert data != WHEEL
    with pytest.raises(BadInputError):
        put(bytes(data), tmp_path)
