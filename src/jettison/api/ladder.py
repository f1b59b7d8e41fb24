"""``ladder``: a project built as it is, fixed, rewritten, slimmed and composed; each step measured, and proved.

Each step's image and figures are kept in the work folder, so that a run which was stopped goes on where it was, as long
as project, workload and options are the same. A step is proved by the workload: it has to answer as the first does.
"""

import functools
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import jettison
from jettison.api.build import build
from jettison.api.coldstart import coldstart
from jettison.api.dockerbuild import build_dockerfile
from jettison.api.ladder_work import MARK, check_inside, check_work, listing
from jettison.api.lint import LintOptions, lint_text
from jettison.api.rewrite import rewrite, write_rewrite
from jettison.api.slim import SlimOptions, slim
from jettison.build.record import BuildOptions
from jettison.build.run import find_builder
from jettison.elf.treatment import Treatment
from jettison.errors import MachineError, NotTriedError, RefusedError, UsageError
from jettison.files.read import read_table
from jettison.interrupt import goes_on
from jettison.oci.digest import sha256
from jettison.plan.options import GPU_TIER, TRACED_TIER, PlanOptions
from jettison.progress import SILENT, Progress
from jettison.proof.behaviour import check_behaviour, run_original
from jettison.proof.ladder import Ladder, Rung, State
from jettison.proof.result import size_of
from jettison.run.link import Shape
from jettison.run.runner import EMBEDDED, Runner
from jettison.run.tracing import find_strace
from jettison.run.workload import RunResult, Workload
from jettison.sources.open import open_image
from jettison.storage import atomic_file

FIRST, COMPOSED, LAST = "as written", "composed", "composed traced"
BUILT = (FIRST, "fixed", "rewritten")
_STATE = "rung.json"
_CHANGED = "\n# changed to measure a build after a change of code\n"
_LIKELY = ("app.py", "main.py", "server.py", "serve.py", "service.py")
_CONTEXT_LIMIT = 20_000  # files


@dataclass(frozen=True, slots=True)
class LadderOptions:
    """How a ladder is climbed.

    Attributes:
        dockerfile: name in the project.
        builder: ``docker``, ``podman`` or ``buildah``; empty for the first that is here.
        network: for RUN, as ``host``.
        gpu: how GPU code is pruned in the last steps; None leaves it.
        gpu_everywhere: in files as well that their licence does not let one modify.
        held: workloads that prove what is slimmed by a trace, and are not traced.
        compose: a compose file for two more steps, its image as it is and slimmed; None for none.
        code: file that is changed to measure a build after a change; empty to choose one.
        shape: of the link of cold starts; None to measure none.
        runner: what runs containers.
        only: names of steps; empty for all.
    """

    dockerfile: str = "Dockerfile"
    builder: str = ""
    network: str = ""
    gpu: Treatment | None = None
    gpu_everywhere: bool = False
    held: tuple[Workload, ...] = ()
    compose: Path | None = None
    code: str = ""
    shape: Shape | None = None
    runner: Runner = EMBEDDED
    only: tuple[str, ...] = ()


