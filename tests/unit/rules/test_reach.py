"""Which operating-system packages something at run time needs."""

import pytest
from tests.helpers.elves import elf_bytes
from tests.helpers.tables import SITE, Deb, Item, Link, Tree, debian, distribution, table

from jettison.rules.reach import Reach, find_reach
from jettison.rules.scene import make_scene

LIB = "usr/lib/x86_64-linux-gnu"
LIBC = Deb("libc6", {f"{LIB}/libc.so.6": elf_bytes(soname="libc.so.6")}, priority="optional")


def library(name: str, soname: str, *needed: str, depends: str = "", **options: str) -> Deb:
    files: dict[str, Item] = {f"{LIB}/{soname}": elf_bytes(soname=soname, needed=needed)}
    return Deb(name, files, depends=depends, **options)


def reach(tree: Tree, *argv: str, held: frozenset[str] = frozenset(), **process: object) -> Reach:
    return find_reach(make_scene(table(tree, argv=argv, **process), held=held))


def test_command_and_libraries() -> None:
    """The command's package stays, with what it links, down to the last library; the rest does not."""
    server = Deb("server", {"usr/bin/server": elf_bytes(needed=["liba.so.1"], kind=2)}, section="admin")
    tree = debian(server, library("liba1", "liba.so.1", "libb.so.1"), library("libb1", "libb.so.1"), library("libc1", "libc.so.1"), automatic=["liba1", "libb1", "libc1"])  # fmt: skip  # noqa: E501 -- one line a set
    found = reach(tree, "server")
    assert {"deb:server", "deb:liba1", "deb:libb1"} <= found.because.keys()
    assert "deb:libc1" not in found.because
    chain = found.chain("deb:libb1")
    assert chain[0] == f"deb:libb1 stays: it holds {LIB}/libb.so.1"
    assert chain[-1] == "usr/bin/server stays: the image's command starts it"


def test_python_extension() -> None:
    """A library that only a wheel's extension module links stays."""
    tree = debian(library("libgomp1", "libgomp.so.1"), library("libx1", "libx.so.1"), automatic=["libgomp1", "libx1"])
    tree |= distribution("scikit", {"sk/_x.so": elf_bytes(needed=["libgomp.so.1"])})
    found = reach(tree)
    assert "deb:libgomp1" in found.because
    assert "deb:libx1" not in found.because
    assert f"{SITE}/sk/_x.so stays: it is part of python:scikit" in found.chain("deb:libgomp1")


def test_opened_by_name() -> None:
    """What the C library opens by name stays with it."""
    nss = Deb("libnss-x", {f"{LIB}/libnss_dns.so.2": elf_bytes(soname="libnss_dns.so.2")})
    tree = debian(LIBC, nss, automatic=["libnss-x", "libc6"])
    assert "deb:libnss-x" in reach(tree).because


@pytest.mark.parametrize(
    ("shebang", "stays"),
    [
        ("#!/usr/bin/perl -w", True),
        ("#!/usr/bin/env perl", True),
        ("#!/bin/sh\nexec perl x.pl", True),
        ("#!/bin/sh\nls", False),
    ],
)
def test_scripts(shebang: str, *, stays: bool) -> None:
    """An interpreter of a script that nobody's package owns stays, and what a shell script may call."""
    perl = Deb("perl-base", {"usr/bin/perl": elf_bytes(kind=2)}, section="perl", priority="required")
    tree = debian(perl, Deb("dash", {"usr/bin/dash": elf_bytes(kind=2)}, priority="required"))
    tree |= {"usr/bin/sh": Link("dash"), "bin": Link("usr/bin"), "usr/local/bin/job": f"{shebang}\n".encode()}
    assert ("deb:perl-base" in reach(tree).because) == stays


def test_virtual_environment() -> None:
    """A virtual environment keeps the interpreter it points at, and the whole standard library."""
    minimal = Deb("python3.11-minimal", {"usr/bin/python3.11": elf_bytes(kind=2)}, section="python")
    stdlib = Deb("libpython3.11-stdlib", {"usr/lib/python3.11/json/__init__.py": b""}, section="python")
    venv = Deb("python3.11-venv", {"usr/lib/python3.11/ensurepip/__init__.py": b""}, section="python")
    pip = Deb("python3-pip", {"usr/bin/pip": b"#!/usr/bin/python3\n"}, section="python")
    tree = debian(minimal, stdlib, venv, pip, automatic=["python3.11-minimal", "libpython3.11-stdlib"])
    tree |= {"opt/venv/bin/python": Link("/usr/bin/python3"), "usr/bin/python3": Link("python3.11")}
    tree["opt/venv/bin/serve"] = b"#!/opt/venv/bin/python\n"
    found = reach(tree, "/opt/venv/bin/serve")
    assert {"deb:python3.11-minimal", "deb:libpython3.11-stdlib"} <= found.because.keys()
    assert not {"deb:python3.11-venv", "deb:python3-pip"} & found.because.keys()


