"""Runs every measurement and writes docs/benchmarks.md: python bench/run_all.py [FOLDER] (needs about 40 GB there)."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench` (bench/run_all.py); each part names its script. Ratios are from one run on one machine.
"""
PARTS = (
    ("Start of the command", "startup_bench.py", False),
    ("inspect", "inspect_bench.py", True),
    ("slim", "slim_bench.py", True),
    ("build", "compose_bench.py", False),
)


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else str(HERE.parent / ".cache" / "bench")
    if not (Path(folder) / "image.tar").exists():
        subprocess.run([sys.executable, str(HERE / "images.py"), folder], check=True)
    parts = [HEAD]
    for title, script, needs_folder in PARTS:
        command = [sys.executable, str(HERE / script), *([folder] if needs_folder else [])]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        print(text, flush=True)
        parts.append(f"## {title}\n\n`bench/{script}`, on {text}")
    PAGE.write_text("\n".join(parts))


if __name__ == "__main__":
    main()
