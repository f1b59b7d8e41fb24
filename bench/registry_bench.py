"""How fast are pulls and pushes? Beside skopeo, against a registry on this machine, and over a link of 1 Gbps.

python bench/registry_bench.py LAYOUT    an OCI layout with one image, such as `make demo` leaves in demo-out/naive

Needs docker-registry and skopeo (Debian packages of these names). Each pull begins with an empty cache, each push with
an empty registry; the better of two runs counts. The link is shaped as `jettison coldstart` does it; of 1 Gbps, headers
of Ethernet, IP and TCP leave 0.956 for the image.
"""

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jettison.run.link import Shape, linked
from jettison.sources.open import open_image
from measure import Run, jettison, machine, run, table

GIGABIT = 125_000_000
NAME = "bench/app:1"
_CONFIG = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """Start an empty docker-registry, and give its host."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "config.yml").write_text(_CONFIG.format(folder=folder / "data", port=port))
    with subprocess.Popen(
        ("docker-registry", "serve", str(folder / "config.yml")), stderr=subprocess.DEVNULL
    ) as server:
        try:
            for _ in range(200):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            yield f"127.0.0.1:{port}"
        finally:
            server.terminate()


def better(one: Callable[[], Run]) -> Run:
    """Return the quicker of two runs that end well."""
    runs = [one(), one()]
    if any(each.code for each in runs):
        raise SystemExit(f"a command failed: {[each.code for each in runs]}")
    return min(runs, key=lambda each: each.wall)


def pull_jettison(host: str, scratch: Path) -> Run:
    for left in ("cache", "out"):
        shutil.rmtree(scratch / left, ignore_errors=True)
    command = jettison("copy", "-q", f"registry:{host}/{NAME}", f"oci:{scratch / 'out'}")
    return run(command, {"JETTISON_CACHE": str(scratch / "cache")})


def pull_skopeo(host: str, scratch: Path) -> Run:
    shutil.rmtree(scratch / "out", ignore_errors=True)
    return run(
        ("skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{host}/{NAME}", f"oci:{scratch / 'out'}:1")
    )


def push_jettison(layout: str, scratch: Path) -> Run:
    with registry(scratch / "registry") as host:
        cache = {"JETTISON_CACHE": str(scratch / "empty")}
        return run(jettison("copy", "-q", f"oci:{layout}", f"registry:{host}/{NAME}"), cache)


def push_skopeo(layout: str, scratch: Path) -> Run:
    with registry(scratch / "registry") as host:
        return run(("skopeo", "copy", "-q", "--dest-tls-verify=false", f"oci:{layout}", f"docker://{host}/{NAME}"))


def row(what: str, size: int, one: Run, other: Run | None) -> list[str]:
    ratio = f"{one.wall / other.wall:.2f}" if other else "1.00"
    return [what, f"{one.wall:.2f}", f"{size / one.wall / 1e6:.0f}", f"{one.cpu:.1f}", f"{one.peak / 1e6:.0f}", ratio]


def main() -> None:
    layout = sys.argv[1].rstrip("/")
    image = open_image(f"oci:{layout}")
    size = sum(layer.blob.size for layer in image.layers)
    rows = []
    with tempfile.TemporaryDirectory(dir=Path(layout).parent) as name:
        scratch = Path(name)
        with registry(scratch / "registry") as host:
            run(jettison("copy", "-q", f"oci:{layout}", f"registry:{host}/{NAME}"))
            theirs, ours = better(lambda: pull_skopeo(host, scratch)), better(lambda: pull_jettison(host, scratch))
        rows += [row("pull, skopeo", size, theirs, None), row("pull, jettison", size, ours, theirs)]
        with linked(image, Shape(GIGABIT)) as link:
            theirs = better(lambda: pull_skopeo(link.host, scratch))
            ours = better(lambda: pull_jettison(link.host, scratch))
        how = f"1 Gbps, {link.how}"
        rows += [row(f"pull, {how}, skopeo", size, theirs, None), row(f"pull, {how}, jettison", size, ours, theirs)]
        theirs, ours = better(lambda: push_skopeo(layout, scratch)), better(lambda: push_jettison(layout, scratch))
        rows += [row("push, skopeo", size, theirs, None), row("push, jettison", size, ours, theirs)]
    print(f"{machine()}\n\nAn image of {size / 1e9:.2f} GB in the pull, in {len(image.layers)} layers.\n")
    print(table(["what", "wall s", "MB/s", "cpu s", "peak MB", "times skopeo"], rows))


if __name__ == "__main__":
    main()
