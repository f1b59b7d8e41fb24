"""Digests in the form of a RECORD."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.files.owners.record_digest import read_digest, write_digest
from jettison.oci.digest import sha256

EMPTY = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"  # as pip records an empty __init__.py


def test_form() -> None:
    """Both directions follow what pip writes: the URL-safe alphabet, no padding."""
    assert write_digest(sha256(b"")) == EMPTY
    assert read_digest(EMPTY) == sha256(b"")
    assert read_digest(f"{EMPTY}=") == sha256(b"")


@given(st.binary(min_size=32, max_size=32))
def test_round_trip(raw: bytes) -> None:
    """Every digest comes back as it was, and nothing in it needs quotes in a CSV file."""
    written = write_digest(f"sha256:{raw.hex()}")
    assert read_digest(written) == f"sha256:{raw.hex()}"
    assert not set(written) & set('",\r\n+/')


@pytest.mark.parametrize(
    "text", ["", "sha256=", EMPTY[7:], EMPTY.replace("256", "512"), EMPTY[:-1], "sha256=é", "sha256=A"]
)
def test_malformed(text: str) -> None:
    """What is no SHA-256 in that form reads as nothing."""
    assert read_digest(text) == ""


@given(st.text().map("sha256={}".format))
def test_noise(text: str) -> None:
    """Any text is a digest or nothing."""
    assert len(read_digest(text)) in {0, len("sha256:") + 64}
