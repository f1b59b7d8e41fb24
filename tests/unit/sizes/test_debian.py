import gzip
import io
import lzma
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers.webserver import Served, serving, web

from jettison.compose import aptsources
from jettison.compose.aptsources import Source, archive_sources
from jettison.sizes import debindex
from jettison.sizes.apkindex import parse_apkindex, weigh_apks
from jettison.sizes.debian import DISK, PULL, SLIM_DISK, present, shipped_index, weigh_packages
from jettison.sizes.debindex import DebRow, make_index, parse_packages, read_index, unpack
from jettison.sizes.record import Bill, NoAnswerError
from jettison.sizes.scales import Scales, weigh_debs

PACKAGES = b"""\
Package: base
Version: 1
Essential: yes
Size: 10
Installed-Size: 1
Depends: libc (>= 2)

Package: libc
Version: 2
Size: 100
Installed-Size: 10

Package: tool
Version: 1:3-4
Size: 1000
Installed-Size: 100
Depends: libc (>= 2), awk | other,
 libtool
Recommends: extra
Description: text
 Depends: not-a-field

Package: libtool
Version: 1
Size: 1
Installed-Size: 1
Pre-Depends: base

Package: mawk
Version: 1
Size: 5
Installed-Size: 2
Provides: awk (= 1)

Package: extra
Version: 1
Size: 7
Installed-Size: 7

Package: unsized
Version: 1
"""


def names(found: Bill) -> set[str]:
    return {line.name for line in found.lines}


@pytest.fixture(name="server")
def server_fixture() -> Iterator[Served]:
    with serving() as served:
        served.files["/debian/dists/test/main/binary-amd64/Packages.xz"] = lzma.compress(PACKAGES)
        yield served


def source(server: Served, suite: str = "test") -> Source:
    return Source(f"{server.url}/debian", suite, ("main",))


def test_a_closure_less_what_the_base_has(server: Served, tmp_path: Path) -> None:
    """Depends and Pre-Depends are followed, providers found, Recommends when asked; the base's own is not counted."""
    index = read_index(web(tmp_path), [source(server)], "amd64")
    have = present(index)
    assert have == {"base", "libc"}
    found = weigh_packages(index, ["tool=1:3-4"], have=have, recommends=False)
    assert names(found) == {"tool", "libtool", "mawk"}
    assert found.total.disk == sum(int(size * 1024 * DISK) for size in (100, 1, 2))
    assert found.weight_of("tool") is not None
    assert found.lines[0].weight.pull == int(1000 * PULL)
    assert not found.total.estimated
    more = weigh_packages(index, ["tool", "base", "none", "unsized"], have=have, recommends=True)
    assert names(more) == {"tool", "libtool", "mawk", "extra"}
    assert [skip.subject for skip in more.unresolved] == ["none", "unsized"]
    slim = weigh_packages(index, ["tool"], have=have, recommends=False, slim=True)
    assert slim.lines[0].weight.disk == int(100 * 1024 * SLIM_DISK)


def test_the_index_is_kept(server: Served, tmp_path: Path) -> None:
    """An index read once is there offline; updates that are missing are done without; gzip stands in for xz."""
    first = read_index(web(tmp_path), [source(server), source(server, "test-updates")], "amd64")
    assert read_index(web(tmp_path, offline=True), [source(server)], "amd64").rows == first.rows
    server.files = {"/debian/dists/old/main/binary-amd64/Packages.gz": gzip.compress(PACKAGES)}
    assert read_index(web(tmp_path), [source(server, "old")], "amd64").rows == first.rows
    with pytest.raises(NoAnswerError, match="404"):
        read_index(web(tmp_path), [source(server, "none")], "amd64")
    with pytest.raises(NoAnswerError, match="no archive"):
        read_index(web(tmp_path), [], "amd64")