def test_installed_by_name() -> None:
    """What apt was asked for stays, unless it is a tool for building; what came along does not."""
    packages = [
        Deb("ffmpeg", {"usr/bin/ffmpeg": elf_bytes(kind=2)}, section="video", depends="libav"),
        library("libav", "libav.so.1"),
        Deb("gcc-12", {"usr/bin/gcc-12": elf_bytes(kind=2)}, section="devel"),
        Deb("curl", {"usr/bin/curl": elf_bytes(kind=2)}, section="web"),
        library("libleft", "libleft.so.1"),
    ]
    found = reach(debian(*packages, automatic=["libav", "libleft"]))
    assert {key for key in found.because if key.startswith("deb:")} == {"deb:ffmpeg", "deb:libav"}


def test_without_apt_states() -> None:
    """Without apt's states, what another package depends on or recommends counts as a dependency."""
    packages = [
        Deb("app", depends="needed", extra="Recommends: wished"),
        Deb("needed"),
        Deb("wished"),
        Deb("base", priority="important"),
    ]
    found = reach(debian(*packages))
    assert {"deb:app", "deb:needed"} == {key for key in found.because if key.startswith("deb:")}


def test_dependencies() -> None:
    """Of alternatives the installed one stays, virtual names count, and maintainer scripts' needs do not."""
    packages = [
        Deb("app", depends="absent | second, virtual, debconf (>= 0.5)"),
        Deb("second"),
        Deb("real", extra="Provides: virtual"),
        Deb("debconf", priority="required"),
    ]
    found = reach(debian(*packages, automatic=["second", "real"]))
    assert {"deb:second", "deb:real"} <= found.because.keys()
    assert "deb:debconf" not in found.because


def test_display() -> None:
    """Linking with libGL does not keep Mesa, unless what stays can draw."""
    packages = [Deb("libgl1", depends="libglx0"), Deb("libglx0", depends="libglx-mesa0"), Deb("libglx-mesa0")]
    automatic = ["libglx0", "libglx-mesa0"]
    assert "deb:libglx-mesa0" not in reach(debian(*packages, automatic=automatic)).because
    assert "deb:libglx-mesa0" in reach(debian(*packages, Deb("libegl1"), automatic=automatic)).because


def test_health_check_and_keeps() -> None:
    """A health check's program stays, and what the user keeps, each with all it needs."""
    curl = Deb("curl", {"usr/bin/curl": elf_bytes(kind=2, needed=["libcurl.so.4"])}, section="web")
    vim = Deb("vim", {"usr/bin/vim": elf_bytes(kind=2, needed=["libx.so"])}, section="editors")
    tree = debian(
        curl, library("libcurl4", "libcurl.so.4"), vim, library("libx", "libx.so"), automatic=["libcurl4", "libx"]
    )
    found = reach(tree, healthcheck=("CMD-SHELL", "curl -f http://localhost/ || exit 1"))
    assert {"deb:curl", "deb:libcurl4"} <= found.because.keys()
    assert "deb:vim" not in found.because
    kept = reach(tree, held=frozenset({"usr/bin/vim"}))
    assert {"deb:vim", "deb:libx"} <= kept.because.keys()


def test_compilers() -> None:
    """A compiler that no package brought stays, and is told."""
    tree: Tree = {"usr/local/bin/gcc": elf_bytes(kind=2)}
    assert reach(tree).compilers == ("usr/local/bin/gcc",)


def test_chain_of_links() -> None:
    """Every symlink on the way to a needed file keeps its package; a loop ends."""
    packages = [
        Deb("front", {"usr/bin/x": Link("/etc/alternatives/x")}),
        Deb("back", {"usr/bin/x-1": elf_bytes(kind=2)}),
    ]
    tree = debian(*packages, automatic=["front", "back"])
    tree |= {"etc/alternatives/x": Link("/usr/bin/x-1"), "usr/bin/loop": Link("loop")}
    assert {"deb:front", "deb:back"} <= reach(tree, "x").because.keys()
    assert reach(tree, "loop").because == {}
