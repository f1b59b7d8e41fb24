"""Images pushed into registries, good ones and others."""

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers.fakeregistry import INDEX, MANIFEST, FakeRegistry, Reply, add_image, serving
from tests.helpers.images import digest

from jettison.api.copy import copy
from jettison.api.papers import papers_of_image
from jettison.errors import BadInputError, MachineError, UsageError
from jettison.oci.descriptor import make_descriptor
from jettison.oci.image import Extent, Image
from jettison.sources.blobs import contents_of
from jettison.sources.open import open_image
from jettison.sources.registry.client import Patience, Registry, asked, place_of
from jettison.sources.registry.pages import MOST
from jettison.sources.registry.pull import open_remote
from jettison.sources.registry.push import Pushed, push_image
from jettison.sources.registry.referrers import CREATED, PAPERS, TITLE, Paper, _manifest, attached
from jettison.sources.registry.together import StoppedError
from jettison.sources.write import check_output, parse_output, write_image

HASTY = Patience(tries=3, pause=0.0, silence=2.0, longest=0.01)


pytestmark = pytest.mark.usefixtures("own_home")


def image_of(*contents: bytes) -> Image:
    """Return an image that came from another registry, which knows nothing of the one pushed to."""
    with serving(FakeRegistry()) as other:
        add_image(other, "1", *contents)
        return open_remote("registry:app", f"{other.host}/app:1", None, patience=HASTY)


def push(registry: FakeRegistry, image: Image, name: str = "team/app:1", **options: object) -> Pushed:
    """Push an image with little patience."""
    return push_image(image, f"registry:{name}", f"{registry.host}/{name}", patience=HASTY, **options)  # type: ignore[arg-type]


def methods(registry: FakeRegistry, method: str) -> list[str]:
    """Return the paths of the requests of a method, without queries."""
    return [path.partition("?")[0] for one, path in registry.done if one == method]


def test_pushed(registry: FakeRegistry) -> None:
    """What is pushed has the same manifest, config and layers; the tag is set after everything else."""
    image = image_of(b"one", os.urandom(300_000))
    done = push(registry, image)
    assert registry.manifests["1"][1] == image.manifest
    assert done.digest == digest(registry.manifests["1"][1])
    assert {layer.descriptor.digest for layer in image.layers} | {image.config.digest} == set(registry.blobs)
    assert set(done.blobs.values()) == {"sent"}
    assert done.sent == done.size == sum(map(len, registry.blobs.values()))
    puts = methods(registry, "PUT")
    assert puts[-2:] == [f"/v2/team/app/manifests/{done.digest}", "/v2/team/app/manifests/1"]


def test_nothing_twice(registry: FakeRegistry) -> None:
    """What is there is asked for, and not sent again; nor is a tag in the way that leads to the same image."""
    image = image_of(b"one", b"two")
    push(registry, image)
    registry.done.clear()
    done = push(registry, image)
    assert set(done.blobs.values()) == {"there"}
    assert done.sent == 0
    assert not methods(registry, "POST")
    assert not methods(registry, "PATCH")


def test_mounted(registry: FakeRegistry) -> None:
    """A blob that another repository of the registry was seen to have is mounted from there, and not sent."""
    image = image_of(b"one", b"two")
    push(registry, image)
    registry.gate = lambda path, _: Reply(404) if "/blobs/sha256:" in path and "/other/" in path else None
    done = push(registry, image, "other/app:1")
    assert set(done.blobs.values()) == {"mounted"}
    opened = [path for method, path in registry.done if method == "POST" and "/other/" in path]
    assert len(opened) == 3
    assert all("from=team%2Fapp" in path for path in opened)


def test_pulled_from_here_is_mounted(registry: FakeRegistry) -> None:
    """Layers of an image that came from another repository of the same registry are mounted from that one."""
    add_image(registry, "1", b"one", b"two")
    image = open_remote("registry:app", f"{registry.host}/base/app:1", None, patience=HASTY)
    registry.gate = lambda path, _: Reply(404) if "/blobs/sha256:" in path and "/new/" in path else None
    assert set(push(registry, image, "new/app:1").blobs.values()) == {"mounted"}


