"""What a ladder refuses before it touches anything."""

from pathlib import Path

import pytest

from jettison.api.ladder import LadderOptions, ladder
from jettison.errors import UsageError
from jettison.run.workload import Ready, Workload

WORKLOAD = Workload("w", Ready(), ())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project, and a file outside of it."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "outside.py").write_text("mine = 1\n")
    return tmp_path / "project"


def test_work_folder(project: Path, tmp_path: Path) -> None:
    """A work folder in the project would be built into every image; one with somebody's files is not taken."""
    for work in (project, project / "ladder", project / "a" / ".." / "b"):
        with pytest.raises(UsageError, match="lies in the project"):
            ladder(project, work, WORKLOAD)
    (tmp_path / "slim").mkdir()
    (tmp_path / "slim" / "precious").touch()
    with pytest.raises(UsageError, match="not a ladder's"):
        ladder(project, tmp_path / "slim", WORKLOAD)
    assert (tmp_path / "slim" / "precious").exists()


@pytest.mark.parametrize("name", ["../outside.py", "link.py", "none.py", "ABSOLUTE"])
def test_files_of_others(project: Path, tmp_path: Path, name: str) -> None:
    """Only files of the project's own are changed: no path out of it, no link."""
    (project / "link.py").symlink_to(tmp_path / "outside.py")
    name = str(tmp_path / "outside.py") if name == "ABSOLUTE" else name
    for options in (LadderOptions(code=name), LadderOptions(dockerfile=name)):
        with pytest.raises(UsageError, match=r"outside of the project|has no"):
            ladder(project, tmp_path / "work", WORKLOAD, options)
    assert (tmp_path / "outside.py").read_text() == "mine = 1\n"
    assert not (tmp_path / "work").exists()
