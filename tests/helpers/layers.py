"""Random layers for property tests."""

from hypothesis import strategies as st
from tests.helpers.images import File

FILES = ("a", "b", "d/a", "d/b", "d/e/a")
CONTENTS = (b"", b"x", b"y" * 5000, b"z" * 5000)
WHITEOUTS = (".wh.a", "d/.wh.b", "d/.wh..wh..opq", ".wh.d", "d/.wh.e")


@st.composite
def members(draw: st.DrawFn) -> list[File]:
    """Draw one layer: directories, files, symlinks, hard links to a file before them, whiteouts."""
    found: list[File] = []
    if draw(st.booleans()):
        found += [File("d", type="dir", mtime=draw(st.integers(0, 1))), File("d/e", type="dir")]
    names = draw(st.lists(st.sampled_from(FILES), unique=True, max_size=5))
    for name in names:
        files = [file.path for file in found if file.type in ("file", "hardlink")]
        kind = draw(st.sampled_from(["file", "file", "symlink", "hardlink"]))
        if kind == "hardlink" and files:
            found.append(File(name, type="hardlink", link=draw(st.sampled_from(files))))
        elif kind == "symlink":
            found.append(File(name, type="symlink", link="target"))
        else:
            found.append(
                File(name, draw(st.sampled_from([b"", b"x", b"y" * 5000, b"z" * 5000])), mtime=draw(st.integers(0, 1)))
            )
    hidden = draw(st.lists(st.sampled_from(WHITEOUTS), unique=True, max_size=2))
    return found + [File(name) for name in hidden]