def ladder(
    project: Path, work: Path, workload: Workload, options: LadderOptions | None = None, *, progress: Progress = SILENT
) -> Ladder:
    """Climb it.

    Args:
        project: folder with a Dockerfile.
        work: folder for images and figures; made when it is not there. Steps that are in it are not done again.
        workload: how the service is exercised.
        options: how.
        progress: told of all of it.

    Returns:
        Every step; one that does not build, or does not answer as the first, is ``failed``.

    Raises:
        UsageError: the project cannot be read, or does not even build as it is written.
        NotTriedError: the workload does not pass on it.
        MachineError: there is no builder, or containers cannot be run.
    """
    options = options or LadderOptions()
    check_inside(project, options.dockerfile)
    if options.code:
        check_inside(project, options.code)
    check_work(work, project)
    builder = find_builder(options.builder)
    options.runner.require()
    work.mkdir(exist_ok=True)
    (work / MARK).touch()
    climb = _Climb(project, work, workload, replace(options, builder=builder.name), progress)
    rungs = tuple(climb.rungs())
    shape = options.shape
    return Ladder(
        str(project), builder.name, options.runner.name, shape.bandwidth if shape else 0, rungs, climb.notes()
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """A step to do: what it is called, what it does, how its image is made, and of which step's image, if of one."""

    name: str
    detail: str
    make: Callable[[Path], tuple[float | None, float | None]]
    source: str = ""


class _LeftOutError(Exception):
    """A step does not apply; the text says why."""


class _Climb:
    """One run."""

    def __init__(
        self, project: Path, work: Path, workload: Workload, options: LadderOptions, progress: Progress
    ) -> None:
        self.project, self.work, self.workload = project, work, workload
        self.options, self.progress = options, progress
        self.before: tuple[RunResult, ...] = ()
        self.held: dict[str, str] = {}  # digest of each step that held

    def rungs(self) -> Iterator[Rung]:
        """Give the steps, one after another."""
        for step in self._steps():
            if self.options.only and step.name not in self.options.only and step.name != FIRST:
                continue
            rung = self._known(step) or self._climb(step)
            if rung.state in ("first", "held"):
                self.held[step.name] = rung.digest
            yield rung

    def notes(self) -> tuple[str, ...]:
        """Say what was not measured."""
        found = [
            "a clean builder with a registry's cache was not measured: it would need a builder of its own",
            "builds without a cache still use cache mounts, and bases that were pulled before",
        ]
        if self.options.shape is None:
            found.append("cold starts were not measured: --bandwidth does it")
        return tuple(found)

    def _steps(self) -> Iterator[_Step]:
        yield _Step(FIRST, "the Dockerfile as it is", lambda place: self._built(self.project, place))
        yield _Step("fixed", "jettison lint --fix: hygiene, headless packages, cache mounts", self._fixed)
        yield _Step(
            "rewritten", "jettison rewrite: builder and runtime stage, right-sized base, caches", self._rewritten
        )
        gpu, everywhere = self.options.gpu, self.options.gpu_everywhere
        traced = PlanOptions(TRACED_TIER, gpu=gpu, gpu_everywhere=everywhere)
        plans = [("slim lossless", PlanOptions(0)), ("slim", PlanOptions(1))]
        if gpu:
            plans.append(("slim gpu", PlanOptions(GPU_TIER, gpu=gpu, gpu_everywhere=everywhere)))
        plans.append(("slim traced", traced))
        last = [name for name in BUILT if name in self.held][-1]  # what was built by now, and held
        for name, plan in plans:
            yield _Step(name, f"jettison slim, tier {plan.tier}", self._slimmed(last, plan), last)
        if self.options.compose:
            yield _Step(COMPOSED, f"jettison build {self.options.compose.name}: without an engine", self._composed)
            detail = f"jettison slim of it, tier {traced.tier}"
            yield _Step(LAST, detail, self._slimmed(COMPOSED, traced), COMPOSED)

    # --- one step -----------------------------------------------------------------------------------------------------

    def _climb(self, step: _Step) -> Rung:
        place = self._place(step.name)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        try:
            build_seconds, change_seconds = step.make(place)
            rung = self._measured(step, place, build_seconds, change_seconds)
        except _LeftOutError as reason:
            rung = Rung(step.name, "left out", str(reason))
        except (UsageError, RefusedError, NotTriedError) as error:
            if step.name == FIRST:
                raise
            rung = Rung(step.name, "failed", error.message)
        with atomic_file(place / _STATE, force=True) as file:
            file.write(json.dumps({"key": self._key(step), "rung": asdict(rung)}).encode())
        return rung

    def _measured(self, step: _Step, place: Path, build_seconds: float | None, change_seconds: float | None) -> Rung:
        image = open_image(f"oci:{place / 'image'}")
        size = size_of(read_table(image, progress=self.progress))
        first = step.name == FIRST
        state: State = "first" if first else "held"
        detail, ready = step.detail, None
        if first:
            self.before = run_original(image, (self.workload,), runner=self.options.runner, progress=self.progress)
            ready = self.before[0].ready_seconds
        else:
            checks, behaviours = check_behaviour(
                image, (self.workload,), self._first(), runner=self.options.runner, progress=self.progress
            )
            ready = behaviours[0].ready_after
            if checks[0].verdict != "held":
                state, detail, ready = "failed", "; ".join(checks[0].problems[:3]) or checks[0].detail, None
        cold = self._cold(place) if state != "failed" else None
        return Rung(
            step.name, state, detail, f"oci:{place / 'image'}", size.digest, size.disk, size.pull,
            build_seconds, change_seconds, ready, cold,
        )  # fmt: skip

    def _first(self) -> tuple[RunResult, ...]:
        """Return how the first step answers; asked anew where this run took that step over from an earlier one."""
        if not self.before:
            image = open_image(f"oci:{self._place(FIRST) / 'image'}")
            self.before = run_original(image, (self.workload,), runner=self.options.runner, progress=self.progress)
        return self.before

    def _cold(self, place: Path) -> float | None:
        if self.options.shape is None:
            return None
        engine, shape = self.options.runner.name, self.options.shape
        image, progress = f"oci:{place / 'image'}", self.progress
        found = coldstart(image, workload=self.workload, shape=shape, engine=engine, passes=1, progress=progress)
        return found.total

    def _place(self, name: str) -> Path:
        return self.work / name.replace(" ", "-")

    def _known(self, step: _Step) -> Rung | None:
        """Return what an earlier run left of a step."""
        place = self._place(step.name)
        try:
            document = json.loads((place / _STATE).read_bytes())
            rung, key = Rung(**document["rung"]), document["key"]
        except (OSError, ValueError, TypeError, KeyError):
            return None
        there = not rung.image or (place / "image" / "index.json").is_file()
        return rung if there and key == self._key(step) and rung.state != "failed" else None

    def _key(self, step: _Step) -> str:
        """Return what a step's figures depend on; where it is another, the step is done again."""
        options = self.options
        compose = listing(options.compose.parent) if options.compose and step.name in (COMPOSED, LAST) else ""
        what = (
            jettison.__version__, step.name, self._files, repr(self.workload), options.dockerfile, options.builder,
            options.network, options.code, repr(options.shape), options.runner.name, options.gpu,
            options.gpu_everywhere, compose, repr(options.held) if step.name in ("slim traced", LAST) else "",
            self.held.get(step.source, ""),
        )  # fmt: skip
        return sha256(repr(what).encode())

    @functools.cached_property
    def _files(self) -> str:
        """What the project is."""
        return listing(self.project)

    # --- how the images are made --------------------------------------------------------------------------------------

    def _built(self, context: Path, place: Path, dockerfile: str = "") -> tuple[float, float | None]:
        """Build with no cache, then once more after a change of code."""
        name = dockerfile or self.options.dockerfile
        settings = BuildOptions(dockerfile=str(context / name), network=self.options.network, no_cache=True)
        out = f"oci:{place / 'image'}"
        cold = self._build(context, out, settings)
        code = self._code(context)
        if code is None:
            return cold, None
        changed = place / "changed"
        shutil.copytree(context, changed, symlinks=True)
        with open(changed / code, "a", encoding="utf-8") as file:
            file.write(_CHANGED)
        settings = replace(settings, no_cache=False, dockerfile=str(changed / name))
        again = self._build(changed, "", settings)
        shutil.rmtree(changed)
        return cold, again

    def _build(self, context: Path, out: str, settings: BuildOptions) -> float:
        """Build, and return the seconds that the builder took; layers are packed as a registry has them."""
        builder = self.options.builder
        made = build_dockerfile(context, out, settings, builder=builder, compression="gzip", progress=self.progress)
        goes_on()
        return made.seconds

    def _code(self, context: Path) -> str | None:
        """Return the file that is changed: the one asked for, else a likely one."""
        if self.options.code:
            return self.options.code
        there = [path.name for path in sorted(context.glob("*.py")) if path.is_file() and not path.is_symlink()]
        return next((name for name in _LIKELY if name in there), there[0] if there else None)

    def _copy(self, place: Path) -> Path:
        """Return a copy of the project to change."""
        if sum(1 for _ in self.project.rglob("*")) > _CONTEXT_LIMIT:
            raise _LeftOutError(f"the project has more than {_CONTEXT_LIMIT} files: it is not copied")
        target = place / "project"
        shutil.copytree(self.project, target, symlinks=True)
        return target

    def _fixed(self, place: Path) -> tuple[float, float | None]:
        project = self._copy(place)
        path = project / self.options.dockerfile
        before = path.read_bytes()
        _, after = lint_text(before, str(path), LintOptions(context=project, fix=True))
        if after == before:
            raise _LeftOutError("no safe fix changes the Dockerfile")
        path.write_bytes(after)
        return self._built(project, place)

    def _rewritten(self, place: Path) -> tuple[float, float | None]:
        made = rewrite(self.project, dockerfile=self.options.dockerfile, package=False)
        if not made.whole:
            raise _LeftOutError(f"the stages stay as they are: {made.refusals[0].reason}")
        project = self._copy(place)
        write_rewrite(made, place / "rewritten", force=True)
        goes_on()
        shutil.copytree(place / "rewritten", project, dirs_exist_ok=True)
        return self._built(project, place)

    def _slimmed(self, source: str, plan: PlanOptions) -> Callable[[Path], tuple[None, None]]:
        """Return what slims the image of a step."""

        def make(place: Path) -> tuple[None, None]:
            if source not in self.held:
                raise _LeftOutError(f"the step {source!r} was not done, or did not hold")
            origin = f"oci:{self._place(source) / 'image'}"
            traced = plan.tier >= TRACED_TIER
            if traced:
                _check_traceable(self.options.runner)
            held = self.options.held if traced else ()
            settings = SlimOptions(plan=plan, workloads=(self.workload,), held=held, runner=self.options.runner)
            try:
                result = slim(origin, f"oci:{place / 'image'}", settings, progress=self.progress)
            except RefusedError as error:
                if traced:  # such as a workload whose record lacks something: no fault of the image
                    raise _LeftOutError(error.message) from error
                raise
            goes_on()
            if not result.delivered:
                problems = [text for check in result.proof.checks for text in check.problems]
                raise RefusedError(f"the proof did not hold: {'; '.join(problems[:2])}")
            return None, None

        return make

    def _composed(self, place: Path) -> tuple[float, float | None]:
        assert self.options.compose is not None  # noqa: S101 -- the step is there only then
        began = time.monotonic()
        build(self.options.compose, f"oci:{place / 'image'}", cache=False, progress=self.progress)
        goes_on()
        cold = time.monotonic() - began
        return cold, None


def _check_traceable(runner: Runner) -> None:
    """Leave the step out where there is no tracer."""
    if runner.name != EMBEDDED.name:
        raise _LeftOutError(f"traces are recorded in the own sandbox, and {runner.name} runs the workload")
    try:
        find_strace()
    except MachineError as error:
        raise _LeftOutError(f"{error.message}; {error.hint}") from error


def failed(record: Ladder) -> bool:
    """Whether a step failed."""
    return any(rung.state == "failed" for rung in record.rungs)
