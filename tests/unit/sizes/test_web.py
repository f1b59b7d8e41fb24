import base64
import gzip
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers.webserver import QUICK, Fault, Served, answer, serving, web

from jettison.sizes.cache import Answers
from jettison.sizes.record import NoAnswerError
from jettison.sizes.transport import Limits, Web
from jettison.sizes.web import cached_get, get, get_piece
from jettison.sources.address import is_public, shown
from jettison.storage import Cache


@pytest.fixture(name="server")
def server_fixture() -> Iterator[Served]:
    with serving() as served:
        yield served


def redirect(to: str) -> Fault:
    return lambda handler: answer(handler, 302, b"", {"Location": to})


def test_a_document_is_kept_and_stands_in(server: Served, tmp_path: Path) -> None:
    """A second asking within a day asks nobody; offline and with the server gone, the old answer stands in."""
    server.files["/a"] = b"one"
    assert cached_get(web(tmp_path), f"{server.url}/a", trusted=True)[0].body == b"one"
    server.files["/a"] = b"two"
    assert cached_get(web(tmp_path), f"{server.url}/a", trusted=True)[0].body == b"one"
    assert len(server.asked) == 1
    assert cached_get(web(tmp_path), f"{server.url}/a", max_age=-1, trusted=True)[0].body == b"two"
    server.files.clear()
    assert cached_get(web(tmp_path, offline=True), f"{server.url}/a", trusted=True)[0].body == b"two"
    assert cached_get(web(tmp_path), f"{server.url}/a", max_age=-1, trusted=True)[0].body == b"two"


def test_an_old_answer_has_its_day(tmp_path: Path) -> None:
    """An answer keeps the day it was given, and one from the future is none."""
    clock = [1_790_000_000.0]
    answers = Answers(Cache(tmp_path), now=lambda: clock[0])
    answers.put("page", "x", b"body")
    clock[0] += 3 * 86_400
    assert answers.get("page", "x", 86_400) is None
    kept = answers.get("page", "x", 1e9)
    assert kept is not None
    assert (kept.body, kept.day) == (b"body", "2026-09-21")
    clock[0] -= 10 * 86_400
    assert answers.get("page", "x", 1e9) is None


def test_offline_asks_nobody(server: Served, tmp_path: Path) -> None:
    """Offline, a document that was never had is a reason, and no request is made."""
    with pytest.raises(NoAnswerError, match="offline"):
        cached_get(web(tmp_path, offline=True), f"{server.url}/a", trusted=True)
    assert server.asked == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (lambda handler: answer(handler, 200, b"short", length=5000), "broke off"),
        (lambda handler: answer(handler, 500, b""), "answered 500"),
        (lambda handler: handler.wfile.write(b"garbage\r\n\r\n"), "cannot be reached"),
        (lambda handler: handler.connection.close(), "cannot be reached"),
        (redirect("/fault"), "redirects"),
        (redirect("ftp://files.example.org/"), "is not asked"),
        (redirect("file:///etc/passwd"), "is not asked"),
        (lambda handler: answer(handler, 200, b"x" * 5000, {"Content-Encoding": "gzip"}), "broke off"),
        (lambda handler: answer(handler, 200, gzip.compress(b"0" * 300_000), {"Content-Encoding": "gzip"}), "larger"),
        (lambda handler: answer(handler, 200, b"0" * 200_000), "larger"),
    ],
)
def test_faults_of_servers(server: Served, tmp_path: Path, fault: Fault, reason: str) -> None:
    """Truncation, garbage, loops, other schemes, bombs: each is a reason, none another error."""
    server.faults["/fault"] = fault
    with pytest.raises(NoAnswerError, match=reason):
        get(web(tmp_path), f"{server.url}/fault", limit=100_000, trusted=True)


