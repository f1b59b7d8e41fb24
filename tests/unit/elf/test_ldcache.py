"""ld.so's cache: read, written as ldconfig writes it, and what belongs in it."""

import contextlib
import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.elves import elf_bytes

from jettison.elf.facts import ElfFacts
from jettison.elf.ldcache import CacheEntry, read_cache, read_generator, sort_key, write_cache
from jettison.elf.ldconf import cache_entries, cacheable, conf_dirs
from jettison.errors import BadInputError

LDCONFIG = shutil.which("ldconfig", path="/sbin:/usr/sbin")
NAME = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
ENTRY = st.builds(CacheEntry, NAME, NAME, st.sampled_from([3, 0x303, 0xA03]))


@given(st.lists(ENTRY, max_size=12), st.text("abc ", max_size=8))
def test_round_trip(entries: list[CacheEntry], generator: str) -> None:
    """What is written is read again: the same libraries, each once, sorted; and so is the generator."""
    data = write_cache(entries, generator=generator)
    found = read_cache(data)
    assert set(found) == set(entries)
    assert len(found) == len(set(entries))
    assert read_generator(data) == generator
    assert write_cache(found, generator=generator) == data
    assert [sort_key(entry.soname) for entry in found] == sorted((sort_key(e.soname) for e in found), reverse=True)


def test_numbers_count_as_numbers() -> None:
    """libfoo.so.10 comes before libfoo.so.9: ld.so searches by _dl_cache_libcmp."""
    entries = [CacheEntry(f"libfoo.so.{n}", f"/lib/libfoo.so.{n}", 0x303) for n in (9, 10, 1)]
    assert [entry.soname[10:] for entry in read_cache(write_cache(entries))] == ["10", "9", "1"]


def test_first_directory_wins() -> None:
    """Of two libraries of one name the first given comes first."""
    entries = [CacheEntry("libz.so.1", path, 0x303) for path in ("/usr/local/lib/libz.so.1", "/lib/libz.so.1")]
    assert [entry.path for entry in read_cache(write_cache(entries))] == [entry.path for entry in entries]


@given(st.binary(max_size=200))
def test_noise(noise: bytes) -> None:
    """Any bytes are read, or refused as malformed."""
    for data in (noise, b"glibc-ld.so.cache1.1" + noise, b"ld.so-1.7.0\0" + noise):
        with contextlib.suppress(BadInputError):
            read_cache(data)
        with contextlib.suppress(BadInputError):
            read_generator(data)


def test_count_that_lies() -> None:
    """A count beyond the file is malformed, not a reason to allocate."""
    data = bytearray(write_cache([CacheEntry("a", "/a", 3)]))
    struct.pack_into("<I", data, 20, 0xFFFFFFFF)
    with pytest.raises(BadInputError, match="do not fit"):
        read_cache(bytes(data))


def test_old_table_in_front() -> None:
    """The table of glibc before 2.32 in front of the cache is passed over."""
    new = write_cache([CacheEntry("liba.so", "/lib/liba.so", 0x303)])
    old = b"ld.so-1.7.0\0" + struct.pack("<I", 1) + bytes(12)
    assert read_cache(old.ljust(-(-len(old) // 8) * 8, b"\0") + new)[0].path == "/lib/liba.so"


def test_conf() -> None:
    """ld.so.conf lists directories, with comments and includes; an include of itself ends."""
    texts = {
        "etc/ld.so.conf": b"# local\n/opt/lib , /opt/lib64\ninclude /etc/ld.so.conf.d/*.conf\ninclude ld.so.conf\n",
        "etc/ld.so.conf.d/b.conf": b"/b\n",
        "etc/ld.so.conf.d/a.conf": b"/a # first\n",
        "etc/ld.so.conf.d/c.txt": b"/c\n",
    }
    assert conf_dirs(texts) == ("opt/lib", "opt/lib64", "a", "b")
    assert conf_dirs({}) == ()


def test_conf_that_includes_itself_a_thousand_times() -> None:
    """Each file is read once, so that includes cannot multiply; what they list is found all the same."""
    lines = b"include /etc/ld.so.conf.d/*\n/last\n" * 1000
    texts = {"etc/ld.so.conf": lines, **{f"etc/ld.so.conf.d/{each}": b"/%d\n" % each + lines for each in range(5)}}
    assert conf_dirs(texts) == ("0", "last", "1", "2", "3", "4")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("libz.so.1", True), ("ld-linux-x86-64.so.2", True), ("foo.so", False), ("liba.so.dpkg-new", False)],
)
def test_names(name: str, *, wanted: bool) -> None:
    """Only lib*.so* and ld-*.so* are looked at."""
    assert cacheable(name) == wanted


@pytest.mark.skipif(LDCONFIG is None, reason="there is no ldconfig")
def test_same_as_ldconfig(tmp_path: Path) -> None:
    """For the same directories the cache is, byte for byte, what this machine's ldconfig writes."""
    files = {
        "usr/lib/libz.so.1.3": elf_bytes(soname="libz.so.1", needed=["libc.so.6"]),
        "usr/lib/libb.so": elf_bytes(needed=["libc.so.6"]),
        "opt/lib/liblong10.so.2": elf_bytes(soname="liblong10.so.2", needed=["libc.so.6"]),
        "opt/lib/liblong9.so.2": elf_bytes(soname="liblong9.so.2", needed=["libc.so.6"]),
        "opt/lib/other.so": elf_bytes(soname="other.so", needed=["libc.so.6"]),
    }
    facts = {}
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
        name = {"usr/lib/libz.so.1.3": "libz.so.1"}.get(path, path.rpartition("/")[2])
        facts[path] = ElfFacts(62, 64, "dyn", soname=name if path != "usr/lib/libb.so" else "")
    for link, target in {"usr/lib/libz.so.1": "libz.so.1.3", "usr/lib/libz.so": "libz.so.1"}.items():
        os.symlink(target, tmp_path / link)
        facts[link] = facts["usr/lib/libz.so.1.3"]
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/ld.so.conf").write_text("/opt/lib\n")
    assert LDCONFIG is not None
    subprocess.run([LDCONFIG, "-r", str(tmp_path)], check=True, capture_output=True)
    theirs = (tmp_path / "etc/ld.so.cache").read_bytes()
    names: dict[str, list[tuple[str, bool]]] = {}
    for path in facts:
        folder, _, name = path.rpartition("/")
        names.setdefault(folder, []).append((name, path in ("usr/lib/libz.so.1", "usr/lib/libz.so")))
    ours = write_cache(cache_entries(("opt/lib",), names, facts.get), generator=read_generator(theirs))
    assert ours == theirs


@pytest.mark.skipif(not os.path.exists("/etc/ld.so.cache"), reason="there is no cache")
def test_this_machine() -> None:
    """This machine's own cache, read and written again, is the same."""
    data = Path("/etc/ld.so.cache").read_bytes()
    if not data.startswith(b"glibc-ld.so.cache1.1"):
        pytest.skip("an older form")
    assert write_cache(read_cache(data), generator=read_generator(data)) == data
