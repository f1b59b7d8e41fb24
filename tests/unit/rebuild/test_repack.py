"""Layers packed by another codec: their tars stay."""

from pathlib import Path

import pytest
from tests.helpers.images import docker_archive, oci_layout, tar_bytes

from jettison.api.copy import copy
from jettison.files.read import read_table
from jettison.layers.table import Compression
from jettison.rebuild.repack import repack
from jettison.sources.open import open_image

LAYERS = [tar_bytes({"a": b"a" * 9000}), tar_bytes({"b": b"b" * 9000})]


@pytest.mark.parametrize("codec", ["gzip", "zstd", "none"])
def test_tars_stay(tmp_path: Path, codec: Compression, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the codec, diff_ids and config are those of the original, and every layer is packed by it."""
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    oci_layout(tmp_path / "old", LAYERS, compression=["gzip", "zstd"])
    result = copy(f"oci:{tmp_path / 'old'}", f"oci:{tmp_path / 'new'}", compression=codec)
    old, new = open_image(f"oci:{tmp_path / 'old'}"), open_image(f"oci:{tmp_path / 'new'}")
    assert new.config.raw == old.config.raw
    table = read_table(new)
    assert [layer.compression for layer in table.layers] == [codec, codec]
    assert [layer.diff_id for layer in table.layers] == list(old.config.diff_ids)
    assert result.made
    assert result.digest == new.manifest_digest != old.manifest_digest


def test_nothing_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image whose layers are all packed so already stays as it is, manifest included."""
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    oci_layout(tmp_path / "old", LAYERS, compression="gzip")
    table = read_table(open_image(str(tmp_path / "old")))
    assert repack(table, "gzip", scratch=tmp_path) is table.image
    plain = read_table(open_image(str(docker_archive(tmp_path / "a.tar", LAYERS))))
    assert repack(plain, "none", scratch=tmp_path).manifest  # it had none
