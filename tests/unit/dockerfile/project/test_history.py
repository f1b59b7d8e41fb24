"""How often files change, from git's own words."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.dockerfile.project import history as module
from jettison.dockerfile.project.history import GIT_LOG, frequency, parse_log

A, B, C = "a" * 40, "b" * 40, "c" * 40
DAY = 86400


def test_log() -> None:
    """Each path has its commits, and several paths together count a commit once."""
    text = f"\x01{A} {3 * DAY}\n\nsrc/a.py\nrequirements.txt\n\x01{B} {3 * DAY - 5}\n\nsrc/a.py\n"
    text += f"\x01{C} {DAY}\n\nsrc/b.py\n"
    history = parse_log(text)
    assert history.commits == 3
    assert history.changes == {"src/a.py": (0, 1), "requirements.txt": (0,), "src/b.py": (2,)}
    both = frequency(history, ["src/a.py", "requirements.txt", "gone"])
    assert (both.commits, both.days, both.last) == (2, 2, 3 * DAY)
    source = frequency(history, lambda path: path.startswith("src/"))
    assert (source.commits, source.share) == (3, 1.0)
    assert frequency(history, []).last == 0
    assert parse_log("").commits == 0


def test_names_as_git_quotes_them() -> None:
    """Quoted names are unquoted, renames count for both names, and a prefix cuts to the context."""
    text = f'\x01{A} 1\n\n"sub/a\\303\\251\\t\\"x.py"\nR100\tsub/old\tsub/new\nM\tout/x\n\x01{B} 2\0\0sub/y\0'
    history = parse_log(text, "sub/")
    assert history.changes == {'aé\t"x.py': (0,), "old": (0,), "new": (0,), "y": (1,)}
    assert parse_log(f'\x01{A} 1\n"\\377.py"\n').changes == {"\udcff.py": (0,)}


def test_real_git(tmp_path: Path) -> None:
    """The output of the command that is given for it is read, with odd names in it."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@x"]
    subprocess.run([*git, "init", "-q"], check=True)
    names = ["a.py", "é b.py", 'q"uote', "tab\there", "sub/new\nline"]
    (tmp_path / "sub").mkdir()
    for count in range(2):
        for name in names[count:]:
            (tmp_path / name).write_text(str(count))
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", "x"], check=True)
    subprocess.run([*git, "mv", "a.py", "b.py"], check=True)
    subprocess.run([*git, "commit", "-qm", "x"], check=True)
    said = subprocess.run([*git, *GIT_LOG[1:]], check=True, capture_output=True, text=True).stdout
    history = parse_log(said)
    assert {path: len(seen) for path, seen in history.changes.items()} == {
        "a.py": 2,
        "b.py": 1,
        **dict.fromkeys(names[1:], 2),
    }
    assert not history.skips


@settings(deadline=None)
@given(st.text(alphabet='ab/\\"\x01\n\0\t 01c', max_size=80))
def test_any_text(text: str) -> None:
    """No text is an error, and no path has a commit that is not there."""
    history = parse_log(f"\x01{A} 1\n{text}")
    assert all(commit < history.commits for seen in history.changes.values() for commit in seen)


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs without end are read to a limit, with a skip; so are lines that no path could be, and foreign ones."""
    monkeypatch.setattr(module, "MAX_CHANGES", 10)
    monkeypatch.setattr(module, "MAX_COMMITS", 3)
    assert parse_log(f"\x01{A} 1\n" + "x\n" * 50).skips[0].reason.startswith("more than 10 changes")
    assert parse_log(f"\x01{A} 1\nx\n" * 50).commits == 3
    assert parse_log("fatal: not a git repository\n").skips[0].reason == "1 lines were not understood"
    assert parse_log(f"\x01{A} 1\n" + "x" * 50_000_000).skips[0].reason == "1 lines were not understood"
