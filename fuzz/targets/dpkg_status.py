"""dpkg's databases: status, lists, diversions, status.d; apk's beside them."""

from jettison.files.owners.attribute import attribute
from jettison.files.owners.claims import Rootfs
from jettison.layers.entry import Entry

CORPUS = (
    (
        b"Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2\nDepends: a (>= 1) | b, c:any\n"
        b" [amd64]\nProvides: d (= 1)\nSource: glibc (2)\n\nPackage: x\nEssential: yes\n"
    ),
    b"/usr/lib/x\n/lib/y\n/../../etc\n",
    b"/usr/lib/x\n/usr/lib/x.distrib\n:\n",
    b"P:musl\nV:1\nD:so:a.so.1 !b c>1\np:d=1\nF:lib\nR:x\n\n",
    b"00000000000000000000000000000000  usr/lib/x\n",
)
_PLACES = ("status", "status.d/a", "status.d/a.md5sums", "info/libc6.list", "info/libc6.md5sums", "diversions")


def run(data: bytes) -> None:
    """Read the input as each database; only what is there may be claimed."""
    texts = {f"var/lib/dpkg/{place}": data for place in _PLACES} | {"lib/apk/db/installed": data}
    texts["var/lib/dpkg/status"] = CORPUS[0] + b"\n" + data
    paths = [*texts, "usr/lib/x", "lib/y", "etc/passwd"]
    seen = {path: Entry(path, "file", 0, 0, 0, 0, 0, "", "", (0, 0), (), 0, 0, 0) for path in paths}
    owned = attribute(Rootfs(seen, seen, texts))
    if not set(owned.paths) <= set(paths) or not set(owned.paths.values()) <= set(owned.owners):
        raise AssertionError("a record claimed what is not there")
