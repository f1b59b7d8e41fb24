"""Owners: the records of dpkg, apk, Python and conda, and what hostile or broken ones may claim."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.images import File
from tests.helpers.reading import owners_of, table_of

from jettison.files.owners import OWNERS
from jettison.files.owners.attribute import attribute
from jettison.files.owners.claims import Rootfs, inside
from jettison.files.owners.deb822 import relations, stanzas
from jettison.files.owners.python import normalise
from jettison.files.record import FileTable
from jettison.files.resolve import walk
from jettison.layers.entry import Entry, EntryType

STATUS = b"""Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9
Provides: libc6-2.36, virtual (= 1)
Pre-Depends: dpkg (>= 1.15)
Depends: libgcc-s1 (>= 3) [amd64], default-mta | mail-transport-agent,
 libcrypt1:any
Description: long
 text

Package: libc6
Status: install ok installed
Architecture: i386
Version: 2.36-9

Package: base-files
Essential: yes
Status: install ok installed
Architecture: amd64
Version: 12

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""
SITE = "usr/local/lib/python3.11/site-packages"


def dist(name: str, version: str, record: str, *, requires: str = "", site: str = SITE) -> list[tuple[str, bytes]]:
    """Return the two files of a dist-info."""
    info = f"{site}/{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}\nA description\nName: not this\n"
    return [(f"{info}/METADATA", metadata.encode()), (f"{info}/RECORD", record.encode())]


def test_dpkg_lists_own_files_at_their_merged_usr_place() -> None:
    """A list that says /lib/x owns usr/lib/x where lib is a symlink; fields and relations are read."""
    table = table_of(
        [
            File("usr/lib", type="dir"),
            File("lib", type="symlink", link="usr/lib"),
            File("usr/lib/x86_64-linux-gnu/libc.so.6", b"c"),
            File("usr/lib/i386-linux-gnu/libc.so.6", b"i"),
            File("etc/old.conf", b"o"),
            File("usr/share/doc/libc6/copyright", b"c"),
            ("var/lib/dpkg/status", STATUS),
            ("var/lib/dpkg/info/libc6:amd64.list", b"/.\n/lib\n/lib/x86_64-linux-gnu/libc.so.6\n/no/such\n"),
            ("var/lib/dpkg/info/libc6:amd64.postinst", b"#!/bin/sh\n"),
            ("var/lib/dpkg/info/libc6:i386.list", b"/lib/i386-linux-gnu/libc.so.6\n"),
            ("var/lib/dpkg/info/libc6:amd64.md5sums", b"0" * 32 + b"  usr/share/doc/libc6/copyright\n"),
            ("var/lib/dpkg/info/gone.list", b"/etc/old.conf\n"),
        ]
    )
    assert owners_of(
        table,
        [
            "usr/lib/x86_64-linux-gnu/libc.so.6",
            "usr/lib/i386-linux-gnu/libc.so.6",
            "etc/old.conf",
            "var/lib/dpkg/info/libc6:amd64.postinst",
            "var/lib/dpkg/status",
        ],
    ) == {
        "usr/lib/x86_64-linux-gnu/libc.so.6": "deb:libc6",
        "usr/lib/i386-linux-gnu/libc.so.6": "deb:libc6:i386",
        "etc/old.conf": "",
        "var/lib/dpkg/info/libc6:amd64.postinst": "deb:libc6",
        "var/lib/dpkg/status": "",
    }
    libc = table.owners["deb:libc6"]
    assert (libc.version, libc.source, libc.essential) == ("2.36-9", "glibc", False)
    assert libc.depends == (("dpkg",), ("libgcc-s1",), ("default-mta", "mail-transport-agent"), ("libcrypt1",))
    assert libc.provides == ("libc6-2.36", "virtual")
    assert table.owners["deb:base-files"].essential
    assert "deb:gone" not in table.owners


def test_distroless_status_d_owns_by_md5sums() -> None:
    """status.d has one stanza a package and md5sums beside it; both belong to the package."""
    table = table_of(
        {
            "var/lib/dpkg/status.d/tzdata": b"Package: tzdata\nVersion: 2024a\nArchitecture: all\n",
            "var/lib/dpkg/status.d/tzdata.md5sums": b"0" * 32 + b"  usr/share/zoneinfo/UTC\n",
            "usr/share/zoneinfo/UTC": b"u",
        }
    )
    assert {file.owner for file in table.visible.values()} == {"deb:tzdata"}
    assert table.owners["deb:tzdata"].record == "var/lib/dpkg/status.d/tzdata"


