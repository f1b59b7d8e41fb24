"""Whole commands on tiny images: what is printed, as text and as JSON, and the exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.helpers.images import File, docker_archive, oci_layout, tar_bytes

from jettison.cli.main import main
from jettison.oci.json_text import decode_text
from jettison.report.documents import schema_text

HOSTILE = "opt/\x1b]0;x\x07\u202eevil"
BASE = tar_bytes([("usr/lib/a.txt", b"q" * 3000), ("usr/lib/b.txt", b"q" * 3000), (HOSTILE, b"z" * 900)])
TOP = tar_bytes([File(os.fsdecode(b"opt/caf\xe9"), b"c" * 500), ("usr/lib/.wh.b.txt", b"")])


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all: the speed of unpacking is measured once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JETTISON_CACHE", str(cache))


@pytest.fixture
def archive(tmp_path: Path) -> str:
    return str(docker_archive(tmp_path / "app.tar", [BASE, TOP]))


@pytest.fixture
def layout(tmp_path: Path) -> str:
    oci_layout(tmp_path / "layout", [BASE])
    return f"oci:{tmp_path / 'layout'}"


def document(capsys: pytest.CaptureFixture[str], name: str) -> Any:
    """Return the JSON that was printed, after holding it against the schema that ships."""
    out, err = capsys.readouterr()
    assert err == ""
    assert out.isascii()
    read = json.loads(out)
    jsonschema.Draft202012Validator(json.loads(schema_text(name))).validate(read)
    return read


def test_copy(archive: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A copy says what was written, as text and as JSON, and does not replace what is there."""
    assert main(["copy", archive, f"oci:{tmp_path / 'out'}"]) == 0
    assert "3 blobs written" in capsys.readouterr().out
    assert main(["copy", archive, f"oci:{tmp_path / 'out'}"]) == 2
    capsys.readouterr()
    assert main(["copy", archive, f"oci:{tmp_path / 'out'}", "--force", "--json"]) == 0
    read = document(capsys, "copy-result")
    assert read["made"]
    assert read["sent"] == read["size"] == sum(blob["size"] for blob in read["blobs"])


