"""Tier 3 from end to end: traced on one workload, proved on others, and what a proof misses comes back."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.helpers.images import File, oci_layout, tar_bytes
from tests.helpers.machine import need_strace
from tests.helpers.rootfs import PYTHON, machine_layer

from jettison.api.evidence import TraceOptions
from jettison.api.slim import SlimOptions, slim
from jettison.api.trace import trace
from jettison.api.verify import verify
from jettison.errors import MachineError, NotTriedError, RefusedError, UsageError
from jettison.files.read import ReadOptions, read_table
from jettison.plan.options import PlanOptions
from jettison.proof.result import SlimResult
from jettison.rebuild import divide
from jettison.run.trace.document import trace_to_json
from jettison.run.workload import Compare, EngineSettings, Probe, Ready, Workload
from jettison.sources.open import open_image

pytestmark = pytest.mark.userns
APP = b"""
import os, sys
what = sys.argv[1]
if what == "fallback":
    try: text = open("/data/held").read()
    except OSError: text = "held"
elif what == "listing": text = str(sorted(os.listdir("/data/names")))
elif what == "random": text = os.urandom(8).hex()
elif what == "names": text = str(sorted(os.listdir("/data/names"))) + open("/data/names/a").read()
else: text = open("/data/train").read()
print(text)
"""
FILES = [
    File("app/main.py", APP),
    File("data/train", b"train"),
    File("data/held", b"held"),
    File("data/never", b"n" * 5000),
    File("data/names/a", b"a"),
    File("data/names/b", b"b" * 5000),
    File("opt/never", b"n" * 5000),
]
SAME = Compare(("stdout", "exit-code"))
FRESH = ReadOptions(cache=False)


def workload(*asks: str, name: str = "") -> Workload:
    probes = tuple(Probe(ask, "exec", SAME, argv=(PYTHON, "/app/main.py", ask)) for ask in asks)
    return Workload(name or asks[0], Ready("exit", timeout=60.0), probes, argv=("/bin/true",))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small image that runs; what its application reads depends on what it is asked."""
    need_strace()
    folder = tmp_path_factory.mktemp("image")
    env = [f"PYTHONHOME={sys.base_prefix}", "PATH=/bin:/usr/bin", "PYTHONDONTWRITEBYTECODE=1"]
    layers = [machine_layer(), tar_bytes(FILES)]
    config = {"Env": env, "Cmd": ["/bin/true"]}
    return f"oci:{oci_layout(folder / 'image', layers, compression='none', config=config)}"


def slimmed(image: str, out: Path, *held: Workload, **options: object) -> SlimResult:
    settings = SlimOptions(
        plan=PlanOptions(3), workloads=(workload("train"),), held=held, compression="none", reading=FRESH
    )
    return slim(image, f"oci:{out}", replace(settings, **options))  # type: ignore[arg-type] # its fields


def paths(out: Path) -> set[str]:
    return set(read_table(open_image(f"oci:{out}"), options=FRESH).visible)


def test_what_no_workload_asks_for_goes(sandbox: Path, image: str) -> None:
    """The proof looks over the slim image's own look-ups; two runs give one digest; verify finds the same."""
    found = slimmed(image, sandbox / "slim")
    assert found.delivered, found.proof
    assert "look-ups" in {check.name for check in found.proof.checks}
    assert {"data/train", "app/main.py"} <= paths(sandbox / "slim")
    assert not {"data/held", "data/never", "opt/never"} & paths(sandbox / "slim")
    assert found.restored == {}
    assert slimmed(image, sandbox / "again").new.digest == found.new.digest
    proof = verify(image, f"oci:{sandbox / 'slim'}", workloads=[workload("train")], options=FRESH)
    assert (proof.verdict, "look-ups" in {check.name for check in proof.checks}) == ("held", True)


def test_a_plan_of_tier_3_without_a_workload_is_not_proved(sandbox: Path, image: str) -> None:
    """It was made by a trace, and what it takes shows in running only."""
    plan = slimmed(image, sandbox / "slim").plan
    found = slim(image, f"oci:{sandbox / 'other'}", SlimOptions(plan=plan, reading=FRESH))
    assert (found.delivered, found.proof.verdict) == (False, "not-tried")
    assert slimmed(image, sandbox / "other", plan=plan).delivered


