"""Planning and explaining from a reference."""

from pathlib import Path

from tests.helpers.images import File, oci_layout, tar_bytes

from jettison.api.plan import explain, make_plan
from jettison.files.read import ReadOptions
from jettison.plan.options import PlanOptions

FRESH = ReadOptions(cache=False)


def test_from_a_reference(tmp_path: Path) -> None:
    """An image on disk gives a plan, and a reason for each path."""
    layers = [tar_bytes([File("opt/a", b"old")]), tar_bytes([File("opt/a", b"new"), File("root/.cache/pip/x", b"c")])]
    oci_layout(tmp_path / "image", layers)
    ref = f"oci:{tmp_path / 'image'}"
    plan = make_plan(ref, planning=PlanOptions(tier=0), options=FRESH)
    assert [step.id for step in plan.steps] == ["hidden-bytes/layer-0", "package-caches/pip"]
    assert explain(ref, "/root/.cache/pip/x", options=FRESH).verdict == "goes"
    assert explain(ref, "/opt/a", options=FRESH).verdict == "stays"
    kept = PlanOptions(keep=("root/.cache/**",))
    assert explain(ref, "/root/.cache/pip/x", planning=kept, options=FRESH).verdict == "stays"
