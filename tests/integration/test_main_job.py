"""The main job on real input: compose from the network, look inside, plan, slim, prove; all through the command."""

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.helpers.machine import need_namespaces, need_network

from jettison.report.documents import schema_text

pytestmark = [pytest.mark.network, pytest.mark.userns]

RECIPE = """\
name = "eigen:naive"
style = "naive"
[debian]
packages = ["ca-certificates", "libpython3-stdlib", "python3-minimal"]
[python]
requirements = "requirements.txt"
[[files]]
from = "app.py"
to = "/app/app.py"
[image]
entrypoint = ["python3", "/app/app.py"]
workdir = "/app"
"""
APP = """\
import json
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
from packaging.version import Version


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"ok": Version(np.__version__) >= Version("1")})

    def do_POST(self):
        matrix = np.array(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.answer({"eigenvalues": np.linalg.eigvalsh(matrix).tolist(), "fft": abs(np.fft.fft(matrix[0])).tolist()})

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


HTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
"""
WORKLOAD = """\
name = "eigen"
[ready]
http = "/"
port = 8000
timeout = "60s"
[[probe]]
name = "eigenvalues"
http = "POST /"
body-json = [[2, 1, 0], [1, 2, 1], [0, 1, 2]]
compare = ["status", "json"]
tolerance = 1e-9
[[probe]]
name = "random"
exec = ["python3", "-c", "import numpy.random as r; print(r.default_rng(1).integers(100, size=8))"]
"""
CORE = "*/numpy/_core/_multiarray_umath.*.so"

Jettison = Callable[..., Any]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the service's sources, or skip where the machine lacks what this is about."""
    need_network()
    need_namespaces()
    folder = tmp_path_factory.mktemp("main-job")
    (folder / "naive.toml").write_text(RECIPE)
    (folder / "requirements.txt").write_text("numpy\npackaging\n")
    (folder / "app.py").write_text(APP)
    (folder / "workload.toml").write_text(WORKLOAD)
    return folder


@pytest.fixture(scope="module")
def jettison(here: Path) -> Jettison:
    """Give the command: arguments in, the JSON it prints out; the user's cache is left alone (pip's own is used)."""
    return functools.partial(_command, here)


def _command(here: Path, *arguments: str, code: int = 0, schema: str = "") -> Any:
    env = {**os.environ, "JETTISON_CACHE": str(here / "cache")}
    env.pop("JETTISON_SCRATCH", None)
    env.pop("SOURCE_DATE_EPOCH", None)
    command = [sys.executable, "-W", "error", "-m", "jettison", *arguments, *(["--json"] if schema else [])]
    done = subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr or done.stdout
    assert sorted(os.listdir(here / "cache" / "scratch")) == []
    if not schema:
        return done.stdout
    value = json.loads(done.stdout)
    jsonschema.Draft202012Validator(json.loads(schema_text(schema))).validate(value)
    return value


@pytest.fixture(scope="module")
def naive(jettison: Jettison) -> Any:
    """Compose the image the careless way, from the network."""
    return jettison("build", "naive.toml", "-o", "oci:naive", "--compression", "zstd", schema="build-result")


@pytest.fixture(scope="module")
def slimmed(naive: Any, jettison: Jettison) -> Any:
    """Plan, then slim by the plan with the workload."""
    jettison("plan", "oci:naive", "-o", "plan.json", schema="plan")
    out = ("--plan", "plan.json", "-o", "oci:slim", "-w", "workload.toml")
    return jettison("slim", "oci:naive", *out, schema="slim-result")


def test_composed_twice(naive: Any, jettison: Jettison) -> None:
    """A build that reuses no layer gives the same bytes; three layers, the code by itself."""
    again = jettison(
        "build", "naive.toml", "-o", "oci:again", "--compression", "zstd", "--no-cache", schema="build-result"
    )
    assert not any(layer["cached"] for layer in [*naive["layers"], *again["layers"]])
    assert again["digest"] == naive["digest"]
    assert [layer["name"] for layer in again["layers"]][::2] == ["base", "code"]


def test_code_change(naive: Any, here: Path, jettison: Jettison) -> None:
    """After a change of code only the code's layer is new."""
    (here / "changed").mkdir()
    for name in ("naive.toml", "requirements.txt", "naive.toml.lock"):
        (here / "changed" / name).write_bytes((here / name).read_bytes())
    (here / "changed" / "app.py").write_text(APP + "# changed\n")
    build = ("build", "changed/naive.toml", "-o", "oci:changed/image", "--compression", "zstd")
    changed = jettison(*build, schema="build-result")
    assert [layer["cached"] for layer in changed["layers"]] == [True, True, False]
    digests = [[layer["digest"] for layer in result["layers"]] for result in (naive, changed)]
    assert [old == new for old, new in zip(*digests, strict=True)] == [True, True, False]


@pytest.mark.usefixtures("naive")
def test_looked_into(jettison: Jettison) -> None:
    """The ledger knows who owns what and what is waste, and the digests are what they say."""
    found = jettison("inspect", "oci:naive", schema="inspection")
    assert {"deb:libc6", "deb:python3-minimal", "python:numpy", "python:packaging"} <= {
        owner["key"] for owner in found["owners"]
    }
    assert "package-caches" in {finding["rule"] for finding in found["findings"]}
    jettison("verify-image", "oci:naive", schema="digest-report")


def test_slimmed_and_proved(naive: Any, slimmed: Any, jettison: Jettison) -> None:
    """The slimmed image is much smaller and answers the same; verify finds the same from the two images alone."""
    assert slimmed["delivered"]
    for proof in (slimmed["proof"], jettison("verify", "oci:naive", "oci:slim", "-w", "workload.toml", schema="proof")):
        assert (proof["verdict"], proof["scope"]) == ("held", "structure and behaviour")
        assert proof["old"] == naive["digest"]
    assert slimmed["new"]["disk"] < slimmed["old"]["disk"] * 0.6
    assert slimmed["new"]["pull"] < slimmed["old"]["pull"] * 0.6


@pytest.mark.usefixtures("slimmed")
def test_broken(here: Path, jettison: Jettison) -> None:
    """An image that lacks what the service needs is not delivered; made without a workload, verify finds it out."""
    broken = ("slim", "oci:slim", "--tier", "lossless", "--drop", CORE, "-o", "oci:broken")
    result = jettison(*broken, "-w", "workload.toml", code=1, schema="slim-result")
    assert not result["delivered"]
    assert not (here / "broken").exists()
    assert not (here / "broken.jettison").exists()
    jettison(*broken)
    proof = jettison("verify", "oci:slim", "oci:broken", "-w", "workload.toml", code=1, schema="proof")
    assert [check["name"] for check in proof["checks"] if check["verdict"] == "failed"] == ["behaviour:eigen"]
