"""When a proof of tier 3 does not hold: find the smallest set of what went that has to come back.

Tried on the original's own rootfs, with what would go moved aside, so that a trial costs a run and no image. What is
asked for in vain comes back by its path; what goes wrong without such a look-up is narrowed down by delta debugging
(Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002) over the plan's steps.
"""

from collections.abc import Callable, Mapping, Sequence

from jettison.files.record import FileTable
from jettison.plan.options import TRACED_TIER
from jettison.plan.record import Plan
from jettison.progress import SILENT, Progress
from jettison.proof.behaviour import differences
from jettison.proof.lookups import gone_by, misses, modules_of
from jettison.run.exercise import Rootfs, exercise_rootfs
from jettison.run.hidden import hidden
from jettison.run.trace.make import Recorder, record
from jettison.run.workload import RunResult, Workload

ROUNDS = 8
TRIALS = 64
"""Runs of delta debugging, at most; then all that is suspected comes back."""


class BackOff:
    """Finds what has to come back.

    Args:
        table: of the original.
        rootfs: the original, unpacked.
        workloads: each with what it gave on the original, and has to give again.
        recorder: the tracer.
        replan: makes the plan anew, with areas and paths that stay, each with its reason.
        progress: told of each trial.
    """

    def __init__(
        self,
        table: FileTable,
        rootfs: Rootfs,
        workloads: Sequence[tuple[Workload, RunResult]],
        recorder: Recorder,
        replan: Callable[[Mapping[str, str]], Plan],
        progress: Progress = SILENT,
    ) -> None:
        self.table, self.rootfs, self.recorder = table, rootfs, recorder
        self.pairs = tuple(workloads)
        self.replan, self.progress = replan, progress
        self.modules = modules_of(table)
        self.restored: dict[str, str] = {}

    def settle(self, plan: Plan) -> Plan:
        """Return a plan with which nothing is asked for in vain, as far as that can be reached by paths alone.

        Args:
            plan: that was made without having tried it.

        Raises:
            MachineError: nothing can be run on this machine.
        """
        for _ in range(ROUNDS if self.pairs else 0):
            found = self._asked_in_vain(plan)
            if found.keys() <= self.restored.keys():
                break
            self.restored.update(found)
            plan = self.replan(self.restored)
        return plan

    def find(self, plan: Plan, known: Mapping[str, str]) -> Plan | None:
        """Return a plan with which every workload answers as before; None when none was found.

        Args:
            plan: that does not hold.
            known: what is known already to have to stay, with the reasons.

        Raises:
            MachineError: nothing can be run on this machine.
        """
        self.restored.update(known)
        plan = self.replan(self.restored) if known else plan
        for _ in range(ROUNDS):
            found = self._asked_in_vain(plan)
            if not found:
                if self._holds(plan, None):
                    return plan
                found = self._suspects(plan)
            if not found or found.keys() <= self.restored.keys():
                return None
            self.restored.update(found)
            plan = self.replan(self.restored)
        return None

    def _asked_in_vain(self, plan: Plan) -> dict[str, str]:
        found: dict[str, str] = {}
        gone = gone_by(self.table, plan)
        with hidden(self.rootfs, gone.dropped, gone.emptied):
            for workload, _ in self.pairs:
                _, trace = record(self.rootfs, self.table, workload, self.recorder, progress=self.progress)
                found |= misses(trace, gone, self.modules)
        return found

    def _holds(self, plan: Plan, steps: Sequence[str] | None) -> bool:
        """Whether all workloads answer as before without what some steps of tier 3 take (None: all of the plan)."""
        kept = tuple(step for step in plan.steps if steps is None or step.id in steps)
        part = Plan(plan.image, plan.layers, plan.tier, kept, {}, ())
        gone = gone_by(self.table, part)
        with hidden(self.rootfs, gone.dropped, gone.emptied):
            for workload, before in self.pairs:
                now = exercise_rootfs(self.rootfs, workload, progress=self.progress)
                if differences(workload, before, now):
                    return False
        return True

    def _suspects(self, plan: Plan) -> dict[str, str]:
        """Return the areas of the steps without which workloads fail together."""
        steps = [step.id for step in plan.steps if step.tier == TRACED_TIER]
        tried = 0

        def fails(chosen: Sequence[str]) -> bool:
            nonlocal tried
            tried += 1
            return tried <= TRIALS and not self._holds(plan, chosen)

        if not steps or not fails(steps):
            return {}
        guilty = smallest(steps, fails)
        return {
            step.partition("/")[2].removeprefix("names/"): "workloads answer otherwise without it" for step in guilty
        }


def smallest(steps: Sequence[str], fails: Callable[[Sequence[str]], bool]) -> Sequence[str]:
    """Return a part of ``steps`` that fails, and none of whose own parts that leave one out fails (ddmin).

    Args:
        steps: that fail.
        fails: whether some of them do; what was not tried counts as holding.
    """
    pieces = 2
    while len(steps) > 1:
        size = -(-len(steps) // pieces)
        chunks = [steps[at : at + size] for at in range(0, len(steps), size)]
        rests = [[step for step in steps if step not in chunk] for chunk in chunks] if len(chunks) > 2 else []  # noqa: PLR2004 -- with two, a rest is a chunk
        found = next((part for part in (*chunks, *rests) if fails(part)), None)
        if found is not None:
            pieces = 2 if len(found) <= size else max(pieces - 1, 2)
            steps = found
        elif pieces >= len(steps):
            break
        else:
            pieces = min(len(steps), pieces * 2)
    return steps
