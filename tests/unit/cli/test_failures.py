import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from jettison.cli import main as cli
from jettison.cli.commands import Help
from jettison.cli.failures import failure_from
from jettison.cli.parser import Parser
from jettison.errors import BadInputError, MachineError, NotTriedError, RefusedError, UsageError
from jettison.report.documents import schema_text


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (UsageError("x"), 2, "usage"),
        (BadInputError("x"), 3, "bad-input"),
        (RefusedError("x"), 4, "refused"),
        (MachineError("x"), 5, "machine"),
        (NotTriedError("x"), 6, "not-tried"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 5, "machine"),
        (OSError(errno.ENOSPC, "No space left on device"), 5, "machine"),
        (OSError(errno.EDQUOT, "quota", "/somewhere"), 5, "machine"),
        (PermissionError(errno.EACCES, "denied", "/root/.cache/x"), 5, "machine"),
        (FileNotFoundError(errno.ENOENT, "none", "/usr/lib/ours"), 70, "bug"),
        (ValueError("x"), 70, "bug"),
        (RecursionError("x"), 70, "bug"),
    ],
)
def test_families(error: BaseException, code: int, kind: str) -> None:
    """Each error has the exit code of its family; what nobody foresaw is a bug, and says so."""
    failure = failure_from(error, ["inspect", "app.tar"])
    assert (failure.exit_code, failure.kind) == (code, kind)
    assert ("bug in Jettison" in failure.message) == (kind == "bug")


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("app.tar", "app.tar"),
        ("docker-archive:app.tar", "app.tar"),
        ("docker-archive:app.tar:app:1.0", "app.tar"),
        ("oci:folder:tag", "folder/index.json"),
        ("none/out.tar", "none/.out.tar.1234.part"),
        ("--plan=p.json", "p.json"),
        ("oci:none/out", "none"),
    ],
)
@pytest.mark.parametrize("kind", [FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError])
def test_files_of_the_user(word: str, name: str, kind: type[OSError]) -> None:
    """A file that the command line names, in whatever form, is the user's: code 2 and a sentence that names it."""
    code = {
        FileNotFoundError: errno.ENOENT,
        PermissionError: errno.EACCES,
        IsADirectoryError: errno.EISDIR,
        NotADirectoryError: errno.ENOTDIR,
    }[kind]
    for path in (name, os.path.abspath(name)):
        failure = failure_from(kind(code, "x", path), ["inspect", word])
        assert failure.exit_code == 2
        assert path in failure.message


def _raise(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make every command raise ``error``."""

    class Module:
        HELP = Help("", ())

        def configure(self, parser: Parser) -> None:
            parser.add_argument("words", nargs="*")
            parser.add_argument("--json", action="store_true")

        def run(self, _args: object) -> int:
            raise error

    monkeypatch.setattr(cli, "module_of", lambda _name: Module())


def test_sentence_and_hint(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An error is one line, its hint another, and nothing of the image drives the terminal."""
    _raise(monkeypatch, BadInputError("layer 1: \x1b]0;x\x07\nroot# is no name\u202e", hint="look\x1b at it"))
    assert cli.main(["inspect", "x"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "jettison: layer 1: \\x1b]0;x\\x07\\nroot# is no name\\u202e\nhint: look\\x1b at it\n"


def test_json_errors(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json an error is JSON, on standard error."""
    _raise(monkeypatch, RefusedError(f"entry {os.fsdecode(b'caf%e9')} {os.fsdecode(bytes([233]))}", hint="h"))
    assert cli.main(["inspect", "--json"]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    said = json.loads(err)
    assert (said["kind"], said["exit_code"], said["hint"]) == ("refused", 4, "h")


@pytest.mark.parametrize(
    "error",
    [
        UsageError("x"),
        BadInputError("x", hint="h"),
        RefusedError("x"),
        MachineError("x"),
        NotTriedError("x"),
        KeyboardInterrupt(),
        ValueError(os.fsdecode(b"caf\xe9 \x1b")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_json_errors_fit_their_schema(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    """What --json writes for each family of errors is a document of the schema that ships, and names it."""
    _raise(monkeypatch, error)
    code = cli.main(["inspect", "--json"])
    said = json.loads(capsys.readouterr().err)
    jsonschema.Draft202012Validator(json.loads(schema_text("failure"))).validate(said)
    assert said["schema"] == "jettison/failure/1"
    assert (said["exit_code"], said["kind"]) == (code, failure_from(error, []).kind)


def test_a_full_standard_error_keeps_the_exit_code() -> None:
    """Where even the error cannot be told, the exit code still says which family it is of."""
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "jettison", "inspect", "/none.tar"]
        assert subprocess.run(command, check=False, stderr=full).returncode == 2


def test_usage_errors_are_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    """An error of the command line itself follows --json as well."""
    assert cli.main(["inspect", "--json", "a", "b"]) == 2
    assert json.loads(capsys.readouterr().err)["kind"] == "usage"


@pytest.mark.parametrize("how", ["", "option", "environment"])
def test_bugs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], how: str) -> None:
    """A bug says that it is one, where it happened and how to report it; the traceback only when asked for."""
    monkeypatch.delenv("JETTISON_DEBUG", raising=False)
    if how == "environment":
        monkeypatch.setenv("JETTISON_DEBUG", "1")
    _raise(monkeypatch, KeyError("x"))
    assert cli.main(["--debug", "inspect"] if how == "option" else ["inspect"]) == 70
    err = capsys.readouterr().err
    assert "this is a bug in Jettison" in err
    assert "(cli/main.py:" in err
    assert "report it" in err
    assert ("Traceback" in err) == bool(how)


def test_bugs_are_placed_in_the_package(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a bug showed is told of Jettison's own code, also in a checkout whose folder is called jettison."""
    source = compile("raise KeyError", "/home/you/jettison/tests/x.py", "exec")
    with pytest.raises(KeyError) as raised:
        exec(source)  # noqa: S102 -- to have a frame of that file
    _raise(monkeypatch, raised.value)
    assert cli.main(["inspect"]) == 70
    assert "(cli/main.py:" in capsys.readouterr().err


def test_interrupt(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C exits with 130 and one line."""
    _raise(monkeypatch, KeyboardInterrupt())
    assert cli.main(["inspect"]) == 130
    assert capsys.readouterr().err == "jettison: interrupted; nothing is left behind\n"


def test_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is a sentence that names it."""
    assert cli.main(["inspect", str(tmp_path / "none.tar")]) == 2
    assert "none.tar" in capsys.readouterr().err