def test_shared_links_to_directories_are_nobody_s() -> None:
    """``lib`` that two packages list is theirs as little as a directory; one that a single package lists is its own."""
    lists = {"apt": b"/lib\n/lib64\n/usr/lib/apt\n/usr/lib/x.so\n", "libc6": b"/lib\n/lib64\n/gone\n/usr/lib/x.so\n"}
    table = table_of(
        [
            ("var/lib/dpkg/status", b"Package: apt\nVersion: 1\n\nPackage: libc6\nVersion: 1\n"),
            *((f"var/lib/dpkg/info/{name}.list", text + f"/usr/{name}\n".encode()) for name, text in lists.items()),
            File("usr/lib", type="dir"),
            File("lib", type="symlink", link="usr/lib"),
            File("lib64", type="symlink", link="/usr/lib64"),  # whose directory no entry names
            ("usr/lib64/ld.so", b"l"),
            ("usr/lib/liby.so.1", b"y"),
            File("usr/lib/x.so", type="symlink", link="liby.so.1"),
            File("usr/apt", type="symlink", link="lib"),
        ]
    )
    assert owners_of(table, ["lib", "lib64", "usr/apt", "usr/lib/x.so"]) == {
        "lib": "",
        "lib64": "",
        "usr/apt": "deb:apt",
        "usr/lib/x.so": "deb:apt",
    }


def test_a_diverted_file_belongs_to_each_by_its_place() -> None:
    """The diverting package owns the path, the diverted one the place it was moved to."""
    table = table_of(
        {
            "var/lib/dpkg/status": b"Package: mesa\nVersion: 1\n\nPackage: nvidia\nVersion: 2\n",
            "var/lib/dpkg/info/mesa.list": b"/usr/lib/libGL.so.1\n",
            "var/lib/dpkg/info/nvidia.list": b"/usr/lib/libGL.so.1\n",
            "var/lib/dpkg/diversions": b"/usr/lib/libGL.so.1\n/usr/lib/mesa-diverted/libGL.so.1\nnvidia\n",
            "usr/lib/libGL.so.1": b"n",
            "usr/lib/mesa-diverted/libGL.so.1": b"m",
        }
    )
    assert table.visible["usr/lib/libGL.so.1"].owner == "deb:nvidia"
    assert table.visible["usr/lib/mesa-diverted/libGL.so.1"].owner == "deb:mesa"


def test_alternatives_belong_to_what_they_lead_to() -> None:
    """Links by update-alternatives go with the package of the file behind them."""
    table = table_of(
        [
            ("var/lib/dpkg/status", b"Package: mawk\nVersion: 1\n"),
            ("var/lib/dpkg/info/mawk.list", b"/usr/bin/mawk\n"),
            File("usr/bin/mawk", b"m"),
            File("usr/bin/awk", type="symlink", link="/etc/alternatives/awk"),
            File("etc/alternatives/awk", type="symlink", link="/usr/bin/mawk"),
        ]
    )
    assert owners_of(table, ["usr/bin/awk", "etc/alternatives/awk"]) == {
        "usr/bin/awk": "deb:mawk",
        "etc/alternatives/awk": "deb:mawk",
    }


def test_apk_owns_by_folder_and_name() -> None:
    """Apk's database lists files below the folder named before them; constraints and conflicts are dropped."""
    installed = (
        b"P:musl\nV:1.2.3-r4\no:musl-src\nD:so:libx.so.1 ssl>=1 !other\np:so:libc.so=1\nF:lib\nR:ld-musl.so.1\nZ:Q1=\n"
    )
    table = table_of({"lib/apk/db/installed": installed, "lib/ld-musl.so.1": b"m"})
    assert table.visible["lib/ld-musl.so.1"].owner == "apk:musl"
    musl = table.owners["apk:musl"]
    assert (musl.version, musl.source, musl.depends) == ("1.2.3-r4", "musl-src", (("so:libx.so.1",), ("ssl",)))
    assert musl.provides == ("so:libc.so",)


def test_rpm_databases_are_skipped_with_a_reason() -> None:
    """An rpm database is named as not read."""
    (skip,) = table_of({"var/lib/rpm/rpmdb.sqlite": b"SQLite"}).skips
    assert skip.subject == "var/lib/rpm/rpmdb.sqlite"
    assert "not read yet" in skip.reason


