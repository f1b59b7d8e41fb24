"""What has to come back when a proof does not hold: found with few trials, and no more than needed."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.images import File
from tests.helpers.slimming import plan_of, step, table_of
from tests.helpers.traces import trace_of

from jettison.oci.image import Process
from jettison.plan.record import Target
from jettison.proof.backoff import smallest
from jettison.proof.lookups import Gone, gone_by, lost_gpu, misses, modules_of
from jettison.run.exercise import Rootfs
from jettison.run.hidden import hidden
from jettison.run.ids import own_ids
from jettison.run.trace.record import TracedImport

FILES = (
    File("opt", type="dir", mode=0o755, mtime=5),
    File("opt/a", b"content", mode=0o640, mtime=7),
    File("opt/link", type="symlink", link="/opt/a"),
    File("opt/sub", type="dir"),
    File("opt/sub/b", b"b"),
)


@given(st.sets(st.integers(0, 40), min_size=1, max_size=4))
def test_the_smallest_part_that_fails_is_found(guilty: set[int]) -> None:
    """Where a part fails that has all of some steps, these are what is found."""
    steps = [str(number) for number in range(41)]
    wanted = {str(number) for number in guilty}
    tried = 0

    def fails(part: Sequence[str]) -> bool:
        nonlocal tried
        tried += 1
        return wanted <= set(part)

    assert set(smallest(steps, fails)) == wanted
    assert tried < 41 * len(wanted) * 2


@given(st.sets(st.integers(0, 40), min_size=1, max_size=5))
def test_one_of_several_is_enough(guilty: set[int]) -> None:
    """Where each fails alone, one of them is found; the next search finds the next."""
    wanted = {str(number) for number in guilty}
    found = smallest([str(number) for number in range(41)], lambda part: bool(wanted & set(part)))
    assert len(found) == 1
    assert set(found) <= wanted


@pytest.fixture
def rootfs(tmp_path: Path) -> Rootfs:
    """A tree as an image's would be unpacked."""
    root = tmp_path / "image/rootfs"
    (root / "opt/sub").mkdir(parents=True)
    (root / "opt/a").write_bytes(b"content")
    (root / "opt/a").chmod(0o640)
    os.utime(root / "opt/a", ns=(1, 7_000_000_000))
    (root / "opt/link").symlink_to("/opt/a")
    (root / "opt/sub/b").write_bytes(b"b")
    (root / "out").symlink_to(tmp_path)
    (tmp_path / "outside").write_bytes(b"the machine's")
    os.utime(root / "opt", ns=(1, 5_000_000_000))
    return Rootfs(tmp_path / "image", Process(), own_ids(), ())


def state(rootfs: Rootfs) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for place, folders, names in os.walk(rootfs.path):
        for name in (*folders, *names):
            status = os.lstat(os.path.join(place, name))
            found[os.path.relpath(os.path.join(place, name), rootfs.path)] = (
                status.st_ino, status.st_mode, status.st_mtime_ns, status.st_size
            )  # fmt: skip
    return found


def test_hidden_files_are_away_and_come_back(rootfs: Rootfs) -> None:
    """Files, links, and directories that nothing is left in; emptied ones keep mode and time."""
    before = state(rootfs)
    with hidden(rootfs, ["opt/link", "opt/sub", "opt/sub/b", "none/x"], ["opt/a"]):
        now = state(rootfs)
        assert set(before) - set(now) == {"opt/link", "opt/sub", "opt/sub/b"}
        assert (now["opt/a"][1:3], now["opt/a"][3]) == (before["opt/a"][1:3], 0)
        assert now["opt"][2] == before["opt"][2]
    assert state(rootfs) == before
    assert not (rootfs.folder / "aside").exists()


def test_hidden_files_come_back_after_an_error(rootfs: Rootfs) -> None:
    """Whatever happened meanwhile."""
    before = state(rootfs)
    with pytest.raises(KeyError), hidden(rootfs, ["opt/a"]):
        raise KeyError
    assert state(rootfs) == before


def test_no_link_of_a_rootfs_leads_out(rootfs: Rootfs, tmp_path: Path) -> None:
    """A path through a symlink is left alone."""
    with hidden(rootfs, ["out/outside"]):
        assert (tmp_path / "outside").read_bytes() == b"the machine's"


def test_a_miss_is_what_went_and_was_asked_for(tmp_path: Path) -> None:
    """What the original lacks too is none, nor what the user drops; the step that took it is named."""
    table = table_of(tmp_path / "image", [FILES])
    user = replace(step("drop", Target(0, "opt/sub/b"), name="user/x"), rule="user")
    plan = plan_of(table, step("drop", Target(0, "opt/a"), name="traced/opt"), user)
    gone = gone_by(table, plan)
    assert gone == Gone({"opt/a": "traced/opt"}, {}, frozenset())
    trace, modules = trace_of(table, {}), modules_of(table)
    assert misses(trace, gone, modules) == {}
    asked = replace(trace, missing={"opt/a": ("open", "stat"), "etc/none": ("stat",)})
    reason = "workload train asks for it (open/stat), and step traced/opt takes it"
    assert misses(asked, gone, modules) == {"opt/a": reason}


def test_a_link_that_went_and_an_emptied_file_that_is_opened_are_misses(tmp_path: Path) -> None:
    """The one is followed in the original's table, the other causes no error: neither is asked for in vain."""
    table = table_of(tmp_path / "image", [FILES])
    plan = plan_of(
        table,
        step("drop", Target(0, "opt/link"), Target(0, "opt/sub"), name="traced/opt"),
        step("stub", Target(0, "opt/a"), name="traced/names/opt"),
    )
    gone, modules = gone_by(table, plan), modules_of(table)
    assert gone.links == {"opt/link"}
    assert set(misses(trace_of(table, {"opt/link": ("readlink",), "opt/a": ("open",)}), gone, modules)) == {
        "opt/link",
        "opt/a",
    }
    assert misses(trace_of(table, {"opt/a": ("stat",)}), gone, modules) == {}
    below = replace(trace_of(table, {}), missing={"opt/sub/new": ("create",)})
    assert set(misses(below, gone, modules)) == {"opt/sub"}


def test_a_module_that_is_imported_in_vain_is_a_miss(tmp_path: Path) -> None:
    """No look-up tells of it; the importer is named. One that the original lacks too is none."""
    site = "usr/lib/python3/dist-packages"
    table = table_of(tmp_path / "image", [[File(f"{site}/pkg/__init__.py"), File(f"{site}/pkg/part.py")]])
    gone = gone_by(table, plan_of(table, step("drop", Target(0, f"{site}/pkg/part.py"), name="traced/x")))
    imports = {"pkg.part": TracedImport("pkg", 0, 0, 0.5), "pkg.none": TracedImport("pkg", 0, 0, 0.6)}
    trace = replace(trace_of(table, {}), imports=imports)
    assert misses(trace, gone, modules_of(table)) == {
        f"{site}/pkg/part.py": "workload train: pkg imports pkg.part, and step traced/x takes it"
    }


def test_a_gpu_that_is_not_used_any_more_is_a_problem(tmp_path: Path) -> None:
    """Falling back to the CPU gives right answers, late."""
    table = table_of(tmp_path / "image", [FILES])
    assert lost_gpu([trace_of(table, {}, "used")], trace_of(table, {}, "missing")) == [
        "workload train: used a GPU on the original, and runs without one here"
    ]
    assert lost_gpu([trace_of(table, {}, "used")], trace_of(table, {}, "used")) == []
    assert lost_gpu([trace_of(table, {}, "none")], trace_of(table, {}, "none")) == []
