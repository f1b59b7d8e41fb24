"""GPU code of whole images: reported, pruned with the records that speak of it, and proved."""

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from tests.helpers.fatbins import Library, cubin, fatbin, ptx
from tests.helpers.images import File, oci_layout, tar_bytes
from tests.helpers.machine import need_namespaces
from tests.helpers.rootfs import PYTHON, machine_layer
from tests.helpers.slimming import plan_of, step, table_of
from tests.helpers.tables import SITE, distribution

from jettison.api.gpu import gpu
from jettison.api.slim import SlimOptions, slim
from jettison.api.verify import verify
from jettison.elf.arch import Choice
from jettison.elf.bytes import FileBytes
from jettison.elf.treatment import Treatment
from jettison.elf.verify import verify_pruned
from jettison.errors import JettisonError, UsageError
from jettison.files.read import ReadOptions, read_table
from jettison.oci.digest import sha256
from jettison.plan.document import plan_from_json, plan_to_json
from jettison.plan.gpu_manifest import MANIFEST
from jettison.plan.options import PlanOptions
from jettison.plan.record import Target
from jettison.proof.record import Check
from jettison.report.documents import schema_text
from jettison.run.workload import Ready, Workload
from jettison.sources.open import open_image

TORCH = f"{SITE}/torch/lib/libtorch_cuda.so"
CODE = Library(
    own=[fatbin(cubin(80, 200_000), cubin(90, 5000), ptx(90, 700)), fatbin(cubin(75, 90_000), cubin(80, 400))],
    relocatable=[fatbin(cubin(75, 1000), cubin(90, 100))],
    debug=30_000,
).build()
DAMAGED = bytearray(Library(own=[fatbin(cubin(80, 150_000), cubin(90, 3000))]).build())
DAMAGED[64 + 48 : 64 + 56] = b"\x03" + bytes(7)  # the alignment of a segment
H100 = Treatment(Choice((90,)))
READING = ReadOptions(cache=False)
OPTIONS = SlimOptions(plan=PlanOptions(2, gpu=H100), reading=READING)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def old(tmp_path: Path) -> str:
    """Write an image: a distribution with GPU code in the lower layer, a damaged library in the upper one."""
    tree = distribution("torch", {"torch/lib/libtorch_cuda.so": CODE, "torch/__init__.py": b""})
    lower = [File(path, content) for path, content in tree.items() if isinstance(content, bytes)]
    upper = [File("opt/damaged.so", bytes(DAMAGED)), File("opt/data", b"data" * 1000)]
    oci_layout(tmp_path / "old", [tar_bytes(lower), tar_bytes(upper)])
    return f"oci:{tmp_path / 'old'}"


def content(ref: str, path: str) -> bytes:
    """Return what an image's container sees at a path."""
    from jettison.layers.limits import Limits  # noqa: PLC0415 -- used here only
    from jettison.layers.stream import unpacked_again  # noqa: PLC0415 -- as above

    image = open_image(ref)
    table = read_table(image, options=READING)
    file = table.visible[path]
    layer = table.layers[file.layer]
    data = b"".join(map(bytes, unpacked_again(image.layers[file.layer], layer.digest, limits=Limits())))
    return data[file.entry.data : file.entry.data + file.entry.size]


def test_report(old: str) -> None:
    """The rows of an image name library, owner, section and architecture, and add up to the whole."""
    report = gpu(old, options=READING)
    assert {row.path for row in report.rows} == {TORCH, "opt/damaged.so"}
    torch = {(row.section, row.code): (row.entries, row.disk) for row in report.rows if row.path == TORCH}
    assert torch == {
        (".nv_fatbin", "sm_80"): (2, 200_400 + 128),
        (".nv_fatbin", "sm_90"): (1, 5064),
        (".nv_fatbin", "compute_90"): (1, 704 + 64),
        (".nv_fatbin", "sm_75"): (1, 90_064),
        ("__nv_relfatbin", "sm_75"): (1, 1064),
        ("__nv_relfatbin", "sm_90"): (1, 104 + 64),
    }
    assert report.code == sum(row.disk for row in report.rows)
    assert {row.owner for row in report.rows if row.path == TORCH} == {"python:torch"}


def test_report_of_files(tmp_path: Path, old: str) -> None:
    """A library, or a folder of libraries, is reported like an image; links and other files are passed over."""
    folder = tmp_path / "lib"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.so").write_bytes(CODE)
    (folder / "b.so").symlink_to("deep/a.so")
    (folder / "text").write_text("no library")
    (folder / "c.so").hardlink_to(folder / "deep" / "a.so")
    whole, one = gpu(str(folder)), gpu(str(folder / "deep" / "a.so"))
    assert whole.libraries == one.libraries == 1
    assert one.code == whole.code == sum(row.disk for row in gpu(old, options=READING).rows if row.path == TORCH)
    assert [row.path for row in one.rows][:1] == ["a.so"]


