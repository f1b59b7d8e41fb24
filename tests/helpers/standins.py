"""Bases for tests, made here once: no hub is asked, and what the names stand for is written in their Dockerfiles.

Run as a script, it makes those that are named, or all: ``python -m tests.helpers.standins python:3.11-slim``.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from pip._internal.models.index import PyPI
from tests.helpers.engine import ROOT, Engine, EngineError, build, docker, has_image, start_engine

BASES = ROOT / "tests/engine/bases"
SEED_WHEELS = ("pip==24.0", "setuptools==65.5.1", "wheel==0.45.1")  # those of the official image
UV_WHEEL = ("--platform=musllinux_1_1_x86_64", "uv")
POETRY_BASE = "jettison/python-with-poetry-mirror:3.11-slim"
_PYTHON = r"3\.11(?:\.\d+)?"
_CUDA = r"nvidia/cuda:12\.\d(?:\.\d)?"


@dataclass(frozen=True, slots=True)
class StandIn:
    """A base that is made here.

    Attributes:
        name: in the engine, the usual tag.
        recipe: file in ``tests/engine/bases``: a Dockerfile, or a compose file for ``jettison build``.
        target: stage of the Dockerfile.
        needs: names that its recipe builds on.
        also: references that it answers to, a regular expression.
    """

    name: str
    recipe: str
    target: str = ""
    needs: tuple[str, ...] = ()
    also: str = ""


STAND_INS = (
    StandIn("debian:bookworm-slim", "debian.Dockerfile", also=r"debian:(?:bookworm|12)(?:-slim)?(?:-\d+)?"),
    StandIn(
        "ubuntu:22.04", "ubuntu.Dockerfile", needs=("debian:bookworm-slim",), also=r"ubuntu:(?:22\.04|24\.04|jammy)"
    ),
    StandIn(
        "python:3.11-slim",
        "python.Dockerfile",
        "slim",
        ("debian:bookworm-slim",),
        rf"python:{_PYTHON}-slim(?:-bookworm)?",
    ),
    StandIn(POETRY_BASE, "python.Dockerfile", "poetry", ("python:3.11-slim",)),
    StandIn("python:3.11", "python.Dockerfile", "full", ("python:3.11-slim",), rf"python:{_PYTHON}(?:-bookworm)?"),
    *(
        StandIn(
            f"nvidia/cuda:12.4.1-{flavour}-ubuntu22.04",
            "cuda.Dockerfile",
            flavour,
            ("ubuntu:22.04",),
            rf"{_CUDA}-{flavour}-ubuntu2[24]\.04",
        )
        for flavour in ("base", "runtime", "cudnn-runtime", "cudnn-devel")
    ),
    StandIn(
        "continuumio/miniconda3:24.1.2-0",
        "conda.Dockerfile",
        needs=("python:3.11-slim",),
        also=r"continuumio/miniconda3(?::.*)?",
    ),
    StandIn("ghcr.io/astral-sh/uv:latest", "uv.Dockerfile", also=r"ghcr\.io/astral-sh/uv(?::(?:latest|[\d.]+))?"),
    StandIn(
        "gcr.io/distroless/cc-debian12", "distroless-cc.toml", also=r"gcr\.io/distroless/(?:cc|base)-debian12(?::.*)?"
    ),
    StandIn(
        "gcr.io/distroless/python3-debian12",
        "distroless-python3.toml",
        also=r"gcr\.io/distroless/python3-debian12(?::.*)?",
    ),
)


def provide(engine: Engine, reference: str) -> None:
    """Make sure that the engine has a base under a name, with or without a digest behind it.

    Raises:
        EngineError: nothing here stands in for it, or it could not be made.
    """
    reference = reference.partition("@")[0].removeprefix("docker.io/").removeprefix("library/")
    if reference == "scratch" or has_image(engine, reference):
        return
    found = [one for one in STAND_INS if reference == one.name or re.fullmatch(one.also, reference)]
    if not found:
        raise EngineError(f"no base here stands in for {reference}; add it to tests/helpers/standins.py")
    for needed in found[0].needs:
        provide(engine, needed)
    if not has_image(engine, found[0].name):
        _make(engine, found[0])
    docker(engine, "tag", found[0].name, reference)


def _make(engine: Engine, base: StandIn) -> None:
    with tempfile.TemporaryDirectory(prefix="jettison-base-") as folder:
        context = Path(folder)
        if base.recipe.endswith(".toml"):
            _compose(engine, base, context)
            return
        shutil.copytree(BASES, context, dirs_exist_ok=True)
        for name, prepare in (("debian", _rootfs), ("python", _seed_wheels), ("uv", _uv)):
            if base.recipe.startswith(name):
                prepare(context)
        target = ("--target", base.target) if base.target else ()
        index = (f"--build-arg=INDEX={PyPI.simple_url}",) if base.name == POETRY_BASE else ()
        build(engine, context, base.name, *target, *index, dockerfile=base.recipe)


def _compose(engine: Engine, base: StandIn, folder: Path) -> None:
    """Make it with this repository's own composer."""
    shutil.copy(BASES / base.recipe, folder)
    archive = folder / "image.tar"
    out = f"docker-archive:{archive}:{base.name.partition(':')[0]}:latest"
    _run(sys.executable, "-m", "jettison", "build", str(folder / base.recipe), "-o", out)
    docker(engine, "load", "-i", str(archive))
    if ":" not in base.name:
        docker(engine, "tag", f"{base.name}:latest", base.name)


