"""What tests of containers share."""

import os
from pathlib import Path

import pytest
from tests.helpers.machine import need_namespaces


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of its own for scratch; skip where this machine forbids namespaces."""
    need_namespaces()
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("JETTISON_SCRATCH", str(tmp_path / "cache" / "scratch"))
    return tmp_path


@pytest.fixture
def as_root() -> None:
    """Skip unless root runs the tests."""
    if os.geteuid() != 0:
        pytest.skip("only root has a range of ids")
