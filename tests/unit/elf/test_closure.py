"""What satisfies NEEDED entries, by ld.so's rules."""

from collections.abc import Mapping

import pytest

from jettison.elf.closure import expand, make_libraries, needs
from jettison.elf.facts import ElfFacts
from jettison.elf.ldcache import CacheEntry


def lib(name: str = "", *, machine: int = 62, bits: int = 64, **fields: tuple[str, ...]) -> ElfFacts:
    return ElfFacts(machine, bits, "dyn", soname=name, **fields)  # type: ignore[arg-type] # tuples of names


def found(
    user: ElfFacts, there: Mapping[str, ElfFacts], links: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """Return path and manner for each NEEDED entry of ``opt/app/bin/x`` that is satisfied."""
    links = links or {}

    def resolve(path: str) -> str | None:
        path = links.get(path, path)
        return path if path in there else None

    cache = [CacheEntry("libcached.so", "/odd/libcached.so", 0x303)]
    libraries = make_libraries(there, resolve, cache, ("conf",))
    return [(each.path, each.how) for each in needs("opt/app/bin/x", user, libraries).resolved]


def test_origin() -> None:
    """$ORIGIN is the folder of the file itself, with and without braces."""
    there = {"opt/app/bin/../lib/liba.so": lib()}
    for text in ("$ORIGIN/../lib", "${ORIGIN}/../lib"):
        user = ElfFacts(62, 64, "exec", needed=("liba.so",), runpath=(text,))
        assert found(user, there) == [("opt/app/bin/../lib/liba.so", "rpath")]


def test_lib_and_platform() -> None:
    """$LIB and $PLATFORM follow the processor."""
    assert expand("/x/$LIB/${PLATFORM}", "a/b", lib()) == "x/lib/x86_64-linux-gnu/x86_64"
    assert expand("/x/$LIB/$PLATFORM", "a/b", lib(machine=183)) == "x/lib/aarch64-linux-gnu/aarch64"


def test_order() -> None:
    """RUNPATH comes before the cache, the cache before directories, directories before a mere name."""
    there = {path: lib() for path in ("run/libc1.so", "odd/libcached.so", "usr/lib/libcached.so", "usr/lib/libc1.so")}
    user = ElfFacts(62, 64, "exec", needed=("libc1.so", "libcached.so"), runpath=("/run",))
    assert found(user, there) == [("run/libc1.so", "rpath"), ("odd/libcached.so", "cache")]


def test_rpath_yields_to_runpath() -> None:
    """DT_RPATH counts only without DT_RUNPATH."""
    there = {"r/liba.so": lib()}
    assert found(lib(needed=("liba.so",), rpath=("/r",)), there)
    assert [how for _, how in found(lib(needed=("liba.so",), rpath=("/r",), runpath=("/other",)), there)] == [
        "by soname"
    ]


@pytest.mark.parametrize("folder", ["conf", "lib64", "usr/lib", "lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"])
def test_directories(folder: str) -> None:
    """The directories of ld.so.conf and the defaults are searched, multiarch ones too."""
    assert found(lib(needed=("liba.so",)), {f"{folder}/liba.so": lib()}) == [(f"{folder}/liba.so", "directory")]


def test_other_processor() -> None:
    """A library for another processor, or of another width, does not satisfy."""
    user = lib(needed=("liba.so",))
    assert found(user, {"usr/lib/liba.so": lib(machine=183)}) == []
    assert found(user, {"usr/lib/liba.so": lib(bits=32)}) == []


def test_symlink() -> None:
    """A library may be reached through a symlink; the way to it is told."""
    there = {"usr/lib/liba.so.1.2": lib("liba.so.1")}
    assert found(lib(needed=("liba.so.1",)), there, {"usr/lib/liba.so.1": "usr/lib/liba.so.1.2"}) == [
        ("usr/lib/liba.so.1.2", "directory")
    ]


def test_by_soname_and_missing() -> None:
    """A library somewhere of that SONAME is accepted last; what nothing satisfies is missing; the vdso is neither."""
    there = {
        "site/x.libs/libgomp-1.so": lib("libgomp.so.1"),
        "opt/u": lib(needed=("libgomp.so.1", "no.so", "linux-vdso.so.1")),
    }
    libraries = make_libraries(there, lambda path: path if path in there else None)
    result = needs("opt/u", there["opt/u"], libraries)
    assert [each.how for each in result.resolved] == ["by soname"]
    assert result.missing == ("no.so",)


def test_library_path() -> None:
    """LD_LIBRARY_PATH comes behind DT_RPATH and before DT_RUNPATH, as ld.so(8) has it."""
    there = {"env/liba.so": lib(), "own/liba.so": lib()}
    libraries = make_libraries(there, lambda path: path if path in there else None, first=("env",))
    for user, how in ((lib(needed=("liba.so",), runpath=("/own",)), "environment"),
                      (lib(needed=("liba.so",), rpath=("/own",)), "rpath")):  # fmt: skip
        assert [each.how for each in needs("x", user, libraries).resolved] == [how]
