import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.helpers.images import File, config_document, oci_layout, tar_bytes
from tests.helpers.slimming import drop, plan_of, read_rebuilt, rebuild, step, table_of

from jettison.elf.facts import ElfFacts
from jettison.files.record import FileTable
from jettison.plan.record import Plan, Target
from jettison.proof.checks import MAX_PROBLEMS
from jettison.proof.make import prove, read_new
from jettison.proof.record import Check
from jettison.proof.structure import check_structure, expect

SITE = "usr/lib/python3/dist-packages"
CONFIG = {
    "Entrypoint": ["tool"],
    "Env": ["PATH=/usr/bin"],
    "User": "app:staff",
    "WorkingDir": "/srv",
    "Healthcheck": {"Test": ["CMD", "/usr/bin/check"]},
}


def row(path: str, content: bytes) -> str:
    hashed = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"{path},sha256={hashed},{len(content)}\n"


RECORD = (row("pkg/__init__.py", b"x = 1\n") + row("pkg/data", b"data") + "pkg-1.dist-info/RECORD,,\n").encode()
FILES: tuple[File, ...] = (
    File("srv", type="dir", mtime=1),
    File("etc/passwd", b"root:x:0:0::/:\napp:x:7:7::/:\n"),
    File("etc/group", b"staff:x:7:\n"),
    File("usr/bin", type="dir", mtime=1),
    File("usr/bin/tool", b"\x7fELF tool", mode=0o755, mtime=2),
    File("usr/bin/twin", type="hardlink", link="usr/bin/tool", mode=0o755, mtime=2),
    File("usr/bin/check", b"#!/bin/sh\n", mode=0o755),
    File("usr/bin/name", type="symlink", link="tool"),
    File("usr/lib/libneeded.so.1", b"\x7fELF needed"),
    File("usr/share/doc/pkg", b"words" * 100),
    File(f"{SITE}/pkg/__init__.py", b"x = 1\n"),
    File(f"{SITE}/pkg/data", b"data"),
    File(f"{SITE}/pkg-1.dist-info/METADATA", b"Metadata-Version: 2.1\nName: pkg\nVersion: 1\n"),
    File(f"{SITE}/pkg-1.dist-info/RECORD", RECORD),
    File(
        "var/lib/dpkg/status", b"Package: libneeded\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"
    ),
    File("var/lib/dpkg/info/libneeded.list", b"/usr\n/usr/lib\n/usr/lib/libneeded.so.1\n"),
    File("var/lib/dpkg/info/libneeded.md5sums", b"0" * 32 + b"  usr/lib/libneeded.so.1\n"),
    File("gone", b"dead weight"),
)
Change = Callable[[list[File]], list[File]]


def image(folder: Path, files: Sequence[File]) -> FileTable:
    """Read an image of one layer, and say of its two ELF files what the program does not find in so few bytes."""
    table = table_of(folder, [files], config=CONFIG)
    tool = ElfFacts(62, 64, "exec", needed=("libneeded.so.1",))
    facts = {"usr/bin/tool": tool, "usr/bin/twin": tool, "usr/lib/libneeded.so.1": ElfFacts(62, 64, "dyn")}
    return replace(table, elfs={(f.layer, f.index): facts[p] for p, f in table.visible.items() if p in facts})


def without(*paths: str) -> Change:
    return lambda files: [file for file in files if file.path not in paths]


def altered(path: str, **fields: object) -> Change:
    return lambda files: [replace(file, **fields) if file.path == path else file for file in files]  # type: ignore[arg-type]  # fields of any type


def problems(checks: Sequence[Check]) -> dict[str, tuple[str, ...]]:
    return {check.name: check.problems for check in checks if check.verdict == "failed"}


def test_a_faithful_image_holds(tmp_path: Path) -> None:
    """When exactly the planned entry is gone, every check holds."""
    old, new = image(tmp_path / "old", FILES), image(tmp_path / "new", without("gone")(list(FILES)))
    checks = check_structure(old, new, drop(old, (0, "gone")))
    assert problems(checks) == {}
    assert [check.name for check in checks] == [
        "layers", "differences-explained", "needed-closure", "distributions", "packages", "process", "config",
    ]  # fmt: skip


