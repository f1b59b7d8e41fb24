from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers.images import File, tar_bytes
from tests.helpers.layers import members
from tests.helpers.slimming import read_rebuilt, table_of

from jettison.files.record import FileTable
from jettison.plan.make import make_plan
from jettison.plan.options import PlanOptions
from jettison.plan.updates import updates
from jettison.proof.structure import check_structure
from jettison.proof.view import make_view
from jettison.rebuild.apply import apply_plan


def slimmed(folder: Path, old: FileTable, tier: int) -> FileTable:
    """Apply a plan of a tier, and check that the proof holds."""
    plan = make_plan(old, PlanOptions(tier=tier))
    rebuilt = apply_plan(old, plan, updates(old, plan), scratch=folder)
    new = read_rebuilt(rebuilt)
    problems = [problem for check in check_structure(old, new, rebuilt.applied) for problem in check.problems]
    assert problems == []
    return new


@settings(max_examples=60, deadline=None)
@given(st.lists(members(), min_size=1, max_size=3))
def test_tier_0_changes_nothing_that_a_container_sees(layers: list[list[File]]) -> None:
    """Whatever the layers hold, a lossless plan leaves every visible path as it was, and the proof holds."""
    with TemporaryDirectory() as name:
        old = table_of(Path(name) / "old", layers)
        new = slimmed(Path(name), old, 0)
        assert dict(make_view(new).nodes) == dict(make_view(old).nodes)
        assert sum(layer.size for layer in new.layers) <= sum(layer.size for layer in old.layers) + 1024


def test_a_path_twice_in_one_layer(tmp_path: Path) -> None:
    """A tar may have a path twice, the second counts; a lossless plan keeps what is seen."""
    old = table_of(tmp_path / "old", [tar_bytes([File("a", b"1" * 5000), File("b"), File("a", b"2" * 5000)])])
    new = slimmed(tmp_path, old, 0)
    assert dict(make_view(new).nodes) == dict(make_view(old).nodes)