def test_mount_refused(registry: FakeRegistry) -> None:
    """Where the registry answers a mount with an upload session, the bytes are sent in it."""
    image = image_of(b"one")
    push(registry, image)
    registry.blobs.clear()
    done = push(registry, image, "other/app:1")
    assert set(done.blobs.values()) == {"sent"}


def test_broken_line(registry: FakeRegistry) -> None:
    """When the line breaks, the registry is asked how far a blob came, and gets the rest."""
    image = image_of(b"")
    push(registry, image)  # so that config and layer are there, and only the next layer is sent
    image = replace(image_of(b"", os.urandom(3_000_000)), config=image.config)
    registry.cuts = [1_000_000]
    with contextlib.suppress(BadInputError):  # the fake registry lacks the config that the manifest names
        push(registry, image, "team/app:2")
    (said,) = [headers["content-range"] for _, headers in registry.seen if "content-range" in headers]
    assert said == f"1000000-{image.layers[1].blob.size - 1}"
    assert registry.blobs[image.layers[1].descriptor.digest]


@pytest.mark.parametrize("tells", [True, False])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 400_000), max_size=2))
def test_any_breaks(tmp_path: Path, tells: bool, cuts: list[int]) -> None:  # noqa: FBT001 -- of pytest
    """Wherever the line breaks, less often than is tried, what arrives is the image; no blob is cut or doubled."""
    image = image_of(b"z" * 300_000)
    with serving(FakeRegistry(cuts=list(cuts), tells=tells)) as registry:
        done = push(registry, image)
        assert done.digest in registry.manifests
        assert all(digest(raw) == name for name, raw in registry.blobs.items())


def test_gives_up(registry: FakeRegistry) -> None:
    """A line that breaks again and again ends the push, with no tag."""
    registry.cuts = [10] * 100
    with pytest.raises(MachineError, match="blob sha256"):
        push(registry, image_of(b"one"))
    assert not registry.manifests


def test_lying_blob(registry: FakeRegistry, tmp_path: Path) -> None:
    """A layer that is not what its descriptor says is an error, and no tag leads to it."""
    image = image_of(b"one")
    layer = image.layers[0]
    bad = tmp_path / "bad"
    bad.write_bytes(b"x" * layer.blob.size)
    lying = replace(image, layers=(replace(layer, blob=Extent(str(bad), 0, layer.blob.size)),))
    with pytest.raises(BadInputError, match="its bytes have the digest"):
        push(registry, lying)
    short = replace(image, layers=(replace(layer, blob=Extent(str(bad), 0, 10)),))
    with pytest.raises(BadInputError, match="has 10"):
        push(registry, short)
    assert not registry.manifests


def test_refused_blob(registry: FakeRegistry) -> None:
    """A registry that does not take a blob is believed, and no tag is set."""
    registry.gate = lambda path, _: Reply(400, b"QUOTA") if "digest=" in path else None
    with pytest.raises(BadInputError, match="400 QUOTA"):
        push(registry, image_of(b"one"))
    assert not registry.manifests


def test_other_size(registry: FakeRegistry) -> None:
    """A registry that has a blob of the same digest in another size is not pushed to."""
    image = image_of(b"one")
    registry.blobs[image.config.digest] = b"short"
    with pytest.raises(BadInputError, match="has 5 bytes"):
        push(registry, image)


def test_other_manifest(registry: FakeRegistry) -> None:
    """A registry that says it took another manifest, or answers with another, is an error."""
    image = image_of(b"one")
    lie = Reply(201, headers={"Docker-Content-Digest": "sha256:" + "0" * 64})
    registry.faults[f"PUT {image.manifest_digest}"] = [lie]
    with pytest.raises(BadInputError, match="took the manifest as"):
        push(registry, image)
    registry.faults["PUT 1"] = [Reply(201)]  # it says so, and forgets it
    with pytest.raises(BadInputError, match="answers with nothing"):
        push(registry, image)


def test_tag_taken(registry: FakeRegistry) -> None:
    """A tag that leads to another image is not moved without being told to, and nothing is sent before that."""
    push(registry, image_of(b"one"))
    registry.done.clear()
    with pytest.raises(UsageError, match="leads to another image"):
        push(registry, image_of(b"two"))
    assert not methods(registry, "POST")
    assert push(registry, image_of(b"two"), force=True).digest == digest(registry.manifests["1"][1])


