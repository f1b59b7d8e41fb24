import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from tests.helpers.webserver import Served, answer, serving, web
from tests.helpers.wheelfiles import html_page, json_page, wheel_file

from jettison.sizes import wheelfacts, wheels
from jettison.sizes.cache import Answers
from jettison.sizes.market import Market, direct_offer
from jettison.sizes.pipconfig import Index, Indexes
from jettison.sizes.place import make_place
from jettison.sizes.record import Bill
from jettison.sizes.scales import Scales, weigh_requirements
from jettison.sizes.transport import Web
from jettison.sizes.wheels import BYTECODE, BYTECODE_PULL, LAYER, weigh_wheels

APP = wheel_file(
    "app", "2.0", {"app/__init__.py": b"#" * 1000, "app.libs/x.so": b"\0" * 9000}, ["lib>=1", "dry; extra == 'x'"]
)
LIB = wheel_file("lib", "1.5", {"lib.py": b"x = 1\n" * 50})
FILES = {"app-2.0-py3-none-any.whl": APP, "lib-1.5-py3-none-any.whl": LIB}
JSON = "application/vnd.pypi.simple.v1+json"


@pytest.fixture(name="server")
def server_fixture() -> Iterator[Served]:
    with serving() as served:
        for file, data in FILES.items():
            name = file.partition("-")[0]
            served.files[f"/files/{file}"] = data
            served.files[f"/simple/{name}/"] = json_page(name, {file: data})
            served.types[f"/simple/{name}/"] = JSON
        yield served


def market(server: Served, folder: Path, *, offline: bool = False, python: str = "3.11") -> Market:
    return Market(web(folder, offline=offline), Indexes((Index(f"{server.url}/simple"),)), make_place(python, "x86_64"))


def lines(found: Bill) -> dict[str, tuple[int, int, bool]]:
    return {line.name: (line.weight.disk, line.weight.pull, line.weight.estimated) for line in found.lines}


def expected(data: bytes, unpacked: int, python: int) -> tuple[int, int, bool]:
    compiled = int(python * BYTECODE)
    return unpacked + compiled, int(len(data) * LAYER + compiled * BYTECODE_PULL), False


