"""How long does the demo take, from an empty cache and again, and what comes out?

python bench/demo_bench.py EXAMPLE ...    EXAMPLE is a folder of examples/: detector, torch-classifier.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import machine, table

ROOT = Path(__file__).parent.parent
COMPARISON = "Comparison\n"


def demo(example: str, folder: Path) -> tuple[float, str]:
    """Run the demo with its cache and output in ``folder``; return wall seconds and the table it ends with."""
    command = [sys.executable, str(ROOT / "examples" / "demo.py"), f"examples/{example}", "--out", str(folder / "out")]
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "JETTISON_CACHE": str(folder / "cache")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds = time.monotonic() - started
    comparison = done.stdout.rpartition(COMPARISON)[2].partition("\n\n")[0]
    return seconds, comparison.replace(f"{folder}/", "")


def main() -> None:
    rows, shown = [], []
    for example in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as name:
            first, _ = demo(example, Path(name))
            again, comparison = demo(example, Path(name))
        rows += [[f"{example}, empty cache", f"{first:.0f}"], [f"{example}, again", f"{again:.0f}"]]
        shown.append(f"{example}:\n\n```text\n{comparison.rstrip()}\n```")
    print(f"{machine()}\n\n{table(['demo', 'wall s'], rows)}\n\n" + "\n\n".join(shown))


if __name__ == "__main__":
    main()
