"""Plans of images: what they promise, whatever the image."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers.elves import elf_bytes
from tests.helpers.tables import SITE, Data, Deb, Dir, Hard, Item, Link, Tree, debian, distribution, table

from jettison.elf.closure import needs
from jettison.errors import RefusedError, UsageError
from jettison.files.record import FileTable
from jettison.plan.document import plan_from_json, plan_to_json
from jettison.plan.effect import dropped_entries, recount, remaining
from jettison.plan.make import make_plan
from jettison.plan.options import PlanOptions
from jettison.plan.record import Plan
from jettison.plan.updates import updates
from jettison.rules.scene import libraries_of

LIB = "usr/lib/x86_64-linux-gnu"
NUMBERS = st.integers(0, 7)


@st.composite
def packages(draw: Any) -> Tree:
    """Packages that each bring a library, some a program, and depend on and link each other at random."""
    count = draw(st.integers(1, 8))
    debs = []
    for number in range(count):
        linked = draw(st.sets(st.integers(0, count - 1), max_size=2))
        depends = draw(st.sets(st.integers(0, count), max_size=2))
        files: dict[str, Item] = {
            f"{LIB}/lib{number}.so.1.0": elf_bytes(soname=f"lib{number}.so.1", needed=[f"lib{n}.so.1" for n in linked]),
            f"{LIB}/lib{number}.so.1": Link(f"lib{number}.so.1.0"),
            f"usr/share/man/man1/{number}.1.gz": b"manual",
        }
        if draw(st.booleans()):
            files[f"usr/bin/program{number}"] = elf_bytes(kind=2, needed=[f"lib{number}.so.1"])
        section = draw(st.sampled_from(["libs", "devel", "video"]))
        debs.append(Deb(f"p{number}", files, ", ".join(f"p{n}" for n in depends), section))
    automatic = draw(st.one_of(st.none(), st.lists(st.sampled_from([deb.name for deb in debs]), unique=True)))
    return debian(*debs, automatic=automatic)


@st.composite
def images(draw: Any) -> Tree:
    """Packages, a distribution with an extension, tests and stubs, an application, caches, links."""
    tree: Tree = dict(draw(packages()))
    files: dict[str, Item] = {
        "dist/__init__.py": b"",
        "dist/_x.so": elf_bytes(needed=[f"lib{draw(NUMBERS)}.so.1"]),
        "dist/__init__.pyi": b"",
        "dist/include/x.h": b"h",
        "dist/tests/test_x.py": b"t",
        "dist/tests/libt.so.1": elf_bytes(soname="libt.so.1"),
    }
    if draw(st.booleans()):
        files["dist/_y.so"] = elf_bytes(needed=["libt.so.1"], runpath="$ORIGIN/tests")
    tree |= distribution("dist", files)
    tree |= {
        "app/main.py": b"", "app/data": Dir(), "usr/local/bin/link": Link(f"/usr/bin/program{draw(NUMBERS)}"),
        "root/.cache/pip/x": b"c", f"{SITE}/dist/tests/__pycache__/test_x.cpython-311.pyc": b"p",
    }  # fmt: skip
    return tree


def applied(tree: Tree, image: FileTable, plan: Plan) -> Tree:
    """Return the tree that is left when a plan is applied to an image of one layer."""
    gone = dropped_entries(image, plan)
    left: Tree = {}
    for file in image.files:
        if (file.layer, file.index) not in gone:
            left[file.entry.path] = tree.get(file.entry.path, Dir())
    for step, content in updates(image, plan):
        left[step.targets[0].path] = content
    return left


@settings(max_examples=60, deadline=None)
@given(tree=images(), argv=st.lists(st.sampled_from(["program0", "program1", "/usr/local/bin/link"]), max_size=1))
def test_promises(tree: Tree, argv: list[str]) -> None:
    """Targets exist, each once; kept ELF files find what they found; records name what is there; once is enough."""
    image = table(tree, argv=argv)
    plan = make_plan(image, PlanOptions(tier=1))
    check_targets(image, plan)
    check_closure(image, plan)
    assert plan_from_json(plan_to_json(plan).encode()) == plan
    assert recount(image, plan) == plan
    after = table(applied(tree, image, plan), argv=argv)
    check_records(after)
    check_owners(image, after)
    again = make_plan(after, PlanOptions(tier=1))
    assert [step.id for step in again.steps if step.action == "drop"] == []


def check_targets(image: FileTable, plan: Plan) -> None:
    places = {(file.layer, file.entry.path) for file in image.files}
    named = Counter((target.layer, target.path) for step in plan.steps for target in step.targets)
    assert set(named) <= places
    assert set(named.values()) <= {1}
    assert len({step.id for step in plan.steps}) == len(plan.steps)


def check_closure(image: FileTable, plan: Plan) -> None:
    before = libraries_of(image, image.visible)
    after = libraries_of(image, remaining(image, dropped_entries(image, plan)))
    for path, facts in after.facts.items():
        assert needs(path, facts, after).missing == needs(path, facts, before).missing
        assert [f.path for f in needs(path, facts, after).resolved] == [
            f.path for f in needs(path, facts, before).resolved
        ]


def check_records(image: FileTable) -> None:
    for path, text in image.texts.items():
        lines = text.decode().splitlines()
        if path.endswith("/RECORD"):
            named = [f"{SITE}/{line.partition(',')[0]}" for line in lines]
        elif path.endswith(".md5sums"):
            named = [line[34:] for line in lines]
        elif path.endswith(".list"):
            named = [line[1:] for line in lines if f"{line[1:]}/" not in "".join(f"{other}/ " for other in lines)]
        else:
            continue
        assert set(named) <= set(image.visible), path


def check_owners(before: FileTable, after: FileTable) -> None:
    """Whatever is left of an owner's files, its record is there as well."""
    for path, file in before.visible.items():
        if path in after.visible and file.owner and file.entry.type != "dir":
            assert file.owner in after.owners


