"""What the sandbox is told to run: a record that travels to the agent as JSON."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

RootKind = Literal["overlay", "overlay-tmpfs", "copy"]
TOOLS = "/dev/.jettison"
"""Where a traced container has strace, and what it needs."""
RECORDS = "record"
"""Folder beside them for what strace writes, one file a command."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One container.

    Attributes:
        argv: the command.
        env: ``NAME=value`` strings, whole.
        workdir: made when the image lacks it.
        uid: the user's number in the container.
        gid: likewise of its group.
        groups: supplementary groups; left out when ids are not ranged (the kernel forbids setgroups then).
        ranged: whether ids 0 to 65535 are mapped, or only ``uid`` and ``gid``.
        hostname: the container's.
        memory: limit of a process's address space, bytes; 0 for none.
        lower: the unpacked rootfs, relative to the agent's folder.
        run: a folder for this run, likewise; holds ``upper``, ``work``, ``root``, ``hosts``, ``hostname`` and
            ``resolv.conf``.
        root: how the container gets a rootfs that it may write to: an overlay whose upper half lies in ``run`` or in
            memory, or ``lower`` itself, when that is a private copy.
        tracer: words that go before each command; the folder ``tools`` in ``run`` has what they name. Empty for none.
        hooks: paths in the container where Python reads :mod:`jettison.run.pyhook` at its start.
    """

    argv: tuple[str, ...]
    env: tuple[str, ...]
    workdir: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    ranged: bool
    hostname: str
    memory: int
    lower: str
    run: str
    root: RootKind = "overlay"
    tracer: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Spec":
        """Return what :meth:`to_json` wrote."""
        lists = {key: tuple(value[key]) for key in ("argv", "env", "groups", "tracer", "hooks")}
        return Spec(**{**value, **lists})
