"""Fatbins and the layout of libraries: what cannot be pruned is refused; what was pruned is proved or refused."""

import contextlib
import tempfile
from pathlib import Path

from tests.helpers.fatbins import Library, cubin, fatbin, ptx

from jettison.elf.arch import Choice
from jettison.elf.bytes import FileBytes
from jettison.elf.fatbin import Scanner, read_fatbins
from jettison.elf.prune import prune
from jettison.elf.treatment import Treatment
from jettison.elf.verify import verify_pruned
from jettison.errors import BadInputError

_OWN = (fatbin(cubin(80, 300), cubin(90, 100), ptx(90, 50)), fatbin(cubin(75, 40), cubin(80, 40)))
CORPUS = (
    b"".join(_OWN),
    Library(own=_OWN, relocatable=_OWN, inside=_OWN, debug=100).build(),
    Library(own=_OWN, packed=True, room=500, coded=frozenset({0}), named=frozenset({1})).build(),
)
_TREATMENT = Treatment(Choice((90,), "newest"), 2)


def run(data: bytes) -> None:
    """Read the input's fatbins in passing and as a file, and prune it."""
    scanner = Scanner(len(data))
    for at in range(0, len(data), 100):
        scanner.feed(memoryview(data)[at : at + 100])
    if scanner.finish() != read_fatbins(lambda offset, size: data[offset : offset + size], len(data)):
        raise AssertionError(data)
    with tempfile.TemporaryDirectory() as folder:
        old, new = Path(folder, "old"), Path(folder, "new")
        old.write_bytes(data)
        with contextlib.suppress(BadInputError):
            if prune(old, _TREATMENT, new).changed:
                with FileBytes(old) as before, FileBytes(new) as after:
                    verify_pruned(before, after, _TREATMENT)
                return
        if new.exists():
            raise AssertionError(data)
