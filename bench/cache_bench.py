"""What a cache in a registry is worth on a clean builder: the same build with it, and without.

    JETTISON_ENGINE_STORE=containerd python bench/cache_bench.py [NAME]    a project of examples/recipes (default: cpu)

Needs an engine that can export caches: tools/engine.sh starts one with that variable (and JETTISON_ENGINE_DIR for one
beside another). The project is built as `jettison rewrite` makes it. The builder is emptied before each build (all but
bases): it then knows what a new one knows. The registry is the engine's own, on this machine.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.helpers.engine import Engine, docker, start_engine, without_syntax
from tests.helpers.recipes import RECIPES, bases_of, build_context, prepare, rewrite
from tests.helpers.standins import provide

from measure import machine, table

TAG = "jettison-bench/cache:1"


def main() -> None:
    """Measure and print."""
    name = sys.argv[1] if len(sys.argv) > 1 else "cpu"
    recipe = next(each for each in RECIPES if each.name == name)
    engine = start_engine()
    if isinstance(engine, str):
        sys.exit(engine)
    with tempfile.TemporaryDirectory(prefix="jettison-cache-") as folder:
        project = prepare(engine, recipe, Path(folder))
        rewrite(project, Path(folder) / "out")
        context = build_context(project, Path(folder) / "out")
        dockerfile = context / "Dockerfile"
        dockerfile.write_text(without_syntax(dockerfile.read_text()))
        for base in bases_of(dockerfile.read_text()):
            provide(engine, base)
        rows = list(
            _rows(engine, context, f"type=registry,ref={engine.env['JETTISON_ENGINE_REGISTRY']}/cache/{name}:1")
        )
    print(f"{machine()}\n")
    print(table([f"{name}, as rewritten", "s"], [[what, f"{seconds:.1f}"] for what, seconds in rows]))


def _rows(engine: Engine, context: Path, cache: str) -> list[tuple[str, float]]:
    fill = _build(engine, context, f"--cache-to={cache},mode=max")
    without = _build(engine, context)
    with_cache = _build(engine, context, f"--cache-from={cache}")
    code = next(path for path in sorted(context.rglob("*.py")))
    code.write_text(code.read_text() + "\n# another line\n")
    return [
        ("clean builder, and the cache written", fill),
        ("clean builder, no cache", without),
        ("clean builder, the registry's cache", with_cache),
        ("clean builder, a line of code changed, no cache", _build(engine, context)),
        (
            "clean builder, a line of code changed, the registry's cache",
            _build(engine, context, f"--cache-from={cache}"),
        ),
    ]


def _build(engine: Engine, context: Path, *options: str) -> float:
    docker(engine, "builder", "prune", "-a", "-f")
    shown = ("--network=host", "--provenance=false", "-t", TAG)
    began = time.monotonic()
    docker(engine, "buildx", "build", *shown, *options, str(context))
    seconds = time.monotonic() - began
    docker(engine, "rmi", "-f", TAG)
    return seconds


if __name__ == "__main__":
    main()
