"""What stays at tier 3: all that workloads asked for, and what follows from it, each with its reason."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.elves import elf_bytes
from tests.helpers.images import File
from tests.helpers.slimming import table_of
from tests.helpers.tables import SITE, Data, Deb, Dir, Hard, Item, Link, Tree, debian, distribution, table
from tests.helpers.traces import evidence, trace_of

from jettison.errors import RefusedError, UsageError
from jettison.files.record import FileTable
from jettison.plan.explain import explain
from jettison.plan.keep.record import Evidence
from jettison.plan.keep.summary import summarise_trace
from jettison.plan.keep.walk import find_kept
from jettison.plan.make import make_plan
from jettison.plan.options import PlanOptions
from jettison.plan.updates import updates
from jettison.rules.kept import Kept
from jettison.rules.scene import make_scene

LIB = "usr/lib/x86_64-linux-gnu"
DIST: dict[str, Item] = {
    "pkg/__init__.py": b"from .core import run\n",
    "pkg/__pycache__/__init__.cpython-311.pyc": b"code",
    "pkg/core.py": b"def run():\n    from . import later\n    import otherdist\n",
    "pkg/later.py": b"from .deep import eager\ndef f():\n    from . import latest\n",
    "pkg/latest.py": b"",
    "pkg/deep/__init__.py": b"",
    "pkg/deep/eager.py": b"",
    "pkg/unrelated.py": b"",
    "pkg/data/big.bin": b"d" * 100,
    "pkg/_fast.cpython-311-x86_64-linux-gnu.so": elf_bytes(needed=["libfast.so.1"]),
    "pkg/apart/__init__.py": b"",
    "pkg/apart/module.py": b"",
    "pkg.libs/libfast.so.1": elf_bytes(soname="libfast.so.1"),
    "pkg.libs/libslow.so.1": elf_bytes(soname="libslow.so.1"),
}


def kept_of(tree: Tree, *opened: str, restored: dict[str, str] | None = None, **how: Any) -> Kept:
    image = table(tree)
    return find_kept(make_scene(image), evidence(image, tree, *opened, **how), restored)


def names(kept: Kept, start: str = f"{SITE}/pkg/") -> set[str]:
    return {path.removeprefix(start) for path in kept.because if path.startswith(start)}


def site(*opened: str) -> Sequence[str]:
    return [f"{SITE}/pkg/{name}" for name in opened]


def tree() -> Tree:
    return {
        **distribution("pkg", files=DIST),
        **distribution("otherdist", files={"otherdist/__init__.py": b"", "otherdist/big.py": b""}),
        "app/main.py": b"def f():\n    import otherdist.big\n",
    }


def test_a_module_brings_its_package_and_what_it_imports_lazily() -> None:
    """One lazy import far; a library that nobody imported stays out, whatever pkg would do with it."""
    kept = kept_of(tree(), *site("core.py"), python="module")
    assert names(kept) == {
        "__init__.py", "__pycache__/__init__.cpython-311.pyc", "core.py", "later.py", "deep/__init__.py",
        "deep/eager.py",
    }  # fmt: skip
    assert not any("otherdist/" in path for path in kept.because)


def test_an_application_s_imports_are_followed_into_any_distribution() -> None:
    """Also those in functions."""
    kept = kept_of(tree(), "app/main.py")
    assert f"{SITE}/otherdist/big.py" in kept.because
    assert kept.chain(f"{SITE}/otherdist/big.py")[-1].startswith("app/main.py stays: open by 'python3 app.py'")


@pytest.mark.parametrize(
    ("depth", "more"),
    [
        ("module", set()),
        ("package", {"unrelated.py", "latest.py"}),
        ("distribution", {"unrelated.py", "latest.py", "apart/__init__.py", "apart/module.py"}),
    ],
)
def test_how_much_of_pure_python_stays_is_chosen(depth: Any, more: set[str]) -> None:
    """Data and compiled modules stay by file in any case."""
    kept = kept_of(tree(), *site("core.py"), python=depth)
    plain = names(kept_of(tree(), *site("core.py"), python="module"))
    assert names(kept) - plain == more
    assert not any(".so" in path or "data" in path for path in names(kept))


def test_lazy_imports_are_followed_as_far_as_asked() -> None:
    """None, or two behind one another."""
    assert "later.py" not in names(kept_of(tree(), *site("core.py"), python="module", lazy=0))
    assert "latest.py" in names(kept_of(tree(), *site("core.py"), python="module", lazy=2))


def test_a_library_brings_what_it_links() -> None:
    """Not what lies beside."""
    kept = kept_of(tree(), *site("_fast.cpython-311-x86_64-linux-gnu.so"))
    assert f"{SITE}/pkg.libs/libfast.so.1" in kept.because
    assert f"{SITE}/pkg.libs/libslow.so.1" not in kept.because


def test_a_compiled_module_brings_what_its_constants_name() -> None:
    """Cython imports so; no look-up of a file tells of it, for Python has the directory's listing by then."""
    code = elf_bytes() + b"\0_partition\0pkg.deep.eager\0"
    files: dict[str, Item] = {
        **DIST,
        "pkg/_tree.cpython-311-x86_64-linux-gnu.so": code,
        "pkg/_partition.cpython-311-x86_64-linux-gnu.so": elf_bytes(),
    }
    kept = kept_of(distribution("pkg", files=files), *site("_tree.cpython-311-x86_64-linux-gnu.so"), python="module")
    assert {"_partition.cpython-311-x86_64-linux-gnu.so", "deep/eager.py"} <= names(kept)


