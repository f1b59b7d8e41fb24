"""Records made by hand, one of each kind that reports are drawn from."""

from dataclasses import replace

from tests.helpers.traces import RUN

from jettison.compose.record import BuildResult, BuiltLayer, Package, Resolved, Wheel
from jettison.files.diff import GroupDiff, ImageDiff, PathDiff
from jettison.files.gpu import GpuReport, GpuRow
from jettison.files.inspection import (
    DuplicateGroup,
    Estimate,
    FileSummary,
    Inspection,
    KindSummary,
    LayerSummary,
    OwnerSummary,
    Sizes,
    Waste,
)
from jettison.files.ledger import Ledger, LedgerLayer, LedgerRow
from jettison.finding import Finding, Skip
from jettison.plan.coldstart.record import ColdStart, Lever, Phase, Prediction
from jettison.plan.explain import Explanation
from jettison.plan.keep.summary import TracedShare, TraceReport
from jettison.plan.record import Plan, Step, Target
from jettison.proof.comparison import Compared, Comparison
from jettison.proof.digests import DigestCheck, DigestReport
from jettison.proof.record import Behaviour, Check, Proof
from jettison.proof.result import ImageSize, SlimResult
from jettison.rebuild.record import Removed
from jettison.rebuild.restored import RestoreResult
from jettison.run.imports import Imported
from jettison.run.pulls import PulledImage, PullReport
from jettison.sources.transfer import CopiedBlob, CopyResult, How

OLD = "sha256:" + "a1" * 32
NEW = "sha256:" + "b2" * 32
MB = 1_000_000


def inspection() -> Inspection:
    """Return an image of two layers: torch, a deb, files of nobody, and one hidden file."""
    layers = (
        LayerSummary(
            0, OLD, NEW, "gzip", 40 * MB, 101 * MB, 100 * MB, 10 * MB, 40 * MB, False, 1200, 1300,
            "/bin/sh -c #(nop) ADD file:0123 in / ",
        ),
        LayerSummary(
            1, NEW, OLD, "none", 405 * MB, 405 * MB, 400 * MB, 0, 200 * MB, True, 24263, 25000,
            "RUN /bin/sh -c pip install torch==2.14.1 \\\n   numpy # buildkit",
        ),
    )  # fmt: skip
    owners = (
        OwnerSummary("python:torch", "python", "torch", "2.14.1", 12000, 380 * MB, 0, 190 * MB),
        OwnerSummary("deb:libc6", "deb", "libc6", "2.36-9", 300, 13 * MB, 0, 5 * MB),
        OwnerSummary("", "none", "nobody", "", 13163, 107 * MB, 10 * MB, 45 * MB),
    )
    kinds = (
        KindSummary("shared library", 420, 300 * MB, 10 * MB, 150 * MB),
        KindSummary("python source", 20000, 190 * MB, 0, 80 * MB),
        KindSummary("documentation", 5043, 10 * MB, 0, 10 * MB),
    )
    rows = (
        LedgerRow(0, "deb:libc6", "shared library", True, 1200, 100 * MB, 40 * MB),
        LedgerRow(1, "python:torch", "python source", True, 24263, 400 * MB, 200 * MB),
    )
    ledger_layers = (
        LedgerLayer(0, 100 * MB, MB, 101 * MB, 40 * MB),
        LedgerLayer(1, 400 * MB, 5 * MB, 405 * MB, 200 * MB),
    )
    largest = (
        FileSummary(
            "usr/local/lib/python3.11/site-packages/torch/lib/libtorch_cpu.so", 1, "python:torch", "shared library",
            250 * MB, 120 * MB, 3 * MB, "",
        ),
        FileSummary("opt/model/weights.onnx", 1, "", "model weights", 30 * MB, 28 * MB, 0, "onnx"),
    )  # fmt: skip
    torch = largest[0].path, largest[0].owner
    gpu = (
        GpuRow(*torch, ".nv_fatbin", "sm_90", 900, 60 * MB, 180 * MB),
        GpuRow(*torch, ".nv_fatbin", "sm_75", 900, 20 * MB, 90 * MB),
        GpuRow(*torch, "__nv_relfatbin", "compute_90", 12, MB, 4 * MB),
    )
    findings = (
        Finding("duplicates", "medium", "2 copies of one content, beyond the first", 25 * MB, ("a", "b"), 2),
        Finding(
            "hidden-bytes", "high", "1 file is hidden by a later layer: it is pulled, and never seen", 10 * MB, (), 1
        ),
    )
    return Inspection(
        reference="app.tar",
        digest=OLD,
        platform="linux/amd64",
        created="2026-11-01T00:00:00Z",
        sizes=Sizes(490 * MB, 500 * MB, 506 * MB, 445 * MB, 240 * MB, True, 25463, 26300, 2),
        estimate=Estimate(125 * MB, 1.92, 146 * MB, 3.47),
        layers=layers,
        owners=owners,
        kinds=kinds,
        waste=Waste(35 * MB, 10 * MB, 25 * MB, 0, 0.93),
        findings=findings,
        duplicates=(DuplicateGroup(NEW, 25 * MB, 2, 25 * MB, ("a", "b")),),
        largest=largest,
        models=largest[1:],
        gpu=gpu,
        ledger=Ledger(rows, ledger_layers, 500 * MB, 240 * MB),
        skips=(Skip("var/lib/rpm/Packages", "rpm databases are not read yet"),),
    )


