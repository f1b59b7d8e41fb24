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


def step(title: str, *command: str) -> None:
    """Print the command and run it; the demo ends where a command fails."""
    shown = ["python" if word == sys.executable else word for word in command]
    if shown[:3] == ["python", "-m", "jettison"]:
        shown = shown[2:]
    print(f"\n── {title}\n$ {shlex.join(shown)}", flush=True)
    started = time.monotonic()
    code = subprocess.run(command, check=False).returncode
    print(f"   ({time.monotonic() - started:.1f} s)", flush=True)
    if code:
        sys.exit(code)


def jettison(title: str, *arguments: str) -> None:
    step(title, sys.executable, "-m", "jettison", *arguments)


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
    step("Make the model", sys.executable, str(example / "make_model.py"), str(example))
    jettison("Compose the image the careless way", "build", str(example / "naive.toml"), "-o", naive, "--force")
    jettison("What is in it", "inspect", naive)
    jettison("Take out the dead weight, and prove it", "slim", naive, "-o", slim, "-w", workload, "--force")
    jettison(
        "The same service, composed lean from the start", "build", str(example / "lean.toml"), "-o", lean, "--force"
    )
    jettison("Side by side", "compare", naive, slim, lean, "-w", workload)
    print(f"\nThe whole demo: {time.monotonic() - started:.0f} s. Images, plan and proof are in {out}/.")


if __name__ == "__main__":
    main()