def test_records_and_licences_stay_with_what_is_used() -> None:
    """Of a distribution all of its dist-info; of one that nothing is left of, nothing."""
    image = tree()
    kept = kept_of(image, *site("core.py"))
    infos = {path for path in image if ".dist-info/" in path}
    assert {path for path in infos if "/pkg-" in path} <= kept.because.keys()
    assert not {path for path in infos if "/otherdist-" in path} & kept.because.keys()


def test_entry_points_of_plugins_stay() -> None:
    """Others find them by name; those of console scripts are started by their scripts."""
    image = tree()
    info = next(path.rpartition("/")[0] for path in image if "/pkg-" in path)
    image[f"{info}/entry_points.txt"] = b"[plugins]\nx = pkg.apart.module:f\n[console_scripts]\ny = pkg.unrelated:f\n"
    assert "apart/module.py" in names(kept_of(image, *site("core.py"), python="module"))
    assert "unrelated.py" not in names(kept_of(image, *site("core.py"), python="module"))


def test_small_files_that_are_read_seldom_stay() -> None:
    """Accounts, certificates, time zones, the linker's cache, a shell, the landmark of a virtual environment."""
    image: Tree = {
        "etc/passwd": b"p", "etc/ssl/certs/ca.crt": b"c", "usr/share/zoneinfo/UTC": b"z", "etc/ld.so.conf": b"",
        "usr/bin/sh": b"s", "opt/venv/pyvenv.cfg": b"home", f"{SITE}/x-nspkg.pth": b"import", "opt/other": b"o",
    }  # fmt: skip
    assert set(image) - kept_of(image).because.keys() == {"opt/other"}


def test_certificates_in_distributions_stay() -> None:
    """The sandbox has no network, so no workload asks for TLS."""
    image: Tree = {
        f"{SITE}/certifi/cacert.pem": b"c", f"{SITE}/grpc/_cython/roots.pem": b"c", f"{SITE}/pytz/zoneinfo/UTC": b"z",
        "opt/java/lib/security/cacerts": b"c", f"{SITE}/certifi/other.pem": b"o",
    }  # fmt: skip
    assert set(image) - kept_of(image).because.keys() == {f"{SITE}/certifi/other.pem"}


def test_links_to_directories_stay_while_something_is_in_them() -> None:
    """Programs go by them, and no trace of the new image would say that they are gone."""
    image: Tree = {
        "opt/current": Link("releases/42"), "opt/releases/42/conf": b"c", "opt/old": Link("releases/41"),
        "opt/releases/41/conf": b"c",
    }  # fmt: skip
    assert set(kept_of(image, "opt/releases/42/conf").because) == {"opt/current", "opt/releases/42/conf"}


def test_a_directory_without_an_entry_stays_when_it_was_written_into(tmp_path: Path) -> None:
    """By the least that is in it."""
    files = [File("app/logs/keep", b"k"), File("app/logs/other", b"other")]
    image = table_of(tmp_path / "image", [files])
    assert "app/logs" not in image.visible
    wrote = Evidence(trace_of(image, {"app/logs": ("write",)}), lambda _: b"")
    assert set(find_kept(make_scene(image), wrote).because) == {"app/logs/keep"}


