"""CRC-64/ISO by folding whole numbers."""

from hypothesis import given
from hypothesis import strategies as st

from jettison.layers.crc64 import Crc64

_ONES = (1 << 64) - 1


def _bit_by_bit(data: bytes) -> bytes:
    state = _ONES
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0xD800000000000000 if state & 1 else 0)
    return (state ^ _ONES).to_bytes(8, "big")


def test_check_value() -> None:
    """The catalogue's check value of CRC-64/GO-ISO, over the digits 1 to 9."""
    checksum = Crc64()
    checksum.update(b"123456789")
    assert checksum.digest().hex() == "b90956c775a41001"


@given(st.lists(st.binary(max_size=700), max_size=4))
def test_folded_is_as_bit_by_bit(pieces: list[bytes]) -> None:
    """Whatever the bytes and however they come."""
    checksum = Crc64()
    for piece in pieces:
        checksum.update(memoryview(piece))
    assert checksum.digest() == _bit_by_bit(b"".join(pieces))


def test_long_pieces_are_taken_in_steps() -> None:
    """A piece longer than a step gives what its halves give."""
    data = bytes(range(256)) * 300
    whole, halves = Crc64(), Crc64()
    whole.update(data)
    halves.update(data[:40_001])
    halves.update(data[40_001:])
    assert whole.digest() == halves.digest()
