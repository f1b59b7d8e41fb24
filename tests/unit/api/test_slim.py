import errno
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.images import File, docker_archive, oci_layout, tar_bytes
from tests.helpers.slimming import plan_of, step, table_of

from jettison.api import slim as slimming
from jettison.api.compare import compare
from jettison.api.slim import SlimOptions, slim
from jettison.api.verify import verify
from jettison.errors import BadInputError, MachineError, NotTriedError, UsageError
from jettison.files.read import ReadOptions
from jettison.layers.write import WrittenLayer
from jettison.plan.document import plan_from_json
from jettison.plan.record import Plan, Target
from jettison.proof.make import prove
from jettison.proof.record import Proof
from jettison.rebuild.layer import rewrite_layer
from jettison.run.workload import Ready, Workload
from jettison.sources import blobs
from jettison.sources.open import open_image

FILES = (
    File("usr/bin", type="dir", mtime=1),
    File("usr/bin/app", b"app" * 500, mode=0o755),
    File("usr/bin/app2", type="hardlink", link="usr/bin/app", mode=0o755),
    File("weight\t1", b"dead" * 5000),
)
TOP = (File("srv/data", b"data"),)
OPTIONS = ReadOptions(cache=False)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("JETTISON_CACHE", str(folder))
    return folder


@pytest.fixture
def old(tmp_path: Path) -> str:
    oci_layout(tmp_path / "old", [tar_bytes(FILES), tar_bytes(TOP)])
    return f"oci:{tmp_path / 'old'}"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    table = table_of(tmp_path / "for-plan", [FILES, TOP])
    return plan_of(table, step("drop", Target(0, "weight\t1"), Target(0, "usr/bin/app")))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def left_in(*folders: Path) -> list[str]:
    return [name for folder in folders if folder.exists() for name in os.listdir(folder)]


@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive"])
def test_slim_delivers_image_and_papers(old: str, plan: Plan, out: Path, cache: Path, kind: str) -> None:
    """The image is where it was asked for, labelled, its papers beside it, and nothing else is left."""
    result = slim(old, f"{kind}:{out / 'new'}", SlimOptions(plan=plan, reading=OPTIONS))
    assert result.delivered, result.proof
    assert sorted(left_in(out, cache / "scratch")) == ["new", "new.jettison"]
    image = open_image(f"{kind}:{out / 'new'}")
    assert image.manifest_digest == result.new.digest == result.proof.new
    assert image.annotations["io.jettison.proof"] == "structure only"
    assert (result.old.files, result.new.files, result.new.layers) == (4, 2, 2)
    papers = out / "new.jettison"
    assert sorted(os.listdir(papers)) == ["plan.json", "proof.json", "removed.tsv"]
    assert json.loads((papers / "proof.json").read_text())["verdict"] == "held"
    assert b"\nweight\\t1\t0\t20000\tdrop\t1\ttest\ttest/step\t" in (papers / "removed.tsv").read_bytes()


def test_verify_takes_the_plan_from_the_papers(old: str, plan: Plan, out: Path) -> None:
    """With its papers a slimmed image is proved; without them, nothing explains what is gone."""
    slim(old, f"oci:{out / 'new'}", SlimOptions(plan=plan, reading=OPTIONS))
    assert verify(old, f"oci:{out / 'new'}", options=OPTIONS).verdict == "held"
    (out / "new.jettison" / "plan.json").unlink()
    proof = verify(old, f"oci:{out / 'new'}", options=OPTIONS)
    assert proof.verdict == "failed"
    assert {check.name for check in proof.checks if check.verdict == "failed"} == {"differences-explained"}
    with pytest.raises(UsageError, match="the plan is for"):
        verify(old, f"oci:{out / 'new'}", plan=replace(plan, layers=plan.layers[:1]), options=OPTIONS)


def test_verify_of_a_damaged_image_fails(old: str, plan: Plan, out: Path) -> None:
    """An image that lies about a digest is a failed proof; an original that lies is bad input."""
    result = slim(old, f"oci:{out / 'new'}", SlimOptions(plan=plan, reading=OPTIONS))
    blob = out / "new" / "blobs" / "sha256" / open_image(f"oci:{out / 'new'}").layers[0].descriptor.digest[7:]
    data = bytearray(blob.read_bytes())
    data[-1] ^= 1
    blob.unlink()
    blob.write_bytes(data)
    proof = verify(old, f"oci:{out / 'new'}", options=OPTIONS)
    assert (proof.verdict, proof.checks[0].name) == ("failed", "digests")
    with pytest.raises(BadInputError, match="layer 0"):
        verify(f"oci:{out / 'new'}", old, plan=replace(result.plan, layers=(), steps=()), options=OPTIONS)