def test_names(registry: FakeRegistry) -> None:
    """An output in a registry is checked before any work: no digest, no name that is none, no tag that is there."""
    with pytest.raises(UsageError, match="to a digest"):
        check_output(parse_output(f"registry:{registry.host}/app@sha256:{'0' * 64}"), force=False)
    with pytest.raises(UsageError, match="names no image"):
        check_output(parse_output("registry:UPPER"), force=False)
    add_image(registry, "1", b"one")
    with pytest.raises(UsageError, match="exists"):
        check_output(parse_output(f"registry:{registry.host}/app:1"), force=False)
    check_output(parse_output(f"registry:{registry.host}/app:1"), force=True)
    check_output(parse_output(f"registry:{registry.host}/app:2"), force=False)


def test_scope(registry: FakeRegistry) -> None:
    """A token is asked for that lets one push, and pull from the repository that is mounted from; 401 is not fatal."""
    image = image_of(b"one")
    push(registry, image)
    asked: list[str] = []

    def gate(path: str, headers: Mapping[str, str]) -> Reply | None:
        if path.startswith("/token"):
            asked.append(path)
            return Reply(200, b'{"token":"good"}')
        if headers.get("authorization") != "Bearer good":
            told = f'Bearer realm="http://{registry.host}/token",service="s"'
            return Reply(401, headers={"WWW-Authenticate": told})
        return Reply(404) if "/blobs/sha256:" in path and "/other/" in path else None

    registry.gate = gate
    push(registry, image, "other/app:1")
    assert "scope=repository%3Aother%2Fapp%3Apull%2Cpush" in asked[-1]
    assert "scope=repository%3Ateam%2Fapp%3Apull" in asked[-1]


@pytest.mark.parametrize("force", [True, False])
def test_neighbour_may_not_be_read(registry: FakeRegistry, force: bool) -> None:  # noqa: FBT001 -- of pytest
    """Where this user gets no token to read the repository that a blob could be mounted from, the blob is sent."""
    image = image_of(b"one")
    push(registry, image)
    registry.blobs.clear()

    def gate(path: str, headers: Mapping[str, str]) -> Reply | None:
        if path.startswith("/token"):
            return Reply(401) if "team" in path else Reply(200, b'{"token":"good"}')
        if headers.get("authorization") != "Bearer good":
            return Reply(401, headers={"WWW-Authenticate": f'Bearer realm="http://{registry.host}/token"'})
        return Reply(401) if "from=team" in path else None

    registry.gate = gate
    assert set(push(registry, image, "other/app:1", force=force).blobs.values()) == {"sent"}


def test_leaves_tls(registry: FakeRegistry) -> None:
    """A registry with TLS that sends an upload to an address without is not followed."""
    response = cast("Any", SimpleNamespace(headers={"Location": f"http://{registry.host}/v2/x"}))
    with pytest.raises(BadInputError, match="not safe to ask"):
        place_of("https://registry.example/v2/app/blobs/uploads/", response)


def test_left_at_once(registry: FakeRegistry) -> None:
    """When the work is to end, nobody waits for a busy registry."""
    asked_of = Registry(f"http://{registry.host}", "app", patience=Patience(tries=3, pause=60.0))
    asked_of.stop.set()
    registry.gate = lambda _path, _headers: Reply(503, headers={"Retry-After": "60"})
    with pytest.raises(StoppedError), asked(asked_of, "manifests/1", {}):
        pass


def test_token_expires(registry: FakeRegistry) -> None:
    """A token that expires between the requests of an upload is asked for anew."""
    given_out: list[str] = []

    def gate(path: str, headers: Mapping[str, str]) -> Reply | None:
        if path.startswith("/token"):
            given_out.append(f"t{len(given_out)}")
            return Reply(200, json.dumps({"token": given_out[-1]}).encode())
        if not given_out or headers.get("authorization") != f"Bearer {given_out[-1]}":
            return Reply(401, headers={"WWW-Authenticate": f'Bearer realm="http://{registry.host}/token"'})
        if len(registry.seen) == 6:
            given_out.append("gone")
        return None

    registry.gate = gate
    image = image_of(b"one")
    done = push(registry, image)
    assert len(given_out) > 2
    assert registry.manifests["1"][1] == image.manifest
    assert done.sent == done.size