def test_verify_finds_a_look_up_in_vain(sandbox: Path, image: str) -> None:
    """By a workload that slim did not have, and that answers the same all the same."""
    assert slimmed(image, sandbox / "slim").delivered
    proof = verify(image, f"oci:{sandbox / 'slim'}", workloads=[workload("fallback")], options=FRESH)
    failed = {check.name: check.problems for check in proof.checks if check.verdict == "failed"}
    assert failed == {"look-ups": ("data/held: workload fallback asks for it (open), and step traced/data takes it",)}


def test_a_path_that_is_asked_for_in_vain_comes_back(sandbox: Path, image: str) -> None:
    """Although the workload answers the same without it; nothing else comes back."""
    found = slimmed(image, sandbox / "slim", workload("fallback"))
    assert found.delivered, found.proof
    assert set(found.restored) == {"data/held"}
    assert "data/held" in paths(sandbox / "slim")
    assert not {"data/never", "opt/never"} & paths(sandbox / "slim")


def test_what_breaks_without_a_look_up_is_narrowed_down_to_an_owner(sandbox: Path, image: str) -> None:
    """A listing that lacks names says nothing to the kernel; the part of the tree that is at fault comes back."""
    found = slimmed(image, sandbox / "slim", workload("listing"))
    assert found.delivered, found.proof
    assert set(found.restored) == {"data/names"}
    assert {"data/names/a", "data/names/b"} <= paths(sandbox / "slim")
    assert not {"data/never", "opt/never"} & paths(sandbox / "slim")


def test_names_stay_where_a_directory_was_listed(sandbox: Path, image: str) -> None:
    """Without content, marked in the removal list, and the proof knows of it."""
    found = slimmed(image, sandbox / "slim", workloads=(workload("names"),))
    assert found.delivered, found.proof
    table = read_table(open_image(f"oci:{sandbox / 'slim'}"), options=FRESH)
    assert (table.visible["data/names/a"].entry.size, table.visible["data/names/b"].entry.size) == (1, 0)
    assert [(row.path, row.action, row.size) for row in found.removed if row.action == "stub"] == [
        ("data/names/b", "stub", 5000)
    ]


