"""The main job from nothing: compose a careless image, look at it, slim it, prove it, set it beside a lean one.

python examples/demo.py examples/detector --out demo-out

Every step is a command that a user would type; it is printed before it runs.
"""

import argparse
import shlex
import subprocess
import sys
import time
from pathlib import Path

MACHINE_LACKS = 5  # exit code, see docs/reference/exit-codes.md


def step(title: str, *command: str) -> int:
    """Print the command, run it, and return its exit code."""
    shown = ["python" if word == sys.executable else word for word in command]
    if shown[:3] == ["python", "-m", "jettison"]:
        shown = shown[2:]
    print(f"\n── {title}\n$ {shlex.join(shown)}", flush=True)
    started = time.monotonic()
    code = subprocess.run(command, check=False).returncode
    print(f"   ({time.monotonic() - started:.1f} s)", flush=True)
    return code


def must(title: str, *command: str) -> None:
    """Run a step without which the demo cannot go on."""
    if code := step(title, *command):
        sys.exit(code)


def jettison(title: str, *arguments: str) -> None:
    must(title, sys.executable, "-m", "jettison", *arguments)


def build(title: str, recipe: Path, out: str) -> None:
    """Compose an image by its lock; where what the lock names cannot be had any more, choose anew."""
    command = (sys.executable, "-m", "jettison", "build", str(recipe), "-o", out, "--compression", "zstd", "--force")
    if step(title, *command) == MACHINE_LACKS:
        must(f"{title}: choose anew", *command, "--update")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("example", type=Path, help="folder with naive.toml, lean.toml, workload.toml, make_model.py")
    parser.add_argument("--out", type=Path, required=True, help="folder for the images and reports")
    options = parser.parse_args()
    example, out = options.example, options.out
    out.mkdir(parents=True, exist_ok=True)
    naive, slim, lean = (f"oci:{out / name}" for name in ("naive", "slim", "lean"))
    workload = str(example / "workload.toml")

    started = time.monotonic()
    must("Make the model", sys.executable, str(example / "make_model.py"), str(example))
    build("Compose the image the careless way", example / "naive.toml", naive)
    jettison("What is in it", "inspect", naive)
    jettison("Take out the dead weight, and prove it", "slim", naive, "-o", slim, "-w", workload, "--force")
    build("The same service, composed lean from the start", example / "lean.toml", lean)
    jettison("Side by side", "compare", naive, slim, lean, "-w", workload)
    print(f"\nThe whole demo: {time.monotonic() - started:.0f} s. Images, plan and proof are in {out}/.")


if __name__ == "__main__":
    main()
