"""The project, gathered: cheap at first, and without a context a project that says so."""

import subprocess
import sys
import time
from pathlib import Path

from jettison.dockerfile.project.read import code_of, copied_by, dependencies_of, entry_of, read_project


def test_project(tmp_path: Path) -> None:
    """The context, its manifests, and by functions what they and the code say."""
    (tmp_path / "requirements.txt").write_text("fastapi==0.110\n")
    (tmp_path / "main.py").write_text("import fastapi\n")
    (tmp_path / "old.py").write_text("import flask\n")
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    (tmp_path / ".dockerignore").write_text("old.py\n[\n")
    project = read_project(str(tmp_path))
    assert project.manifests == (("requirements.txt", "requirements"),)
    assert [skip.subject for skip in project.skips] == [".dockerignore:2"]
    assert dependencies_of(project, "requirements.txt").groups[0].wanted[0].pinned
    assert copied_by(project, ["*.py"]).files == ("main.py",)
    assert [file.path for file in code_of(project).files] == ["main.py"]
    assert [file.path for file in code_of(project, ["old.py"]).files] == ["old.py"]
    assert entry_of(project, ["python", "main.py"]).files == ("main.py",)
    (tmp_path / "env/lib").mkdir(parents=True)
    (tmp_path / "env/pyvenv.cfg").touch()
    (tmp_path / "env/lib/theirs.py").touch()
    found = code_of(read_project(str(tmp_path))).files
    assert [file.path for file in found] == ["main.py"], "an environment's code is not the project's"
    assert read_project(str(tmp_path), str(tmp_path / "Dockerfile")).dockerfile == "Dockerfile"


def test_no_context() -> None:
    """Without a context there is a project that says so, and asking it further is no error."""
    for root, reason in ((None, "no build context was given"), ("/nowhere", "the build context is not there")):
        project = read_project(root)
        assert [skip.reason for skip in project.skips] == [reason]
        assert not project.context.entries
        assert copied_by(project, ["x"]).missing == ("x",)
        assert not code_of(project).files
        assert not entry_of(project, "python x.py").files


def test_what_is_loaded() -> None:
    """Gathering loads no parser of manifests or code: a lint that asks for none stays quick."""
    script = "import sys, jettison.dockerfile.project.read; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    assert not {
        "packaging",
        "tomllib",
        "json",
        "configparser",
        "subprocess",
        "jettison.dockerfile.project.visit",
    } & set(said)


def test_many_files(tmp_path: Path) -> None:
    """A context of a thousand files is gathered in a fraction of a second."""
    for number in range(1000):
        (tmp_path / f"f{number}.jpg").write_bytes(b"")
    (tmp_path / ".dockerignore").write_text("**/*.log\n.git\nnode_modules\n*.tmp\n")
    begin = time.process_time()
    assert len(read_project(str(tmp_path)).context.entries) == 1001
    assert time.process_time() - begin < 1