@pytest.mark.parametrize("kind", ["xz", "gz"])
def test_broken_and_bottomless_indexes(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut, a broken and a bomb of an index are reasons, in either compression."""
    pack = lzma.compress if kind == "xz" else gzip.compress
    whole = pack(b"x" * 3_000_000)
    assert sum(map(len, unpack(whole, kind))) == 3_000_000
    for bad in (whole[:-30], b"\x00" + whole[1:]):
        with pytest.raises(NoAnswerError, match="index"):
            list(unpack(bad, kind))
    monkeypatch.setattr(debindex, "MAX_UNPACKED", 2_000_000)
    with pytest.raises(NoAnswerError, match="more than"):
        list(unpack(whole, kind))


FIELD = st.from_regex(r"[a-z0-9][a-z0-9+.-]{1,12}", fullmatch=True)


@settings(deadline=None)
@given(st.lists(st.tuples(FIELD, FIELD, st.integers(0, 10**9), st.integers(0, 10**7)), max_size=6), st.integers(1, 40))
def test_what_is_written_is_read(rows: list[tuple[str, str, int, int]], step: int) -> None:
    """An index written stanza by stanza is read back, however it comes in pieces."""
    text = "\n".join(f"Package: {n}\nVersion: {v}\nSize: {s}\nInstalled-Size: {i}\n" for n, v, s, i in rows).encode()
    pieces = [text[at : at + step] for at in range(0, len(text), step)]
    assert [(row.name, row.version, row.size, row.installed // 1024) for row in parse_packages(pieces)] == rows


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_index(pieces: list[bytes]) -> None:
    """Any bytes give packages, and their closure ends."""
    index = make_index(parse_packages([PACKAGES, b"\n", *pieces]), "")
    assert weigh_packages(index, list(index.rows), have=frozenset(), recommends=True).lines


def test_circles_end() -> None:
    """Packages that need one another are each counted once."""
    index = make_index([DebRow("aa", "1", 1, 1024, "bb"), DebRow("bb", "1", 1, 1024, "aa", "aa, bb, cc")], "")
    assert names(weigh_packages(index, ["aa", "aa"], have=frozenset(), recommends=True)) == {"aa", "bb"}


def test_the_shipped_table() -> None:
    """What ships knows the packages that ML images install most, as guesses."""
    index = shipped_index()
    found = weigh_packages(index, ["build-essential", "ffmpeg"], have=present(index), recommends=False)
    assert found.unresolved == ()
    assert found.total.estimated
    assert 400_000_000 < found.total.disk < 1_200_000_000
    assert "libc6" not in names(found)
    assert "gcc-12" in names(found)


def test_the_base_decides(server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full Python image has a compiler already; a suite without an archive comes from the table, which is told."""
    monkeypatch.setattr("jettison.compose.aptsources.archive_sources", lambda *_: ())
    asked = Scales(web=web(tmp_path, offline=True))
    full = weigh_debs(asked, ["build-essential", "git"], image="python:3.11-bookworm")
    assert (full.lines, full.total.disk) == ((), 0)
    slim = weigh_debs(asked, ["build-essential", "git"], image="python:3.11-slim-bookworm", recommends=False)
    assert slim.total.disk > 200_000_000
    assert "Debian 12" in slim.unresolved[-1].reason


def test_the_machines_archives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Archives come from the machine's configuration, moved to the suite; another distribution's are not known."""
    monkeypatch.setattr(aptsources, "host_suite", lambda: ("debian", "bookworm"))
    (tmp_path / "sources.list").write_text("deb http://m.example/debian bookworm main contrib\n")
    assert archive_sources("debian", "trixie", folder=tmp_path) == (
        Source("http://m.example/debian", "trixie", ("main",)),
    )
    assert archive_sources("ubuntu", "jammy", folder=tmp_path) == ()
    (own,) = archive_sources("ubuntu", "jammy", "http://u.example/ubuntu", tmp_path)
    assert (own.suite, own.components) == ("jammy", ("main", "universe"))


def apkindex_of(text: str) -> bytes:
    def tar(name: str, data: bytes) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        return gzip.compress(buffer.getvalue())

    return tar(".SIGN.RSA.x", b"sign") + tar("APKINDEX", text.encode())


def test_alpine(server: Served, tmp_path: Path) -> None:
    """An Alpine index gives sizes; dependencies by name or by what packages provide are followed."""
    text = "P:curl\nV:8\nS:100\nI:300\nD:so:libcurl.so.4 !bad ca>1\n\n"
    text += "P:libcurl\nV:8\nS:50\nI:90\np:so:libcurl.so.4=4.8\n\n"
    text += "P:ca\nV:1\nS:1\nI:2\n\nP:odd\nS:x\nI:1\n"
    server.files["/v3.20/main/x86_64/APKINDEX.tar.gz"] = apkindex_of(text)
    found = weigh_apks(web(tmp_path), ["curl", "none"], [f"{server.url}/v3.20/main"], "x86_64")
    assert {line.name: line.weight.disk for line in found.lines} == {"curl": 300, "libcurl": 90, "ca": 2}
    assert [skip.subject for skip in found.unresolved] == ["none"]
    gone = weigh_apks(web(tmp_path), ["curl"], [f"{server.url}/gone"], "x86_64")
    assert "404" in gone.unresolved[0].reason
    moved = Scales(apk=(f"{server.url}/v3.18/main",), web=web(tmp_path))
    assert weigh_debs(moved, ["curl"], image="python:3.11-alpine3.20").total.disk == 392


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_any_alpine_index(data: bytes) -> None:
    """Bytes that are no index are a reason."""
    for body in (data, gzip.compress(data)):
        with pytest.raises(NoAnswerError, match="Alpine"):
            parse_apkindex(body)
