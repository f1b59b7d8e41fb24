"""The example recipes as people write them and as ``jettison rewrite`` makes them: built, started, asked, measured.

    python bench/recipes_bench.py [NAME …] [--heavy] [-o FIGURES.json]

Needs a container engine: tools/engine.sh starts one. Of each project, both ways: size on disk, size of the pull (gzip,
as pushed to a registry on this machine), seconds of a build from nothing and of one after a change of the code,
seconds until it is ready, its user. The answers to its workload's probes are compared; a difference is printed.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.helpers.engine import Engine, EngineError, build, docker, remove_images, start_engine
from tests.helpers.recipes import (
    RECIPES,
    Ran,
    Recipe,
    build_context,
    build_recipe,
    exercise_image,
    prepare,
    rewrite,
    workload_of,
)

from jettison.run.compare import compare

MEDIA = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True, slots=True)
class Figures:
    """What one image measured: bytes, seconds."""

    disk: int
    pull: int
    build_s: float
    again_s: float
    ready_s: float
    uid: int
    health: str


def measure(engine: Engine, recipe: Recipe, context: Path, tag: str, *, health: bool) -> tuple[Figures, Ran]:
    """Build a context from nothing and again after a change of its code, and run it."""
    docker(engine, "builder", "prune", "-a", "-f")
    first = build_recipe(engine, recipe, context, tag)
    ran = exercise_image(engine, tag, workload_of(recipe), health=health)
    _change(context)
    options = [f"--build-arg={key}={value}" for key, value in recipe.args.items()]
    started = time.monotonic()
    if not recipe.contexts:
        build(engine, context, f"{tag}-again", *options)
    again = time.monotonic() - started
    figures = Figures(
        first.size,
        _pull(engine, tag),
        first.seconds,
        again if not recipe.contexts else 0,
        ran.ready,
        ran.uid,
        ran.health,
    )
    return figures, ran


def _change(context: Path) -> None:
    """Add a line to the code: what a developer does between two builds."""
    code = next(path for path in sorted(context.rglob("*")) if path.suffix in (".py", ".ipynb"))
    code.write_text(code.read_text() + ("\n# another line\n" if code.suffix == ".py" else "\n"))


def _pull(engine: Engine, tag: str) -> int:
    """Push an image to the engine's registry, and add up the sizes in its manifest."""
    host = engine.env["JETTISON_ENGINE_REGISTRY"]
    name = tag.partition(":")[0]
    docker(engine, "tag", tag, f"{host}/{name}:pull")
    docker(engine, "push", "-q", f"{host}/{name}:pull")
    docker(engine, "rmi", f"{host}/{name}:pull")
    request = urllib.request.Request(f"http://{host}/v2/{name}/manifests/pull", headers={"Accept": MEDIA})
    with urllib.request.urlopen(request) as answer:  # noqa: S310 -- our own registry, on this machine
        manifest = json.load(answer)
    return sum(int(layer["size"]) for layer in manifest["layers"]) + int(manifest["config"]["size"])


def one(engine: Engine, recipe: Recipe) -> dict[str, Any]:
    """Measure one project both ways."""
    old, new = f"jettison-bench/{recipe.name}:naive", f"jettison-bench/{recipe.name}:rewritten"
    with tempfile.TemporaryDirectory(prefix="jettison-recipes-") as folder:
        project = prepare(engine, recipe, Path(folder))
        copy = Path(folder) / "as-is"
        shutil.copytree(project, copy)
        try:
            before, ran = measure(engine, recipe, copy, old, health=False)
            rewrite(project, Path(folder) / "out")
            after, again = measure(engine, recipe, build_context(project, Path(folder) / "out"), new, health=True)
        finally:
            remove_images(engine, old, new, f"{old}-again", f"{new}-again")
    probes = workload_of(recipe).probes
    differences = [
        difference
        for probe, left, right in zip(probes, ran.answers, again.answers, strict=True)
        for difference in compare(probe, left, right)
    ]
    return {"naive": asdict(before), "rewritten": asdict(after), "differences": [str(each) for each in differences]}


def row(name: str, figures: Mapping[str, Any]) -> str:
    """Return a line of the table."""
    old, new = figures["naive"], figures["rewritten"]
    cells = [name]
    for key, unit in (("disk", 1e6), ("pull", 1e6), ("build_s", 1), ("again_s", 1), ("ready_s", 1)):
        before, after = old[key] / unit, new[key] / unit
        cells.append(f"{before:,.0f} → {after:,.0f}" if unit > 1 else f"{before:.1f} → {after:.1f}" if before else "-")
    cells.append("equal" if not figures["differences"] else "DIFFERENT")
    return "| " + " | ".join(cells) + " |"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="projects of examples/recipes (default: all but the heavy ones)")
    parser.add_argument("--heavy", action="store_true", help="those of several gigabytes as well")
    parser.add_argument("-o", dest="output", type=Path, help="write the figures as JSON")
    args = parser.parse_args()
    engine = start_engine()
    if isinstance(engine, str):
        print(engine, file=sys.stderr)
        return 1
    chosen = [
        each for each in RECIPES if each.name in args.names or (not args.names and (args.heavy or not each.heavy))
    ]
    found: dict[str, dict[str, Any]] = {}
    print("| project | disk MB | pull MB | build s | after a change s | ready s | answers |")
    print("|---" * 7 + "|")
    for recipe in chosen:
        try:
            found[recipe.name] = one(engine, recipe)
            print(row(recipe.name, found[recipe.name]), flush=True)
        except EngineError as error:
            print(f"| {recipe.name} | FAILED | | | | | {str(error)[-1500:]} |", flush=True)
        if args.output:
            args.output.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
