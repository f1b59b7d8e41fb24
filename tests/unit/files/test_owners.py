"""Owners: the records of dpkg, apk, Python and conda, and what hostile or broken ones may claim."""

import json

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
from jettison.layers.entry import Entry

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


def _rootfs(files: dict[str, bytes]) -> Rootfs:
    seen = {
        path: Entry(path, "file", len(text), 0o644, 0, 0, 0, "", "sha256:" + "0" * 64, (0, 0), (), 0, 0, 0)
        for path, text in files.items()
    }
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
