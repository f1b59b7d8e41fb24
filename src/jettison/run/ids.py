"""Which numeric ids of the machine stand for the image's ids: the user namespace's maps.

An ordinary user owns one id, so one id of the image can be mapped to it: that of the user the image runs as. All
files then belong to that user. Root maps the image's ids 0 to 65535 to a range that no account of the machine uses,
so that not even a process that escaped would own a file of the machine. The range lies where systemd leaves room for
containers (systemd.io/UIDS-GIDS: 524288 to 1879048191).
"""

import os
from dataclasses import dataclass

RANGE = 65_536
NOBODY = 65_534
_BASE = 1_785_004_032  # 65536 * 27237, in systemd's room for containers and far from what subuid files hand out


@dataclass(frozen=True, slots=True)
class Ids:
    """How the ids of an image map to the machine's.

    Attributes:
        base: the machine's id for the image's id 0, when a range is mapped; -1 when only this process's own id is.
        uid: this process's user id.
        gid: its group id.
    """

    base: int
    uid: int
    gid: int

    @property
    def ranged(self) -> bool:
        """Whether the image's ids 0 to 65535 are all mapped; files then keep their owners."""
        return self.base >= 0

    def outer(self, number: int) -> int:
        """Return the machine's id for an id of the image; an id outside the range becomes ``nobody``'s."""
        return self.base + (number if 0 <= number < RANGE else NOBODY)

    def maps(self, uid: int, gid: int) -> tuple[str, str]:
        """Return the content of ``uid_map`` and ``gid_map`` (user_namespaces(7)).

        Args:
            uid: the image's user that runs, which a single id is mapped to.
            gid: likewise its group.
        """
        if self.ranged:
            return f"0 {self.base} {RANGE}\n", f"0 {self.base} {RANGE}\n"
        return f"{uid} {self.uid} 1\n", f"{gid} {self.gid} 1\n"


def own_ids() -> Ids:
    """Return the mapping that this process has the right to make."""
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0:
        return Ids(-1, uid, gid)
    held = [_read_map(f"/proc/self/{name}") for name in ("uid_map", "gid_map")]
    for base in (_BASE, 0):  # 0: root of a container or of a rootless engine, which holds fewer ids
        if all(_covers(ranges, base) for ranges in held):
            return Ids(base, uid, gid)
    return Ids(-1, uid, gid)


def _covers(ranges: list[tuple[int, int]], base: int) -> bool:
    return any(first <= base and base + RANGE <= first + count for first, count in ranges)


def _read_map(path: str) -> list[tuple[int, int]]:
    """Return (first id, count) of each line; one line that holds every id where the kernel has no user namespaces."""
    try:
        with open(path, encoding="ascii") as file:
            rows = [line.split() for line in file]
    except OSError:
        return [(0, 1 << 32)]
    return [(int(row[0]), int(row[2])) for row in rows]