def plan() -> Plan:
    """Return a plan of three steps in both tiers."""
    steps = (
        Step(
            "hidden/layer-0", "drop", 0, "hidden", "a later layer hides them", "", (Target(0, "etc/old"),),
            10 * MB, 4 * MB,
        ),
        Step(
            "packages/deb:gcc-12", "drop", 1, "packages",
            "nothing at run time needs gcc-12: no kept library or program links it, and no kept package depends on it",
            "deb:gcc-12",
            (Target(0, "usr/bin/gcc-12"), Target(0, "usr/bin/g++-12")), 50 * MB, 20 * MB,
        ),
        Step(
            "duplicates/1", "link", 0, "duplicates", "same content as lib/a.so", "",
            (Target(1, "lib/b.so", "lib/a.so"),), 25 * MB, 11 * MB,
        ),
    )  # fmt: skip
    keeps = {"usr/bin/make": "--keep owner:deb:make"}
    return Plan(OLD, (OLD, NEW), 1, steps, keeps, (Skip("opt/conda", "conda is not planned for yet"),))


def proof(verdict: str = "held") -> Proof:
    """Return a proof that held, failed or was not tried."""
    checks = [
        Check("digests", "held", "12 digests recomputed"),
        Check("needed-closure", "held", "420 ELF files resolve"),
    ]
    if verdict == "failed":
        problems = (
            "usr/lib/libx.so: needs liby.so.1, which is gone",
            "etc/passwd: content differs, no step explains it",
        )
        checks.append(Check("differences-explained", "failed", "2 differences are explained by no step", problems, 2))
    if verdict == "not-tried":
        checks.append(Check("behaviour:detect", "not-tried", "the workload does not pass on the original", ("no",), 1))
    behaviours = (Behaviour("detect", 4.31, 3.9, 812 * MB, 640 * MB, ("healthz", "predict")),)
    scope = "structure and behaviour"
    return Proof(OLD, NEW, verdict, scope, tuple(checks), behaviours)  # type: ignore[arg-type] # one of three


def slim_result(verdict: str = "held") -> SlimResult:
    """Return the result of a slim run whose proof had ``verdict``."""
    return SlimResult(
        out="oci:slim",
        delivered=verdict == "held",
        old=ImageSize("app.tar", OLD, 500 * MB, 240 * MB, 2, 26300),
        new=ImageSize("oci:slim", NEW, 415 * MB, 205 * MB, 2, 26296),
        plan=plan(),
        proof=proof(verdict),
        removed=(
            Removed("etc/old", 0, 10 * MB, "drop", 0, "hidden", "hidden/layer-0", "a later layer hides them"),
            Removed("usr/bin/gcc-12", 0, 50 * MB, "drop", 1, "packages", "packages/deb:gcc-12", "nothing needs it"),
            Removed("lib/b.so", 1, 25 * MB, "link", 0, "duplicates", "duplicates/1", "same content as lib/a.so"),
            Removed("var/lib/dpkg/status", 0, 0, "update", 1, "dpkg-status", "dpkg-status/1", "gcc-12 is gone"),
        ),
        seconds={"read": 0.4, "plan": 0.2, "rebuild": 6.1, "prove": 9.0, "write": 0.3},
    )


