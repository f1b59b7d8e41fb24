"""What maintainer scripts would have done and matters in a container, done on the tree, without running anything."""

import re
from collections.abc import Callable

from jettison.compose.tree import Stored, Tree
from jettison.elf.facts import ElfFacts
from jettison.elf.ldcache import write_cache
from jettison.elf.ldconf import cache_entries, cacheable, conf_dirs
from jettison.elf.read import read_facts
from jettison.errors import BadInputError
from jettison.layers.entry import Entry
from jettison.oci.image import Extent

ELF = b"\x7fELF"
MERGED = ("bin", "lib", "sbin")  # usr-merge: Debian since 12, Ubuntu since 20.04
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
MOZILLA = "usr/share/ca-certificates/"
NONROOT = 65532  # distroless's number, which cluster policies know
NONROOT_HOME = "home/nonroot"
NSSWITCH = b"passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\nservices: files\n"
BUSYBOX = "usr/bin/busybox"
APPLETS = (
    "[ ash awk basename cat chmod chown clear cp cut date dd df diff dirname du echo env expr false find grep gunzip "
    "gzip head hexdump hostname id kill less ln ls md5sum mkdir mktemp more mv nc netstat nslookup od pgrep ping "
    "printenv printf ps pwd readlink realpath rm rmdir sed seq sh sha256sum sleep sort stat strings tail tar tee test "
    "time timeout top touch tr true uname uniq unzip uptime vi watch wc wget which whoami xargs yes zcat"
)
_MASTER = "usr/share/base-passwd/{}.master"
_LEAN_PASSWD = b"root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n"
_LEAN_GROUP = b"root:x:0:\ntty:x:5:\nstaff:x:50:\nnogroup:x:65534:\n"
_PYTHON = re.compile(r"usr/bin/(python3\.\d+)\Z")


def lay_foundation(tree: Tree) -> None:
    """Put down what must be there before the first package: a merged /usr and the folders of every system."""
    tree.add_dir("usr")
    for name in MERGED:
        tree.add_dir(f"usr/{name}")
        tree.add_link(name, f"usr/{name}")
    for name in ("dev", "etc", "home", "proc", "run", "sys", "usr/local/bin", "usr/local/lib", "var/lib", "var/tmp"):
        tree.add_dir(name)
    tree.add_dir("root", mode=0o700)
    for name in ("tmp", "var/tmp"):
        tree.nodes.pop(name, None)
        tree.add_dir(name, mode=0o1777)


def merged(entry: Entry, tree: Tree) -> Entry:
    """Return an entry as it lands on a merged /usr: ``lib64`` and its like become links to ``usr/…`` on first sight."""
    top = entry.path.split("/", 1)[0]
    if re.fullmatch(r"lib(64|32|x32|o32)", top) and top not in tree.nodes:
        tree.add_dir(f"usr/{top}")
        tree.add_link(top, f"usr/{top}")
    return entry


def _base_files(tree: Tree) -> None:
    for name, to in (("dot.profile", "root/.profile"), ("dot.bashrc", "root/.bashrc"), ("profile", "etc/profile")):
        data = tree.read(f"usr/share/base-files/{name}")
        if data is not None and to not in tree.nodes:
            tree.add_file(to, data)
    for name in ("mnt", "srv", "opt", "media"):
        tree.add_dir(name)
    for name, target in (("var/run", "/run"), ("var/lock", "/run/lock")):
        if name in tree.nodes and tree.nodes[name].entry.type == "dir":
            tree.drop(name)
        tree.add_link(name, target)
    tree.add_dir("run/lock", mode=0o1777)
    if "etc/dpkg/origins/debian" in tree.nodes and "etc/dpkg/origins/default" not in tree.nodes:
        tree.add_link("etc/dpkg/origins/default", "debian")


def _accounts(tree: Tree) -> None:
    for name, lean in (("passwd", _LEAN_PASSWD), ("group", _LEAN_GROUP)):
        tree.add_file(f"etc/{name}", tree.read(_MASTER.format(name)) or lean)


def add_nonroot(tree: Tree) -> None:
    """Add the user that a lean image runs as: ``nonroot``, 65532, with a home of its own."""
    passwd, group = tree.read("etc/passwd") or b"", tree.read("etc/group") or b""
    if b"\nnonroot:" in b"\n" + passwd:
        return
    account = f"nonroot:x:{NONROOT}:{NONROOT}:nonroot:/{NONROOT_HOME}:/sbin/nologin\n".encode()
    tree.add_file("etc/passwd", passwd + account)
    tree.add_file("etc/group", group + f"nonroot:x:{NONROOT}:\n".encode())
    tree.add_dir(NONROOT_HOME, mode=0o700, uid=NONROOT, gid=NONROOT)