def test_records_own_files_bytecode_and_scripts() -> None:
    """RECORD owns what it lists, scripts in bin too; bytecode goes with its source even when it is not listed."""
    table = table_of(
        [
            *dist("My_Pkg", "1.0", 'mypkg/a.py,,\n"mypkg/b, c.py",,\n../../../bin/tool,sha256=x,1\n'),
            (f"{SITE}/mypkg/a.py", b"a"),
            (f"{SITE}/mypkg/b, c.py", b"b"),
            (f"{SITE}/mypkg/__pycache__/a.cpython-311.pyc", b"c"),
            (f"{SITE}/mypkg/generated/cache.bin", b"g"),
            (f"{SITE}/lonely.pth", b"import x"),
            (f"{SITE}/pip/x.py", b"p"),
            ("usr/local/bin/tool", b"#!/usr/bin/python3\nx"),
            ("usr/local/lib/python3.11/os.py", b"os"),
        ]
    )
    mine = [f"{SITE}/mypkg/a.py", f"{SITE}/mypkg/b, c.py", f"{SITE}/mypkg/__pycache__/a.cpython-311.pyc"]
    mine += [f"{SITE}/mypkg/generated/cache.bin", "usr/local/bin/tool", f"{SITE}/My_Pkg-1.0.dist-info/RECORD"]
    assert set(owners_of(table, mine).values()) == {"python:my-pkg"}
    others = [f"{SITE}/lonely.pth", f"{SITE}/pip/x.py", "usr/local/lib/python3.11/os.py"]
    assert set(owners_of(table, others).values()) == {""}
    owner = table.owners["python:my-pkg"]
    assert (owner.name, owner.version, owner.record) == ("My_Pkg", "1.0", f"{SITE}/My_Pkg-1.0.dist-info/RECORD")
    assert table.texts["usr/local/bin/tool"] == b"#!/usr/bin/python3"


def test_requirements_without_extras_or_other_systems() -> None:
    """Requires-Dist gives normalised names; extras and other operating systems are left out."""
    requires = (
        "Requires-Dist: Typing_Extensions (>=4) ; python_version < '3.13'\n"
        "Requires-Dist: pytest ; extra == 'test'\n"
        'Requires-Dist: colorama; sys_platform == "win32"\nRequires-Dist: zope.interface[x]>=1,<2\n'
    )
    table = table_of(dist("a", "1", "", requires=requires))
    assert table.owners["python:a"].depends == (("typing-extensions",), ("zope-interface",))


def test_hostile_records_claim_nothing_outside_their_prefix() -> None:
    """A RECORD cannot claim what lies outside its prefix, in another distribution's records, or is dpkg's."""
    record = "../../../../../etc/passwd,,\n/etc/shadow,,\n../../../../bin/ls,,\n../other-1.dist-info/RECORD,,\n"
    record += "other-1.dist-info/METADATA,,\n../../../../lib/deb.py,,\n../../../bin/debs,,\nnul\0,,\n"
    table = table_of(
        [
            *dist("evil", "1", record),
            *dist("other", "1", ""),
            *[
                (path, b"x")
                for path in ("etc/passwd", "etc/shadow", "usr/bin/ls", "usr/lib/deb.py", "usr/local/bin/debs")
            ],
            ("var/lib/dpkg/status", b"Package: debs\nVersion: 1\n"),
            ("var/lib/dpkg/info/debs.list", b"/usr/local/bin/debs\n"),
        ]
    )
    assert {path for path, file in table.visible.items() if file.owner == "python:evil"} == {
        f"{SITE}/evil-1.dist-info/METADATA",
        f"{SITE}/evil-1.dist-info/RECORD",
    }
    assert table.visible["usr/local/bin/debs"].owner == "deb:debs"


def claimed(table: FileTable, owner: str) -> set[str]:
    """Return the files of an owner, its metadata aside."""
    return {path for path, file in table.visible.items() if file.owner == owner and "-1." not in path}


def test_a_site_folder_under_the_root_does_not_own_the_root() -> None:
    """With the prefix ``/``, a RECORD claims the site folder and what sysconfig's schemes put below a prefix."""
    files = ("etc/a/a.conf", "bin/a", "share/a/x", "include/python3.11/a.h", "lib/libc.so.6", "app/main.py", "vmlinuz")
    record = "".join(f"../../../{path},,\n" for path in files) + "a/x.py,,\n../os.py,,\n"
    site = "lib/python3.11/site-packages"
    more = (f"{site}/a/x.py", "lib/python3.11/os.py")
    table = table_of([*dist("a", "1", record, site=site), *((path, b"x") for path in (*files, *more))])
    assert claimed(table, "python:a") == {*files[:4], f"{site}/a/x.py"}


