"""Where a rootfs is unpacked: in memory where there is plenty, else on the disk.

Creating a file takes 10 microseconds in a tmpfs. In ext4 it may take over 500 for some minutes after many files were
deleted: inodes freed in the last 300 s are passed over one by one (``recently_deleted`` in the kernel's
fs/ext4/ialloc.c). On one machine 55,000 files took 50 s to unpack there, and 9 s in memory.
"""

import os
from pathlib import Path

from jettison.storage import scratch_root

SHARE = 4  # at most one part in so many of the memory that is available
_SHM = Path("/dev/shm")  # noqa: S108 -- scratch_dir makes a folder of an unguessable name in it, closed to others
_LIMITS = (("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"))


def memory_folder(need: int) -> Path | None:
    """Return a folder in memory for ``need`` bytes; None when they belong on the disk, or where the user says.

    Args:
        need: bytes, an estimate.
    """
    if scratch_root() is not None:
        return None
    try:
        room = os.statvfs(_SHM)
    except OSError:
        return None
    writable = os.access(_SHM, os.W_OK | os.X_OK) and not room.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
    free = min(room.f_bavail * room.f_frsize, available())
    return _SHM if writable and need * SHARE <= free else None


def available(meminfo: Path = Path("/proc/meminfo"), cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Return the bytes of memory that may still be taken, within the control group's limit; 0 when unknown."""
    try:
        lines = meminfo.read_text().splitlines()
    except OSError:
        return 0
    free = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), 0)
    for limit, used in _LIMITS:
        most, now = _number(cgroup / limit), _number(cgroup / used)
        if most is not None and now is not None:
            free = min(free, max(0, most - now))
    return free


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # not there, or "max"
        return None