def unpacked(data: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return sum(info.file_size for info in archive.infolist())


def test_a_closure_is_weighed_without_its_wheels(server: Served, tmp_path: Path) -> None:
    """Disk is what the directory says and bytecode; only parts of wheels are asked for, and each once."""
    found = weigh_wheels(market(server, tmp_path), ["app"])
    assert found.unresolved == ()
    assert lines(found) == {
        "app": expected(APP, unpacked(APP), 1000),
        "lib": expected(LIB, unpacked(LIB), 300),
    }
    assert found.total.disk == sum(line.weight.disk for line in found.lines)
    assert all(part for path, part in server.asked if path.startswith("/files/"))
    assert len(server.asked) == 4
    assert "wheel's own directory" in found.total.source
    plain = weigh_wheels(market(server, tmp_path), ["app"], bytecode=False)
    assert lines(plain)["app"][0] == unpacked(APP)
    assert len(server.asked) == 4  # from the cache


def test_offline_remembers(server: Served, tmp_path: Path) -> None:
    """What was asked once is known offline; what was not has a reason."""
    first = weigh_wheels(market(server, tmp_path), ["app"])
    asked = len(server.asked)
    again = weigh_wheels(market(server, tmp_path, offline=True), ["app", "else"])
    assert lines(again) == lines(first)
    assert len(server.asked) == asked
    (skip,) = again.unresolved
    assert skip.subject == "else"
    assert "offline" in skip.reason


def test_html_and_small_files_and_no_ranges(server: Served, tmp_path: Path) -> None:
    """An HTML index works as well; a server without ranges gives small wheels whole."""
    for name, file in (("app", "app-2.0-py3-none-any.whl"), ("lib", "lib-1.5-py3-none-any.whl")):
        server.files[f"/simple/{name}/"] = html_page([file])
        server.types[f"/simple/{name}/"] = "text/html"
    server.ranges = False
    found = weigh_wheels(market(server, tmp_path), ["app"])
    assert lines(found)["app"] == expected(APP, unpacked(APP), 1000)


def test_a_large_wheel_without_ranges_is_estimated(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no part can be had, the size is a guess from the index's, and its needs are told to be unknown."""
    server.ranges = False
    monkeypatch.setattr(wheelfacts, "SMALL", 10)
    found = weigh_wheels(market(server, tmp_path), ["app"])
    assert lines(found) == {"app": (int(len(APP) * wheels.UNPACKED), len(APP), True)}
    (skip,) = found.unresolved
    assert skip.subject == "app 2.0"
    assert "does not serve parts" in skip.reason


def test_published_metadata_is_used(server: Served, tmp_path: Path) -> None:
    """METADATA beside the wheel (PEP 658) says what it needs; when it is not there, the wheel does."""
    server.files["/simple/app/"] = json_page("app", {"app-2.0-py3-none-any.whl": APP}, **{"core-metadata": True})
    server.files["/files/app-2.0-py3-none-any.whl.metadata"] = b"Metadata-Version: 2.1\nName: app\n\n"
    assert set(lines(weigh_wheels(market(server, tmp_path / "1"), ["app"]))) == {"app"}
    del server.files["/files/app-2.0-py3-none-any.whl.metadata"]
    assert set(lines(weigh_wheels(market(server, tmp_path / "2"), ["app"]))) == {"app", "lib"}


def test_only_a_source_distribution(server: Served, tmp_path: Path) -> None:
    """Without a wheel for the place the size is a guess, and that is told."""
    files = {"old-1.0.tar.gz": b"x" * 100, "old-1.0-cp27-cp27m-win32.whl": b"y"}
    server.files["/simple/old/"] = json_page("old", files)
    server.types["/simple/old/"] = JSON
    found = weigh_wheels(market(server, tmp_path), ["old"])
    assert lines(found) == {"old": (400, 100, True)}
    assert found.unresolved[0].subject == "old 1.0"


@pytest.mark.parametrize(
    ("page", "reason"),
    [(b"{", "PEP 691"), (b"nothing", "no page"), (b'{"meta": {"api-version": "1.0"}, "files": []}', "no index has")],
)
def test_broken_pages(server: Served, tmp_path: Path, page: bytes, reason: str) -> None:
    """A page that cannot be read is a reason, and the others are weighed."""
    server.files["/simple/bad/"] = page
    found = weigh_wheels(market(server, tmp_path), ["bad", "lib"])
    assert set(lines(found)) == {"lib"}
    assert found.unresolved[0].subject == "bad"
    assert reason in found.unresolved[0].reason


def test_a_lying_server_is_estimated(server: Served, tmp_path: Path) -> None:
    """A wheel of another size than the index says, or a part that is no zip file, is a guess with its reason."""
    server.files["/files/lib-1.5-py3-none-any.whl"] = LIB + b"more"
    server.faults["/files/app-2.0-py3-none-any.whl"] = lambda handler: answer(
        handler, 206, b"x" * len(APP), {"Content-Range": f"bytes 0-{len(APP) - 1}/{len(APP)}"}
    )
    found = weigh_wheels(market(server, tmp_path), ["app", "lib"])
    assert all(estimated for _, _, estimated in lines(found).values())
    assert {skip.subject for skip in found.unresolved} == {"app 2.0", "lib 1.5"}


def scales(server: Served, folder: Path, *, offline: bool = False) -> Scales:
    asked = market(server, folder, offline=offline)
    return Scales(asked.place, asked.indexes, web=asked.web)


def test_a_lock_is_priced_as_it_stands(server: Served, tmp_path: Path) -> None:
    """A locked list brings nothing that it does not name; hashes and comments are passed over."""
    lock = ["app==2.0 \\", "    --hash=sha256:00  # why", "# note", ""]
    found = weigh_requirements(scales(server, tmp_path), lock, locked=True)
    assert set(lines(found)) == {"app"}
    assert found.unresolved == ()


def test_lines_that_name_no_distribution(server: Served, tmp_path: Path) -> None:
    """Includes, editable and repository lines each have their reason; a stranger's index is not asked here."""
    wanted = ["-r other.txt", "-e .", "git+https://x.example/y", "???", "lib", f"--extra-index-url {server.url}/evil"]
    found = weigh_requirements(scales(server, tmp_path), wanted)
    assert set(lines(found)) == {"lib"}
    assert [skip.subject for skip in found.unresolved] == ["-r other.txt", "-e .", "git+https://x.example/y", "???"]
    assert not [path for path, _ in server.asked if "evil" in path]


def test_folders_of_wheels(tmp_path: Path) -> None:
    """A find-links folder and an index of files on this machine need no network."""
    links, index = tmp_path / "links", tmp_path / "index/simple/lib"
    links.mkdir()
    index.mkdir(parents=True)
    (tmp_path / "index/files").mkdir()
    (links / "app-2.0-py3-none-any.whl").write_bytes(APP)
    (tmp_path / "index/files/lib-1.5-py3-none-any.whl").write_bytes(LIB)
    (index / "index.html").write_bytes(html_page(["lib-1.5-py3-none-any.whl"]))
    places = (Index(links.as_uri(), flat=True), Index((tmp_path / "index/simple").as_uri()))
    asked = Market(web(tmp_path / "cache", offline=True), Indexes(places), make_place("3.11"))
    assert lines(weigh_wheels(asked, ["app"])) == {
        "app": expected(APP, unpacked(APP), 1000),
        "lib": expected(LIB, unpacked(LIB), 300),
    }


def test_the_shipped_table_stands_in(tmp_path: Path) -> None:
    """With nobody to ask, torch and what it brings come from the table that ships, marked as guesses."""
    asked = Market(
        web(tmp_path, offline=True), Indexes((Index("https://index.example.org/simple"),)), make_place("3.11")
    )
    found = weigh_wheels(asked, ["torch==2.14.1", "unheard-of"])
    assert found.total.estimated
    assert found.total.disk > 5_000_000_000
    assert {"torch", "triton", "sympy"} < set(lines(found))
    assert [skip.subject for skip in found.unresolved] == ["unheard-of"]


def test_a_wheel_named_by_address(server: Served, tmp_path: Path) -> None:
    """A requirement that names a wheel by address is that wheel; a stranger's address must be public."""
    offer = direct_offer(market(server, tmp_path), Requirement("lib @ https://x.example/lib-1.5-py3-none-any.whl#a=b"))
    assert (offer.named.project, str(offer.named.version), offer.file.trusted) == ("lib", "1.5", False)
    found = weigh_wheels(market(server, tmp_path), [f"lib @ {server.url}/files/lib-1.5-py3-none-any.whl"])
    assert "public" in found.unresolved[0].reason


@settings(deadline=None)
@given(st.lists(st.text(max_size=30), max_size=5))
def test_any_lines(wanted: list[str]) -> None:
    """Whatever lines come, the scales answer."""
    asked = Scales(indexes=Indexes(), web=Web(answers=Answers(None), offline=True))
    found = weigh_requirements(asked, wanted)
    assert found.total.disk == sum(line.weight.disk for line in found.lines)
