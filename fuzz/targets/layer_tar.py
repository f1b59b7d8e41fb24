"""A layer's tar: headers, extended headers, names, content; also with checksums made right, to get behind them."""

import contextlib

from tests.helpers.layerblobs import END, header, member, pax

from jettison.errors import JettisonError
from jettison.layers.encode import encode_header
from jettison.layers.limits import Limits
from jettison.layers.tar import TarReader

_BLOCK = 512
_LIMITS = Limits(max_tar_size=1 << 24, max_entries=10_000)
_RECORDS = {b"path": b"long/name", b"size": b"3", b"mtime": b"-1.5", b"uid": b"7", b"SCHILY.xattr.user.a": b"b"}
CORPUS = (
    END,
    member(b"a/b", b"content") + END,
    pax(_RECORDS) + member(b"x", b"abc") + END,
    pax({b"comment": b"c"}, flag=b"g") + member(b"x") + END,
    member(b"././@LongLink", b"long/" * 60 + b"\0", flag=b"L") + member(b"x", b"1") + END,
    member(b"././@LongLink", b"target\0", flag=b"K") + header(b"s", flag=b"2") + END,
    header(b"d/", flag=b"5") + header(b"h", flag=b"1", link=b"a/b") + header(b"c", flag=b"3", major=1, minor=3) + END,
    member(b"x", uid=b"\x80\0\0\0\x11\x22\x33\x44", mtime=b"\xff" * 12, magic=b"ustar  \0") + END,
    pax({b"GNU.sparse.major": b"1"}) + member(b"x") + END,
    member(b".wh.gone") + member(b"d/.wh..wh..opq") + END,
)


def run(data: bytes) -> None:
    """Read the input as it is, and with every block that calls itself a header given its right checksum."""
    for tar in (data, _with_checksums(data)):
        with contextlib.suppress(JettisonError):
            _read(tar, 700)
        with contextlib.suppress(JettisonError):
            _read(tar, len(tar) or 1)


def _read(tar: bytes, step: int) -> None:
    reader = TarReader((tar[at : at + step] for at in range(0, len(tar), step)), "layer", _LIMITS)
    while (head := reader.next()) is not None:
        for _ in reader.content():
            pass
        encode_header(head.entry())
    assert reader.drain() == len(tar)  # noqa: S101 -- the target's statement


def _with_checksums(data: bytes) -> bytes:
    tar = bytearray(data)
    for at in range(0, len(tar) - _BLOCK + 1, _BLOCK):
        if tar[at + 257 : at + 262] == b"ustar":
            tar[at + 148 : at + 156] = b" " * 8
            tar[at + 148 : at + 156] = b"%06o\0 " % sum(tar[at : at + _BLOCK])
    return bytes(tar)