def test_python_looks_where_it_is_told_to() -> None:
    """PYTHONPATH, ``.pth`` files, lib64, and a second Python's folders."""
    image: Tree = {
        "app/main.py": b"def f():\n    import one, two, ctypes, sqlite3\n",
        "opt/pp/one.py": b"", f"{SITE}/x.pth": b"/srv/libs\n", "srv/libs/two.py": b"",
        "usr/lib64/python3.9/lib-dynload/ctypes.cpython-39-x86_64-linux-gnu.so": elf_bytes(),
        "usr/lib/python3.11/sqlite3/__init__.py": b"", "usr/local/lib/python3.11/sqlite3/__init__.py": b"",
    }  # fmt: skip
    seen = table(image, env=("PYTHONPATH=/opt/pp",))
    assert set(image) <= find_kept(make_scene(seen), evidence(seen, image, "app/main.py")).because.keys()


def test_packages_whose_database_is_not_rewritten_are_left_alone() -> None:
    """Apk's and conda's: their records would name what is gone."""
    files: Tree = {
        "lib/apk/db/installed": b"P:tool\nV:1\nF:usr/bin\nR:tool\n\n", "usr/bin/tool": b"t", "opt/other": b"o",
    }  # fmt: skip
    image = table(files)
    assert image.visible["usr/bin/tool"].owner == "apk:tool"
    assert set(gone(traced(image, files, "etc/none"))) == {"opt/other"}


def test_without_a_gpu_in_the_trace_what_is_for_one_stays() -> None:
    """A CPU sees nothing of cuDNN's libraries; on a GPU the trace tells."""
    gpu = (
        "nvidia/cudnn/lib/libcudnn_ops.so.9", "nvidia/cublas/lib/libcublasLt.so.12",
        "bitsandbytes/libbitsandbytes_cuda124.so", "flash_attn_2_cuda.cpython-311-x86_64-linux-gnu.so",
        "torch/lib/rocblas/library/Kernels.so-000-gfx90a.hsaco",
    )  # fmt: skip
    image: Tree = {f"{SITE}/{name}": elf_bytes() for name in gpu}
    image |= {"usr/lib/libcurl.so.4": elf_bytes(), "usr/lib/libown.so": elf_bytes(needed=["libcudart.so.12"])}
    assert set(image) - kept_of(image).because.keys() == {"usr/lib/libcurl.so.4"}
    assert not kept_of(image, gpu="used").because


def traced(image: FileTable, files: Tree, *opened: str, **how: Any) -> Any:
    return make_plan(image, PlanOptions(3, evidence=evidence(image, files, *opened, **how)))


def gone(plan: Any) -> dict[str, str]:
    return {target.path: step.action for step in plan.steps for target in step.targets if step.tier == 3}


def test_what_nobody_asked_for_goes_by_owner() -> None:
    """One step an owner, of tier 3; the records of packages stay truthful."""
    files = {
        **debian(Deb("tool", {"usr/bin/tool": b"t", "usr/bin/other": b"o"}), Deb("gone", {"opt/gone": b"g"})),
        **tree(),
    }
    image = table(files)
    plan = traced(image, files, "usr/bin/tool", *site("core.py"))
    assert {"usr/bin/other": "drop", "opt/gone": "drop", f"{SITE}/pkg/data/big.bin": "drop"}.items() <= gone(
        plan
    ).items()
    assert "usr/bin/tool" not in gone(plan)
    assert {"traced/deb:tool", "traced/python:pkg"} <= {step.id for step in plan.steps}
    told = {step.id: text for step, text in updates(image, plan)}
    assert b"big.bin" not in told[f"update/{SITE}/pkg-1.0.dist-info/RECORD"]


def test_names_of_a_listed_directory_stay() -> None:
    """Without content; but not of what lies deeper, nor of a directory that Python's import listed."""
    files: Tree = {
        "models/a.bin": b"a" * 9, "models/b.bin": b"b" * 9, "models/empty": b"", "models/sub/c": b"c",
        **distribution("pkg", files=DIST),
    }  # fmt: skip
    image = table(files)
    plan = traced(image, files, "models/a.bin", models=("list",), **{f"{SITE}__pkg".replace("/", "__"): ("list",)})
    assert gone(plan)["models/b.bin"] == "stub"
    assert "models/empty" not in gone(plan)
    assert gone(plan)["models/sub/c"] == "drop"
    assert gone(plan)[f"{SITE}/pkg/unrelated.py"] == "drop"