def test_inspect(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The report names the image, and what a hostile name holds cannot drive the terminal."""
    assert main(["inspect", archive]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith(f"{archive}\n")
    assert "\x1b" not in out
    assert "\\x1b]0;x\\x07\\u202eevil" in out
    assert "caf\\xe9" in out
    assert max(len(line) for line in out.splitlines() if archive not in line) <= 100


def test_inspect_json(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The document follows its schema; names that are not UTF-8 can be had back."""
    assert main(["inspect", archive, "--json"]) == 0
    read = document(capsys, "inspection")
    paths = [file["path"] for file in read["largest"]]
    assert "bytes:opt/caf%E9" in paths
    assert os.fsencode(decode_text("bytes:opt/caf%E9")) == b"opt/caf\xe9"


def test_inspect_budget(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A budget that is exceeded is exit code 1 and says which limit; --json keeps standard output a document.

    It is a result and no error, so that --quiet leaves it to the exit code, as it does a proof that failed.
    """
    assert main(["inspect", archive, "--budget", "size=1GB"]) == 0
    assert "The budget held." in capsys.readouterr().out
    assert main(["inspect", archive, "--budget", "size=1kB,files=100", "-q"]) == 1
    assert capsys.readouterr() == ("", "")
    assert main(["inspect", archive, "--budget", "size=1kB,files=100"]) == 1
    assert "size is 7.4 kB, over the 1.0 kB allowed" in capsys.readouterr().out
    assert main(["inspect", archive, "--budget", "size=1kB,files=100", "--json"]) == 1
    out, err = capsys.readouterr()
    json.loads(out)
    assert "size is 7.4 kB, over the 1.0 kB allowed" in err
    assert main(["inspect", archive, "--budget", "size=x"]) == 2


def test_diff(archive: str, layout: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The difference comes by owner, kind and path, and as a document."""
    for by in ("owner", "kind", "path"):
        assert main(["diff", layout, archive, "--by", by]) == 0
        assert f"By {by}" in capsys.readouterr().out
    assert main(["diff", layout, archive, "--json"]) == 0
    assert {path["path"]: path["change"] for path in document(capsys, "image-diff")["paths"]} == {
        "bytes:opt/caf%E9": "added",
        "usr/lib/b.txt": "removed",
    }


def test_verify_image(layout: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A true layout is exit code 0; one whose layer was changed is 1, and the mismatch is named."""
    assert main(["verify-image", layout]) == 0
    assert "Every digest and size is true" in capsys.readouterr().out
    blobs = Path(layout.partition(":")[2]) / "blobs/sha256"
    layer = max(blobs.iterdir(), key=lambda path: path.read_bytes()[:2] == b"\x1f\x8b")
    data = bytearray(layer.read_bytes())
    data[-1] ^= 1
    layer.write_bytes(data)
    assert main(["verify-image", layout, "--json"]) == 1
    assert document(capsys, "digest-report")["problems"]


def test_compare(archive: str, layout: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Images come side by side, each against the first."""
    assert main(["compare", archive, layout]) == 0
    assert "Percentages are against the first" in capsys.readouterr().out
    assert main(["compare", archive, layout, "--json"]) == 0
    assert len(document(capsys, "comparison")["images"]) == 2


def test_limits(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A limit that is lowered is enforced (code 3); one that does not exist is a usage error that lists them."""
    assert main(["inspect", archive, "--no-cache", "--limit", "max-tar-size=1k"]) == 3
    assert "max-tar-size" in capsys.readouterr().err
    assert main(["inspect", archive, "--limit", "max-nothing=1"]) == 2
    assert "max-tar-size" in capsys.readouterr().err
    assert main(["inspect", archive, "--limit", "max-tar-size=x"]) == 2


def test_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """A schema is printed as it ships; without a name, their names."""
    assert main(["schema", "proof"]) == 0
    assert capsys.readouterr().out == schema_text("proof")
    assert main(["schema"]) == 0
    assert "jettison inspect --json" in capsys.readouterr().out


def test_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Something that is no image is exit code 3, as a document when asked for one."""
    (tmp_path / "no.tar").write_bytes(b"nothing" * 400)
    assert main(["inspect", str(tmp_path / "no.tar"), "--json"]) == 3
    assert json.loads(capsys.readouterr().err)["kind"] == "bad-input"


def test_reader_that_goes_away(archive: str) -> None:
    """A reader that stops early (``| head``) is no error, and hides no verdict."""
    for budget, code in (("size=1GB", 0), ("size=1kB", 1)):
        read, write = os.pipe()
        os.close(read)
        with open(write, "wb") as closed:
            argv = [sys.executable, "-m", "jettison", "inspect", archive, "--budget", budget]
            done = subprocess.run(argv, stdout=closed, stderr=subprocess.PIPE, check=False)
        assert (done.returncode, done.stderr) == (code, b"")


@pytest.mark.parametrize("words", ["schema proof", "--version", "slim --help"])
def test_full_output(words: str) -> None:
    """When standard output is full, the error says so once (code 5), although Python writes late."""
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    with open("/dev/full", "wb") as full:
        argv = [sys.executable, "-m", "jettison", *words.split()]
        env = {**os.environ, "PYTHONUNBUFFERED": ""}
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, check=False, env=env)
    assert done.returncode == 5
    assert done.stderr.count(b"\n") == 2
    assert b"the disk is full" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals(cache: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM in the midst of work: exit code 130, one line, no traceback, nothing left behind."""
    code = (
        "import sys, time, jettison.api.inspect as api\n"
        "from jettison.storage import scratch_dir\n"
        "def slow(*a, **k):\n"
        "    with scratch_dir():\n"
        "        print('ready', flush=True); time.sleep(30)\n"
        "api.inspect = slow\n"
        "from jettison.cli.main import entry\n"
        "sys.argv = ['jettison', 'inspect', 'x']; entry()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    began = time.monotonic()
    process.send_signal(number)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert err == b"jettison: interrupted; nothing is left behind\n"
    assert time.monotonic() - began < 5
    assert not list((cache / "scratch").iterdir())