def comparison() -> Comparison:
    """Return a comparison of two images, one measured."""
    first, second = slim_result().old, slim_result().new
    images = (Compared(first, 1.92, 3.47, 4.3, 812 * MB), Compared(second, 1.6, 2.9, None, None))
    return Comparison(125 * MB, 146 * MB, images)


def image_diff() -> ImageDiff:
    """Return a difference of two images."""
    owners = (GroupDiff("deb:gcc-12", 50 * MB, 0, 0, 2, 0), GroupDiff("", MB, 2 * MB, 1, 0, 1))
    kinds = (GroupDiff("compiler", 50 * MB, 0, 0, 2, 0), GroupDiff("data", MB, 2 * MB, 1, 0, 1))
    paths = (
        PathDiff("etc/passwd", "metadata", "", "data", 1000, 1000, ("mode", "mtime")),
        PathDiff("srv/new", "added", "", "data", 0, MB),
        PathDiff("usr/bin/gcc-12", "removed", "deb:gcc-12", "compiler", 50 * MB, 0),
    )
    return ImageDiff("a.tar", "b.tar", 51 * MB, 2 * MB, 20 * MB, MB, 3, owners, kinds, paths)


def digest_report(*, held: bool = True) -> DigestReport:
    """Return what ``verify-image`` finds on a good and on a lying archive."""
    checks = (DigestCheck("documents", True, 900), DigestCheck(f"layer 0 {OLD}", held, 40 * MB))
    problems = () if held else (f"layer 0 {OLD}: its bytes have the digest {NEW}",)
    return DigestReport("app.tar", "held" if held else "failed", (OLD,), checks, problems, 40 * MB + 900, 0.21)


def build_result() -> BuildResult:
    """Return what composing an image of one package and one wheel gave."""
    layers = (
        BuiltLayer("base", OLD, 9 * MB, 24 * MB, cached=True),
        BuiltLayer("python numpy", NEW, 18 * MB, 60 * MB, cached=False),
    )
    package = Package("libc6", "2.36-9", "amd64", "0" * 64, 2_757_000)
    wheel = Wheel("numpy", "2.0.0", "numpy-2.0.0-cp311-cp311-manylinux_2_17_x86_64.whl", "0" * 64, 19_500_000)
    resolved = Resolved("bookworm", (package,), (wheel,))
    skips = (Skip("libc6: postinst", "restarts services, of which an image has none"),)
    return BuildResult(
        "oci:image", "service:latest", NEW, 27 * MB, 84 * MB, layers, 0, resolved, skips, ("numpy has no hash",)
    )


def explanation(verdict: str = "goes") -> Explanation:
    """Return why a path goes, or why it stays."""
    path, owner, kind = "usr/bin/gcc-12", "deb:gcc-12", "compiler or build tool"
    if verdict == "goes":
        step, rule = "os-packages/deb:gcc-12", "os-packages"
        return Explanation(path, owner, kind, 50 * MB, 0, "goes", step, rule, "nothing at run time needs gcc-12", ())
    reason = "it is linked by usr/bin/python3.11"
    evidence = ("usr/bin/python3.11 links it", "the container starts usr/bin/python3.11")
    return Explanation(
        "usr/lib/libz.so.1", "deb:zlib1g", "shared library", 100_000, 0, "stays", "", "", reason, evidence
    )


