"""What ``jettison estimate`` predicts, against images that were built: both recipes of each example project.

    python bench/estimate_bench.py FIGURES.json

FIGURES.json is what bench/recipes_bench.py -o wrote: sizes on disk of the images it built. Their bases are stand-ins
that the tests make, so the bases' sizes are asked of the container engine (tools/engine.sh), and the rest is predicted.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.helpers.engine import Engine, docker, has_image, start_engine
from tests.helpers.recipes import RECIPES, RECIPES_DIR, bases_of, build_context, rewrite

from jettison.api.estimate import estimate
from jettison.api.lint import LintOptions

CLOSE = 0.10


def bases(engine: Engine, dockerfile: str) -> dict[str, int]:
    """Return the sizes of a recipe's bases, as the engine has them."""
    names = [name for name in bases_of(dockerfile) if has_image(engine, name)]
    return {name: int(docker(engine, "image", "inspect", "--format", "{{.Size}}", name)) for name in names}


def main() -> int:
    """Predict, compare, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("figures", type=Path)
    args = parser.parse_args()
    engine = start_engine()
    if isinstance(engine, str):
        print(engine, file=sys.stderr)
        return 1
    figures, close, count = json.loads(args.figures.read_text()), 0, 0
    print("| project | recipe | built MB | predicted MB | ratio | unknown |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for name, measured in figures.items():
            source = Path(scratch) / name
            shutil.copytree(RECIPES_DIR / name, source)
            rewrite(source, Path(scratch) / f"{name}-out", "--no-package")
            context = build_context(source, Path(scratch) / f"{name}-out")
            arguments = next(recipe.args for recipe in RECIPES if recipe.name == name)
            for kind, folder in (("naive", source), ("rewritten", context)):
                path = folder / "Dockerfile"
                sizes = bases(engine, path.read_text())
                made = estimate(path, LintOptions(online=True), bases=sizes, arguments=arguments)
                built = measured[kind]["disk"]
                unknown = sum(len(layer.unknown) for layer in made.layers) or ""
                close, count = close + (abs(made.disk / built - 1) <= CLOSE), count + 1
                cells = (
                    name,
                    kind,
                    f"{built / 1e6:.0f}",
                    f"{made.disk / 1e6:.0f}",
                    f"{made.disk / built:.2f}",
                    unknown,
                )
                print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    print(f"\n{close} of {count} within {CLOSE:.0%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
