"""Databases stay truthful when a plan is applied."""

import base64
import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.elves import elf_bytes
from tests.helpers.tables import SITE, Deb, Tree, debian, distribution, table

from jettison.elf.ldcache import CacheEntry, read_cache, read_generator, write_cache
from jettison.errors import UsageError
from jettison.files.record import FileTable
from jettison.oci.digest import sha256
from jettison.plan.content import content_of
from jettison.plan.make import make_plan
from jettison.plan.options import PlanOptions
from jettison.plan.record import Plan
from jettison.plan.texts import edit_alternatives, edit_diversions, edit_record, edit_status, edit_sums
from jettison.plan.updates import updates

LIB = "usr/lib/x86_64-linux-gnu"


def new_texts(image: FileTable, plan: Plan | None = None) -> dict[str, bytes]:
    found = {}
    for step, content in updates(image, plan or make_plan(image, PlanOptions(tier=1))):
        (target,) = step.targets
        assert step.action == "update"
        assert target.to == sha256(content)
        found[target.path] = content
    return found


def test_dpkg() -> None:
    """A package that goes loses its stanza; one that loses files loses their lines; the others keep their bytes."""
    gcc = Deb("gcc", {"usr/bin/gcc": b"x"}, section="devel")
    app = Deb("app", {"usr/bin/app": b"x", "usr/share/man/man1/app.1": b"m"})
    image = table(debian(gcc, app))
    texts = new_texts(image)
    assert b"Package: gcc" not in texts["var/lib/dpkg/status"]
    assert image.texts["var/lib/dpkg/status"].endswith(texts["var/lib/dpkg/status"])
    assert b"app.1" not in texts["var/lib/dpkg/info/app.list"]
    assert b"/usr/bin/app\n" in texts["var/lib/dpkg/info/app.list"]
    assert texts["var/lib/dpkg/info/app.md5sums"].count(b"\n") == 2


def test_merged_usr() -> None:
    """A list that names /lib/x is kept true where x lies in usr/lib."""
    image = table(
        {**debian(Deb("app", {"usr/lib/x.a": b""})), "var/lib/dpkg/info/app.list": b"/lib/libx.a\n/lib/stays\n",
         "usr/lib/libx.a": b"!", "usr/lib/stays": b""},
    )  # fmt: skip
    image = with_link(image)
    assert new_texts(image)["var/lib/dpkg/info/app.list"] == b"/lib/stays\n"


def with_link(image: FileTable) -> FileTable:
    from tests.helpers.tables import Link  # noqa: PLC0415 -- used here only

    tree: Tree = {file.entry.path: image.texts.get(file.path, b"") for file in image.files if file.entry.type == "file"}
    return table({**tree, "lib": Link("usr/lib"), "usr/share/doc/app/copyright": b"c"})


def test_distroless() -> None:
    """Of a status.d image a package's own files go with it, and sums lose their lines."""
    stanza = "Package: {}\nVersion: 1\nArchitecture: amd64\nSection: {}\n"
    tree: Tree = {
        "var/lib/dpkg/status.d/app": stanza.format("app", "video").encode(),
        "var/lib/dpkg/status.d/app.md5sums": b"0" * 32 + b"  usr/bin/app\n" + b"0" * 32 + b"  usr/share/man/man1/a.1\n",
        "var/lib/dpkg/status.d/tool": stanza.format("tool", "devel").encode(),
        "var/lib/dpkg/status.d/tool.md5sums": b"0" * 32 + b"  usr/bin/tool\n",
        "usr/bin/app": b"a", "usr/bin/tool": b"t", "usr/share/man/man1/a.1": b"m",
    }  # fmt: skip
    image = table(tree)
    plan = make_plan(image, PlanOptions(tier=1))
    gone = {target.path for step in plan.steps for target in step.targets}
    assert {"var/lib/dpkg/status.d/tool", "var/lib/dpkg/status.d/tool.md5sums", "usr/bin/tool"} <= gone
    assert new_texts(image) == {"var/lib/dpkg/status.d/app.md5sums": b"0" * 32 + b"  usr/bin/app\n"}


def test_record() -> None:
    """A RECORD loses the lines of files that go; the others keep their bytes, quoted or not."""
    image = table(distribution("d", {"d/a.h": b"", "d/b.py": b"", "d/tests/test_a.py": b""}))
    (path,) = [path for path in image.texts if path.endswith("RECORD")]
    new = new_texts(image)[path].decode()
    assert [line.partition(",")[0] for line in new.splitlines()] == [
        "d/b.py",
        "d-1.0.dist-info/METADATA",
        "d-1.0.dist-info/RECORD",
    ]
    assert set(new.splitlines()) < set(image.texts[path].decode().splitlines())