def test_where_nothing_less_helps_the_lower_tier_is_delivered(
    sandbox: Path, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was put back says so."""
    monkeypatch.setattr("jettison.api.slim.BackOff.find", lambda *_: None)
    found = slimmed(image, sandbox / "slim", workload("listing"))
    assert found.delivered
    assert found.plan.tier == 2
    assert "data/never" in paths(sandbox / "slim")
    assert set(found.restored.values()) == {"nothing less makes the proof hold"}


def test_a_workload_that_asks_nothing_is_no_ground_to_remove(sandbox: Path, image: str) -> None:
    """A command may end with 0 without having done anything."""
    silent = replace(workload("train"), probes=(), argv=(PYTHON, "/app/main.py", "train"))
    with pytest.raises(RefusedError, match="it asks nothing"):
        slimmed(image, sandbox / "slim", workloads=(silent,))
    told = TraceOptions(incomplete=True)
    found = slimmed(image, sandbox / "slim", workloads=(silent,), tracing=told)
    assert (found.delivered, found.plan.tier) == (True, 3)


def test_an_answer_of_chance_is_no_ground_to_compare(sandbox: Path, image: str) -> None:
    """The same image answers otherwise; the hint says what can be left out."""
    with pytest.raises(NotTriedError, match="answers otherwise on the same image") as caught:
        slimmed(image, sandbox / "slim", workloads=(workload("random"),))
    assert "ignore" in caught.value.hint
    assert not (sandbox / "slim").exists()


def test_traces_from_files_do_as_well(sandbox: Path, image: str) -> None:
    """Recorded elsewhere, perhaps; the proof runs on what is given for it."""
    whole, report = trace(image, [workload("train"), workload("fallback")], options=FRESH)
    assert [run.workload for run in whole.runs] == ["train", "fallback"]
    assert report.problems == ()
    file = sandbox / "t.json"
    file.write_text(trace_to_json(whole))
    options = {"workloads": (), "tracing": TraceOptions(files=(file,))}
    found = slimmed(image, sandbox / "slim", workload("train"), **options)
    assert found.delivered, found.proof
    assert "data/held" in paths(sandbox / "slim")
    assert "data/never" not in paths(sandbox / "slim")
    file.write_text(
        trace_to_json(replace(whole, runs=(replace(whole.runs[0], passed=False, error="x"), whole.runs[1])))
    )
    with pytest.raises(RefusedError, match="not complete"):
        slimmed(image, sandbox / "other", workload("train"), **options)
    options["tracing"] = TraceOptions(files=(file,), incomplete=True)
    assert slimmed(image, sandbox / "other", workload("train"), **options).delivered
    file.write_text(trace_to_json(replace(whole, layers=("sha256:0",))))
    with pytest.raises(UsageError, match="another image"):
        slimmed(image, sandbox / "third", workload("train"), **options)


def test_without_workloads_or_strace_nothing_goes(sandbox: Path, image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with what to do; nor with a trace alone, for nothing would prove what is left."""
    with pytest.raises(RefusedError, match="there is none"):
        slimmed(image, sandbox / "slim", workloads=())
    with pytest.raises(RefusedError, match="there is none"):
        slimmed(image, sandbox / "slim", workloads=(), tracing=TraceOptions(files=(sandbox / "t.json",)))
    outside = replace(workload("train"), engine=EngineSettings(gpus="all"))
    with pytest.raises(RefusedError, match="in the own sandbox"):
        slimmed(image, sandbox / "slim", outside)
    monkeypatch.setenv("PATH", str(sandbox))
    with pytest.raises(MachineError, match="strace, which is not here") as caught:
        slimmed(image, sandbox / "slim")
    assert "apt-get install strace" in caught.value.hint
    with pytest.raises(UsageError, match="nothing to trace"):
        trace(image, options=FRESH)
    assert not (sandbox / "slim").exists()


def test_a_workload_that_fails_is_not_traced_further(sandbox: Path, image: str) -> None:
    """It has not asked for all that it needs."""
    broken = replace(workload("train"), argv=("/bin/false-and-none",))
    with pytest.raises(NotTriedError, match="does not pass under strace"):
        slimmed(image, sandbox / "slim", workloads=(broken,))


@pytest.mark.parametrize("tier", [1, 3])
def test_layers_are_cut_by_what_was_traced(
    image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tier: int
) -> None:
    """With a layout what the workload read comes first, in layers of its own; the image is proved and verified so."""
    monkeypatch.setattr(divide, "LEAST", 4096)
    monkeypatch.setattr(divide, "_HOT", 1)
    out = f"oci:{tmp_path / 'new'}"
    result = slim(image, out, SlimOptions(plan=PlanOptions(tier), workloads=(workload("train"),), layers=4))
    assert result.delivered
    assert result.plan.layout is not None
    assert "app/main.py" in result.plan.layout.order
    new = read_table(open_image(out), options=FRESH)
    assert len(new.layers) == 4
    base = new.visible["app/main.py"].layer
    assert ("data/never" in new.visible) == (tier == 1)
    assert tier != 1 or base < new.visible["data/never"].layer
    assert verify(image, out, workloads=(workload("train"),)).verdict == "held"


def test_a_layout_needs_something_that_tells_what_is_read(image: str, tmp_path: Path) -> None:
    """Without a workload and without a trace nothing is guessed; one that an engine runs is traced there."""
    out, in_engine = f"oci:{tmp_path / 'new'}", replace(workload("train"), engine=EngineSettings(gpus="all"))
    with pytest.raises(RefusedError, match="reads first is not known"):
        slim(image, out, SlimOptions(layers=4))
    with pytest.raises(RefusedError, match="own sandbox"):
        slim(image, out, SlimOptions(layers=4, workloads=(in_engine,)))