def plan_of(tree: Mapping[str, Item], **options: Any) -> Plan:
    return make_plan(table(tree), PlanOptions(**{"tier": 1, **options}))


def drops(plan: Plan) -> set[str]:
    return {target.path for step in plan.steps for target in step.targets}


def test_deterministic() -> None:
    """The same image gives the same plan, steps by tier, then by bytes."""
    tree = debian(
        Deb("gcc", {"usr/bin/gcc": b"x" * 50}, section="devel"), Deb("make", {"usr/bin/make": b"x"}, section="devel")
    )
    tree["root/.cache/pip/x"] = b"c"
    plan = plan_of(tree)
    assert plan == plan_of(tree)
    assert [step.id for step in plan.steps] == ["package-caches/pip", "os-packages/deb:gcc", "os-packages/deb:make"]


def test_tier() -> None:
    """Tier 0 stops at what is lossless; later tiers are refused, and there is no tier 9."""
    tree = debian(Deb("gcc", {"usr/bin/gcc": b"x"}, section="devel"))
    assert plan_of(tree, tier=0).steps == ()
    with pytest.raises(RefusedError):
        plan_of(tree, tier=3)
    with pytest.raises(UsageError):
        plan_of(tree, tier=9)


@pytest.mark.parametrize("pattern", ["owner:deb/g*", "owner:deb:gcc", "/usr/bin/gcc", "usr/bin/*", "usr/bin", "**/gcc"])
def test_keep(pattern: str) -> None:
    """The user's keep holds a package, whatever the pattern names of it, with what it needs."""
    gcc = Deb("gcc", {"usr/bin/gcc": elf_bytes(kind=2, needed=["libm.so"])}, section="devel")
    tree = debian(gcc, Deb("libm", {f"{LIB}/libm.so": elf_bytes(soname="libm.so")}), automatic=["libm"])
    assert drops(plan_of(tree))
    assert drops(plan_of(tree, keep=(pattern,))) == set()