def gpu_report() -> GpuReport:
    """Return the GPU code of a library of torch's, and of one that cannot be read to its end."""
    found = inspection()
    return GpuReport(
        "app.tar", found.sizes.disk, sum(row.disk for row in found.gpu), 1, found.gpu,
        (Skip("opt/x/libodd.so", "entry at 0x1040: its version is 0x99"),),
    )  # fmt: skip


def cold_start(*, measured: bool = True) -> ColdStart:
    """A cold start whose unpacking takes longest; or its model alone."""
    phases = (Phase("network", 7.9, 7.8, 8.4), Phase("unpack", 10.2, 10.2, 10.2), Phase("imports", 2.5, 2.4, 2.6))
    levers = (
        Lever("zstd in place of gzip", 4.25, "none", "jettison slim app.tar -o OUT --compression zstd", "other images"),
        Lever("model format", None, "low", "save model.pt as safetensors", "at most the 1.0 s until ready"),
    )
    predictions = (Prediction(12_500_000, 80.0, 10.2, 90.0), Prediction(125_000_000, 8.0, 10.2, 18.0))
    imports = (Imported("torch", 1.75, 900), Imported("numpy", 0.25, 80))
    notes = ("the page cache could not be emptied",)
    whole = ColdStart(
        "app.tar", OLD, 1000 * MB, 2160 * MB, "embedded", 125 * MB, 0.0, "shaped", 3, phases, 20.6, 2.5, 0.05,
        170 * MB, 0, True, -0.05, predictions, imports, levers, "unpack", "Unpacking is the bottleneck.", notes,
    )  # fmt: skip
    if measured:
        return whole
    verdict = "Nothing was measured: this is the model alone."
    return replace(
        whole, link="", passes=0, phases=(), total=0.0, warm=None, second_answer=None, measured=False, checked=None,
        disk_rate=500 * MB, imports=(), levers=(), bottleneck="", verdict=verdict, notes=(),
    )  # fmt: skip


def copy_result() -> CopyResult:
    """A copy of which one blob was sent, one mounted, one there."""
    how: tuple[How, ...] = ("sent", "mounted", "there")
    blobs = tuple(CopiedBlob(OLD, 40 * MB, one) for one in how)
    return CopyResult("oci:app", "registry:h/app:1", OLD, True, blobs, 120 * MB, 40 * MB, ("plan.json",), 3.25)


def trace_report() -> TraceReport:
    """A service and a command; one of them failed."""
    once = replace(RUN, workload="train", service=False, passed=False, error="exit code 1", gpu="missing")
    owners = (
        TracedShare("python:torch", 9_000, 2_160 * MB, 3_100, 880 * MB, 420),
        TracedShare("deb:libc6", 300, 13 * MB, 12, 4 * MB, 3),
        TracedShare("", 40, 170 * MB, 2, 168 * MB, 0),
    )
    phases = (
        TracedShare("start", 3_300, 1_020 * MB, 3_000, 1_000 * MB, 300),
        TracedShare("once", 200, 60 * MB, 114, 52 * MB, 86),
    )
    total = TracedShare("", 9_340, 2_343 * MB, 3_114, 1_052 * MB, 423)
    return TraceReport(OLD, (RUN, once), total, owners, phases, 57, 812, ("train: exit code 1",))


def restore_result() -> RestoreResult:
    """A path, and the library that it needs."""
    paths = {"usr/bin/tool": "asked for: deb:tool", "usr/lib/libt.so.1": "/usr/bin/tool needs it"}
    return RestoreResult("oci:slim", "oci:slim2", OLD, paths, ("var/lib/dpkg/status",), 3 * MB, 1 * MB, (), 2.5)


def pull_report() -> PullReport:
    """Two images on two nodes."""
    slow = PulledImage("registry.example/ml/detector:1", "", 4, 2, 1, 9_900 * MB, 186.5, 191.0, 191.0, 12.0, 53 * MB)
    fast = PulledImage("sidecar:2", "", 1, 0, 0, 0, 0.85, 0.85, 0.85, None, 0)
    nodes = (replace(slow, node="gpu-1"), replace(fast, node="gpu-2"))
    return PullReport(120, (slow, fast), nodes, (Skip("event 7", "not understood: pulled image in a while"),))
