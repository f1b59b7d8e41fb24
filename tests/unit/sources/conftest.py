"""A home without logins, and a registry on a thread."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.helpers.fakeregistry import FakeRegistry, serving


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    for name in ("REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "JETTISON_REGISTRY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """Serve an empty registry."""
    with serving(FakeRegistry()) as made:
        yield made
