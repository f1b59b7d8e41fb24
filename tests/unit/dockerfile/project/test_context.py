"""Build contexts: what is sent, what is kept out, what stands out; and what a COPY takes."""

import os
import socket
from pathlib import Path

import pytest

from jettison.dockerfile.project import context as module
from jettison.dockerfile.project.context import Context, flagged, read_context, sent, sent_size
from jettison.dockerfile.project.copied import Copied, copied
from jettison.dockerfile.project.flags import flag_file
from jettison.dockerfile.project.ignore import parse_ignore


def tree(root: Path, files: dict[str, int]) -> None:
    for path, size in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x" * size)


def read(root: Path, ignore: str = "", limit: int = 1000) -> Context:
    return read_context(str(root), parse_ignore(ignore), limit=limit)


def names(context: Context) -> list[str]:
    return [entry.path for entry in sent(context)]


def test_what_is_sent(tmp_path: Path) -> None:
    """Files that are not ignored are sent, in order; an ignored folder is entered only where an exception may match."""
    tree(tmp_path, {"a.py": 3, "data/x.csv": 5, "data/keep/y.csv": 7, "skip/z": 11, "b/c.py": 1})
    context = read(tmp_path, "data\n!data/keep\nskip\n")
    assert names(context) == ["a.py", "b/c.py", "data/keep/y.csv"]
    assert sent_size(context) == (3, 11)
    assert "skip/z" not in context.entries
    assert context.entries["skip"].ignored
    assert not context.entries["skip"].entered
    assert context.entries["data/x.csv"].ignored


