"""The projects of ``examples/recipes``: built as they are and rewritten, started, asked, and set side by side."""

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.helpers.engine import ROOT, Built, Engine, EngineError, build, container, docker, inspect_container
from tests.helpers.standins import POETRY_BASE, provide

from jettison.run.workload import Answer, Compare, Probe, Workload
from jettison.run.workload_file import load_workload

RECIPES_DIR = ROOT / "examples/recipes"
HEALTHY_WITHIN = 60.0  # seconds
_FROM = re.compile(r"(?im)^[ \t]*FROM[ \t]+(?:--platform=\S+[ \t]+)?(\S+)(?:[ \t]+AS[ \t]+(\S+))?")
_COPY_FROM = re.compile(r"(?i)\b(?:--from=|from=)([^\s,]+)")
_ARG = re.compile(r"(?im)^[ \t]*ARG[ \t]+(\w+)=(\S+)")


@dataclass(frozen=True, slots=True)
class Recipe:
    """One example project.

    Attributes:
        name: its folder.
        args: build arguments with which it builds on a machine without GPU, and small.
        light: whether it is among those that always run.
        heavy: whether it needs gigabytes: runs only where they are asked for.
        contexts: bases that are replaced, by pattern.
        share: at most this share of the naive image's bytes on disk is left.
    """

    name: str
    args: Mapping[str, str] = field(default_factory=dict)
    light: bool = False
    heavy: bool = False
    contexts: Mapping[str, str] = field(default_factory=dict)
    share: float = 0.95


RECIPES = (
    Recipe("multi-stage-good", light=True, share=1.0),
    Recipe("pip-tools", light=True),
    Recipe("uv", share=0.98),  # slim already; bytecode is added, and what only developers need goes
    Recipe("cuda"),
    Recipe("triton-user", {"DEVICE": "cpu"}),
    Recipe("training"),
    Recipe("compiled-extension"),
    Recipe("cpu"),
    Recipe("conda"),
    Recipe("poetry", contexts={r"python:3\.11.*": POETRY_BASE}),
    Recipe("onnxruntime-gpu", {"DEVICE": "cpu"}),
    Recipe("notebook"),
    Recipe("lesson-detector", heavy=True),
)


@dataclass(frozen=True, slots=True)
class Ran:
    """What an image did.

    Attributes:
        answers: one a probe, in order.
        ready: seconds from the start of the container until the service answered, or the command ended.
        health: of the engine's own health check: ``healthy``, ``unhealthy``, or empty where the image has none.
        uid: number of the user that the first process has.
    """

    answers: tuple[Answer, ...]
    ready: float
    health: str
    uid: int


def prepare(engine: Engine, recipe: Recipe, folder: Path) -> Path:
    """Copy a project and make what it does not carry: models by its script, a lock file that would name an index.

    Returns:
        The copy, which can be built and rewritten.
    """
    source, target = RECIPES_DIR / recipe.name, folder / recipe.name
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    if (target / "make_model.py").exists():
        subprocess.run((sys.executable, "make_model.py"), cwd=target, check=True)
    if recipe.name == "uv":
        _lock_with_uv(engine, target)
    return target


def has_rewrite() -> bool:
    """Whether this Jettison has the command."""
    command = (sys.executable, "-m", "jettison", "rewrite", "--help")
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def rewrite(project: Path, out: Path, *options: str) -> None:
    """Run ``jettison rewrite``; a command that is not there yet, or that refuses, raises.

    Raises:
        EngineError: with what it said.
    """
    command = (sys.executable, "-m", "jettison", "rewrite", str(project), "-o", str(out), *options)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineError(f"jettison rewrite: {done.stderr.strip()}")


def build_context(project: Path, out: Path) -> Path:
    """Return a context for a rewritten project: the project's files, and over them what the rewrite made."""
    context = out.parent / f"{out.name}-context"
    shutil.copytree(project, context)
    shutil.copytree(out, context, dirs_exist_ok=True)
    return context


def build_recipe(engine: Engine, recipe: Recipe, context: Path, tag: str) -> Built:
    """Build a context after its bases were provided.

    Raises:
        EngineError: a base is not known here, or the build failed.
    """
    text = (context / "Dockerfile").read_text()
    digestless = re.sub(r"(?<=[\w.])@sha256:[0-9a-f]{64}", "", text)  # a stand-in has another digest
    if digestless != text:
        (context / "Dockerfile").write_text(digestless)
    options = [f"--build-arg={key}={value}" for key, value in recipe.args.items()]
    for base in bases_of(digestless):
        for pattern, stand_in in recipe.contexts.items():
            if re.fullmatch(pattern, base):
                provide(engine, stand_in)
                options.append(f"--build-context={base}=docker-image://{stand_in}")
                break
        else:
            provide(engine, base)
    return build(engine, context, tag, *options)