@pytest.mark.parametrize("site", ["", "usr", "usr/lib", "lib64", "usr/lib/x86_64-linux-gnu", "etc", "var/lib"])
def test_a_dist_info_in_a_system_folder_owns_itself_only(site: str) -> None:
    """No distribution is installed there, so neither its RECORD nor its top_level.txt is believed."""
    at = f"{site}/" if site else ""
    named = ("python3/x.py", "bin/sh", "passwd", "evil.py", "libc.so.6")
    record = "".join(f"{path},,\n" for path in named) + "evil-1.dist-info/RECORD,,\n"
    members = [(path.lstrip("/"), data) for path, data in dist("evil", "1", record, site=site)]
    members += [(f"{at}old-1.egg-info/PKG-INFO", b"Name: old\n"), (f"{at}old-1.egg-info/top_level.txt", b"python3\n")]
    table = table_of([*members, *((at + path, b"x") for path in named)])
    assert claimed(table, "python:evil") == claimed(table, "python:old") == set()
    assert table.visible[f"{at}evil-1.dist-info/RECORD"].owner == "python:evil"


@pytest.mark.parametrize("site", ["app", "var/task", "opt", "srv/site", "src"])
def test_a_target_folder_owns_what_is_in_it(site: str) -> None:
    """``pip install --target`` makes a site folder of any folder; its records claim what is in it, and its bin."""
    table = table_of(
        [
            *dist("a", "1", "a.py,,\n../../bin/tool,,\n../etc/passwd,,\n", site=site),
            *((path, b"x") for path in (f"{site}/a.py", f"{site}/bin/tool", "etc/passwd", "bin/tool")),
        ]
    )
    assert claimed(table, "python:a") == {f"{site}/a.py", f"{site}/bin/tool"}


def test_records_do_not_reach_out_through_symlinks() -> None:
    """A RECORD that names files behind a symlink out of its prefix does not own them; inside it does."""
    table = table_of(
        [
            *dist("a", "1", "evil/passwd,,\ninner/x.py,,\n"),
            File(f"{SITE}/evil", type="symlink", link="/etc"),
            File(f"{SITE}/inner", type="symlink", link="real"),
            (f"{SITE}/real/x.py", b"x"),
            ("etc/passwd", b"root"),
        ]
    )
    assert owners_of(table, ["etc/passwd", f"{SITE}/real/x.py"]) == {"etc/passwd": "", f"{SITE}/real/x.py": "python:a"}


def test_debian_s_python_packages_are_debian_s() -> None:
    """Where dpkg and a distribution both claim a file, dpkg owns it; the distribution is still known."""
    site = "usr/lib/python3/dist-packages"
    table = table_of(
        {
            "var/lib/dpkg/status": b"Package: python3-six\nVersion: 1\n",
            "var/lib/dpkg/info/python3-six.list": f"/{site}/six.py\n/{site}/six-1.16.egg-info\n".encode(),
            f"{site}/six.py": b"six",
            f"{site}/six-1.16.egg-info": b"Name: six\nVersion: 1.16\n",
            f"{site}/__pycache__/six.cpython-311.pyc": b"c",
        }
    )
    wanted = [f"{site}/six.py", f"{site}/six-1.16.egg-info", f"{site}/__pycache__/six.cpython-311.pyc"]
    assert set(owners_of(table, wanted).values()) == {"deb:python3-six"}
    assert table.owners["python:six"].version == "1.16"