LIST = "var/lib/dpkg/info/libneeded.list"
STATUS = "var/lib/dpkg/status"
LIB = "usr/lib/libneeded.so.1"
MUTATIONS: dict[str, tuple[Change, str, str]] = {
    "an extra file gone": (without("usr/share/doc/pkg"), "differences-explained", "usr/share/doc/pkg: gone"),
    "a file more": (lambda files: [*files, File("spy")], "differences-explained", "spy: new"),
    "content": (altered("usr/share/doc/pkg", content=b"wordz" * 100), "differences-explained", "doc/pkg: digest"),
    "mode": (altered("usr/share/doc/pkg", mode=0o600), "differences-explained", "doc/pkg: mode 0o644 became 0o600"),
    "owner": (altered("usr/share/doc/pkg", uid=9), "differences-explained", "doc/pkg: uid 0 became 9"),
    "time": (altered("usr/share/doc/pkg", mtime=9), "differences-explained", "doc/pkg: mtime 0 became 9"),
    "a directory's time": (altered("usr/bin", mtime=9), "differences-explained", "usr/bin: mtime 1 became 9"),
    "a symlink": (altered("usr/bin/name", link="twin"), "differences-explained", "usr/bin/name: link 'tool'"),
    "an xattr": (altered(LIB, xattrs={"user.a": b"1"}), "differences-explained", f"{LIB}: xattrs"),
    "a hard link broken": (
        altered("usr/bin/twin", type="file", content=b"\x7fELF tool", link=""),
        "differences-explained",
        "usr/bin/twin: no longer a hard link of usr/bin/tool",
    ),
    "a hard link made": (
        lambda files: [*files[:-1], File("usr/share/doc/pkg2", type="hardlink", link="usr/share/doc/pkg"), files[-1]],
        "differences-explained",
        "usr/share/doc/pkg2: new",
    ),
    "a step not done": (lambda files: [*files, File("gone", b"dead weight")], "differences-explained", "gone: step"),
    "RECORD forged": (
        altered(f"{SITE}/pkg-1.dist-info/RECORD", content=RECORD.replace(b",4\n", b",5\n")),
        "distributions",
        "pkg/data has 4 bytes, it states 5",
    ),
    "a distribution's file": (without(f"{SITE}/pkg/data"), "distributions", "it names pkg/data, which is not there"),
    "a distribution's content": (
        altered(f"{SITE}/pkg/data", content=b"atad"),
        "distributions",
        "pkg/data has another digest than it states",
    ),
    "a needed library": (without(LIB), "needed-closure", "usr/bin/tool: needs libneeded.so.1, which was"),
    "a listed file": (without(LIB), "packages", f"{LIST}: it names /{LIB}, which is gone"),
    "a package erased": (altered(STATUS, content=b""), "packages", f"{LIB}: it came with deb:libneeded"),
    "the entrypoint": (without("usr/bin/tool", "usr/bin/twin", "usr/bin/name"), "process", "entrypoint 'tool' is gone"),
    "the health check": (without("usr/bin/check"), "process", "health check '/usr/bin/check' is gone"),
    "the working directory": (without("srv"), "process", "working directory '/srv' is gone"),
    "the user": (altered("etc/passwd", content=b""), "process", "user 'app' is gone"),
    "an entry's order": (lambda files: [files[1], files[0], *files[2:]], "layers", "in another order"),
    "an entry": (without("usr/share/doc/pkg"), "layers", "entry 'usr/share/doc/pkg' is gone"),
    "a library of another content": (altered(LIB, content=b"\x7fELF evil!!"), "needed-closure", "with other content"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_fails_the_check_that_is_about_it(tmp_path: Path, name: str) -> None:
    """Each thing done to the new image behind the plan's back fails its check, and the problem names the path."""
    change, check, words = MUTATIONS[name]
    old = image(tmp_path / "old", FILES)
    new = image(tmp_path / "new", change(without("gone")(list(FILES))))
    found = problems(check_structure(old, new, drop(old, (0, "gone"))))
    assert any(words in problem for problem in found.get(check, ())), found


def test_a_changed_config_fails(tmp_path: Path) -> None:
    """Another command, or another history, is a difference that no plan makes."""
    old = image(tmp_path / "old", FILES)
    for name, config in {"config": {**CONFIG, "Cmd": ["x"]}, "history": CONFIG}.items():
        tars = [tar_bytes(FILES)]
        document = config_document(tars, config=config, history=[{"created_by": f"RUN step {len(name) % 2}"}])
        new = table_of(tmp_path / name, tars, config=document)
        found = problems(check_structure(old, new, plan_of(old)))
        assert found.keys() == {"config"}


def test_without_a_plan_no_difference_is_allowed(tmp_path: Path) -> None:
    """Two images without a plan: the same rootfs holds however it is cut into layers, another one fails."""
    old = image(tmp_path / "old", FILES)
    document = config_document([b"", b""], config=CONFIG, history=[{"created_by": "RUN step 0"}])
    tars = [tar_bytes(FILES[:9]), tar_bytes(FILES[9:])]
    document["rootfs"]["diff_ids"] = ["sha256:" + hashlib.sha256(tar).hexdigest() for tar in tars]
    assert "differences-explained" not in problems(
        check_structure(old, table_of(tmp_path / "two", tars, config=document), None)
    )
    new = image(tmp_path / "new", without("gone")(list(FILES)))
    assert problems(check_structure(old, new, None))["differences-explained"] == ("gone: gone, and no step drops it",)


def test_links_and_updates_are_explained(tmp_path: Path) -> None:
    """A linked copy and an updated database hold; a database left as it was, or a link not made, does not."""
    twins = [File("a", b"x" * 5000), File("b", b"x" * 5000), File("var/lib/dpkg/info/p.list", b"/a\n/gone\n")]
    old = table_of(tmp_path / "old", [[*twins, File("gone")]])
    plan = plan_of(old, step("link", Target(0, "b", "a")), step("drop", Target(0, "gone"), name="test/drop"))
    rebuilt = rebuild(old, plan, tmp_path / "scratch", {(0, "var/lib/dpkg/info/p.list"): b"/a\n"})
    new = read_rebuilt(rebuilt)
    assert problems(check_structure(old, new, rebuilt.applied)) == {}
    assert problems(check_structure(old, new, plan)) == {}
    assert problems(check_structure(old, old, rebuilt.applied))["differences-explained"] == (
        "gone: step test/drop drops it, and it is still there",
        "var/lib/dpkg/info/p.list: digest sha256:"
        + hashlib.sha256(b"/a\n").hexdigest()
        + " became sha256:"
        + hashlib.sha256(b"/a\n/gone\n").hexdigest(),
        "b: no longer a hard link of a",
    )


def test_a_forged_update_explains_nothing(tmp_path: Path) -> None:
    """Updates follow from the other steps: one written into the plan for any other file or content is not believed."""
    old = table_of(tmp_path / "old", [[File("app.py", b"serve()"), File("gone")]])
    new = table_of(tmp_path / "new", [[File("app.py", b"steal()")]])
    forged = step(
        "update", Target(0, "app.py", "sha256:" + hashlib.sha256(b"steal()").hexdigest()), name="update/app.py"
    )
    plan = plan_of(old, step("drop", Target(0, "gone")), forged)
    (problem,) = problems(check_structure(old, new, plan))["differences-explained"]
    assert problem.startswith("app.py: digest sha256:")


def test_a_forged_link_explains_nothing(tmp_path: Path) -> None:
    """A link step may only name a file that was the same: not another content of the same size, nor another mode."""
    files = [File("a", b"good", mode=0o755), File("b", b"evil", mode=0o755), File("c", b"evil")]
    old = table_of(tmp_path / "old", [files])
    link = File("a", type="hardlink", link="b", mode=0o755)
    new = table_of(tmp_path / "new", [[files[1], link, files[2]]])
    found = problems(check_structure(old, new, plan_of(old, step("link", Target(0, "a", "b")))))
    assert [text.split(" sha256")[0] for text in found["differences-explained"]] == [
        "a: digest",
        "a: linked to b, which differs in digest",
    ]
    new = table_of(tmp_path / "mode", [[*files[:2], File("c", type="hardlink", link="b")]])
    found = problems(check_structure(old, new, plan_of(old, step("link", Target(0, "c", "b")))))
    assert found == {"differences-explained": ("c: linked to b, which differs in mode",)}


def test_tier_0_takes_nothing_that_is_seen(tmp_path: Path) -> None:
    """A path that stands twice in a layer cannot be told apart: a step for the hidden one takes both, and fails."""
    old = table_of(tmp_path / "old", [[File("a", b"hidden"), File("a", b"seen"), File("b")]])
    lossless = replace(step("drop", Target(0, "a"), name="hidden-bytes/layer-0"), tier=0)
    plan = plan_of(old, lossless)
    new = read_rebuilt(rebuild(old, plan, tmp_path / "scratch"))
    assert problems(check_structure(old, new, plan)) == {
        "differences-explained": ("a: step hidden-bytes/layer-0 of tier 0 takes it, and the container sees it",)
    }


@pytest.mark.parametrize("size", ["²", "\u0665", "9" * 5000, "-1"])
def test_sizes_in_records_that_are_no_numbers(tmp_path: Path, size: str) -> None:
    """A RECORD may say anything: what is no number of up to 20 ASCII digits is passed over."""
    record = File(f"{SITE}/pkg-1.dist-info/RECORD", f"pkg/data,,{size}\n".encode())
    old = table_of(tmp_path / "old", [[record, File(f"{SITE}/pkg/data", b"data")]])
    assert problems(check_structure(old, old, None)) == {}


def test_config_values_of_another_type_differ(tmp_path: Path) -> None:
    """1 and true are the same to Python, and not to an engine."""
    old = table_of(tmp_path / "old", [[File("a")]], config={**CONFIG, "Tty": True})
    new = table_of(tmp_path / "new", [[File("a")]], config={**CONFIG, "Tty": 1})
    assert problems(check_structure(old, new, None)) == {"config": ("config: config differs",)}


def test_hidden_entries_are_counted_too(tmp_path: Path) -> None:
    """A hidden entry that goes without a step, or a whiteout, is no business of the rootfs, and fails all the same."""
    layers = [[File("a", b"1"), File("keep")], [File(".wh.a"), File("b")]]
    old = table_of(tmp_path / "old", layers)
    new = table_of(tmp_path / "new", [layers[0][1:], layers[1]])
    assert problems(check_structure(old, new, drop(old, (1, "b"))))["layers"] == (
        f"layer 0: no step touches it, and its diff_id {old.layers[0].diff_id} became {new.layers[0].diff_id}",
        "layer 1: entry 'b' is there, and the plan does not leave it",
    )
    assert problems(check_structure(old, new, drop(old, (0, "a")))) == {}


def test_a_file_that_comes_to_light_fails(tmp_path: Path) -> None:
    """Dropping only the upper of two files shows the lower one: the step did not happen."""
    old = table_of(tmp_path / "old", [[File("a", b"lower")], [File("a", b"upper"), File("b")]])
    plan = drop(old, (1, "a"))
    found = problems(check_structure(old, read_rebuilt(rebuild(old, plan, tmp_path / "scratch")), plan))
    assert found == {"differences-explained": ("a: step test/step drops it, and it is still there",)}


def test_a_directory_of_two_layers_may_lose_one_entry(tmp_path: Path) -> None:
    """Where two layers name a directory alike, either entry may go; where they differ, that is a difference."""
    layers = [[File("d", type="dir", mtime=1), File("x", type="dir", mtime=1)], [File("d", type="dir", mtime=1)]]
    old = table_of(tmp_path / "old", layers)
    plan = drop(old, (1, "d"))
    assert problems(check_structure(old, read_rebuilt(rebuild(old, plan, tmp_path / "one")), plan)) == {}
    other = table_of(tmp_path / "other", [layers[0], [File("d", type="dir", mtime=2)]])
    plan = drop(other, (1, "d"))
    found = problems(check_structure(other, read_rebuilt(rebuild(other, plan, tmp_path / "two")), plan))
    assert found == {"differences-explained": ("d: mtime 2 became 1",)}


def test_problems_are_bounded_and_counted(tmp_path: Path) -> None:
    """A check keeps a thousand counter-examples, and counts all."""
    many = [File(f"f{number}") for number in range(MAX_PROBLEMS + 5)]
    old, new = table_of(tmp_path / "old", [many]), table_of(tmp_path / "new", [[]])
    check = next(check for check in check_structure(old, new, None) if check.name == "differences-explained")
    assert (len(check.problems), check.count) == (MAX_PROBLEMS, MAX_PROBLEMS + 5)


def test_a_flipped_byte_fails_the_digests(tmp_path: Path) -> None:
    """One byte of a blob changed: the proof fails, names the layer, and leaves the rest untried."""
    old = image(tmp_path / "old", FILES)
    oci_layout(tmp_path / "new", [tar_bytes(FILES)], config=CONFIG)
    blob = Path(old.image.layers[0].blob.path.replace("old", "new"))
    data = bytearray(blob.read_bytes())
    data[len(data) // 2] ^= 1
    blob.write_bytes(data)
    new, digests = read_new(f"oci:{tmp_path / 'new'}")
    proof = prove(old, new, digests, plan_of(old))
    assert proof.verdict == "failed"
    assert [check.verdict for check in proof.checks] == ["failed", "not-tried"]
    assert "layer 0" in proof.checks[0].problems[0]


def test_a_proof_without_a_workload_says_so(tmp_path: Path) -> None:
    """Structure alone gives a proof whose scope is 'structure only'."""
    old = image(tmp_path / "old", FILES)
    new, digests = read_new(f"oci:{tmp_path / 'old'}")
    proof = prove(old, new, digests, Plan("", old.image.config.diff_ids, 0, (), {}, ()))
    assert (proof.verdict, proof.scope, proof.behaviours) == ("held", "structure only", ())


def test_what_was_expected_of_others_is_worked_out_anew(tmp_path: Path) -> None:
    """What was worked out beforehand counts only for the very table and plan that are checked."""
    files = [File("a", b"a"), File("b", b"b")]
    old = table_of(tmp_path / "old", [files])
    new = table_of(tmp_path / "new", [files[1:]])
    plan = drop(old, (0, "a"))
    assert problems(check_structure(old, new, plan, expect(old, plan))) == {}
    assert problems(check_structure(old, new, plan, expect(old, plan_of(old)))) == {}
    assert problems(check_structure(old, new, plan, expect(new, plan_of(new)))) == {}
    none = plan_of(old)
    assert "differences-explained" in problems(check_structure(old, new, none, expect(old, plan)))
