"""How fast is build after a code change, and is it reproducible?

Composes examples/detector/lean.toml twice from empty caches, compares the digests, then changes one line of code.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import jettison, machine, run, table

EXAMPLE = Path(__file__).parent.parent / "examples" / "detector"


def digest(layout: Path) -> str:
    return str(json.loads((layout / "index.json").read_text())["manifests"][0]["digest"])


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        example = folder / "detector"
        shutil.copytree(EXAMPLE, example)
        subprocess.run([sys.executable, str(example / "make_model.py"), str(example)], check=True)
        first, second, third = (folder / part for part in ("first", "second", "third"))
        build = ["build", str(example / "lean.toml"), "-o"]
        clean = [run(jettison(*build, f"oci:{out}"), {"JETTISON_CACHE": f"{out}.cache"}) for out in (first, second)]
        with (example / "app.py").open("a") as code:
            code.write("# one more line\n")
        again = run(jettison(*build, f"oci:{third}"), {"JETTISON_CACHE": f"{second}.cache"})
        same = digest(first) == digest(second)
    rows = [[f"clean compose {number}", f"{one.wall:.1f}"] for number, one in enumerate(clean, 1)]
    rows.append(["compose after a code change", f"{again.wall:.2f}"])
    print(f"{machine()}\n\n{table(['what', 'wall s'], rows)}\n\nTwo clean composes have the same digest: {same}.")


if __name__ == "__main__":
    main()