def test_what_was_used_is_safe_from_other_tiers() -> None:
    """A test that a workload opens stays; so does a directory that it only looked at."""
    files: Tree = {
        **distribution("pkg", files={**DIST, "pkg/tests/test_a.py": b"", "pkg/tests/test_b.py": b""}),
        "opt/place": Dir(),
        "opt/place/x": b"x",
    }
    image = table(files)
    plan = traced(image, files, *site("tests/test_a.py"), opt__place=("stat",))
    touched = {target.path for step in plan.steps for target in step.targets}
    assert f"{SITE}/pkg/tests/test_a.py" not in touched
    assert f"{SITE}/pkg/tests/test_b.py" in touched
    assert "opt/place/x" in touched
    assert "opt/place" not in touched


def test_the_user_s_word_counts_more() -> None:
    """Keep rules keep, with what they need; drop rules drop, also what was used."""
    files: Tree = {"opt/a": b"a", "opt/b": b"b", "opt/c": b"c"}
    image = table(files)
    plan = make_plan(image, PlanOptions(3, ("/opt/b",), ("/opt/a",), evidence=evidence(image, files, "opt/a")))
    touched = {target.path for step in plan.steps for target in step.targets}
    assert {"opt/a", "opt/c"} <= touched
    assert "opt/b" not in touched


def test_what_is_restored_comes_with_what_it_needs() -> None:
    """By path, or all of an owner."""
    files = tree()
    library = "_fast.cpython-311-x86_64-linux-gnu.so"
    kept = kept_of(files, restored={f"{SITE}/pkg/{library}": "asked for in vain"})
    assert f"{SITE}/pkg.libs/libfast.so.1" in kept.because
    assert kept.because[f"{SITE}/pkg/{library}"].reason == "asked for in vain"
    assert {"unrelated.py", "data/big.bin"} <= names(kept_of(files, restored={"python:pkg": "needed"}))


def test_links_stay_that_lead_to_what_stays() -> None:
    """And hard links that workloads saw."""
    files: Tree = {"opt/real": b"r", "opt/link": Link("real"), "opt/dead": Link("none"), "opt/twin": Hard("opt/real")}
    kept = kept_of(files, "opt/real")
    assert set(kept.because) == {"opt/real", "opt/link"}


def test_explain_names_workload_process_and_edge() -> None:
    """From the path up to what was done."""
    files = tree()
    image = table(files)
    options = PlanOptions(3, evidence=evidence(image, files, *site("core.py"), python="module"))
    found = explain(image, f"/{SITE}/pkg/later.py", options)
    assert found.verdict == "stays"
    assert "imports pkg.later lazily" in found.reason
    assert found.evidence[-1] == (
        f"{SITE}/pkg/core.py stays: open by 'python3 app.py' in workload 'train', 0.00 s after its start"
    )


def test_tier_3_needs_a_trace_of_the_same_image() -> None:
    """It is refused without one, and with another's."""
    image, other = table({"a": b"1"}), table({"a": b"2"})
    with pytest.raises(RefusedError, match="there is no trace"):
        make_plan(image, PlanOptions(3))
    with pytest.raises(UsageError, match="recorded on another image"):
        make_plan(image, PlanOptions(3, evidence=evidence(other, {}, "a")))


def test_a_trace_in_figures() -> None:
    """By owner and by phase; what was only asked for is counted apart."""
    files: Tree = {**distribution("pkg", files=DIST), "etc/conf": Data(b"conf")}
    image = table(files)
    trace = trace_of(image, {f"{SITE}/pkg/core.py": ("open",), "etc/conf": ("stat",)})
    report = summarise_trace(trace, image)
    assert (report.total.opened, report.total.asked) == (1, 1)
    assert report.total.used == len(DIST["pkg/core.py"])  # type: ignore[arg-type] # bytes
    assert [(row.name, row.opened) for row in report.owners] == [("python:pkg", 1), ("", 0)]
    assert [(row.name, row.files) for row in report.phases] == [("start", 2)]
    assert (report.missing, report.problems) == (1, ())