def test_legacy_installs_own_their_top_level_modules() -> None:
    """egg-info folders without a record own what top_level.txt names; eggs own their whole folder."""
    table = table_of(
        {
            f"{SITE}/old-2.egg-info/PKG-INFO": b"Name: old\nVersion: 2\n",
            f"{SITE}/old-2.egg-info/top_level.txt": b"oldpkg\noldmod\n../../etc\n",
            f"{SITE}/old-2.egg-info/requires.txt": b"numpy>=1\n\n[test]\npytest\n",
            f"{SITE}/oldpkg/deep/x.py": b"x",
            f"{SITE}/oldmod.py": b"y",
            f"{SITE}/rec-1.egg-info/PKG-INFO": b"Name: rec\nVersion: 1\n",
            f"{SITE}/rec-1.egg-info/installed-files.txt": b"../recpkg/a.py\n../../../../bin/rec\n",
            f"{SITE}/recpkg/a.py": b"x",
            f"{SITE}/e-1-py3.11.egg/EGG-INFO/PKG-INFO": b"Name: e\nVersion: 1\n",
            f"{SITE}/e-1-py3.11.egg/e/x.py": b"x",
            "usr/local/bin/rec": b"r",
        }
    )
    wanted = [f"{SITE}/oldpkg/deep/x.py", f"{SITE}/oldmod.py", f"{SITE}/recpkg/a.py", f"{SITE}/e-1-py3.11.egg/e/x.py"]
    assert list(owners_of(table, [*wanted, "usr/local/bin/rec"]).values()) == [
        *("python:old", "python:old", "python:rec", "python:e", "python:rec")
    ]
    assert table.owners["python:old"].depends == (("numpy",),)


def test_the_same_distribution_twice_has_two_keys() -> None:
    """A second copy in another site folder is named by its place."""
    table = table_of([*dist("a", "1", ""), *dist("a", "2", "", site="opt/venv/lib/python3.11/site-packages")])
    assert set(table.owners) == {"python:a", f"python:a@{SITE}"}


def test_conda_records_own_their_prefix() -> None:
    """conda-meta names files below its environment, and nothing outside of it."""
    meta = {"name": "mkl", "version": "1", "depends": ["libgcc >=1", "x"], "files": ["lib/libmkl.so", "../../etc/x"]}
    table = table_of(
        {
            "opt/conda/conda-meta/mkl-1.json": json.dumps(meta).encode(),
            "opt/conda/conda-meta/bad.json": b"[1]",
            "opt/conda/lib/libmkl.so": b"m",
            "etc/x": b"x",
        }
    )
    assert table.visible["opt/conda/lib/libmkl.so"].owner == "conda:mkl"
    assert table.visible["etc/x"].owner == ""
    assert table.owners["conda:mkl"].depends == (("libgcc",), ("x",))
    assert [skip.subject for skip in table.skips] == ["opt/conda/conda-meta/bad.json"]


def test_directories_belong_to_the_one_owner_of_all_in_them() -> None:
    """A folder with files of one owner is that owner's; a shared one is nobody's."""
    table = table_of(
        [
            *dist("a", "1", "apkg/x.py,,\n"),
            *dist("b", "1", "bpkg/x.py,,\n"),
            *[File(f"{SITE}/{name}", type="dir") for name in ("apkg", "bpkg")],
            File(SITE, type="dir"),
            (f"{SITE}/apkg/x.py", b"a"),
            (f"{SITE}/bpkg/x.py", b"b"),
        ]
    )
    assert owners_of(table, [SITE, f"{SITE}/apkg", f"{SITE}/bpkg"]) == {
        SITE: "",
        f"{SITE}/apkg": "python:a",
        f"{SITE}/bpkg": "python:b",
    }


@given(st.dictionaries(st.text("abc/", min_size=1, max_size=9), st.sampled_from(["", "x", "y"]), max_size=12))
def test_a_directory_belongs_to_the_one_owner_below_it(named: dict[str, str]) -> None:
    """For any tree: a directory is an owner's exactly if all files below it are."""
    paths = {"/".join(f"d{part}" for part in path.split("/") if part): owner for path, owner in named.items()}
    files = {f"{path}/f".lstrip("/"): owner for path, owner in paths.items()}
    dirs = {"/".join(path.split("/")[:depth]) for path in files for depth in range(1, path.count("/") + 1)}
    status = "\n".join(f"Package: {name}\nVersion: 1\n" for name in "xy")
    lists = {name: "".join(f"/{path}\n" for path, owner in files.items() if owner == name) for name in "xy"}
    rootfs = _rootfs(
        {
            **{path: path.encode() for path in files},
            "var/lib/dpkg/status": status.encode(),
            **{f"var/lib/dpkg/info/{name}.list": text.encode() for name, text in lists.items()},
        },
        dirs,
    )
    owned = attribute(rootfs)
    for folder in dirs:
        below = {owner for path, owner in files.items() if path.startswith(f"{folder}/")}
        wanted = f"deb:{below.pop()}" if len(below) == 1 and below != {""} else ""
        assert owned.paths.get(folder, "") == wanted