def test_no_login_forwarded(registry: FakeRegistry, tmp_path: Path) -> None:
    """An upload's address on another host is followed without the login."""
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "config.json").write_text(
        json.dumps({"auths": {registry.host: {"auth": "YW5uOnNlY3JldA=="}}})
    )
    with serving(FakeRegistry()) as store:

        def gate(path: str, headers: Mapping[str, str]) -> Reply | None:
            if not headers.get("authorization"):
                return Reply(401, headers={"WWW-Authenticate": "Basic realm=x"})
            if path.startswith("/v2/team/app/blobs/uploads/"):
                store.sessions[f"s{len(store.sessions)}"] = bytearray()
                place = f"http://{store.host}/v2/x/blobs/uploads/s{len(store.sessions) - 1}"
                return Reply(202, headers={"Location": place})
            return None

        registry.gate = gate
        image = image_of(b"one")
        store.gate = lambda _path, _headers: None
        with contextlib.suppress(BadInputError):  # the other host keeps the blobs, so the manifest is refused
            push(registry, image)
        assert len(store.seen) >= 4
        assert all("authorization" not in headers for _, headers in store.seen)


@pytest.mark.parametrize("status", [301, 302, 303])
def test_redirected_upload(registry: FakeRegistry, status: int) -> None:
    """A redirect that would turn an upload into reading is refused; 307 is followed."""
    moved = Reply(status, headers={"Location": "/v2/elsewhere/"})
    registry.faults["POST "] = [moved] * 9
    with pytest.raises(BadInputError, match="redirect of reading"):
        push(registry, image_of(b"one"))
    registry.faults["POST "] = [Reply(307, headers={"Location": "/v2/team/app/blobs/uploads/"})]
    assert push(registry, image_of(b"one")).digest


@pytest.mark.parametrize("knows", [True, False])
def test_papers(registry: FakeRegistry, knows: bool) -> None:  # noqa: FBT001 -- of pytest
    """Papers are attached to the image, by the referrers API or its tag, and found again by the image's digest."""
    registry.knows_subjects = knows
    image = image_of(b"one")
    papers = [Paper("plan.json", "application/json", b"{}"), Paper("proof.json", "application/json", b'{"a":1}')]
    done = push(registry, image, papers=papers)
    fallback = done.digest.replace(":", "-")
    assert (fallback in registry.manifests) is not knows
    name = f"{registry.host}/team/app:1"
    found = {title: path.read_bytes() for title, path in attached(f"registry:{name}", name, done.digest)}
    assert found == {"plan.json": b"{}", "proof.json": b'{"a":1}'}
    assert dict(papers_of_image(f"registry:{name}", "sha256:" + "1" * 64)) == {}
    push(registry, image, papers=[Paper("plan.json", "application/json", b"[]")])
    found = {title: path.read_bytes() for title, path in attached(f"registry:{name}", name, done.digest)}
    assert found == {"plan.json": b"[]"}  # the newest counts
    if not knows:
        assert len(json.loads(registry.manifests[fallback][1])["manifests"]) == 2


def attach_at(registry: FakeRegistry, image: Image, content: bytes, created: str | None) -> None:
    """Attach a paper, whose artifact says that it was made at some time."""
    subject = contents_of(image).image
    empty = make_descriptor("application/vnd.oci.empty.v1+json", digest(b"{}"), 2)
    described = make_descriptor("text/plain", digest(content), len(content), annotations={TITLE: "paper"})
    about = make_descriptor(subject.manifest_media_type, subject.manifest_digest, len(subject.manifest))
    document = {**_manifest(about, empty, [described], PAPERS)}
    document |= {"annotations": {CREATED: created}} if created is not None else {}
    registry.blobs[digest(content)] = content
    raw = json.dumps(document).encode()
    registry.manifests[digest(raw)] = (MANIFEST, raw)


