"""The cache of ld.so: read, or refused; what is read can be written and read again."""

import contextlib

from jettison.elf.ldcache import CacheEntry, read_cache, read_generator, write_cache
from jettison.errors import JettisonError

CORPUS = (
    write_cache([CacheEntry("libz.so.1", "/lib/libz.so.1", 0x303), CacheEntry("libz.so", "/lib/libz.so", 0x303)]),
    write_cache([]),
    b"ld.so-1.7.0\0" + bytes(4) + write_cache([CacheEntry("a", "/a", 3)]),
)


def run(data: bytes) -> None:
    """Read the input as a cache."""
    with contextlib.suppress(JettisonError):
        read_generator(data)
    with contextlib.suppress(JettisonError):
        entries = read_cache(data)
        if set(read_cache(write_cache(entries))) != set(entries):
            raise AssertionError(entries)
