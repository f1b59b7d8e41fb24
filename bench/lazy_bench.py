"""From a pull to the first answer: all of an image, or only what is read; and a second version of it.

tools/stargz.sh make KIT; python bench/lazy_bench.py KIT IMAGE TRACE [IMAGE2]

IMAGE is one whose command answers and ends, TRACE what `jettison trace` recorded of it, IMAGE2 its next version.
containerd pulls it whole (overlayfs) and through stargz-snapshotter, Podman with partial images; each from a registry
behind a link of the rates below, into an empty store, and runs it. Root; what comes over the link is counted.
"""

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, Thread

from jettison.api.copy import copy
from measure import machine, table

RATES = (125_000_000, 25_000_000)  # bytes a second
TOOL = Path(__file__).parent.parent / "tools" / "stargz.sh"
REGISTRY, LINK = 5098, 5097
NAME = f"127.0.0.1:{LINK}/app"
PIECE = 1 << 16
CONFIG = """version = 2
root = "/data/c/root"
state = "/run/c"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "/run/c.sock"
[proxy_plugins.stargz]
  type = "snapshot"
  address = "/run/s.sock"
"""
CONTAINERD = """
mkdir -p /data/c; cd /data/c
containerd-stargz-grpc /data/c/s /run/s.sock >s.log 2>&1 &
containerd -c /etc/lazy.toml >c.log 2>&1 &
ctr() { command $CTR -a /run/c.sock "$@"; }
CTR=ctr; until ctr version >/dev/null 2>&1 && [ -S /run/s.sock ]; do sleep 0.1; done
began=$(date +%s%N)
case $1 in
  stargz) CTR=ctr-remote; ctr images rpull --plain-http $2 >/dev/null ;;
  *) ctr images pull --plain-http --snapshotter $1 $2 >/dev/null ;;
esac
pulled=$(date +%s%N)
CTR=ctr; ctr run --rm --net-host --snapshotter $1 $2 one >/data/answer
echo $((pulled - began)) $(($(date +%s%N) - began))
"""
PODMAN = """
export PODMAN_IGNORE_CGROUPSV1_WARNING=1
podman info >/dev/null
began=$(date +%s%N); podman pull -q $1 >/dev/null; pulled=$(date +%s%N)
podman run --rm $1 >/data/answer
echo $((pulled - began)) $(($(date +%s%N) - began))
"""


class Link:
    """Stands before the registry: lets so many bytes a second through, and counts them."""

    def __init__(self) -> None:
        self.rate, self.passed = 0, 0
        self._free = 0.0
        self._lock = Lock()
        self._door = socket.create_server(("127.0.0.1", LINK), backlog=64)
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            client, _ = self._door.accept()
            server = socket.create_connection(("127.0.0.1", REGISTRY))
            Thread(target=self._pass, args=(client, server), daemon=True).start()
            Thread(target=self._pass, args=(server, client), kwargs={"counted": True}, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, *, counted: bool = False) -> None:
        try:
            while piece := source.recv(PIECE):
                if counted:
                    self._wait(len(piece))
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            sink.close()

    def _wait(self, size: int) -> None:
        with self._lock:
            self.passed += size
            self._free = max(self._free, time.monotonic()) + size / self.rate
            wait = self._free - time.monotonic()
        if wait > 0:
            time.sleep(wait)


def main() -> None:
    kit, image, trace, *second = sys.argv[1:]
    rows = []
    with tempfile.TemporaryDirectory() as folder, registry(kit, Path(folder)):
        push(image, trace, second)
        link = Link()
        for link.rate in RATES:
            for text, script, words in (
                ("containerd, gzip, whole", CONTAINERD, ("overlayfs", f"{NAME}:gzip")),
                ("containerd, eStargz, whole", CONTAINERD, ("overlayfs", f"{NAME}:traced")),
                ("stargz-snapshotter, eStargz", CONTAINERD, ("stargz", f"{NAME}:estargz")),
                ("stargz-snapshotter, eStargz by trace", CONTAINERD, ("stargz", f"{NAME}:traced")),
                ("Podman, gzip", PODMAN, (f"{NAME}:gzip",)),
                ("Podman, zstd:chunked", PODMAN, (f"{NAME}:chunked",)),
            ):
                clean(kit)
                rows.append(measured(kit, link, text, script, words))
            if second:  # the store now has the first version as zstd:chunked
                rows.append(measured(kit, link, "… then version 2", PODMAN, (f"{NAME}:chunked2",)))
                clean(kit)
                measured(kit, link, "", PODMAN, (f"{NAME}:gzip",))
                rows.append(measured(kit, link, "Podman, gzip, then version 2", PODMAN, (f"{NAME}:gzip2",)))
    clean(kit)
    print(f"{machine()}\n")
    print(table(["how, over which link", "pull s", "to the answer s", "MB over the link"], rows))


def push(image: str, trace: str, second: list[str]) -> None:
    place = f"registry:127.0.0.1:{REGISTRY}/app"
    copy(image, f"{place}:gzip", compression="gzip", force=True)
    copy(image, f"{place}:chunked", compression="zstd:chunked", force=True)
    copy(image, f"{place}:estargz", compression="estargz", force=True)
    copy(image, f"{place}:traced", compression="estargz", traces=[Path(trace)], force=True)
    for one in second:
        copy(one, f"{place}:gzip2", compression="gzip", force=True)
        copy(one, f"{place}:chunked2", compression="zstd:chunked", force=True)


def measured(kit: str, link: Link, text: str, script: str, words: tuple[str, ...]) -> list[str]:
    before = link.passed
    done = subprocess.run(
        [TOOL, "run", kit, "bash", "-c", script, "-", *words], capture_output=True, text=True, check=False
    )
    answer = Path(kit, "root/data/answer")
    if done.returncode or not answer.is_file() or not answer.read_text().strip():
        raise SystemExit(f"{text}: {done.stderr[-2000:]}")
    pull, whole = (int(word) / 1e9 for word in done.stdout.split()[-2:])
    answer.unlink()
    rate = f"{link.rate * 8 // 10**6} Mbps"
    row = [f"{text}, {rate}", f"{pull:.1f}", f"{whole:.1f}", f"{(link.passed - before) / 1e6:.1f}"]
    print(" | ".join(row), file=sys.stderr, flush=True)
    return row


def clean(kit: str) -> None:
    """Empty the stores."""
    subprocess.run(["rm", "-rf", f"{kit}/root/data"], check=True)
    Path(kit, "root/data").mkdir()


@contextmanager
def registry(kit: str, folder: Path) -> Iterator[None]:
    config = Path(kit, "root/etc/registry.yml")
    config.write_text(
        "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: /var/registry}}\n"
        f'http: {{addr: "127.0.0.1:{REGISTRY}"}}\n'
    )
    Path(kit, "root/etc/lazy.toml").write_text(CONFIG)
    with open(folder / "log", "wb") as log:
        run = [str(TOOL), "run", kit, "docker-registry", "serve", "/etc/registry.yml"]
        process = subprocess.Popen(run, stdout=log, stderr=log)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", REGISTRY)):
                    break
            time.sleep(0.1)
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
