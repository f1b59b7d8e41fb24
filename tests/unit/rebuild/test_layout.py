from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers.images import File, tar_bytes
from tests.helpers.layers import members
from tests.helpers.slimming import plan_of, read_rebuilt, table_of

from jettison.files.record import FileTable
from jettison.layers.table import Compression
from jettison.plan.document import plan_from_json, plan_to_json
from jettison.plan.make import make_plan
from jettison.plan.options import PlanOptions
from jettison.plan.record import Layout, Plan
from jettison.plan.updates import updates
from jettison.proof.structure import check_structure
from jettison.proof.view import make_view
from jettison.rebuild import divide
from jettison.rebuild.apply import Packing, apply_plan
from jettison.rebuild.record import Rebuilt

BIG = 100_000
SERVICE = (
    File("app", type="dir", mode=0o750, uid=7),
    File("app/late", b"l" * BIG),
    File("app/first", b"f" * BIG),
    File("app/never", b"n" * BIG),
    File("app/twin", type="hardlink", link="app/never"),
    File("app/empty", type="dir", mode=0o700),
    File("lib", type="dir"),
    File("lib/second", b"s" * BIG),
)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut layers of a few bytes as others of many."""
    monkeypatch.setattr(divide, "LEAST", 20_000)
    monkeypatch.setattr(divide, "_HOT", 1)


def laid_out(table: FileTable, plan: Plan, folder: Path, codec: Compression | None = None) -> Rebuilt:
    folder.mkdir(parents=True, exist_ok=True)
    return apply_plan(table, plan, updates(table, plan), scratch=folder, packing=Packing(codec))


def problems(old: FileTable, new: FileTable, plan: Plan) -> list[str]:
    return [problem for check in check_structure(old, new, plan) for problem in check.problems]


def paths(table: FileTable) -> list[list[str]]:
    return [[entry.path for entry in layer.entries] for layer in table.layers]


def start(table: FileTable, layers: int, *order: str) -> Plan:
    return replace(plan_of(table), layout=Layout(layers, order))


def test_what_is_read_first_lies_in_layers_of_its_own(tmp_path: Path) -> None:
    """Files come in the order of the trace, each piece with the folders it lies in, the rest behind."""
    old = table_of(tmp_path / "old", [SERVICE])
    rebuilt = laid_out(old, start(old, 3, "app/first", "lib/second", "app/late"), tmp_path / "new")
    new = read_rebuilt(rebuilt)
    assert paths(new) == [
        ["app", "app/first", "lib", "lib/second"],
        ["app", "app/late"],
        ["app", "app/never", "app/twin", "app/empty"],
    ]
    assert problems(old, new, rebuilt.applied) == []
    assert make_view(new).nodes == make_view(old).nodes
    made = [entry.created_by for entry in new.image.config.history if not entry.empty_layer]
    assert made == [entry.created_by for entry in old.image.config.history if not entry.empty_layer] * 3


def test_the_same_bytes_each_time(tmp_path: Path) -> None:
    """Image and plan decide all of what comes out, and a plan that was written and read does the same."""
    old = table_of(tmp_path / "old", [SERVICE])
    plan = start(old, 4, "lib/second")
    one = laid_out(old, plan, tmp_path / "one")
    again = plan_from_json(plan_to_json(plan).encode())
    assert again == plan
    assert laid_out(old, again, tmp_path / "two").image.manifest == one.image.manifest


@pytest.mark.parametrize("layers", [1, 2, 3, 4, 9])
def test_no_more_layers_than_asked_for(tmp_path: Path, layers: int) -> None:
    """The budget holds; an image that has more layers keeps them."""
    old = table_of(tmp_path / "old", [SERVICE, [File("srv/model", b"m" * BIG * 3)]])
    new = read_rebuilt(laid_out(old, start(old, layers, "app/first"), tmp_path / "new"))
    assert len(new.layers) <= max(layers, 2)


def test_a_small_layer_keeps_its_digest(tmp_path: Path) -> None:
    """What is not worth a cut is not touched: other images share it."""
    old = table_of(tmp_path / "old", [[File("etc/x", b"1")], SERVICE])
    new = read_rebuilt(laid_out(old, start(old, 5, "app/first"), tmp_path / "new"))
    assert new.layers[0].digest == old.layers[0].digest
    assert len(new.layers) == 5


@pytest.mark.parametrize(
    "layers",
    [
        pytest.param([tar_bytes([*SERVICE, File("app/late", b"again")])], id="a path twice"),
        pytest.param([[File("a", b"a" * BIG), File("d/x", b"x" * BIG), File("d", b"file")]], id="a folder replaced"),
        pytest.param(
            [
                [
                    File("usr/lib/x", b"x" * BIG),
                    File("lib", type="symlink", link="usr/lib"),
                    File("z", b"z" * BIG),
                    File("bin/y", type="hardlink", link="lib/x"),
                ]
            ],
            id="a hard link by a symlink",
        ),
        pytest.param([[File("lib", type="symlink", link="usr/lib")], [File("lib/x", b"x" * BIG)]], id="by a symlink"),
        pytest.param(
            [SERVICE, [File("app/other", type="hardlink", link="app/never"), File("z", b"z" * BIG)]],
            id="a hard link into another layer",
        ),
        pytest.param([SERVICE, [File("app/.wh.late"), File("app/late", b"2" * BIG)]], id="whiteout and path"),
    ],
)
def test_a_layer_whose_order_matters_stays(tmp_path: Path, layers: Sequence[Sequence[File] | bytes]) -> None:
    """Where another order could mean something else, the layer is not cut."""
    old = table_of(tmp_path / "old", layers)
    new = read_rebuilt(laid_out(old, start(old, 9, "app/late", "z"), tmp_path / "new"))
    assert new.layers[-1].digest == old.layers[-1].digest
    assert make_view(new).nodes == make_view(old).nodes


@settings(max_examples=150, deadline=None)
@given(st.lists(members(), min_size=1, max_size=3), st.integers(0, 2), st.integers(1, 12), st.data())
def test_any_image_stays_what_it_is(layers: list[list[File]], tier: int, most: int, data: st.DataObject) -> None:
    """Whatever the layers hold, cut anew the container sees the same, and the proof holds."""
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as name:
        patch.setattr(divide, "LEAST", 1)
        old = table_of(Path(name) / "old", layers)
        order = data.draw(st.lists(st.sampled_from([*old.visible, "not/there"]), unique=True))
        plan = replace(make_plan(old, PlanOptions(tier=tier)), layout=Layout(most, tuple(order)))
        rebuilt = laid_out(old, plan, Path(name) / "new")
        new = read_rebuilt(rebuilt)
        assert problems(old, new, rebuilt.applied) == []
        if tier == 0:
            assert make_view(new).nodes == make_view(old).nodes


def of_layers(folder: Path, old: FileTable, *layers: Sequence[File]) -> list[str]:
    """Return what the check of layers says of an image that somebody made of these, as cut from the old one."""
    new = table_of(folder, layers)
    checks = check_structure(old, new, start(old, 9))
    return [problem for check in checks if check.name == "layers" for problem in check.problems]


def test_the_proof_sees_what_a_cut_lost(tmp_path: Path) -> None:
    """An entry that is gone, is there twice, or differs is found, also where the container sees none of it."""
    hidden = [File("app/.wh.late")]
    old = table_of(tmp_path / "old", [SERVICE, hidden])
    by_path = {file.path: file for file in SERVICE}
    assert of_layers(tmp_path / "same", old, SERVICE, hidden) == []
    less = [file for file in SERVICE if file.path != "app/late"]
    assert of_layers(tmp_path / "less", old, less, hidden) == ["entry 'app/late' is gone, and no step drops it"]
    twice = of_layers(tmp_path / "twice", old, SERVICE, [by_path["app"], by_path["app/late"]], hidden)
    assert "layer 1: entry 'app/late' is there, and the plan does not leave it" in twice
    other = [replace(file, mtime=5) if file.path == "app/late" else file for file in SERVICE]
    assert of_layers(tmp_path / "other", old, other, hidden) == [
        "layer 0: entry 'app/late' differs, and no step changes it"
    ]


def test_the_proof_sees_a_wrong_cut(tmp_path: Path) -> None:
    """Layers that were joined, a piece without the folder of its files, and a whiteout in a higher piece are found."""
    hidden, more = [File("app/.wh.late")], [File("app/x", b"x")]
    old = table_of(tmp_path / "old", [SERVICE, [*hidden, *more]])
    first, rest = list(SERVICE[:2]), list(SERVICE[2:])
    assert of_layers(tmp_path / "bare", old, first, rest, [*hidden, *more]) == [
        "layer 1: what lies in 'app' is there without it"
    ]
    assert of_layers(tmp_path / "joined", old, [*SERVICE, *hidden], more) != []
    assert of_layers(tmp_path / "late", old, SERVICE, more, hidden) == [
        "layer 2: whiteout 'app/.wh.late' is not in the lowest piece"
    ]


def test_a_copy_does_not_stand_for_what_is_gone(tmp_path: Path) -> None:
    """A hidden entry cannot be replaced by another of its path, although the container sees the same."""
    old = table_of(tmp_path / "old", [[File("p", b"old")], [File("p", b"new")]])
    assert of_layers(tmp_path / "new", old, [File("p", b"new")], [File("p", b"new")]) == [
        "layer 0: entry 'p' differs, and no step changes it"
    ]


def test_one_large_file_takes_no_layers_from_others(tmp_path: Path) -> None:
    """What cannot be cut gets no more pieces, and no piece is smaller than the least."""
    model = [File("srv/model", b"m" * BIG * 9), *(File(f"srv/{n}", b"s" * 500) for n in range(9))]
    files = [File(f"lib/{n}", b"l" * 30_000) for n in range(9)]
    old = table_of(tmp_path / "old", [model, files])
    new = read_rebuilt(laid_out(old, start(old, 6), tmp_path / "new"))
    assert len(new.layers) == 6
    assert new.layers[0].digest == old.layers[0].digest
    assert min(layer.size for layer in new.layers) >= divide.LEAST


@pytest.mark.parametrize("codec", ["none", "gzip", "zstd"])
def test_pieces_are_packed_as_asked(tmp_path: Path, codec: str) -> None:
    """Every layer is packed by the codec that was asked for; none asked for, as it was."""
    old = table_of(tmp_path / "old", [[File("etc/x", b"1")], SERVICE], compression=codec)
    kept = read_rebuilt(laid_out(old, start(old, 3, "app/first"), tmp_path / "kept"))
    assert {layer.compression for layer in kept.layers} == {codec}
    zstd = read_rebuilt(laid_out(old, start(old, 3, "app/first"), tmp_path / "zstd", "zstd"))
    assert {layer.compression for layer in zstd.layers} == {"zstd"}