def test_slim_is_reproducible(old: str, plan: Plan, out: Path) -> None:
    """Two runs give the same archive, byte for byte."""
    for name in ("one", "two"):
        slim(old, f"oci-archive:{out / name}", SlimOptions(plan=plan, reading=OPTIONS))
    assert (out / "one").read_bytes() == (out / "two").read_bytes()


def test_a_plan_as_applied_can_be_applied_again(old: str, plan: Plan, out: Path) -> None:
    """The plan among the papers, its updates included, leads to the same image."""
    first = slim(old, f"oci:{out / 'one'}", SlimOptions(plan=plan, reading=OPTIONS))
    again = plan_from_json((out / "one.jettison" / "plan.json").read_bytes())
    assert slim(old, f"oci:{out / 'two'}", SlimOptions(plan=again, reading=OPTIONS)).new.digest == first.new.digest


def test_a_docker_archive_of_plain_layers_stays_one(tmp_path: Path, plan: Plan, out: Path) -> None:
    """All its layers are plain, also the rewritten ones: some readers look at the first only."""
    docker_archive(tmp_path / "old.tar", [tar_bytes(FILES), tar_bytes(TOP)])
    ref = f"docker-archive:{out / 'new.tar'}:app:slim"
    result = slim(str(tmp_path / "old.tar"), ref, SlimOptions(plan=plan, reading=OPTIONS))
    assert result.delivered, result.proof
    image = open_image(ref)
    assert image.tags == ("app:slim",)
    assert [layer.descriptor.digest for layer in image.layers] == [layer.diff_id for layer in image.layers]


