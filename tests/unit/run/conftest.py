"""What tests of containers share."""

import os

import pytest


@pytest.fixture
def as_root() -> None:
    """Skip unless root runs the tests."""
    if os.geteuid() != 0:
        pytest.skip("only root has a range of ids")