def _rootfs(folder: Path) -> None:
    """Bootstrap Debian 12, and lay beside it what of this machine's configuration a build in it needs."""
    if not shutil.which("mmdebstrap"):
        _run("apt-get", "update", "-qq")
        _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "mmdebstrap")
    left_out = tuple(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale"))
    _run("mmdebstrap", "--variant=minbase", *left_out, "bookworm", str(folder / "rootfs.tar"))
    machine = folder / "machine"
    _write(machine / "etc/apt/apt.conf.d/docker-clean", _DOCKER_CLEAN)
    _write(machine / "etc/pip.conf", pip_configuration(machine))
    _write(machine / "etc/uv/uv.toml", "native-tls = true\n")
    own = Path("/usr/local/share/ca-certificates")
    if own.is_dir() and list(own.glob("*.crt")):  # a certificate authority of this network: without it no TLS here
        shutil.copytree(own, machine / "usr/local/share/ca-certificates")
        _write(machine / "etc/ssl/certs/ca-certificates.crt", Path("/etc/ssl/certs/ca-certificates.crt").read_text())


def pip_configuration(folder: Path) -> str:
    """Return this machine's configuration of pip as a file for an image; what is on this machine's disk stays out."""
    lines = ["[global]", "disable-pip-version-check = true"]
    for line in _run(sys.executable, "-m", "pip", "config", "list").splitlines():
        key, _, value = line.partition("=")
        value = value.strip("'\"")
        option = key.rpartition(".")[2]
        if option in {"index-url", "extra-index-url", "trusted-host"} and (urls := _remote(value)):
            lines.append(f"{option} = {urls}")
        elif option == "cert" and "cert = " not in "".join(lines):
            lines.append("cert = /etc/ssl/certs/ca-certificates.crt")
        elif option == "constraint" and Path(value).is_file():
            _write(folder / "etc/pip-constraints.txt", Path(value).read_text())
            lines.append("constraint = /etc/pip-constraints.txt")
    return "\n".join(lines) + "\n"


def _remote(urls: str) -> str:
    return " ".join(url for url in urls.replace("\\n", " ").split() if not url.startswith(("file:", "/")))


def _seed_wheels(folder: Path) -> None:
    pip = (
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--only-binary=:all:",
        "-d",
        str(folder / "wheels"),
    )
    _run(*pip, *SEED_WHEELS)


def _uv(folder: Path) -> None:
    pip = (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(folder))
    _run(*pip, *UV_WHEEL)
    (folder / "uv").mkdir()
    with zipfile.ZipFile(next(folder.glob("uv-*.whl"))) as wheel:
        for name in wheel.namelist():
            if name.endswith((".data/scripts/uv", ".data/scripts/uvx")):
                program = folder / "uv" / Path(name).name
                program.write_bytes(wheel.read(name))
                program.chmod(0o755)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _run(*command: str) -> str:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise EngineError(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    return done.stdout


# As the official images have it: apt keeps no archives, and makes no cache of its index.
_CLEAN = "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"
_DOCKER_CLEAN = f"""\
DPkg::Post-Invoke {{ "{_CLEAN}"; }};
APT::Update::Post-Invoke {{ "{_CLEAN}"; }};
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
APT::AutoRemove::SuggestsImportant "false";
"""


def main(names: list[str]) -> int:
    """Make the bases that are named, or all; print what the engine has then."""
    engine = start_engine()
    if isinstance(engine, str):
        sys.stderr.write(f"{engine}\n")
        return 1
    for name in names or [base.name for base in STAND_INS]:
        provide(engine, name)
        sys.stdout.write(docker(engine, "images", "--format", "{{.Repository}}:{{.Tag}} {{.Size}}", name))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
