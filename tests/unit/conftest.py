"""What tests that run containers share."""

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