@given(
    st.dictionaries(st.text("ab/", min_size=1, max_size=7), st.text("ab/.", max_size=7), max_size=8),
    st.lists(st.text("ab/", min_size=1, max_size=9), min_size=1, max_size=6),
)
def test_where_a_record_s_path_lies(links: dict[str, str], asked: list[str]) -> None:
    """Whatever was asked before, a path lies where following the symlinks of its parents leads."""
    entries = {}
    for path, link in links.items():
        clean = "/".join(part for part in path.split("/") if part)
        kind: EntryType = "symlink" if link else "dir"
        entries[clean] = Entry(clean, kind, 0, 0o755, 0, 0, 0, link, "", (0, 0), (), 0, 0, 0)
    entries.pop("", None)
    everything: Any = type("All", (dict,), {"__contains__": lambda *_: True})()
    rootfs = Rootfs(entries, everything, {})
    for path in asked:
        clean = "/".join(part for part in path.split("/") if part)
        parent, _, name = clean.rpartition("/")
        real = walk(entries.get, parent)
        assert rootfs.real(clean) == (None if real is None else f"{real}/{name}" if real else name)


def test_broken_status_is_a_skip() -> None:
    """A stanza without a name is told of, the others are read."""
    table = table_of({"var/lib/dpkg/status": b"Version: 1\n\nPackage: ok\nVersion: 1\n"})
    assert set(table.owners) == {"deb:ok"}
    assert [skip.subject for skip in table.skips] == ["var/lib/dpkg/status"]


@pytest.mark.parametrize(
    ("base", "path", "joined"),
    [("a/b", "../c", "a/c"), ("a", "../../c", None), ("", "/etc//x", "etc/x"), ("a", ".", "a"), ("", "..", None)],
)
def test_records_paths_stay_inside_the_root(base: str, path: str, joined: str | None) -> None:
    """Joined paths are normalised, and None when they leave the root."""
    assert inside(base, path) == joined


def _rootfs(files: dict[str, bytes], dirs: Iterable[str] = ()) -> Rootfs:
    seen = {
        path: Entry(path, "file", len(text), 0o644, 0, 0, 0, "", "sha256:" + "0" * 64, (0, 0), (), 0, 0, 0)
        for path, text in files.items()
    }
    seen |= {path: Entry(path, "dir", 0, 0o755, 0, 0, 0, "", "", (0, 0), (), 0, 0, 0) for path in dirs}
    return Rootfs(seen, seen, files)


RECORD_PATHS = (
    "var/lib/dpkg/status",
    "var/lib/dpkg/info/a.list",
    "var/lib/dpkg/diversions",
    "var/lib/dpkg/status.d/a",
    "var/lib/dpkg/status.d/a.md5sums",
    "lib/apk/db/installed",
    "conda-meta/a.json",
    f"{SITE}/a-1.dist-info/RECORD",
    f"{SITE}/a-1.dist-info/METADATA",
    f"{SITE}/b.egg-info/top_level.txt",
)
RECORD_TEXT = st.lists(
    st.sampled_from(
        ["Package: ", "a", "/", "..", "\n", "\n\n", ",", '"', "etc/x", "P:", "F:", "R:", ":", " ", "[1]", "\0"]
    )
).map("".join)


@given(st.dictionaries(st.sampled_from(RECORD_PATHS), st.one_of(RECORD_TEXT.map(str.encode), st.binary(max_size=60))))
def test_no_record_crashes_or_claims_what_is_not_there(records: dict[str, bytes]) -> None:
    """Whatever the records hold, owners come back, and only paths of the image are claimed."""
    rootfs = _rootfs(records | {"etc/x": b"", "a": b""})
    owned = attribute(rootfs)
    assert set(owned.paths) <= set(rootfs.known)
    assert set(owned.paths.values()) <= set(owned.owners)


@given(st.text())
def test_control_files_never_crash(text: str) -> None:
    """Any text gives stanzas of wanted fields, and any relation field names."""
    for fields in stanzas(text, frozenset({"package"})):
        assert set(fields) == {"package"}
    assert all(all(names) for names in relations(text))


@given(st.text(alphabet="aB-_.1"))
def test_normalising_twice_changes_nothing(name: str) -> None:
    """PEP 503 names are stable."""
    assert normalise(normalise(name)) == normalise(name)


def test_the_registry_is_in_order_of_precedence() -> None:
    """Dpkg comes before python: the first that claims a file owns it."""
    names = [kind.name for kind in OWNERS]
    assert names.index("deb") < names.index("python")
    assert all(kind.description for kind in OWNERS)