def bases_of(dockerfile: str) -> tuple[str, ...]:
    """Return the images that a Dockerfile takes from elsewhere, once each; ARGs before the first FROM are filled in."""
    args = dict(_ARG.findall(dockerfile))
    stages = {stage.lower() for _, stage in _FROM.findall(dockerfile) if stage}
    named = [image for image, _ in _FROM.findall(dockerfile)]
    for line in dockerfile.splitlines():
        if re.match(r"(?i)\s*(?:COPY|ADD|RUN)\s|.*--mount=", line):
            named += _COPY_FROM.findall(line.split(" -- ")[0]) if "from=" in line else []
    filled = [re.sub(r"\$\{?(\w+)\}?", lambda found: args.get(found[1], found[0]), name) for name in named]
    return tuple(dict.fromkeys(name for name in filled if name.lower() not in stages and not name.isdigit()))


def exercise_image(engine: Engine, tag: str, workload: Workload, *, health: bool) -> Ran:
    """Start an image as its Dockerfile says, wait until it is ready, and ask the workload's questions.

    Args:
        engine: where the image is.
        tag: its name.
        workload: what to ask.
        health: whether to wait for the engine's health check to settle, where the image has one.

    Raises:
        EngineError: it did not become ready; the text has the end of its log.
    """
    with container(engine, tag, *(f"--env={key}={value}" for key, value in workload.env.items())) as identity:
        started = time.monotonic()
        uid = _uid(engine, identity)
        _wait(engine, identity, workload)
        ready = time.monotonic() - started
        answers = tuple(_ask(engine, tag, identity, workload, probe) for probe in workload.probes)
        return Ran(answers, ready, _health(engine, identity) if health else "", uid)


def workload_of(recipe: Recipe) -> Workload:
    """Return the workload of a project."""
    return load_workload(RECIPES_DIR / recipe.name / "workload.toml")


def _wait(engine: Engine, identity: str, workload: Workload) -> None:
    ready, deadline = workload.ready, time.monotonic() + workload.ready.timeout
    while time.monotonic() < deadline:
        state = inspect_container(engine, identity)["State"]
        if not state["Running"]:
            if ready.kind == "exit" and state["ExitCode"] == 0:
                return
            break
        if ready.kind == "http" and _get(engine, identity, ready.port, ready.value) == 200:
            return
        time.sleep(0.1)
    log = subprocess.run(
        ("docker", "logs", "--tail=40", identity), env={**os.environ, **engine.env}, capture_output=True, check=False
    )
    raise EngineError(f"not ready: {state}\n{(log.stdout + log.stderr).decode(errors='replace')}")


def _get(engine: Engine, identity: str, port: int, path: str) -> int:
    try:
        return _http(
            _address(engine, identity), Probe("ready", "http", Compare(("status",)), path=path, port=port)
        ).status
    except (OSError, http.client.HTTPException):
        return 0


def _ask(engine: Engine, tag: str, identity: str, workload: Workload, probe: Probe) -> Answer:
    if probe.kind == "http":
        return _http(_address(engine, identity), probe)
    command = ("exec", identity, *probe.argv)
    if workload.ready.kind == "exit":  # it has ended: ask a fresh one
        command = ("run", "--rm", f"--entrypoint={probe.argv[0]}", tag, *probe.argv[1:])
    env = {**os.environ, **engine.env}
    started = time.monotonic()
    done = subprocess.run(("docker", *command), env=env, capture_output=True, check=False, timeout=probe.timeout)
    return Answer(probe.name, 0, done.returncode, done.stdout, {}, time.monotonic() - started)


def _http(host: str, probe: Probe) -> Answer:
    connection = http.client.HTTPConnection(host, probe.port, timeout=probe.timeout)
    started = time.monotonic()
    try:
        connection.request(probe.method, probe.path, probe.body or None, dict(probe.headers))
        response = connection.getresponse()
        body = response.read()
        return Answer(probe.name, response.status, 0, body, dict(response.headers), time.monotonic() - started)
    finally:
        connection.close()


def _address(engine: Engine, identity: str) -> str:
    networks = inspect_container(engine, identity)["NetworkSettings"]["Networks"]
    return str(next(iter(networks.values()))["IPAddress"])


def _uid(engine: Engine, identity: str) -> int:
    """Return the user of the first process, which the image's own tools need not be able to tell."""
    pid = inspect_container(engine, identity)["State"]["Pid"]
    try:
        return os.stat(f"/proc/{pid}").st_uid if pid else -1
    except OSError:
        return -1


def _health(engine: Engine, identity: str) -> str:
    deadline = time.monotonic() + HEALTHY_WITHIN
    status = "starting"
    while status == "starting" and time.monotonic() < deadline:
        status = inspect_container(engine, identity)["State"].get("Health", {}).get("Status", "")
        time.sleep(0.2)
    return status


def _lock_with_uv(engine: Engine, project: Path) -> None:
    """Lock with the very uv that the build uses; the lock names this machine's index, so none is in the repository."""
    provide(engine, "ghcr.io/astral-sh/uv:latest")
    identity = docker(engine, "create", "ghcr.io/astral-sh/uv:latest").strip()
    program = project.parent / "uv-program"
    docker(engine, "cp", f"{identity}:/uv", str(program))
    docker(engine, "rm", identity)
    command = (str(program), "lock", "--quiet", "--native-tls", "--no-python-downloads")
    subprocess.run(command, cwd=project, check=True)
    program.unlink()


def write_figures(path: Path, figures: Mapping[str, Mapping[str, float]]) -> None:
    """Write what was measured, for ``bench/recipes_bench.py``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1) + "\n")
