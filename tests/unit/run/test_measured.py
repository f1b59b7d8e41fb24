"""Measurements that are kept."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.helpers.images import oci_layout, tar_bytes

from jettison.run import measured
from jettison.run.measured import Measured, recall, remember
from jettison.run.workload import Ready, Workload
from jettison.sources.open import open_image

WORKLOAD = Workload("w", Ready("exit"), ())


def test_a_measurement_belongs_to_image_workload_and_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found again for the same three, and for no other; a damaged file counts as none."""
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    one, other = (
        open_image(f"oci:{oci_layout(tmp_path / name, [tar_bytes({name: b''})])}") for name in ("one", "other")
    )
    assert recall(one, WORKLOAD) is None
    remember(one, WORKLOAD, Measured(1.5, 1000))
    assert recall(one, WORKLOAD) == Measured(1.5, 1000)
    assert recall(other, WORKLOAD) is None
    assert recall(one, replace(WORKLOAD, user="app")) is None
    (file,) = (path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.name != ".lock")
    file.write_bytes(b"[]")
    assert recall(one, WORKLOAD) is None
    remember(one, WORKLOAD, Measured(1.5, 1000))
    monkeypatch.setattr(measured, "_BOOT", tmp_path / "no-such-file")
    assert recall(one, WORKLOAD) is None
