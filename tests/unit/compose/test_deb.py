import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers.packages import ar_of, deb_of, pack, tar_of

from jettison.compose.deb import ar_members, inflate, read_deb
from jettison.errors import BadInputError, JettisonError, RefusedError

FILES = {"./": None, "./usr/": None, "./usr/bin/": None, "./usr/bin/tool": b"#!x\n", "./usr/bin/link": "tool"}


def read(data: bytes, tmp_path: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    (tmp_path / "x.deb").write_bytes(data)
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    deb = read_deb(tmp_path / "x.deb", scratch, "package x")
    return deb.control, {entry.path: entry.type for entry in deb.entries}


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz", ".zst"])
def test_every_compression(suffix: str, tmp_path: Path) -> None:
    """Packages of every compression dpkg knows give control files and entries."""
    control, entries = read(deb_of("x", FILES, suffix=suffix, scripts={"postinst": "#!/bin/sh\n"}), tmp_path)
    assert control["control"].startswith(b"Package: x\n")
    assert control["postinst"] == b"#!/bin/sh\n"
    assert entries["usr/bin/tool"] == "file"
    assert entries["usr/bin/link"] == "symlink"


def test_contents_lie_where_the_entries_say(tmp_path: Path) -> None:
    """The uncompressed tar in the scratch folder holds each file at its entry's place."""
    (tmp_path / "x.deb").write_bytes(deb_of("x", FILES))
    deb = read_deb(tmp_path / "x.deb", tmp_path, "package x")
    entry = next(entry for entry in deb.entries if entry.path == "usr/bin/tool")
    assert deb.data.read_bytes()[entry.data : entry.data + entry.size] == b"#!x\n"


def _special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@pytest.mark.parametrize(
    ("data", "error", "said"),
    [
        (b"", BadInputError, "ar magic"),
        (b"!<arch>\n" + b"x" * 30, BadInputError, "malformed ar header"),
        (deb_of("x", FILES)[:-100], BadInputError, "does not fit"),
        (ar_of([("data.tar", b"")]), BadInputError, "debian-binary"),
        (ar_of([("debian-binary", b"3.0\n")]), RefusedError, "version 2"),
        (ar_of([("debian-binary", b"2.0\n"), ("control.tar", tar_of({}))]), BadInputError, "0 members data.tar"),
        (ar_of([("debian-binary", b"2.0\n")] + [("data.tar", b"")] * 20), BadInputError, "does not fit"),
        (
            ar_of([("debian-binary", b"2.0\n"), ("control.tar.bz2", b"x"), ("data.tar", tar_of({}))]),
            RefusedError,
            "bz2",
        ),
        (
            ar_of([("debian-binary", b"2.0\n"), ("control.tar.xz", b"junk"), ("data.tar", tar_of({}))]),
            BadInputError,
            "corrupt",
        ),
        (
            ar_of([("debian-binary", b"2.0\n"), ("control.tar", tar_of({})), ("data.tar", tar_of({}))]),
            BadInputError,
            "no control file",
        ),
        (deb_of("x", {"./../../etc/passwd": b"x"}), BadInputError, "data.tar"),
        (deb_of("x", {"./usr/.wh.bin": b""}), BadInputError, "whiteout"),
        (deb_of("x", FILES, extra=[_special("dev/sda", tarfile.BLKTYPE)]), RefusedError, "block node"),
        (deb_of("x", FILES, extra=[_special("pipe", tarfile.FIFOTYPE)]), RefusedError, "fifo node"),
    ],
)
def test_hostile_packages(data: bytes, error: type[JettisonError], said: str, tmp_path: Path) -> None:
    """Truncated, malformed and hostile packages are told apart from unsupported ones, by name."""
    with pytest.raises(error, match=said) as caught:
        read(data, tmp_path)
    assert "package x" in caught.value.message


def test_a_bomb_stops_at_the_limit() -> None:
    """A member that unpacks to more than the limit is refused before it fills anything."""
    file = io.BytesIO(ar_of([("data.tar.xz", pack(bytes(50_000_000), ".xz"))]))
    (member,) = ar_members(file, "x")
    with pytest.raises(BadInputError, match="more than 2000000 bytes"):
        list(inflate(file, member, 2_000_000, "x"))


WHOLE = deb_of("x", FILES, suffix=".gz")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=12))
def test_damaged_packages(tmp_path: Path, at: int, junk: bytes) -> None:
    """Any bytes overwritten anywhere: it is read, or refused with an error of the family."""
    try:
        read(WHOLE[:at] + junk + WHOLE[at + len(junk) :], tmp_path)
    except JettisonError as error:
        assert "package x" in error.message  # noqa: PT017 -- either outcome is right