def test_keep_inside() -> None:
    """What a keep holds inside a distribution is told, with the pattern; a pattern that names nothing is told too."""
    tree = distribution("d", {"d/a.h": b"", "d/b.h": b""})
    plan = plan_of(tree, keep=("**/a.h", "owner:deb/nothing"))
    assert plan.keeps == {f"{SITE}/d/a.h": "--keep **/a.h"}
    assert drops(plan) == {f"{SITE}/d/b.h"}
    assert [skip.subject for skip in plan.skips] == ["--keep owner:deb/nothing"]


def test_keep_by_kind() -> None:
    """A kind is a pattern as well."""
    image = table(distribution("d", {"d/a.h": b"", "d/x.pyi": b""}))
    kind = image.visible[f"{SITE}/d/a.h"].kind
    assert drops(make_plan(image, PlanOptions(tier=1, keep=(f"kind:{kind}",)))) == {f"{SITE}/d/x.pyi"}


def test_drop() -> None:
    """The user's drop adds a step; keep beats it; what only the dropped package depended on goes as well."""
    tree = debian(
        Deb("ffmpeg", {"usr/bin/ffmpeg": b"x"}, "libav", "video"),
        Deb("libav", {f"{LIB}/libav.so": b"y"}),
        automatic=["libav"],
    )
    tree |= {"app/model.bin": b"m", "app/main.py": b""}
    assert drops(plan_of(tree)) == set()
    plan = plan_of(tree, drop=("owner:deb/ffmpeg", "app/model.bin", "app/main.py"), keep=("app/main.py",))
    assert {step.rule for step in plan.steps} == {"user", "os-packages"}
    assert {"usr/bin/ffmpeg", f"{LIB}/libav.so", "app/model.bin", "var/lib/dpkg/info/libav.list"} <= drops(plan)
    assert "app/main.py" not in drops(plan)


def test_drop_that_breaks() -> None:
    """Dropping what a kept ELF file needs is refused, with both names."""
    tree: Tree = {"app/x": elf_bytes(kind=2, needed=["liba.so"]), f"{LIB}/liba.so": elf_bytes(soname="liba.so")}
    with pytest.raises(RefusedError, match=r"liba\.so.*app/x"):
        plan_of(tree, drop=(f"{LIB}/liba.so",))
    assert drops(plan_of(tree, drop=(f"{LIB}/liba.so", "app"))) >= {f"{LIB}/liba.so", "app/x"}


@pytest.mark.parametrize("pattern", ["/lib64/**", "lib64/libm.so", "/bin/../lib64/libm*", "/opt/m/libm.so"])
def test_patterns_follow_symlinks(pattern: str) -> None:
    """The literal beginning of a path glob may lead through symlinks, as the path does in the container."""
    tree: Tree = {"lib64": Link("usr/lib64"), "bin": Link("/usr/bin"), "opt/m": Link("../lib64")}
    tree |= {"usr/bin/a": b"", "usr/lib64/libm.so": b"m"}
    assert drops(plan_of(tree, drop=(pattern,))) >= {"usr/lib64/libm.so"}


def test_a_symlink_is_named_by_its_own_path() -> None:
    """A pattern's last part names what lies there, be it a symlink; what it leads to stays."""
    assert drops(plan_of({"lib64": Link("usr/lib64"), "usr/lib64/a": b""}, drop=("/lib64",))) == {"lib64"}


@pytest.mark.parametrize(
    ("pattern", "listed"),
    [("owner:foo", "deb, apk, python, conda"), ("owner:rpm/foo", "deb, apk"), ("kind:foo", "python tests")],
)
def test_unknown_types_and_kinds(pattern: str, listed: str) -> None:
    """A type of owner or a kind that does not exist is a mistake, and what exists is listed."""
    with pytest.raises(UsageError) as caught:
        plan_of({"a": b""}, keep=(pattern,))
    assert listed in f"{caught.value.message} {caught.value.hint}"


def test_kinds_are_globs() -> None:
    """A kind may be a glob, as an owner may; one that names nothing in the image is told."""
    tree = distribution("d", {"d/a.py": b"", "d/tests/__init__.py": b"", "d/tests/test_a.py": b"assert True"})
    assert f"{SITE}/d/tests/test_a.py" in drops(plan_of(tree))
    plan = plan_of(tree, keep=("kind:*tests*", "owner:*nobody*"))
    assert drops(plan) == set()
    assert [skip.subject for skip in plan.skips] == ["--keep owner:*nobody*"]


