"""Do pruned libraries compute the same on a GPU?

python bench/gpu_check.py [--python PYTHON] [--gpu LIST] [--cpu]

Takes a torch that is installed (that of PYTHON; default: python3), makes a copy of its site-packages out of hard links,
prunes every library in it at level 2 for the GPUs that are here, proves each, and runs bench/images/gpu/operations.py
with both: as usual, with every kernel loaded at once, and with the compiler for PTX off. Every result must be the
same, bit for bit. ``make gpu-check`` calls it. With --cpu the operations run on the CPU, to try the rest without a GPU.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jettison.elf.arch import Choice, parse_targets, shown
from jettison.elf.bytes import FileBytes
from jettison.elf.prune import prune
from jettison.elf.treatment import Treatment
from jettison.elf.verify import verify_pruned
from jettison.errors import BadInputError
from jettison.run.gpus import find_gpus
from measure import machine, table

OPERATIONS = Path(__file__).parent / "images" / "gpu" / "operations.py"
LEAST = 64 << 10
RUNS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("as usual", {}),
    ("CUDA_MODULE_LOADING=EAGER", {"CUDA_MODULE_LOADING": "EAGER"}),
    ("CUDA_DISABLE_PTX_JIT=1", {"CUDA_DISABLE_PTX_JIT": "1"}),
)


def site_of(python: str) -> Path:
    """Return the folder that the torch of an interpreter lies in."""
    code = "import importlib.util as u; print(u.find_spec('torch').origin)"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{python} has no torch: {done.stderr.strip().rpartition(chr(10))[2]}")
    return Path(done.stdout.strip()).parents[1]


def libraries(site: Path) -> Iterator[Path]:
    """Give the ELF files of a folder that are worth pruning."""
    for path in sorted(site.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size >= LEAST:
            with open(path, "rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path


def copied(site: Path, to: Path) -> Path:
    """Return a copy made of hard links, where the file system allows them."""

    def link(source: str, target: str) -> None:
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)

    shutil.copytree(site, to, symlinks=True, copy_function=link)
    return to


def pruned(site: Path, treatment: Treatment) -> tuple[int, int, int]:
    """Prune every library in place, proved; return how many changed, and the bytes of all before and after."""
    count = before = after = 0
    for path in libraries(site):
        new = path.with_name(f"{path.name}.pruned")
        before += path.stat().st_size
        try:
            changed = prune(path, treatment, new).changed
        except BadInputError as error:
            print(f"left alone: {path.name}: {error.message}", file=sys.stderr)
            changed = False
        if changed:
            with FileBytes(path) as old, FileBytes(new) as made:
                if problems := verify_pruned(old, made, treatment).problems:
                    sys.exit(f"{path}: {problems[0]}")
            shutil.copymode(path, new)
            new.replace(path)
        count += changed
        after += path.stat().st_size
    return count, before, after


def operations(python: str, site: Path, env: Mapping[str, str], device: str) -> dict[str, Any]:
    """Run the operations with the packages of a folder; return what they print."""
    command = [python, str(OPERATIONS), device]
    variables = {
        **os.environ,
        **env,
        "PYTHONPATH": str(site),
        "STARTED": str(time.time()),
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    }
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    if done.returncode:
        sys.exit(f"{site}: {done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if not result["file"].startswith(f"{site}/"):
        sys.exit(f"torch came from {result['file']}, not from {site}")
    return result


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Do pruned libraries compute the same on a GPU?")
    parser.add_argument("--python", default=shutil.which("python3") or sys.executable, help="an interpreter with torch")
    parser.add_argument("--gpu", default="auto", help="as for jettison slim (default: what is here)")
    parser.add_argument("--cpu", action="store_true", help="run the operations on the CPU")
    parser.add_argument("--folder", help="where the copy is made (default: beside the packages, for hard links)")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    site = site_of(args.python)
    targets = find_gpus() if args.gpu == "auto" else parse_targets(args.gpu)
    device = "cpu" if args.cpu else "cuda"
    rows, differing = [], []
    with tempfile.TemporaryDirectory(dir=args.folder or site.parent) as name:
        small = copied(site, Path(name) / "site")
        count, before, after = pruned(small, Treatment(Choice(targets), 2))
        for title, env in RUNS:
            one, other = operations(args.python, site, env, device), operations(args.python, small, env, device)
            wrong = [key for key, digest in one["digests"].items() if other["digests"][key] != digest]
            differing += wrong
            same = f"{len(one['digests']) - len(wrong)} of {len(one['digests'])} the same"
            memory = f"{one['memory'] / 1e6:.0f} → {other['memory'] / 1e6:.0f}"
            rows.append([title, same, f"{one['first']:.2f} → {other['first']:.2f}", memory])
    print(f"{machine()}; {one['device']} {one['capability']}, {_driver()}, torch {one['torch']}\n")
    kept = ", ".join(map(shown, targets))
    print(f"{count} libraries pruned for {kept}: {before / 1e9:.2f} GB → {after / 1e9:.2f} GB\n")
    print(table(["run", "results, bit for bit", "seconds to the first kernel", "MB of GPU memory in use"], rows))
    for each in differing:
        print(f"differs: {each}", file=sys.stderr)
    return 1 if differing else 0


def _driver() -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        return "no driver"
    query = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
    text = subprocess.run(query, capture_output=True, text=True, check=False).stdout.split()
    return f"driver {text[0]}" if text else "no driver"


if __name__ == "__main__":
    sys.exit(main())