def _certificates(tree: Tree) -> None:
    """Make the bundle as update-ca-certificates does, and the names by which OpenSSL finds it without the tool."""
    paths = sorted(path for path in tree.nodes if path.startswith(MOZILLA) and path.endswith(".crt"))
    if not paths:
        return
    texts = [tree.read(path) or b"" for path in paths]
    tree.add_file(BUNDLE, b"".join(text.rstrip(b"\n") + b"\n" for text in texts))
    for path in paths:
        name = path.rpartition("/")[2].removesuffix(".crt")
        tree.add_link(f"etc/ssl/certs/{name}.pem", f"/{path}")
    tree.add_file("etc/ca-certificates.conf", "".join(f"{p.removeprefix(MOZILLA)}\n" for p in paths).encode())
    for name, target in (("cert.pem", f"/{BUNDLE}"), ("certs", "/etc/ssl/certs")):
        if f"usr/lib/ssl/{name}" not in tree.nodes:
            tree.add_link(f"usr/lib/ssl/{name}", target)


def _time_zone(tree: Tree) -> None:
    if "usr/share/zoneinfo/Etc/UTC" in tree.nodes:
        tree.add_link("etc/localtime", "/usr/share/zoneinfo/Etc/UTC")
        tree.add_file("etc/timezone", b"Etc/UTC\n")


def _name_service(tree: Tree) -> None:
    if "etc/nsswitch.conf" not in tree.nodes:
        tree.add_file("etc/nsswitch.conf", tree.read("usr/share/libc-bin/nsswitch.conf") or NSSWITCH)


def _shell(tree: Tree) -> None:
    for shell in ("dash", "bash"):
        if f"usr/bin/{shell}" in tree.nodes and "usr/bin/sh" not in tree.nodes:
            tree.add_link("usr/bin/sh", shell)


def _python(tree: Tree) -> None:
    for match in filter(None, map(_PYTHON.match, sorted(tree.nodes))):
        linked, own = f"usr/lib/{match[1]}/sitecustomize.py", f"etc/{match[1]}/sitecustomize.py"
        if linked in tree.nodes and own not in tree.nodes:
            tree.add_file(own, b"# Empty sitecustomize.py to avoid a dangling symlink\n")
        tree.add_dir(f"usr/local/lib/{match[1]}/dist-packages")


def _busybox(tree: Tree) -> None:
    if BUSYBOX not in tree.nodes:
        return
    for applet in APPLETS.split():
        if f"usr/bin/{applet}" not in tree.nodes:
            tree.add_link(f"usr/bin/{applet}", "busybox")


def _library_cache(tree: Tree) -> None:
    """Write ld.so.cache as ldconfig would, from the libraries' own headers."""
    if "etc/ld.so.conf" not in tree.nodes:
        tree.add_file("etc/ld.so.conf", b"include /etc/ld.so.conf.d/*.conf\n")
    texts = {path: tree.read(path) or b"" for path in tree.nodes if path.startswith("etc/ld.so.conf")}
    dirs = conf_dirs(texts)
    names: dict[str, list[tuple[str, bool]]] = {}
    seen: set[str] = set()
    for folder in (*dirs, "lib", "usr/lib"):
        real = tree.resolve(folder)
        if real not in seen:
            seen.add(real)
            names[folder] = _names(tree, real)
    facts = _Facts(tree)
    tree.add_file("etc/ld.so.cache", write_cache(cache_entries(dirs, names, facts)))


def _names(tree: Tree, folder: str) -> list[tuple[str, bool]]:
    start = folder + "/"
    return [
        (path[len(start) :], node.entry.type == "symlink")
        for path, node in tree.nodes.items()
        if path.startswith(start) and "/" not in path[len(start) :] and cacheable(path[len(start) :])
    ]


class _Facts:
    """The facts of the library a path of the tree leads to, read once."""

    def __init__(self, tree: Tree) -> None:
        self._tree, self._known = tree, dict[str, ElfFacts | None]()

    def __call__(self, path: str) -> ElfFacts | None:
        real = self._tree.resolve(path)
        if real not in self._known:
            node = self._tree.nodes.get(real)
            stored = node.content if node is not None and isinstance(node.content, Stored) else None
            self._known[real] = _facts(stored.extent) if stored else None
        return self._known[real]


def _facts(extent: Extent) -> ElfFacts | None:
    with open(extent.path, "rb") as file:

        def read(offset: int, size: int) -> bytes:
            if offset < 0 or offset + size > extent.size:
                raise BadInputError("beyond the end of the file")
            file.seek(extent.offset + offset)
            return file.read(size)

        is_elf = extent.size > len(ELF) and read(0, len(ELF)) == ELF
        return read_facts(read, extent.size) if is_elf else None


STEPS: tuple[Callable[[Tree], None], ...] = (
    _base_files,
    _accounts,
    _certificates,
    _time_zone,
    _name_service,
    _shell,
    _python,
    _busybox,
    _library_cache,
)
"""What is done once all packages are in the tree, in this order."""


def configure(tree: Tree) -> None:
    """Do natively what the packages' scripts would have done."""
    for step in STEPS:
        step(tree)