def test_report_of_nothing(tmp_path: Path) -> None:
    """What is not there is an error of the user's; a damaged library is told of."""
    with pytest.raises(JettisonError):
        gpu(str(tmp_path / "none"))
    broken = bytearray(CODE)
    broken[broken.index(b"\x50\xed\x55\xba") + 16 + 64 + 200_000 + 2] = 0x77
    (tmp_path / "broken.so").write_bytes(broken)
    (skip,) = gpu(str(tmp_path / "broken.so")).skips
    assert "its version is" in skip.reason


def test_slim(old: str, tmp_path: Path) -> None:
    """The library shrinks, RECORD says so, the proof holds; a library that cannot be pruned stays, with a reason."""
    out = f"oci:{tmp_path / 'new'}"
    result = slim(old, out, OPTIONS)
    assert result.delivered, result.proof
    (done,) = [each for each in result.plan.steps if each.action == "prune"]
    assert [target.path for target in done.targets] == [TORCH]
    new = content(out, TORCH)
    assert done.disk == len(CODE) - len(new) > 250_000
    assert content(out, "opt/damaged.so") == bytes(DAMAGED)
    (skip,) = [each for each in result.plan.skips if each.subject == "opt/damaged.so"]
    assert skip.reason.startswith("not pruned: ")
    check = named(result.proof.checks, "pruned")
    assert check.verdict == "held"
    assert "the driver's 3 choices among 3 fatbins for compute capability 9.0" in check.detail
    record = content(out, f"{SITE}/torch-1.0.dist-info/RECORD").decode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(new).digest()).decode().rstrip("=")
    assert f"\ntorch/lib/libtorch_cuda.so,sha256={digest},{len(new)}\n" in f"\n{record}"
    for name, data in (("before", CODE), ("after", new)):
        (tmp_path / name).write_bytes(data)
    with FileBytes(tmp_path / "before") as before, FileBytes(tmp_path / "after") as after:
        assert verify_pruned(before, after, H100).problems == ()


def test_manifest(old: str, tmp_path: Path) -> None:
    """The image says which GPUs it holds code for, of what was pruned; pruned again, it says what is left of both."""
    one, two = f"oci:{tmp_path / 'one'}", f"oci:{tmp_path / 'two'}"
    slim(old, one, replace(OPTIONS, plan=PlanOptions(2, gpu=Treatment(Choice((80, 90), "newest")))))
    first = json.loads(content(one, MANIFEST))
    assert (first["gpus"], first["ptx"]) == (["8.0", "9.0"], "newest")
    (file,) = first["files"]
    assert (file["path"], file["old_size"], file["old_digest"]) == (f"/{TORCH}", len(CODE), sha256(CODE))
    assert (file["size"], file["digest"]) == (len(content(one, TORCH)), sha256(content(one, TORCH)))
    jsonschema.Draft202012Validator(json.loads(schema_text("gpu-manifest"))).validate(first)
    entry = read_table(open_image(one), options=READING).visible[MANIFEST].entry
    assert (entry.mode, entry.uid, entry.mtime) == (0o644, 0, 0)
    slim(one, two, OPTIONS)
    second = json.loads(content(two, MANIFEST))
    assert (second["gpus"], second["ptx"]) == (["9.0"], "needed")
    assert second["files"][0]["old_digest"] == sha256(CODE)
    assert second["files"][0]["digest"] == sha256(content(two, TORCH))


def test_manifest_is_proved(old: str, tmp_path: Path) -> None:
    """A manifest that says something else than what was done is a difference that no step explains."""
    result = slim(old, f"oci:{tmp_path / 'new'}", OPTIONS)
    table = read_table(open_image(f"oci:{tmp_path / 'new'}"), options=READING)
    forged = []
    for layer in table.layers:
        entries = [entry for entry in layer.entries if entry.type == "file"]
        forged.append([File(entry.path, content(f"oci:{tmp_path / 'new'}", entry.path)) for entry in entries])
    index = next(index for index, files in enumerate(forged) if files[-1].path == MANIFEST)
    lie = forged[index].pop().content.replace(b'"9.0"', b'"8.0"')
    folders = [File(path, type="dir", mode=0o755) for path in ("usr/share", "usr/share/jettison")]
    forged[index] += [*folders, File(MANIFEST, lie)]
    oci_layout(tmp_path / "forged", [tar_bytes(files) for files in forged])
    proof = verify(old, f"oci:{tmp_path / 'forged'}", plan=result.plan, options=READING)
    assert any(f"{MANIFEST}: digest" in problem for check in proof.checks for problem in check.problems)


