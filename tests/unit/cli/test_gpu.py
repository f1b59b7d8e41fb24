"""``jettison gpu``, and the options of plan and slim on GPU code."""

import json
from pathlib import Path

import jsonschema
import pytest
from tests.helpers.fatbins import Library, cubin, fatbin, ptx
from tests.helpers.images import docker_archive, tar_bytes

from jettison.cli.main import main
from jettison.report.documents import schema_text

CODE = Library(own=[fatbin(cubin(80, 150_000), cubin(90, 5000), ptx(90, 700))]).build()


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    docker_archive(tmp_path / "app.tar", [tar_bytes([("opt/libmine.so", CODE)])])
    (tmp_path / "libmine.so").write_bytes(CODE)


def test_report(capsys: pytest.CaptureFixture[str]) -> None:
    """An image and a library are shown by architecture; inspect shows the same table."""
    for name in ("app.tar", "libmine.so", "."):
        assert main(["gpu", name]) == 0
        out = capsys.readouterr().out
        assert "155.9 kB of GPU code in 1 library" in out
        assert "sm_80" in out
    assert main(["inspect", "app.tar"]) == 0
    assert "GPU code by architecture" in capsys.readouterr().out


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The document follows the schema that ships, and its rows add up."""
    assert main(["gpu", "app.tar", "--json"]) == 0
    read = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(json.loads(schema_text("gpu-report"))).validate(read)
    assert read["code"] == sum(row["disk"] for row in read["rows"]) > 0
    assert {row["code"] for row in read["rows"]} == {"sm_80", "sm_90", "compute_90"}


def test_start_check(capsys: pytest.CaptureFixture[str]) -> None:
    """The check to start with is printed as a program; without it and an image there is nothing to do."""
    assert main(["gpu", "--start-check"]) == 0
    compile(capsys.readouterr().out, "gpu_check.py", "exec")
    assert main(["gpu"]) == 2
    assert "which image" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "code"), [("none.so", 2), ("app.tar", 0)])
def test_exit_codes(capsys: pytest.CaptureFixture[str], name: str, code: int) -> None:
    """What is not there is the user's error."""
    assert main(["gpu", name, "-q"]) == code
    assert capsys.readouterr().out == ""


def test_plan(capsys: pytest.CaptureFixture[str]) -> None:
    """--gpu makes a plan of tier 2; PTX, level and scope go into what is done."""
    assert main(["plan", "app.tar", "--gpu", "h100", "--ptx", "newest", "--gpu-level", "2", "--json"]) == 0
    read = json.loads(capsys.readouterr().out)
    (step,) = read["steps"]
    assert read["tier"] == 2
    assert step["targets"][0]["to"] == "gpu=9.0 ptx=newest level=2 debug"
    assert main(["plan", "app.tar", "--gpu", "a100,h100"]) == 0
    assert "gpu-code" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--ptx", "all"], "go with --gpu"),
        (["--gpu-level", "2"], "go with --gpu"),
        (["--gpu-scope", "all"], "go with --gpu"),
        (["--gpu", "h100", "--tier", "1"], "--gpu goes with --tier 2"),
        (["--gpu", "h100000"], "is no GPU that is known"),
        (["--gpu", ","], "names no GPU"),
        (["--gpu", "9.0", "--gpu-level", "4"], "invalid choice: 4"),
        (["--gpu", "9.0", "--ptx", "some"], "invalid choice: 'some'"),
    ],
)
def test_refused(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    """Options that contradict each other, or name no GPU, are the user's errors, with the next step."""
    assert main(["plan", "app.tar", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_auto(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing says which GPUs there are, --gpu auto does not guess."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["plan", "app.tar", "--gpu", "auto"]) != 0
    assert "name the GPUs" in capsys.readouterr().err


def test_licence_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    """--gpu-scope all says once, and on standard error, that a licence may forbid it."""
    assert main(["plan", "app.tar", "--gpu", "h100", "--gpu-scope", "all"]) == 0
    err = capsys.readouterr().err
    assert "licence" in err
    assert "not legal advice" in err
    assert main(["plan", "app.tar", "--gpu", "h100", "--gpu-scope", "all", "-q"]) == 0
    assert capsys.readouterr().err == ""
