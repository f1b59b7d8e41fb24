"""A workload that opens every library that was pruned, all its symbols resolved, where an image has a Python for it."""

import re
from collections.abc import Sequence

from jettison.files.record import FileTable
from jettison.plan.record import Action, Plan
from jettison.run.workload import Compare, Probe, Ready, Workload

NAME = "pruned libraries"
_PYTHON = re.compile(r"(?:usr/(?:local/)?)?bin/python3(?:\.\d+)?\Z")
_IMPORTED = re.compile(
    r".*/(?:ctypes/(?:__init__|_endian)|signal|struct|enum|types)\.py\Z|.*/_(?:ctypes|struct)\.[^/]*\Z"
)
_START = "import signal; print('ready', flush=True); signal.pause()"
# One process a library: what one of them does to a process is nothing to the next.
_OPEN = """\
import ctypes, os, sys
for path in sys.argv[1:]:
    child = os.fork()
    if not child:
        try:
            ctypes.CDLL(path, os.RTLD_NOW)
        except OSError as error:
            print(error, flush=True)
            os._exit(1)
        os._exit(0)
    print(path, os.waitpid(child, 0)[1], flush=True)
"""


def with_opening(workloads: Sequence[Workload], table: FileTable, plan: Plan | None) -> tuple[Workload, ...]:
    """Add the opening of pruned libraries to workloads.

    Args:
        workloads: of the user; without any, nothing is run at all.
        table: of the original.
        plan: its ``prune`` steps count.

    Returns:
        The workloads, with one more where libraries are pruned and the image has a Python that can open them. What that
        takes is not kept for its sake: where workloads need no ctypes, tier 3 takes it, and their runs say it all.
    """
    pruned = _touched(plan, "prune")
    paths = [f"/{path}" for path, file in table.visible.items() if (file.layer, file.entry.path) in pruned]
    python = sorted(path for path in table.visible if _PYTHON.match(path))
    ctypes = any("/_ctypes." in path for path in table.visible)
    if not (workloads and paths and python and ctypes) or _loses_modules(table, plan):
        return tuple(workloads)
    command = (f"/{python[0]}", "-c")
    probe = Probe("open", "exec", Compare(("stdout", "exit-code")), argv=(*command, _OPEN, *sorted(paths)), timeout=600)
    opening = Workload(NAME, Ready("log", "ready"), (probe,), argv=(*command, _START), timeout=900)
    return (*workloads, opening)


def _touched(plan: Plan | None, *actions: Action) -> set[tuple[int, str]]:
    """Return layer and path of what steps with these actions touch."""
    steps = plan.steps if plan else ()
    return {(target.layer, target.path) for step in steps if step.action in actions for target in step.targets}


def _loses_modules(table: FileTable, plan: Plan | None) -> bool:
    """Whether a plan takes what the opening imports."""
    gone = _touched(plan, "drop", "stub")
    return any((file.layer, file.entry.path) in gone for path, file in table.visible.items() if _IMPORTED.match(path))