def test_no_place_for_a_manifest(tmp_path: Path) -> None:
    """Where a link or a file is in the way of the manifest, the image is slimmed without one."""
    oci_layout(tmp_path / "old", [tar_bytes([File("opt/a.so", CODE), File("usr/share", type="symlink", link="/opt")])])
    result = slim(f"oci:{tmp_path / 'old'}", f"oci:{tmp_path / 'new'}", OPTIONS)
    assert result.delivered, result.proof
    assert [each.action for each in result.plan.steps] == ["prune"]


def test_again(old: str, tmp_path: Path) -> None:
    """The same plan gives the same image; a slimmed image has no more to prune; verify proves it from its papers."""
    first = slim(old, f"oci:{tmp_path / 'one'}", OPTIONS)
    papers = tmp_path / "one.jettison"
    plan = plan_from_json((papers / "plan.json").read_bytes())
    second = slim(old, f"oci:{tmp_path / 'two'}", replace(OPTIONS, plan=plan))
    assert first.new.digest == second.new.digest
    third = slim(f"oci:{tmp_path / 'one'}", f"oci:{tmp_path / 'three'}", OPTIONS)
    assert [each for each in third.plan.steps if each.action == "prune"] == []
    assert verify(old, f"oci:{tmp_path / 'one'}", options=READING).verdict == "held"


def test_other_content_is_found(old: str, tmp_path: Path) -> None:
    """An image whose library differs beyond what the plan says does not pass."""
    result = slim(old, f"oci:{tmp_path / 'new'}", OPTIONS)
    new = bytearray(content(f"oci:{tmp_path / 'new'}", TORCH))
    new[new.index(b"\xc3\x90\x90")] = 0xCC  # the first instruction of .text
    tree = distribution("torch", {"torch/lib/libtorch_cuda.so": bytes(new), "torch/__init__.py": b""})
    lower = [File(path, data) for path, data in tree.items() if isinstance(data, bytes)]
    upper = [File("opt/damaged.so", bytes(DAMAGED)), File("opt/data", b"data" * 1000)]
    oci_layout(tmp_path / "forged", [tar_bytes(lower), tar_bytes(upper)])
    proof = verify(old, f"oci:{tmp_path / 'forged'}", plan=result.plan, options=READING)
    assert proof.verdict == "failed"
    check = named(proof.checks, "pruned")
    assert check.verdict == "failed"
    assert any("differ" in problem for problem in check.problems)


@pytest.mark.userns
def test_libraries_open(tmp_path: Path) -> None:
    """With a workload, every pruned library is opened in both images as well, by the image's own Python."""
    need_namespaces()
    oci_layout(tmp_path / "old", [machine_layer(), tar_bytes([File("opt/libmine.so", CODE)])])
    workload = Workload("mine", Ready(), (), argv=(PYTHON, "-c", "print(1)"))
    options = replace(OPTIONS, plan=PlanOptions(2, ("usr/**", "root/**"), gpu=H100), workloads=(workload,))
    result = slim(f"oci:{tmp_path / 'old'}", f"oci:{tmp_path / 'new'}", options)
    assert result.delivered, result.proof
    assert [target.path for step in result.plan.steps if step.action == "prune" for target in step.targets]
    assert named(result.proof.checks, "behaviour:pruned libraries").verdict == "held"
    assert [each.workload for each in result.proof.behaviours] == ["mine", "pruned libraries"]


def test_plans_by_hand(old: str, tmp_path: Path) -> None:
    """A plan that does not say how to prune, or names what is not there, is refused; one that does is a document."""
    table = read_table(open_image(old), options=READING)
    good = plan_of(table, step("prune", Target(0, TORCH, "gpu=9.0 ptx=all level=2 debug")))
    assert plan_from_json(plan_to_json(good).encode()) == good
    for target in (Target(0, TORCH, "by guess"), Target(0, "none.so", "debug"), Target(1, TORCH, "debug")):
        with pytest.raises(UsageError):
            slim(old, f"oci:{tmp_path / 'new'}", replace(OPTIONS, plan=plan_of(table, step("prune", target))))
    assert not (tmp_path / "new").exists()


def test_no_library(tmp_path: Path) -> None:
    """What is no ELF file at all stays as it was, also when a plan says that it is to be pruned."""
    table = table_of(tmp_path / "old", [[File("opt/data", b"data" * 1000)]])
    plan = plan_of(table, step("prune", Target(0, "opt/data", "debug")))
    result = slim(f"oci:{tmp_path / 'old'}", f"oci:{tmp_path / 'new'}", replace(OPTIONS, plan=plan))
    assert result.delivered
    assert result.plan.steps == ()
    assert [skip.subject for skip in result.plan.skips] == ["opt/data"]
    assert json.loads((tmp_path / "new.jettison" / "plan.json").read_text())["steps"] == []


def named(checks: tuple[Check, ...], name: str) -> Check:
    """Return a check by its name."""
    return next(check for check in checks if check.name == name)
