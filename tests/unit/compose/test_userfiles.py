import os
from pathlib import Path

import pytest

from jettison.compose.record import FileRule
from jettison.compose.tree import EPOCH, Tree
from jettison.compose.userfiles import place_files
from jettison.errors import UsageError


def place(folder: Path, *rules: FileRule) -> tuple[Tree, Tree]:
    parts = place_files(rules, folder, Tree())
    return Tree(parts["model"]), Tree(parts["code"])


def files(tree: Tree) -> dict[str, int]:
    return {path: node.entry.mode for path, node in tree.nodes.items() if node.entry.type != "dir"}


@pytest.fixture(name="folder")
def project(tmp_path: Path) -> Path:
    for name in ("app.py", "run.sh", "model.onnx", "src/a.py", "src/b/c.py", "src/__pycache__/a.pyc", "src/.git/x"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "run.sh").chmod(0o755)
    os.symlink("a.py", tmp_path / "src/link")
    return tmp_path


def test_files_folders_and_patterns(folder: Path) -> None:
    """A file, a folder's content and a pattern land where they should; weights go to the model layer."""
    model, code = place(
        folder,
        FileRule(f"{folder}/*.onnx", "/app"),
        FileRule(f"{folder}/app.py", "/app/main.py"),
        FileRule(f"{folder}/run.sh", "/app/", uid=7),
        FileRule(f"{folder}/src", "/app/src", mode=0o600),
    )
    assert files(model) == {"app/model.onnx": 0o644}
    assert files(code) == {
        "app/main.py": 0o644,
        "app/run.sh": 0o755,
        "app/src/a.py": 0o600,
        "app/src/b/c.py": 0o600,
        "app/src/link": 0o777,
    }
    assert code.nodes["app/run.sh"].entry.uid == 7
    assert code.nodes["app/src/b"].entry.mode == 0o755
    assert {node.entry.mtime for node in code.nodes.values()} == {EPOCH * 10**9}


def test_a_later_rule_wins_in_either_layer(folder: Path) -> None:
    """The same path twice: the later rule's file, in its layer alone."""
    model, code = place(
        folder, FileRule(f"{folder}/model.onnx", "/x"), FileRule(f"{folder}/app.py", "/x", layer="code")
    )
    assert files(model) == {}
    assert files(code) == {"x": 0o644}


def test_sources_stay_in_the_folder(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A link that leads out of the compose file's folder is refused; an absolute source elsewhere is what it says."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("s")
    os.symlink(outside / "secret", folder / "leak")
    with pytest.raises(UsageError, match="leaves the folder"):
        place(folder, FileRule(f"{folder}/leak", "/leak"))
    assert files(place(folder, FileRule(f"{outside}/secret", "/s"))[1]) == {"s": 0o644}


def test_what_is_not_there_or_no_file(folder: Path) -> None:
    """Missing sources, sockets and names that would be whiteouts are usage errors."""
    with pytest.raises(UsageError, match="there is no file"):
        place(folder, FileRule(f"{folder}/none*", "/x"))
    os.mkfifo(folder / "pipe")
    with pytest.raises(UsageError, match="neither"):
        place(folder, FileRule(f"{folder}/pipe", "/x"))
    (folder / "src/.wh.x").write_text("")
    with pytest.raises(UsageError, match=r"\.wh\."):
        place(folder, FileRule(f"{folder}/src", "/x"))
