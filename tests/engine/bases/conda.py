#!/opt/conda/bin/python3.11
"""A stand-in for conda in images of tests: env create, env update, create, install, run, clean, config, init, info.

Packages come from pip's index under the same name. An environment gets an interpreter of its own, as conda's do.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path("/opt/conda")
PIP_NAMES = {"pytorch": "torch", "opencv": "opencv-python", "py-opencv": "opencv-python", "pytables": "tables"}
NOT_WHEELS = {"python", "pip", "setuptools", "wheel", "nomkl", "mkl", "openblas", "libgcc", "cudatoolkit", "conda"}


def main(arguments: list[str]) -> int:
    words = [word for word in arguments if word not in {"-y", "--yes", "-q", "--quiet", "--all", "-a", "--offline"}]
    match words:
        case ["env", ("create" | "update"), *rest]:
            return from_file(rest)
        case ["create", *rest]:
            prefix, specs = target(rest)
            return install(make(prefix), specs)
        case ["install" | "update", *rest]:
            prefix, specs = target(rest)
            return install(prefix, specs)
        case ["run", *rest]:
            return run(rest)
        case ["clean", *_]:
            shutil.rmtree(ROOT / "pkgs", ignore_errors=True)
            (ROOT / "pkgs").mkdir()
        case ["info" | "--version", *_]:
            print("conda 24.1.2 (a stand-in for tests)")
        case ["config" | "init", *_]:
            pass
        case _:
            print(f"conda stand-in: no such command: {' '.join(arguments)}", file=sys.stderr)
            return 2
    return 0


def target(words: list[str]) -> tuple[Path, list[str]]:
    """Return the environment's folder, and the packages asked for."""
    prefix, specs, rest = ROOT, [], iter(words)
    for word in rest:
        if word in {"-n", "--name"}:
            prefix = named(next(rest))
        elif word in {"-p", "--prefix"}:
            prefix = Path(next(rest))
        elif word in {"-c", "--channel", "--file"}:
            next(rest)
        elif not word.startswith("-"):
            specs.append(word)
    return prefix, specs


def named(name: str) -> Path:
    return ROOT if name == "base" else ROOT / "envs" / name


def from_file(words: list[str]) -> int:
    file, prefix, rest = "environment.yml", None, iter(words)
    for word in rest:
        if word in {"-f", "--file"}:
            file = next(rest)
        elif word.startswith("--file="):
            file = word.partition("=")[2]
        elif word in {"-n", "--name"}:
            prefix = named(next(rest))
        elif word in {"-p", "--prefix"}:
            prefix = Path(next(rest))
    name, specs = read_environment(Path(file).read_text())
    return install(make(prefix or named(name)), specs)


def read_environment(document: str) -> tuple[str, list[str]]:
    """Return name and dependencies of an environment.yml, pip's among them; no more YAML than such files use."""
    name, specs, section = "base", [], ""
    for line in document.splitlines():
        text = line.split(" #")[0].rstrip()
        if key := re.match(r"([a-z]+):\s*(.*)", text):
            section = key[1]
            name = key[2] if section == "name" else name
        elif section == "dependencies" and (item := re.match(r"\s*-\s+(.+)", text)) and item[1] != "pip:":
            specs.append(item[1].strip("'\""))
    return name, specs


def make(prefix: Path) -> Path:
    """Give a new environment an interpreter: the root's, without what was installed beside it."""
    if prefix == ROOT or (prefix / "conda-meta").is_dir():
        return prefix
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "lib/python3.11", prefix / "lib/python3.11", symlinks=True, ignore=ignore)
    shutil.copytree(ROOT / "include", prefix / "include", symlinks=True)
    for library in (ROOT / "lib").glob("lib*.so*"):
        shutil.copy2(library, prefix / "lib", follow_symlinks=False)
    (prefix / "bin").mkdir()
    for program in ("python3.11", "python3", "python"):
        shutil.copy2(ROOT / "bin" / program, prefix / "bin", follow_symlinks=False)
    for pip in ("pip", "pip3"):
        (prefix / "bin" / pip).write_text(
            f"#!{prefix}/bin/python3.11\nfrom pip._internal.cli.main import main\nmain()\n"
        )
        (prefix / "bin" / pip).chmod(0o755)
    (prefix / "conda-meta").mkdir()
    (prefix / "conda-meta/history").touch()
    return prefix


def install(prefix: Path, specs: list[str]) -> int:
    wanted = [spec for spec in map(for_pip, specs) if spec]
    if (
        wanted
        and subprocess.run([prefix / "bin/python3.11", "-m", "pip", "install", "-q", *wanted], check=False).returncode
    ):
        return 1
    for found in distributions(path=[str(prefix / "lib/python3.11/site-packages")]):
        name, version = found.metadata["Name"].lower(), found.version
        document = {"name": name, "version": version, "build": "standin_0", "channel": "stand-in", "files": []}
        (prefix / f"conda-meta/{name}-{version}-standin_0.json").write_text(json.dumps(document))
    return 0


def for_pip(spec: str) -> str:
    """Return ``name=1.2`` or ``name=1.2=build`` as pip writes it; nothing for what is no wheel."""
    spec = spec.rpartition("::")[2].replace(" ", "")
    name = re.match(r"[A-Za-z0-9_.-]+", spec)
    if not name or name[0].lower() in NOT_WHEELS:
        return ""
    rest = spec[name.end() :]
    if single := re.fullmatch(r"=([^=<>~]+)(=[^=]*)?", rest):
        rest = f"=={single[1]}" if single[1].count(".") > 1 else f"=={single[1]}.*"
    return PIP_NAMES.get(name[0].lower(), name[0]) + rest


def run(words: list[str]) -> int:
    prefix = ROOT
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in {"-n", "--name"}:
            prefix = named(words.pop(0))
        elif option in {"-p", "--prefix"}:
            prefix = Path(words.pop(0))
    path = f"{prefix}/bin:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "CONDA_PREFIX": str(prefix), "CONDA_DEFAULT_ENV": prefix.name}
    os.environ["PATH"] = path
    os.execvpe(words[0], words, environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