def test_symlinks_and_odd_files(tmp_path: Path) -> None:
    """Symlinks are recorded and never followed, loops among them; a socket is not sent."""
    tree(tmp_path, {"d/a": 1})
    (tmp_path / "d/loop").symlink_to("..")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "out").symlink_to("/etc")
    with socket.socket(socket.AF_UNIX) as end:
        here = os.getcwd()
        os.chdir(tmp_path)  # a socket's name is short
        end.bind("s")
        os.chdir(here)
    os.mkfifo(tmp_path / "p")
    context = read(tmp_path)
    assert names(context) == ["out", "self", "d/a", "d/loop"]
    assert {context.entries[name].type for name in ("s", "p")} == {"other"}
    assert context.entries["out"].target == "/etc"


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its limit a walk ends with a skip, and says that it is not complete; so does one that is too deep."""
    tree(tmp_path, {f"d{i}/f{j}": 1 for i in range(5) for j in range(5)})
    context = read(tmp_path, limit=12)
    assert len(context.entries) == 12
    assert not context.complete
    assert context.skips[-1].reason == "more than 12 entries; the rest was not looked at"
    assert read(tmp_path, limit=30).complete
    monkeypatch.setattr(module, "MAX_DEPTH", 1)
    tree(tmp_path, {"d0/e/f": 1})
    assert [(skip.subject, skip.reason) for skip in read(tmp_path).skips] == [("d0/e", "more than 1 folders deep")]


def test_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be listed is a skip with the machine's reason, and the others are still read."""
    tree(tmp_path, {"a/x": 1, "b/y": 1})
    real = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("/a"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    context = read(tmp_path)
    assert names(context) == ["b/y"]
    assert [(skip.subject, skip.reason) for skip in context.skips] == [("a", "Permission denied")]


def test_missing_folder() -> None:
    """A context that is not there is an empty one with a skip."""
    context = read_context("/nowhere/at/all", parse_ignore(""))
    assert not context.entries
    assert context.skips[0].reason == "No such file or directory"


def test_what_stands_out(tmp_path: Path) -> None:
    """Folders of tools are one thing with all that is in them, weights and secrets are told, ignored things are 0."""
    tree(
        tmp_path,
        {
            ".git/objects/ab": 100,
            "env/pyvenv.cfg": 1,
            "env/lib/big.so": 400,
            "env/lib/cacert.pem": 1,
            "src/__pycache__/a.pyc": 7,
            "model.safetensors": 1000,
            "out.pt": 900,
            ".env": 2,
            "keys/id_rsa": 3,
            "keys/id_rsa.pub": 3,
            ".env.example": 3,
            "a.ipynb": 50,
        },
    )
    found = flagged(read(tmp_path, "out.pt\n"))
    assert [(item.flag, item.path, item.size, item.count) for item in found] == [
        ("weights", "model.safetensors", 1000, 1),
        ("venv", "env", 402, 3),
        ("vcs", ".git", 100, 1),
        ("notebook", "a.ipynb", 50, 1),
        ("cache", "src/__pycache__", 7, 1),
        ("secret", "keys/id_rsa", 3, 1),
        ("secret", ".env", 2, 1),
        ("weights", "out.pt", 0, 0),
    ]
    assert [item.path for item in flagged(read(tmp_path), least=500)][:2] == ["model.safetensors", "out.pt"]


@pytest.mark.parametrize(
    ("path", "flag"),
    [
        ("a/.kube/config", "secret"),
        ("config", ""),
        ("prod.env", ""),
        (".env.production", "secret"),
        (".env.sample", ""),
        ("client_secret_123.json", "secret"),
        ("tls/server.key", "secret"),
        ("certs/ca-bundle.pem", ""),
        ("x.BIN", "weights"),
        ("train.parquet", "data"),
        ("main.py", ""),
    ],
)
def test_flags(path: str, flag: str) -> None:
    """Files are told by their names: secrets, their harmless examples, weights in any case."""
    assert flag_file(path) == flag


# --- COPY -------------------------------------------------------------------------------------------------------------

FILES = {"a.py": 1, "b.py": 2, "c.txt": 4, "d/x.py": 8, "d/e/y.py": 16, "d/e/z.txt": 32, "w[1].py": 64}


def take(root: Path, *sources: str, exclude: tuple[str, ...] = (), parents: bool = False, ignore: str = "") -> Copied:
    return copied(read(root, ignore), sources, exclude=exclude, parents=parents)


def test_sources(tmp_path: Path) -> None:
    """A folder gives all that is in it; ways out of the context end at its top; each file counts once."""
    tree(tmp_path, FILES)
    assert take(tmp_path, ".").size == 127
    assert take(tmp_path, "/").files == take(tmp_path, "../..").files == take(tmp_path, "./d/..").files
    assert take(tmp_path, "d", "d/e/").files == ("d/x.py", "d/e/y.py", "d/e/z.txt")
    assert take(tmp_path, "nope", "a.py").missing == ("nope",)
    assert take(tmp_path, "a.py", ignore="a.py").missing == ("a.py",)


def test_wildcards(tmp_path: Path) -> None:
    """A star stays in its folder, two are one, a folder that is matched comes whole, no match is no error."""
    tree(tmp_path, FILES)
    assert take(tmp_path, "*.py").files == ("a.py", "b.py", "w[1].py")
    assert take(tmp_path, "**/*.py").files == ("d/x.py",)
    assert take(tmp_path, "d*").files == ("d/x.py", "d/e/y.py", "d/e/z.txt")
    assert take(tmp_path, "d/*/z*").files == ("d/e/z.txt",)
    assert take(tmp_path, "w\\[1\\].py").missing == ("w\\[1\\].py",)  # no wildcard is in it, so the name is as written
    assert take(tmp_path, "w[[]1].py").files == ("w[1].py",)
    assert take(tmp_path, "*.md") == Copied((), 0, (), ("*.md",))
    assert take(tmp_path, "[").skips[0].reason == "a bracket is not closed"
    assert take(tmp_path, "d/*", ignore="d/x.py").files == ("d/e/y.py", "d/e/z.txt")


def test_exclude(tmp_path: Path) -> None:
    """Exclusions are relative to a source that is a folder, and say nothing of a file that a source names."""
    tree(tmp_path, FILES)
    assert take(tmp_path, ".", exclude=("**/*.py",)).files == ("c.txt", "d/e/z.txt")
    assert take(tmp_path, "d", exclude=("e",)).files == ("d/x.py",)
    assert take(tmp_path, "d", exclude=("d/e",)).files == ("d/x.py", "d/e/y.py", "d/e/z.txt")
    assert take(tmp_path, "a.py", exclude=("*.py",)).files == ("a.py",)
    assert take(tmp_path, ".", exclude=("**", "!d/x.py")).files == ("d/x.py",)


def test_parents(tmp_path: Path) -> None:
    """With --parents a source is a pattern from its pivot on, and two stars cross folders."""
    tree(tmp_path, FILES)
    assert take(tmp_path, "**/*.py", parents=True).files == ("a.py", "b.py", "w[1].py", "d/x.py", "d/e/y.py")
    assert take(tmp_path, "d/./e/*.txt", parents=True).files == ("d/e/z.txt",)
    assert take(tmp_path, "d/e", parents=True).files == ("d/e/y.py", "d/e/z.txt")


def test_followed_symlinks(tmp_path: Path) -> None:
    """A source that is a symlink is followed inside the context, one in a folder is taken as it is, a loop fails."""
    tree(tmp_path, FILES)
    (tmp_path / "to-d").symlink_to("d")
    (tmp_path / "abs").symlink_to("/d/e")
    (tmp_path / "up").symlink_to("../../d/x.py")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "d/link").symlink_to("../a.py")
    assert take(tmp_path, "to-d/e").files == ("d/e/y.py", "d/e/z.txt")
    assert take(tmp_path, "abs").files == ("d/e/y.py", "d/e/z.txt")
    assert take(tmp_path, "up").files == ("d/x.py",)
    assert take(tmp_path, "loop").missing == ("loop",)
    assert "d/link" in take(tmp_path, "d").files
