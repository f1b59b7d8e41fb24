"""One engine for the whole session, found or started; afterwards it is as it was before."""

import os
import shutil
from collections.abc import Iterator

import pytest
from tests.helpers.engine import Engine, docker, start_engine, stop_engine
from tests.helpers.machine import need_network

LEAST_DISK = 8_000_000_000  # bytes


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Give an engine; skip where there can be none, with the reason."""
    need_network()
    if shutil.disk_usage("/").free < LEAST_DISK:
        pytest.skip("less than 8 GB of disk are free")
    found = start_engine()
    if isinstance(found, str):
        pytest.skip(f"no container engine here: {found}")
    yield found
    if os.environ.get("JETTISON_ENGINE_KEEP"):
        return
    docker(found, "builder", "prune", "-a", "-f")
    if found.started:
        stop_engine()