@pytest.mark.parametrize("pattern", ["", "owner:", "kind:"])
def test_empty_pattern(pattern: str) -> None:
    """An empty pattern is the user's mistake."""
    with pytest.raises(UsageError):
        plan_of({"a": b""}, keep=(pattern,))


def test_library_among_tests() -> None:
    """A library inside a tests folder that a kept extension needs comes back, with the reason."""
    files: dict[str, Item] = {
        "d/_x.so": elf_bytes(needed=["libt.so"], runpath="$ORIGIN/tests"),
        "d/tests/libt.so": elf_bytes(soname="libt.so"),
        "d/tests/test_x.py": b"",
    }
    plan = plan_of(distribution("d", files))
    assert plan.keeps == {f"{SITE}/d/tests/libt.so": f"{SITE}/d/_x.so needs libt.so"}
    assert drops(plan) == {f"{SITE}/d/tests/test_x.py"}


def test_dangling_links_and_folders() -> None:
    """Links that lead nowhere through the plan go in the same step; links that led nowhere before stay."""
    gcc = Deb("gcc", {"usr/bin/gcc-12": b"x", "usr/lib/gcc/12/cc1": b"x"}, section="devel")
    tree = debian(gcc)
    tree |= {
        "usr/bin/gcc": Link("/etc/alternatives/gcc"), "etc/alternatives/gcc": Link("/usr/bin/gcc-12"),
        "usr/bin/broken": Link("nowhere"), "opt/gcc": Link("/usr/lib/gcc"), "tmp": Dir(0o1777),
    }  # fmt: skip
    plan = plan_of(tree)
    assert len(plan.steps) == 1
    assert {"usr/bin/gcc", "etc/alternatives/gcc", "usr/lib/gcc", "opt/gcc"} <= drops(plan)
    assert not {"usr/bin/broken", "usr/bin", "usr/lib", "tmp"} & drops(plan)


def test_hard_links_count_once() -> None:
    """Bytes count only when the whole inode goes."""
    tree = distribution("d", {"d/a.h": Data(b"x" * 100), "d/keep": Hard(f"{SITE}/d/a.h"), "d/b.h": Data(b"y" * 7)})
    assert [step.disk for step in plan_of(tree).steps] == [7]
    both = distribution("d", {"d/a.h": Data(b"x" * 100), "d/b.h": Hard(f"{SITE}/d/a.h")})
    assert [step.disk for step in plan_of(both).steps] == [100]


def test_lower_copies_go_too() -> None:
    """Dropping a file drops its copies in lower layers as well, or they would come to light."""
    image = table(INSIDE, {f"{SITE}/d/a.h": b"newer"})
    targets = {(t.layer, t.path) for step in make_plan(image, PlanOptions(tier=1)).steps for t in step.targets}
    assert {(0, f"{SITE}/d/a.h"), (1, f"{SITE}/d/a.h")} <= targets


INSIDE = distribution("d", {"d/__init__.py": b"", "d/a.h": b"old"})


def test_other_systems_are_told() -> None:
    """Packages of apk and conda are left alone, and the plan says so."""
    apk = {"lib/apk/db/installed": b"P:musl\nV:1\nF:usr/include\nR:x.h\n\n", "usr/include/x.h": b""}
    plan = plan_of(apk)
    assert plan.steps == ()
    assert any("apk" in skip.subject for skip in plan.skips)


def test_unknown_needs_are_told() -> None:
    """An ELF file that cannot be read stays, and the plan says that its needs are unknown."""
    data = bytearray(elf_bytes(needed=["liba.so"]))
    data[56:58] = b"\xff\xff"  # the number of program headers
    plan = plan_of({"app/x": bytes(data)})
    assert plan.steps == ()
    assert any(skip.subject == "app/x" for skip in plan.skips)
