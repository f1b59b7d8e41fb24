"""The lesson's detector, from a CUDA devel base to what one GPU architecture needs: `jettison ladder`, whole.

python bench/ladder_bench.py FOLDER [STEP …]    (needs about 60 GB there and in the engine, and an hour or two)

Needs a container engine: tools/engine.sh starts one. The base is made here (bench/ladder/base.Dockerfile), as large as
the real one. Steps go one at a time, and the builder's cache is emptied between them, for the disk's sake; a run that
was stopped goes on. Bases are there before a build.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.helpers.engine import Engine, build, docker, has_image, start_engine
from tests.helpers.standins import provide

from measure import jettison, machine

HERE = Path(__file__).resolve().parent / "ladder"
RECIPE = HERE.parents[1] / "examples/recipes/lesson-detector"
BASE = "nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04"
OTHERS = ("ubuntu:22.04", "python:3.11-slim", "nvidia/cuda:12.4.1-base-ubuntu22.04")
STEPS = (
    "as written", "rewritten", "slim lossless", "slim", "slim gpu", "slim traced", "composed", "composed traced",
    "fixed",
)  # fmt: skip
BUILT = ("as written", "rewritten", "fixed")
GPU = ("--gpu", "h100", "--gpu-scope", "all", "--gpu-level", "2")


def main() -> None:
    folder, steps = Path(sys.argv[1]), sys.argv[2:] or STEPS
    engine = start_engine()
    if isinstance(engine, str):
        sys.exit(engine)
    _bases(engine)
    project, compose = _project(folder)
    common = jettison(
        "ladder", str(project), "-w", str(project / "workload.toml"), "--work", str(folder / "work"),
        "--builder", "docker", "--network", "host", "--bandwidth", "1Gbps", "--compose", str(compose), *GPU,
    )  # fmt: skip
    env = {**os.environ, **engine.env}
    only: list[str] = []
    for step in steps:
        only += ["--only", step]
        subprocess.run([*common, *only, "--quiet"], env=env, stdout=subprocess.DEVNULL, check=False)
        if step in BUILT:
            docker(engine, "builder", "prune", "-a", "-f")
    print(machine(), flush=True)
    subprocess.run([*common, *only, "--markdown"], env=env, check=False)


def _bases(engine: Engine) -> None:
    for name in OTHERS:
        provide(engine, name)
    if not has_image(engine, BASE):
        build(engine, HERE, BASE, dockerfile="base.Dockerfile")


def _project(folder: Path) -> tuple[Path, Path]:
    """Return the project with its weights, and the compose file beside what it needs; made where they are not there."""
    project, compose = folder / "project", folder / "compose"
    if not project.exists():
        shutil.copytree(RECIPE, project)
        subprocess.run((sys.executable, "make_model.py"), cwd=project, check=True)
    if not compose.exists():
        shutil.copytree(HERE, compose)
        shutil.copy(project / "app.py", compose)
        shutil.copytree(project / "weights", compose / "weights")
    return project, compose / "cuda.toml"


if __name__ == "__main__":
    main()
