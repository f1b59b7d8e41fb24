"""Records of Python and conda distributions: RECORD, core metadata, egg-info, conda-meta."""

from jettison.files.capture import TextObserver, content
from jettison.files.owners.attribute import attribute
from jettison.files.owners.claims import Rootfs
from jettison.layers.entry import Entry

CORPUS = (
    b'a/b.py,sha256=x,1\n"a/c, d.py",,\n../../../bin/x,,\n/etc/passwd,,\n../../../../../etc/passwd,,\n',
    b"Metadata-Version: 2.1\nName: a.B_c\nVersion: 1\nRequires-Dist: d (>=1) ; extra == 'e'\nRequires-Dist: f\n\ntext",
    b"a\nb\n[test]\nc>=1\n",
    b'{"name":"mkl","version":"1","depends":["a >1"],"files":["lib/x","../../etc/passwd"]}',
)
_SITE = "usr/lib/python3.11/site-packages"
_PLACES = (
    *(f"{_SITE}/a-1.dist-info/RECORD", f"{_SITE}/a-1.dist-info/METADATA", f"{_SITE}/b.egg-info/PKG-INFO"),
    *(f"{_SITE}/b.egg-info/top_level.txt", f"{_SITE}/b.egg-info/requires.txt", f"{_SITE}/c-1.egg-info"),
    *(f"{_SITE}/d-1.egg-info/installed-files.txt", "opt/conda/conda-meta/a.json", f"{_SITE}/e.egg/EGG-INFO/PKG-INFO"),
)


def run(data: bytes) -> None:
    """Capture and read the input as each record; nothing outside the prefix may be claimed."""
    texts = {path: text for path in _PLACES for text in [_capture(path, data)] if isinstance(text, bytes)}
    paths = [*_PLACES, f"{_SITE}/a/b.py", "usr/bin/x", "etc/passwd", "opt/conda/lib/x"]
    seen = {path: Entry(path, "file", 0, 0, 0, 0, 0, "", "", (0, 0), (), 0, 0, 0) for path in paths}
    owned = attribute(Rootfs(seen, seen, texts))
    if "etc/passwd" in owned.paths or not set(owned.paths) <= set(paths):
        raise AssertionError("a record claimed what it may not")


def _capture(path: str, data: bytes) -> bytes | str:
    sink = TextObserver().begin(path, len(data))
    if sink is None:
        raise AssertionError(path)
    sink.feed(data)
    return content(sink.finish())
