"""What would make a cold start shorter, in seconds, before anyone does the work."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jettison.files.kinds.table import MODEL_WEIGHTS
from jettison.files.record import FileTable
from jettison.plan.coldstart.loads import WEIGHTS, divided, loads_of, scaled
from jettison.plan.coldstart.record import Lever
from jettison.plan.record import Plan
from jettison.run.coldstart import Imports
from jettison.run.pullmodel import Load, predict

_PICKLED = (".pt", ".pth", ".pkl", ".pickle", ".joblib", ".ckpt")
_LEAST = 0.05  # seconds worth telling
_ZSTD_STORED = 0.92  # a CPU image of 1.05 GB: 449 MB as gzip, 414 as zstd at level 3
_BYTECODE = 0.45  # imports of numpy, pandas and torch without and with .pyc: 0.34/0.21, 1.44/0.54, 3.42/1.92 s
_LARGE_WEIGHTS = 20_000_000
_PARTS = 4
_MOST_DEFERRED = 3
_WORTH = {"none": 1.0, "low": 1.5, "medium": 3.0}  # what a second saved is divided by


@dataclass(frozen=True, slots=True)
class Case:
    """What levers are worked out from.

    Attributes:
        table: of the image.
        plan: what ``slim`` would remove by its default.
        rate: of unpacking.
        disk: bytes a second that the node writes; infinity where it is not the limit.
        bandwidth: bytes a second.
        parallel: downloads at a time.
        imports: measured; None when they were not.
        load: seconds from the imports to ready; None when not measured.
    """

    table: FileTable
    plan: Plan
    rate: float
    disk: float
    bandwidth: float
    parallel: int
    imports: Imports | None
    load: float | None

    @property
    def loads(self) -> tuple[Load, ...]:
        """The image's layers as the pull sees them."""
        return loads_of(self.table, self.rate, self.disk)

    def saved(self, changed: Sequence[Load]) -> float:
        """Return the seconds of a pull that other layers would save."""
        before, after = (predict(loads, self.bandwidth, parallel=self.parallel) for loads in (self.loads, changed))
        return before.total - after.total


def find_levers(case: Case) -> tuple[Lever, ...]:
    """Return what would help, the one that saves most for its risk first; what is not known in seconds last."""
    found = [*_fewer_bytes(case), *_form(case), *_weights(case), *_start(case)]
    worth = [lever for lever in found if lever.seconds is None or lever.seconds >= _LEAST]
    return tuple(sorted(worth, key=lambda lever: -(lever.seconds or 0.0) / _WORTH[lever.risk]))


def _fewer_bytes(case: Case) -> Iterator[Lever]:
    stored = sum(layer.stored for layer in case.table.layers)
    size = sum(layer.size for layer in case.table.layers)
    pull, disk = (sum(getattr(step, what) for step in case.plan.steps) for what in ("pull", "disk"))
    if not stored or not size or not disk:
        return
    changed = scaled(case.loads, max(0.0, 1 - pull / stored), max(0.0, 1 - disk / size))
    yield Lever(
        "fewer bytes: tiers 0 and 1",
        case.saved(changed),
        "none",
        f"jettison slim {case.table.image.name} -o OUT -w WORKLOAD",
        "the plan's bytes, by layer in proportion",
    )


def _form(case: Case) -> Iterator[Lever]:
    """Levers that leave every file as it is."""
    if any(layer.compression == "gzip" for layer in case.table.layers):
        changed = tuple(
            Load(round(load.stored * _ZSTD_STORED), max(load.unpack * WEIGHTS["zstd"], layer.size / case.disk))
            if layer.compression == "gzip"
            else load
            for load, layer in zip(case.loads, case.table.layers, strict=True)
        )
        how = f"jettison copy {case.table.image.name} OUT --compression zstd (Docker from 23 on)"
        yield Lever("zstd in place of gzip", case.saved(changed), "none", how, "zstd and gzip of other images")
    yield Lever(
        "lazy pulling",
        None,
        "medium",
        f"jettison copy {case.table.image.name} OUT --compression estargz --trace TRACE (stargz-snapshotter)",
        "not worked out: files come as they are opened, so a service that reads most of its image gains little",
    )
    largest = max(case.loads, key=lambda load: load.stored, default=None)
    if largest and largest.stored > sum(load.stored for load in case.loads) / 2:
        how = f"jettison slim {case.table.image.name} -o OUT -w WORKLOAD --layout start: one unpacks as the next comes"
        yield Lever(
            f"the largest layer in {_PARTS}",
            case.saved(divided(case.loads, _PARTS)),
            "none",
            how,
            "the model of the pull; measure it, engines differ",
        )


def _weights(case: Case) -> Iterator[Lever]:
    files = [
        (path, file)
        for path, file in case.table.visible.items()
        if file.entry.type == "file" and file.kind == MODEL_WEIGHTS
    ]
    size = sum(file.entry.size for _, file in files)
    total = sum(layer.size for layer in case.table.layers)
    if size >= _LARGE_WEIGHTS and total:
        kept = 1 - size / total
        yield Lever(
            "weights outside the image",
            case.saved(scaled(case.loads, kept, kept)),
            "medium",
            "mount them from the node, or stream them while the service starts; they then need a version of their own",
            "their bytes; what they take from elsewhere is not counted",
        )
    pickled = [path for path, _ in files if path.endswith(_PICKLED)]
    if pickled and case.load:
        how = f"save {pickled[0].rpartition('/')[2]} as safetensors, which is mapped, not copied"
        yield Lever("model format", None, "low", how, f"at most the {case.load:.1f} s between imports and ready")


def _start(case: Case) -> Iterator[Lever]:
    if case.imports is None:
        return
    sources = {path for path in case.table.visible if path.endswith(".py") and "-packages/" in path}
    compiled = _compiled(case.table)
    missing = [path for path in sources if path.removesuffix(".py") not in compiled]
    if len(missing) > len(sources) / 2:
        share = len(missing) / len(sources)
        how = "leave out PYTHONDONTWRITEBYTECODE and --no-compile, or add RUN python -m compileall"
        basis = f"{share:.0%} of the installed modules have no .pyc; imports of other packages with and without"
        yield Lever("bytecode in the image", case.imports.seconds * _BYTECODE * share, "low", how, basis)
    for one in case.imports.packages[:_MOST_DEFERRED]:
        if one.seconds > case.imports.seconds / 10:
            how = f"import {one.name} where it is needed, if the first answer does not need it"
            basis = "its own modules, measured with import times on"
            yield Lever(f"deferring the import of {one.name}", one.seconds, "medium", how, basis)


def _compiled(table: FileTable) -> frozenset[str]:
    """Return the modules that have bytecode, by the path of their source without its suffix."""
    found = set()
    for path in table.visible:
        folder, cached, name = path.rpartition("/__pycache__/")
        if cached and name.endswith(".pyc"):
            found.add(f"{folder}/{name.partition('.')[0]}")
    return frozenset(found)