def test_record_of_a_vendored_distribution() -> None:
    """The outer RECORD states digest and size of an inner one that loses lines; dpkg's sums follow both."""
    inner = distribution("inner", {"inner/a.h": b"", "inner/b.py": b""}, site="")
    vendored = {f"d/_vendor{path}": item for path, item in inner.items()}
    tree = distribution("d", {**vendored, "d/x.py": b""})
    image = table(tree)
    outer, nested = sorted((path for path in image.texts if path.endswith("RECORD")), key=len)
    new = new_texts(image)
    assert b"a.h" not in new[nested]
    (line,) = [line for line in new[outer].decode().splitlines() if "_vendor/inner-1.0.dist-info/RECORD" in line]
    digest = base64.urlsafe_b64encode(hashlib.sha256(new[nested]).digest()).decode().rstrip("=")
    assert line.split(",")[1:] == [f"sha256={digest}", str(len(new[nested]))]
    sums = b"0" * 32 + f"  {nested}\n".encode() + b"1" * 32 + b"  other\n"
    expected = hashlib.md5(new[nested], usedforsecurity=False).hexdigest().encode()
    assert (
        edit_sums(sums, {"other"}.__contains__, {nested: content_of(new[nested])})
        == expected + f"  {nested}\n".encode()
    )


def test_quoted_record() -> None:
    """Names with commas, names above the site folder and Windows line ends are understood."""
    text = b'"d/a,b.h",sha256=x,1\r\n../../../bin/tool,,\r\nd/c.py,,\r\n'
    gone = {f"{SITE}/d/a,b.h", "usr/local/bin/tool"}
    assert edit_record(text, SITE, gone.__contains__, {}) == b"d/c.py,,\r\n"


def test_loader_cache() -> None:
    """The cache of ld.so loses libraries that go, and keeps its generator and order; a damaged one is left alone."""
    entries = [CacheEntry(f"lib{name}.so", f"/{LIB}/lib{name}.so", 0x303) for name in "ab"]
    cache = write_cache(entries, generator="ldconfig (test)")
    tree = debian(Deb("liba", {f"{LIB}/liba.so": elf_bytes(soname="liba.so")}), automatic=["liba"])
    tree |= {f"{LIB}/libb.so": elf_bytes(soname="libb.so"), "etc/ld.so.cache": cache}
    new = new_texts(table(tree))["etc/ld.so.cache"]
    assert [entry.soname for entry in read_cache(new)] == ["libb.so"]
    assert read_generator(new) == "ldconfig (test)"
    tree["etc/ld.so.cache"] = b"noise"
    assert "etc/ld.so.cache" not in new_texts(table(tree))


def test_nothing_goes() -> None:
    """Without drops nothing is updated; a plan of another image, or with a target that is not there, is the user's."""
    image = table(distribution("d", {"d/a.h": b""}))
    plan = make_plan(image, PlanOptions(tier=1))
    assert updates(image, replace(plan, steps=())) == ()
    with pytest.raises(UsageError, match="another image"):
        updates(image, replace(plan, layers=()))
    step = replace(plan.steps[0], targets=(replace(plan.steps[0].targets[0], path="no/such"),))
    with pytest.raises(UsageError, match="no/such"):
        updates(image, replace(plan, steps=(step,)))


def test_diversions() -> None:
    """Diversions of packages that go are taken out, three lines each."""
    text = b"/usr/bin/a\n/usr/bin/a.real\ngone\n/usr/bin/b\n/usr/bin/b.real\nstays\n"
    assert edit_diversions(text, frozenset({"gone"})) == b"/usr/bin/b\n/usr/bin/b.real\nstays\n"


def test_alternatives() -> None:
    """Choices whose program goes are taken out; a file of another form, or without a choice left, stays as it is."""
    text = b"auto\n/usr/bin/x\nx.1\n/usr/man/x.1\n\n/usr/bin/a\n10\n/usr/man/a\n/usr/bin/b\n20\n/usr/man/b\n\n"
    assert edit_alternatives(text, {"/usr/bin/a"}.__contains__) == text.replace(b"/usr/bin/a\n10\n/usr/man/a\n", b"")
    assert edit_alternatives(text, lambda _: True) == text
    assert edit_alternatives(b"noise", lambda _: True) == b"noise"


@given(st.lists(st.sampled_from("abcd"), unique=True), st.sets(st.sampled_from("abcd")))
def test_status(names: list[str], removed: set[str]) -> None:
    """Exactly the stanzas of packages that go are left out."""
    stanzas = {name: f"Package: {name}\nArchitecture: amd64\nDescription: x\n more\n" for name in names}
    text = "\n".join(stanzas.values()).encode()
    kept = "\n".join(stanzas[name] for name in names if name not in removed).encode()
    assert edit_status(text, frozenset(names), frozenset(removed)) == kept