@pytest.mark.parametrize(
    ("times", "newest"),
    [
        ([None, None], 1),
        (["2026-03-01T00:00:00Z", "2026-01-01T00:00:00Z"], 0),
        (["2026-01-01T00:00:00Z", None, "2025-01-01T00:00:00Z"], 0),
        (["2026-01-01T01:30:00+02:00", "2026-01-01T00:00:00Z", "2025-12-31T23:59:00Z"], 1),
        (["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"], 1),
        (["", "9999", "2026-01-01", "2025-01-01T00:00:00Z", "x" * 1000], 3),
        (["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"], 1),
    ],
)
@pytest.mark.parametrize("page", [0, 1])
def test_newest_papers(registry: FakeRegistry, page: int, times: list[str | None], newest: int) -> None:
    """Of several, those count that were created last, wherever in the list; those that do not say so are the oldest."""
    registry.knows_subjects, registry.page = True, page
    image = image_of(b"one")
    done = push(registry, image)
    for number, created in enumerate(times):
        attach_at(registry, image, b"%d" % number, created)
    name = f"{registry.host}/team/app:1"
    ((_, path),) = attached(f"registry:{name}", name, done.digest)
    assert path.read_bytes() == b"%d" % newest


def test_papers_say_when_they_were_made(registry: FakeRegistry) -> None:
    """Their artifact has the annotation, and so has its entry in the index that stands for the API."""
    image = image_of(b"one")
    done = push(registry, image, papers=[Paper("plan.json", "application/json", b"{}")])
    (entry,) = json.loads(registry.manifests[done.digest.replace(":", "-")][1])["manifests"]
    made = json.loads(registry.manifests[entry["digest"]][1])["annotations"]
    assert made == entry["annotations"]
    assert abs((datetime.now(UTC) - datetime.fromisoformat(made[CREATED])).total_seconds()) < 600


def listing(registry: FakeRegistry, *links: str, status: int = 200) -> str:
    """Make a registry answer for referrers with links, one after another, and return an image with papers."""
    registry.knows_subjects = True
    done = push(registry, image_of(b"one"), papers=[Paper("plan.json", "application/json", b"{}")])
    empty = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).encode()
    replies = iter([Reply(200, empty, {"Content-Type": INDEX, "Link": link}) for link in links])
    last = Reply(status, empty, {"Content-Type": INDEX})
    registry.gate = lambda path, _headers: next(replies, last) if "/referrers/" in path else None
    return done.digest


@pytest.mark.parametrize(
    "link",
    [
        '<?n=2>; rel="next"',
        "<?n=2>;rel=next",
        '</v2/team/app/referrers/x?n=2>; title="a, b"; rel="last next"',
        '<http://elsewhere/>; rel="prev", <http://HOST/v2/team/app/referrers/x?n=2>; REL="next"',
        "<https://HOST/v2/team/app/referrers/x?n=2#here>; rel=next",
    ],
)
def test_next_page(registry: FakeRegistry, link: str) -> None:
    """Links to the next page are followed, relative or whole, however they are written."""
    found = listing(registry, link.replace("HOST", registry.host))
    name = f"{registry.host}/team/app:1"
    attached(f"registry:{name}", name, found)
    assert [path.partition("?")[2] for path, _ in registry.seen if "/referrers/" in path] == ["", "n=2"]


@pytest.mark.parametrize("link", ["", "<?n=2>", '<?n=2>; rel="prev"', '<?n=2>; rel="nextone"', "<>; rel=next", "?n=2"])
def test_no_next_page(registry: FakeRegistry, link: str) -> None:
    """A header that names no next page ends the list."""
    found = listing(registry, link)
    name = f"{registry.host}/team/app:1"
    assert attached(f"registry:{name}", name, found) == ()
    assert len([path for path, _ in registry.seen if "/referrers/" in path]) == 1


@pytest.mark.parametrize(
    ("links", "why"),
    [
        (['<?n=2>; rel="next"', '<?n=2>; rel="next"'], "leads back to an earlier one"),
        ([f'<?n={number}>; rel="next"' for number in range(MOST + 1)], "more than 100 pages"),
        (["<http://example.org/v2/>; rel=next"], "example.org/v2/, which is not on"),
        (["<//example.org/v2/>; rel=next"], "example.org/v2/, which is not on"),
        (["<ftp://HOST/v2/>; rel=next"], "which is not on"),
        (["<?n=" + "2" * 5000 + ">; rel=next"], "which is not on"),
        (["<http://user@HOST/v2/>; rel=next"], "which is not on"),
        (["<file:///etc/passwd>; rel=next"], "which is not on"),
        (["<http://[>; rel=next"], "which is no address"),
    ],
)
def test_hostile_pages(registry: FakeRegistry, links: list[str], why: str) -> None:
    """A list that goes round in circles, never ends or leads to another host is an error, and nobody else is asked."""
    found = listing(registry, *(link.replace("HOST", registry.host) for link in links))
    name = f"{registry.host}/team/app:1"
    with pytest.raises(BadInputError, match=why):
        attached(f"registry:{name}", name, found)


