"""``lint`` on real files: what it reads, and what its fixes leave as it was."""

import os
import stat
from pathlib import Path

import pytest

from jettison.api import lint as api
from jettison.api.lint import UNREADABLE, LintOptions, difference, lint_files, lint_text
from jettison.errors import RefusedError, UsageError
from jettison.rebuild.dockerfile.fix import fix_recipe

TEXT = "FROM debian:bookworm\nRUN apt-get update && apt-get install -y curl\n"
MENDED = TEXT.removesuffix("\n") + " \\\n    && rm -rf /var/lib/apt/lists/*\n"
ONE = LintOptions(no_context=True, select=("apt-lists-shipped",), fix=True)


def test_a_fix_keeps_mode_links_and_line_endings(tmp_path: Path) -> None:
    """What is mended through a link is the file behind it; its mode, BOM and line endings stay."""
    real = tmp_path / "real"
    real.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    real.chmod(0o640)
    link = tmp_path / "Dockerfile"
    link.symlink_to("real")
    report = lint_files([link], ONE)
    assert report.files[0].written == (str(link),)
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert real.read_bytes() == b"\xef\xbb\xbf" + MENDED.replace("\n", "\r\n").encode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Dockerfile", "real"]


def test_with_diff_nothing_is_written(tmp_path: Path) -> None:
    """A diff says what would change, and the file stays as it is."""
    path = tmp_path / "Dockerfile"
    path.write_text(TEXT)
    report = lint_files([path], LintOptions(no_context=True, select=ONE.select, fix=True, write=False))
    (file,) = report.files
    assert file.written == ()
    assert path.read_text() == TEXT
    assert "+    && rm -rf /var/lib/apt/lists/*\n" in file.diff


def test_a_new_file_beside_it_is_told_and_written(tmp_path: Path) -> None:
    """A missing ``.dockerignore`` is written with the fix, and its finding is gone then."""
    (tmp_path / "Dockerfile").write_text("FROM python:3.12-slim\nCOPY . /app\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/x").write_text("x")
    options = LintOptions(select=("dockerignore-missing",), fix=True)
    report = lint_files([tmp_path / "Dockerfile"], options)
    assert report.files[0].written == (str(tmp_path / ".dockerignore"),)
    assert report.files[0].findings == ()
    assert f"+++ {tmp_path / '.dockerignore'}\n" in report.files[0].diff
    assert ".git" in (tmp_path / ".dockerignore").read_text().split()


def test_a_file_that_changed_meanwhile_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody else wrote while the fixes were made is not overwritten."""
    path = tmp_path / "Dockerfile"
    path.write_text(TEXT)

    def slow(*args: object, **options: object) -> object:
        path.write_text("FROM other\n")
        return fix_recipe(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(api, "fix_recipe", slow)
    with pytest.raises(RefusedError, match="was changed"):
        lint_files([path], ONE)
    assert path.read_text() == "FROM other\n"
    assert [each.name for each in tmp_path.iterdir()] == ["Dockerfile"]


def test_folders_are_walked_by_name(tmp_path: Path) -> None:
    """Dockerfiles are found by their usual names, in order, and not among what others installed."""
    for name in (
        "b/Dockerfile.gpu",
        "a/Containerfile",
        "x.dockerfile",
        "node_modules/Dockerfile",
        "Dockerfile.dockerignore",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(TEXT)
    report = lint_files([tmp_path], LintOptions(no_context=True))
    names = [os.path.relpath(file.name, tmp_path) for file in report.files]
    assert names == ["a/Containerfile", "b/Dockerfile.gpu", "x.dockerfile"]


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"hello\n", 1, "hello"),
        (b"FROM a\n\x00\xff", 1, "zero byte"),
        (b"FROM a\nRUN <<EOF\necho\n", 2, "unterminated heredoc"),
        (b"FROM a\nRUN " + b"x" * 70_000, 2, "65,535"),
        (b"", 1, "no instructions"),
        (b"x" * 3_000_000, 1, "1,048,576"),
    ],
)
def test_what_is_no_dockerfile_is_a_finding(tmp_path: Path, data: bytes, line: int, says: str) -> None:
    """A file that BuildKit would not read is one finding with its line and the reason; nothing is raised or written."""
    path = tmp_path / "Dockerfile"
    path.write_bytes(data)
    (file,) = lint_files([path], LintOptions(fix=True)).files
    (finding,) = file.findings
    assert finding.rule == UNREADABLE
    assert finding.line == line
    assert says.lower() in finding.message.lower()
    assert path.read_bytes() == data


def test_unreadable_files_are_skips(tmp_path: Path) -> None:
    """A folder that is named like a Dockerfile, and a link to nowhere, are told and do no harm."""
    (tmp_path / "Dockerfile").symlink_to("nowhere")
    os.mkfifo(tmp_path / "Dockerfile.pipe")  # whoever reads it waits forever
    report = lint_files([tmp_path], LintOptions())
    assert {skip.subject for skip in report.skips} == {
        str(tmp_path / name) for name in ("Dockerfile", "Dockerfile.pipe")
    }
    with pytest.raises(UsageError, match="is not there"):
        lint_files([tmp_path / "none"], LintOptions())


def test_text_is_linted_without_files() -> None:
    """A text has no folder: nothing around it is read; its fixes are in what comes back."""
    report, after = lint_text(TEXT.encode(), "in.Dockerfile", ONE)
    assert after.decode() == MENDED
    assert report.files[0].name == "in.Dockerfile"
    report, after = lint_text(b"no\n", "x", ONE)
    assert [finding.rule for finding in report.files[0].findings] == [UNREADABLE]
    assert after == b"no\n"


def test_costs_are_of_names_once() -> None:
    """What two findings weigh by the same names counts once in what acting on all of them saves."""
    text = b"FROM python:3.11\nRUN apt-get update && apt-get install -y vim vim\nRUN pip install numpy==1.26.4\n"
    report, _ = lint_text(text, "Dockerfile", LintOptions())
    (file,) = report.files
    costs = {finding.rule: finding.cost for finding in file.findings if finding.cost}
    assert {"base-too-large", "apt-lists-shipped"} <= costs.keys()
    assert report.offline
    assert file.saves is not None
    assert max(cost.disk for cost in costs.values()) <= file.saves.disk <= sum(cost.disk for cost in costs.values())
    assert file.saves.estimated


def test_a_difference_can_be_patched() -> None:
    """A missing line ending is told as ``diff`` tells it."""
    assert difference("f", b"a\nb", b"a\nc").endswith(
        "-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n"
    )


def test_rules_are_named(tmp_path: Path) -> None:
    """A rule goes by its aliases too; a name that no rule has is an error."""
    path = tmp_path / "Dockerfile"
    path.write_text(TEXT)
    report = lint_files([path], LintOptions(no_context=True, select=("DL3009",)))
    assert [finding.rule for finding in report.files[0].findings] == ["apt-lists-shipped"]
    with pytest.raises(UsageError, match="no rule 'nope'"):
        lint_files([path], LintOptions(leave=("nope",)))