def test_a_failed_proof_delivers_nothing(
    old: str, plan: Plan, out: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a check fails there is no image, no papers and no scratch; the proof says why. --force changes nothing."""

    def forged(*args: Any, **options: Any) -> Proof:
        return prove(args[0], args[1], args[2], replace(args[3], steps=()), **options)

    monkeypatch.setattr(slimming, "prove", forged)
    for force in (False, True):
        result = slim(old, f"oci:{out / 'new'}", SlimOptions(plan=plan, reading=OPTIONS, force=force))
        assert (result.delivered, result.proof.verdict) == (False, "failed")
        assert left_in(out, cache / "scratch") == []


def test_a_blob_that_rots_on_the_stage_fails_the_proof(
    old: str, plan: Plan, out: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof reads the bytes that would be delivered: nobody before it checks what was linked from scratch."""

    def rot(*args: Any) -> WrittenLayer:
        written = rewrite_layer(*args)
        data = bytearray(written.path.read_bytes())
        data[len(data) // 2] ^= 1
        written.path.write_bytes(data)
        return written

    monkeypatch.setattr("jettison.rebuild.apply.rewrite_layer", rot)
    monkeypatch.setattr(blobs, "_clone", lambda *_: False)
    result = slim(old, f"oci:{out / 'new'}", SlimOptions(plan=plan, reading=OPTIONS))
    assert (result.delivered, result.proof.verdict, result.proof.checks[0].name) == (False, "failed", "digests")
    assert result.proof.checks[0].verdict == "failed"
    assert left_in(out, cache / "scratch") == []


def test_what_is_there_is_kept_unless_forced(old: str, plan: Plan, out: Path) -> None:
    """An output or its papers are not replaced without --force; a folder that is no image never is."""
    slim(old, f"oci:{out / 'new'}", SlimOptions(plan=plan, reading=OPTIONS))
    with pytest.raises(UsageError, match="exists"):
        slim(old, f"oci:{out / 'new'}", SlimOptions(plan=plan, reading=OPTIONS))
    assert slim(old, f"oci:{out / 'new'}", SlimOptions(plan=plan, reading=OPTIONS, force=True)).delivered
    assert sorted(os.listdir(out)) == ["new", "new.jettison"]
    (out / "home").mkdir()
    (out / "home" / "letter").touch()
    with pytest.raises(UsageError, match="no image layout"):
        slim(old, f"oci:{out / 'home'}", SlimOptions(plan=plan, reading=OPTIONS, force=True))


@pytest.mark.parametrize("place", ["apply_plan", "write_image", "read_new", "prove", "write_papers"])
@pytest.mark.parametrize(
    ("raised", "told"),
    [(OSError(errno.ENOSPC, "No space left on device"), MachineError), (KeyboardInterrupt(), KeyboardInterrupt)],
)
def test_nothing_is_left_behind(  # noqa: PLR0917 -- fixtures and parameters
    old: str,
    plan: Plan,
    out: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    raised: BaseException,
    told: type[BaseException],
) -> None:
    """A full disk or Ctrl-C at any step leaves neither output nor scratch."""

    def fail(*_: Any, **__: Any) -> None:
        raise raised

    monkeypatch.setattr(slimming, place, fail)
    with pytest.raises(told):
        slim(old, f"oci:{out / 'new'}", SlimOptions(plan=plan, reading=OPTIONS))
    assert left_in(out, cache / "scratch") == []


def test_an_interrupted_replacement_puts_the_old_back(
    old: str, plan: Plan, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the last rename fails, image and papers that were there are there again."""
    slim(old, f"oci:{out / 'new'}", SlimOptions(plan=replace(plan, steps=()), reading=OPTIONS))
    before = {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    renamed = os.rename

    def rename(source: str, target: str) -> None:
        if Path(target) == out / "new" and Path(source).name == "image":
            raise KeyboardInterrupt
        renamed(source, target)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(KeyboardInterrupt):
        slim(old, f"oci:{out / 'new'}", SlimOptions(plan=plan, reading=OPTIONS, force=True))
    assert {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()} == before


def test_a_workload_that_fails_before_stops_the_run(
    old: str, plan: Plan, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workload that does not pass on the original: nothing is tried, nothing is written."""

    def fail(*_: Any, **__: Any) -> Sequence[Any]:
        raise NotTriedError("it does not pass")

    monkeypatch.setattr(slimming, "run_original", fail)
    monkeypatch.setattr("jettison.run.runner.require", lambda: None)
    with pytest.raises(NotTriedError):
        slim(
            old, f"oci:{out / 'new'}", SlimOptions(plan=plan, workloads=(Workload("w", Ready(), ()),), reading=OPTIONS)
        )
    assert left_in(out) == []


def test_compare_sets_images_side_by_side(old: str, plan: Plan, out: Path) -> None:
    """The table has a row an image, its estimates at the bandwidth asked for, nothing measured without a workload."""
    slim(old, f"oci:{out / 'new'}", SlimOptions(plan=plan, reading=OPTIONS))
    record = compare((old, f"oci:{out / 'new'}"), bandwidth=1000, options=OPTIONS)
    first, second = record.images
    assert first.size.disk - second.size.disk == 20000
    assert first.pull_seconds == first.size.pull / 1000
    assert (second.ready_seconds, second.memory) == (None, None)
    with pytest.raises(UsageError, match="two images"):
        compare((old,), options=OPTIONS)
    with pytest.raises(UsageError, match="bandwidth"):
        compare((old, old), bandwidth=0, options=OPTIONS)


def test_an_image_without_layers_is_slimmed_to_itself(tmp_path: Path, out: Path) -> None:
    """An image that has no layer has none afterwards, and that holds."""
    oci_layout(tmp_path / "empty", [])
    result = slim(f"oci:{tmp_path / 'empty'}", f"oci:{out / 'new'}", SlimOptions(reading=OPTIONS))
    assert (result.proof.verdict, result.delivered, result.new.layers) == ("held", True, 0)


def test_verify_reads_the_originals_bytes_again(old: str, plan: Plan, out: Path, tmp_path: Path) -> None:
    """An original whose bytes changed since the cache saw them is no original: its digests are recomputed."""
    new = f"oci:{out / 'new'}"
    slim(old, new, SlimOptions(plan=plan))
    assert verify(old, new).verdict == "held"
    blob = Path(open_image(old).layers[1].blob.path)
    raw = bytearray(blob.read_bytes())
    raw[9] ^= 1  # the operating system that a gzip header names: what it unpacks to stays
    blob.write_bytes(raw)
    with pytest.raises(BadInputError, match=r"layer 1 .*its digest is sha256:\w+, the image says"):
        verify(old, new)
