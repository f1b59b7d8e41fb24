"""Where a rootfs is unpacked."""

import os
from pathlib import Path

import pytest

from jettison.run import memory
from jettison.run.memory import available, memory_folder


def _files(folder: Path, **contents: str) -> None:
    for name, content in contents.items():
        (folder / name.replace("_", ".")).write_text(content)


@pytest.mark.parametrize(
    ("limit", "expected"), [("max", 8_000_000 * 1024), ("5000000", 4_000_000), ("1000", 0), ("", 8_000_000 * 1024)]
)
def test_the_control_group_limits_what_is_available(tmp_path: Path, limit: str, expected: int) -> None:
    """What is available is the machine's, or what the control group leaves, whichever is less."""
    _files(
        tmp_path, meminfo="MemTotal: 9 kB\nMemAvailable:    8000000 kB\n", memory_max=limit, memory_current="1000000"
    )
    assert available(tmp_path / "meminfo", tmp_path) == expected


def test_nothing_is_available_where_nothing_is_known(tmp_path: Path) -> None:
    """Without /proc/meminfo everything goes to the disk."""
    assert available(tmp_path / "meminfo", tmp_path) == 0


def test_only_small_images_go_to_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image goes to memory when it takes a fourth of what is available at most, unless the user says where."""
    room = os.statvfs(tmp_path)
    free = room.f_bavail * room.f_frsize
    monkeypatch.setattr(memory, "_SHM", tmp_path)
    monkeypatch.setattr(memory, "available", lambda: free)
    assert memory_folder(1000) == tmp_path
    assert memory_folder(free) is None
    monkeypatch.setenv("JETTISON_SCRATCH", str(tmp_path))
    assert memory_folder(1000) is None
    monkeypatch.delenv("JETTISON_SCRATCH")
    monkeypatch.setattr(memory, "_SHM", tmp_path / "none")
    assert memory_folder(1000) is None