@pytest.mark.parametrize(("status", "kind"), [(404, BadInputError), (403, MachineError)])
def test_lost_page(registry: FakeRegistry, status: int, kind: type[Exception]) -> None:
    """A later page that is not given is an error: half a list may lack the newest papers."""
    found = listing(registry, '<?n=2>; rel="next"', status=status)
    name = f"{registry.host}/team/app:1"
    with pytest.raises(kind, match=str(status)):
        attached(f"registry:{name}", name, found)


def test_hostile_papers(registry: FakeRegistry) -> None:
    """Papers whose names lead elsewhere, or that are about another image, are an error."""
    image = image_of(b"one")
    done = push(registry, image, papers=[Paper("../x", "text/plain", b"x")])
    name = f"{registry.host}/team/app:1"
    with pytest.raises(BadInputError, match="is called"):
        attached(f"registry:{name}", name, done.digest)
    other = "sha256:" + "2" * 64
    registry.manifests[other.replace(":", "-")] = registry.manifests[done.digest.replace(":", "-")]
    with pytest.raises(BadInputError, match="not about"):
        attached(f"registry:{name}", name, other)


def test_copied(registry: FakeRegistry, tmp_path: Path) -> None:
    """A copy goes there and back with the same digest and its papers; what is in the way is refused."""
    image = image_of(b"one", b"two")
    write_image(image, f"oci:{tmp_path / 'a'}")
    (tmp_path / "a.jettison").mkdir()
    (tmp_path / "a.jettison" / "plan.json").write_bytes(b"{}")
    proof = tmp_path / "a.jettison" / "proof.json"
    proof.write_text(json.dumps({"new": image.manifest_digest}))
    there = f"registry:{registry.host}/app:1"
    result = copy(f"oci:{tmp_path / 'a'}", there)
    assert (result.digest, result.papers) == (image.manifest_digest, ("plan.json", "proof.json"))
    assert {one.how for one in result.blobs} == {"sent"}
    back = copy(there, f"oci:{tmp_path / 'b'}")
    assert back.digest == open_image(f"oci:{tmp_path / 'b'}").manifest_digest == image.manifest_digest
    assert (tmp_path / "b.jettison" / "plan.json").read_bytes() == b"{}"
    assert {one.how for one in back.blobs} == {"written"}
    with pytest.raises(UsageError, match="exists"):
        copy(there, f"oci:{tmp_path / 'b'}")
    assert copy(there, f"docker-archive:{tmp_path / 'c.tar'}").sent == back.sent
    proof.write_text(json.dumps({"new": "sha256:" + "0" * 64}))  # left of an image that was replaced
    assert copy(f"oci:{tmp_path / 'a'}", f"oci:{tmp_path / 'b'}", force=True).papers == ()
    assert not (tmp_path / "b.jettison").exists()


def test_written_by_name(registry: FakeRegistry) -> None:
    """What writes images writes them into registries too."""
    image = image_of(b"one")
    write_image(image, f"registry:{registry.host}/app:7")
    assert registry.manifests["7"][1] == image.manifest


def test_half_pushed(registry: FakeRegistry) -> None:
    """A push that dies after the blobs leaves no tag; the next one sends nothing again."""
    image = image_of(b"one")
    registry.faults[f"PUT {image.manifest_digest}"] = [Reply(500)] * 3
    with pytest.raises(MachineError):
        push(registry, image)
    assert not registry.manifests
    assert set(push(registry, image).blobs.values()) == {"there"}


def test_cache_is_clean() -> None:
    """Nothing of a push is kept in the cache but the homes of blobs."""
    with TemporaryDirectory() as folder, serving(FakeRegistry()) as registry:
        image = image_of(b"one")
        os.environ["JETTISON_CACHE"] = folder
        push(registry, image)
        assert sorted(os.listdir(f"{folder}/registry")) == ["homes"]