def test_a_dripping_server_costs_no_more_than_the_time(server: Served, tmp_path: Path) -> None:
    """A body that comes drop by drop ends at the limit of seconds, though the server is never silent for long."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.05)

    server.faults["/drip"] = drip
    limits = Limits(requests=5, seconds=1, patience=1, tries=1)
    with pytest.raises(NoAnswerError, match="seconds"):
        get(web(tmp_path, limits=limits), f"{server.url}/drip", trusted=True)


def test_requests_are_counted(server: Served, tmp_path: Path) -> None:
    """After the limit of requests, nobody is asked; a host that was silent is not asked again."""
    server.files["/a"] = b"x"
    asked = web(tmp_path, limits=Limits(requests=2, seconds=9, patience=2, tries=1))
    for _ in range(2):
        get(asked, f"{server.url}/a", trusted=True)
    with pytest.raises(NoAnswerError, match="2 requests"):
        get(asked, f"{server.url}/a", trusted=True)
    server.faults["/bad"] = lambda handler: handler.connection.close()
    other = web(tmp_path)
    with pytest.raises(NoAnswerError, match="cannot be reached"):
        get(other, f"{server.url}/bad", trusted=True)
    with pytest.raises(NoAnswerError, match="did not answer before"):
        get(other, f"{server.url}/a", trusted=True)


def test_a_busy_server_is_asked_again(server: Served, tmp_path: Path) -> None:
    """A 503 is tried again, up to the limit of tries."""
    calls = []

    def busy(handler: BaseHTTPRequestHandler) -> None:
        calls.append(1)
        answer(handler, 503 if len(calls) < 2 else 200, b"done")

    server.faults["/busy"] = busy
    patient = web(tmp_path, limits=Limits(requests=9, seconds=9, patience=2, tries=3))
    assert get(patient, f"{server.url}/busy", trusted=True).body == b"done"


def test_passwords_go_to_their_host_only(server: Served, tmp_path: Path) -> None:
    """A name and password in an address are sent as a login, never shown, and not sent on to another host."""
    server.files["/a"] = b"x"
    address = server.url.replace("http://", "http://me:s%40cret@")
    get(web(tmp_path), f"{address}/a", trusted=True)
    assert base64.b64decode(server.headers["authorization"].removeprefix("Basic ")) == b"me:s@cret"
    with serving() as other:
        other.files["/a"] = b"y"
        server.faults["/away"] = redirect(f"{other.url}/a")
        assert get(web(tmp_path), f"{address}/away", trusted=True, headers={"Authorization": "x"}).body == b"y"
        assert "authorization" not in other.headers
    with pytest.raises(NoAnswerError) as caught:
        get(web(tmp_path), f"{address}/none?token=1", trusted=True)
    assert "cret" not in caught.value.message
    assert "token" not in caught.value.message


def test_strangers_name_public_hosts_only(server: Served, tmp_path: Path) -> None:
    """What a file names is not asked on this machine or its network."""
    with pytest.raises(NoAnswerError, match="public"):
        get(web(tmp_path), f"{server.url}/a", trusted=False)
    assert server.asked == []
    for url in (
        "http://localhost/", "http://127.1/", "http://0x7f000001/", "http://[::1]/", "http://169.254.169.254/latest",
        "file:///etc/passwd", "http://metadata.google.internal/", "http://intranet/", "http://me:pw@a.example/",
        "http://a.example.1/", "http://192.168.0.1./", "http://x.local./",
    ):  # fmt: skip
        assert not is_public(url), url
    for url in (
        "https://download.example.org/whl/cpu",
        "http://a-b.example.com:8080/simple",
        "https://xn--a.xn--p1ai/",
    ):
        assert is_public(url), url


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_address_is_shown_and_judged(text: str) -> None:
    """Any text is shown without its password, and is public or not; neither fails."""
    assert len(shown(f"http://{text}")) <= 160
    if is_public(text):
        assert urlsplit(text).hostname


def test_parts_of_files(server: Served, tmp_path: Path) -> None:
    """A part has its place and the file's size; small files come whole where no parts are served."""
    server.files["/f"] = bytes(range(200))
    piece = get_piece(web(tmp_path), f"{server.url}/f", "-50", small=10, longest=50, trusted=True)
    assert (piece.start, piece.total, piece.data) == (150, 200, bytes(range(150, 200)))
    piece = get_piece(web(tmp_path), f"{server.url}/f", "10-19", small=10, longest=50, trusted=True)
    assert piece.data == bytes(range(10, 20))
    server.ranges = False
    piece = get_piece(web(tmp_path), f"{server.url}/f", "-50", small=500, longest=500, trusted=True)
    assert (piece.start, piece.total, len(piece.data)) == (0, 200, 200)
    with pytest.raises(NoAnswerError, match="does not serve parts"):
        get_piece(web(tmp_path), f"{server.url}/f", "-50", small=100, longest=500, trusted=True)


@pytest.mark.parametrize(
    "said", ["bytes 0-49/200", "bytes 150-198/200", "bytes 150-199/150", "bytes x", "", "bytes 150-199/*"]
)
def test_lies_about_parts(server: Served, tmp_path: Path, said: str) -> None:
    """A part that is not the one asked for, or not the one announced, is refused."""
    server.faults["/f"] = lambda handler: answer(handler, 206, b"x" * 50, {"Content-Range": said})
    with pytest.raises(NoAnswerError):
        get_piece(web(tmp_path), f"{server.url}/f", "-50", small=10, longest=100, trusted=True)


def test_files_on_this_machine(tmp_path: Path) -> None:
    """A file address is read when trusted, refused when not, and bounded."""
    (tmp_path / "x y").write_bytes(b"hello")
    url = (tmp_path / "x y").as_uri()
    assert get(web(tmp_path), url, trusted=True).body == b"hello"
    with pytest.raises(NoAnswerError, match="public"):
        get(web(tmp_path), url, trusted=False)
    with pytest.raises(NoAnswerError, match="larger"):
        get(web(tmp_path), url, limit=3, trusted=True)
    with pytest.raises(NoAnswerError, match="No such file"):
        get(web(tmp_path), f"{url}z", trusted=True)


def test_a_proxy_is_used(server: Served, tmp_path: Path) -> None:
    """With a proxy configured, the request goes there, with its login."""
    server.faults["http://nowhere.example/x"] = lambda handler: answer(handler, 200, b"by proxy")
    proxied = Web(limits=QUICK, answers=Answers(None), proxy=server.url.replace("http://", "http://u:p@"))
    assert get(proxied, "http://nowhere.example/x", trusted=True).body == b"by proxy"
    assert server.headers["proxy-authorization"] == f"Basic {base64.b64encode(b'u:p').decode()}"


def test_a_cache_that_cannot_be_written_is_done_without(server: Served, tmp_path: Path) -> None:
    """Where the cache's folder is a file, answers come all the same."""
    (tmp_path / "file").write_bytes(b"")
    server.files["/a"] = b"x"
    assert cached_get(web(tmp_path / "file"), f"{server.url}/a", trusted=True)[0].body == b"x"
