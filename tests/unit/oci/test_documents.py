"""Descriptors, manifests, indexes and configs."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.errors import BadInputError, JettisonError, RefusedError
from jettison.oci import media
from jettison.oci.config import instructions, read_config
from jettison.oci.descriptor import make_descriptor, read_descriptor, retyped
from jettison.oci.digest import check_digest
from jettison.oci.document import dump_document
from jettison.oci.manifest import is_attestation, read_index, read_manifest

SHA = "sha256:" + "a" * 64
LAYER = {"mediaType": media.OCI_LAYER + "+gzip", "digest": SHA, "size": 10}
CONFIG = {"mediaType": media.OCI_CONFIG, "digest": SHA, "size": 20}
MANIFEST = {"schemaVersion": 2, "mediaType": media.OCI_MANIFEST, "config": CONFIG, "layers": [LAYER]}
IMAGE = {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [SHA]}}


def changed(document: Any, path: str, value: Any) -> bytes:
    """Return the document as JSON with one value changed: ``a.0.b``; ``...`` removes it."""
    document = copy.deepcopy(document)
    *parents, last = path.split(".")
    place = document
    for parent in parents:
        place = place[int(parent) if isinstance(place, list) else parent]
    if value is ...:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return json.dumps(document).encode()


def test_manifest_keeps_order_and_annotations() -> None:
    """Layers come lowest first, annotations as they are."""
    second = {**LAYER, "mediaType": media.OCI_LAYER + "+zstd", "size": 11}
    raw = json.dumps({**MANIFEST, "layers": [LAYER, second], "annotations": {"a": "b"}}).encode()
    manifest = read_manifest(raw, media.OCI_MANIFEST, "m")
    assert [layer.size for layer in manifest.layers] == [10, 11]
    assert manifest.annotations == {"a": "b"}


@pytest.mark.parametrize(
    ("path", "value", "error"),
    [
        ("schemaVersion", 3, BadInputError),
        ("schemaVersion", True, BadInputError),
        ("schemaVersion", 1, RefusedError),
        ("mediaType", media.OCI_INDEX, BadInputError),
        ("mediaType", 5, BadInputError),
        ("config", ..., BadInputError),
        ("config", [], BadInputError),
        ("config.mediaType", "application/vnd.oci.empty.v1+json", RefusedError),
        ("config.mediaType", "no type", BadInputError),
        ("config.digest", "sha256:xyz", BadInputError),
        ("config.digest", "sha256:../../etc/passwd", BadInputError),
        ("config.digest", "sha512:" + "a" * 128, RefusedError),
        ("config.size", -1, BadInputError),
        ("config.size", 2**63, BadInputError),
        ("config.size", 1.5, BadInputError),
        ("config.size", True, BadInputError),
        ("config.size", "20", BadInputError),
        ("config.size", ..., BadInputError),
        ("layers", ..., BadInputError),
        ("layers", {}, BadInputError),
        ("layers", [LAYER] * 1001, BadInputError),
        ("layers.0", "x", BadInputError),
        ("layers.0.mediaType", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", RefusedError),
        ("layers.0.mediaType", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", RefusedError),
        ("layers.0.mediaType", media.OCI_LAYER + "+gzip+encrypted", RefusedError),
        ("layers.0.mediaType", "text/plain", RefusedError),
        ("layers.0.annotations", {"a": 1}, BadInputError),
        ("layers.0.Digest", SHA, BadInputError),
        ("Layers", [], BadInputError),
        ("manifests", [], BadInputError),
        ("annotations", {"a": None}, BadInputError),
    ],
)
def test_hostile_manifests(path: str, value: Any, error: type[JettisonError]) -> None:
    """Each field that is missing, of the wrong type, out of range or ambiguous is refused, naming the manifest."""
    with pytest.raises(error) as caught:
        read_manifest(changed(MANIFEST, path, value), media.OCI_MANIFEST, "image.tar: manifest")
    assert caught.value.message.startswith("image.tar: manifest")


def test_index_refuses_to_be_a_manifest_too() -> None:
    """A document that is index and manifest at once is refused (CVE-2021-41190)."""
    raw = json.dumps({"schemaVersion": 2, "manifests": [], "layers": []}).encode()
    with pytest.raises(BadInputError, match="at once"):
        read_index(raw, media.OCI_INDEX, "i")


def test_attestations_are_told_apart() -> None:
    """Entries for platform unknown/unknown, and those annotated as referring to an image, are no images."""
    entry = {"mediaType": media.OCI_MANIFEST, "digest": SHA, "size": 1}
    unknown = read_descriptor({**entry, "platform": {"os": "unknown", "architecture": "unknown"}}, "x")
    annotated = read_descriptor({**entry, "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}, "x")
    plain = read_descriptor({**entry, "platform": {"os": "linux", "architecture": "amd64"}}, "x")
    assert [is_attestation(one, "x") for one in (unknown, annotated, plain)] == [True, True, False]


def test_config_says_what_runs() -> None:
    """Every field of the process is read; null counts as absent, as Go writes it."""
    process: dict[str, Any] = {
        "Entrypoint": ["/app"],
        "Cmd": None,
        "Env": ["A=1", "B="],
        "User": "1000:1000",
        "WorkingDir": "/w",
        "ExposedPorts": {"80/tcp": {}},
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 5},
        "Labels": {"a": "b"},
        "StopSignal": "SIGINT",
        "Volumes": None,
    }
    config = read_config(json.dumps({**IMAGE, "config": process, "variant": "v3"}).encode(), "c")
    assert config.process.argv == ("/app",)
    assert config.process.env == ("A=1", "B=")
    assert config.process.healthcheck == ("CMD", "true")
    assert config.process.exposed_ports == ("80/tcp",)
    assert config.process.volumes == ()
    assert str(config.platform) == "linux/amd64/v3"


@pytest.mark.parametrize(
    ("path", "value", "error"),
    [
        ("os", ..., BadInputError),
        ("os", "windows", RefusedError),
        ("architecture", "", BadInputError),
        ("rootfs", ..., BadInputError),
        ("rootfs.type", "other", BadInputError),
        ("rootfs.diff_ids", "x", BadInputError),
        ("rootfs.diff_ids", ["x"], BadInputError),
        ("rootfs.diff_ids", [SHA] * 1001, BadInputError),
        ("rootfs.Diff_IDs", [], BadInputError),
        ("history", {}, BadInputError),
        ("history", [1], BadInputError),
        ("history", [{"created_by": 1}], BadInputError),
        ("history", [{"empty_layer": "yes"}], BadInputError),
        ("history", [{}] * 10_001, BadInputError),
        ("config", [], BadInputError),
        ("config", {"Env": "A=1"}, BadInputError),
        ("config", {"Env": [1]}, BadInputError),
        ("config", {"Env": ["=x"]}, BadInputError),
        ("config", {"Cmd": "sh"}, BadInputError),
        ("config", {"Cmd": ["a\0b"]}, BadInputError),
        ("config", {"cmd": ["sh"]}, BadInputError),
        ("config", {"User": 0}, BadInputError),
        ("config", {"Labels": {"a": 1}}, BadInputError),
        ("config", {"Labels": []}, BadInputError),
        ("config", {"ExposedPorts": ["80"]}, BadInputError),
        ("config", {"Healthcheck": {"Test": "x"}}, BadInputError),
    ],
)
def test_hostile_configs(path: str, value: Any, error: type[JettisonError]) -> None:
    """Each field of the wrong type is refused, naming the config."""
    with pytest.raises(error) as caught:
        read_config(changed(IMAGE, path, value), "image.tar: config")
    assert caught.value.message.startswith("image.tar: config")


def test_history_skips_empty_layers() -> None:
    """Instructions that made no layer are passed over."""
    history = [
        {"created_by": "ADD base"},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "RUN x", "comment": None},
    ]
    config = read_config(json.dumps({**IMAGE, "history": history}).encode(), "c")
    assert instructions(config, 2) == ("ADD base", "RUN x")


@pytest.mark.parametrize("history", [None, [], [{"created_by": "a"}] * 3, [{"created_by": "a", "empty_layer": True}]])
def test_history_that_does_not_fit_is_ignored(history: Any) -> None:
    """A history that is absent or counts another number of layers names no instruction, and is no error."""
    config = read_config(json.dumps({**IMAGE, "history": history}).encode(), "c")
    assert instructions(config, 2) == ("", "")


def test_descriptor_keeps_unknown_fields() -> None:
    """A descriptor that gets another media type keeps its other fields."""
    descriptor = read_descriptor({**LAYER, "x": [1], "urls": ["u"]}, "d")
    assert retyped(descriptor, media.OCI_LAYER).document == {
        **LAYER,
        "x": [1],
        "urls": ["u"],
        "mediaType": media.OCI_LAYER,
    }


@given(
    st.integers(0, 2**63 - 1),
    st.dictionaries(st.text(max_size=5), st.text(st.characters(exclude_characters="\0"), max_size=5), max_size=3),
)
def test_made_descriptors_read_back(size: int, annotations: dict[str, str]) -> None:
    """What make_descriptor makes, read_descriptor reads."""
    made = make_descriptor(media.OCI_LAYER, SHA, size, annotations=annotations)
    assert read_descriptor(dict(made.document), "d") == made


@given(st.text(max_size=80))
def test_digests_are_checked(text: str) -> None:
    """A text is a digest of 64 hex digits, or an error."""
    try:
        assert check_digest(text, "x") == text
    except JettisonError:
        assert not (text.startswith("sha256:") and len(text) == 71 and text[7:].isalnum() and text.islower())


def test_canonical_documents_do_not_depend_on_order() -> None:
    """The same document in another order is the same bytes."""
    assert dump_document({"b": {"y": 1, "x": 2}, "a": 0}) == dump_document({"a": 0, "b": {"x": 2, "y": 1}})
