"""CRC-64/ISO (ISO 3309; polynomial x^64 + x^4 + x^3 + x + 1, bits reflected), which tar-split takes of every file.

No library at hand has it, and a table in Python does 3 MB/s. A message is a polynomial over GF(2), a whole number in
Python, and squaring is linear there: x^(64n) = x^(4n) + x^(3n) + x^n + 1 for every power of two n. So the upper part
of a message is folded onto the lower one by three shifts, which halves it; Python's whole numbers do that in C.
"""

_BITS = 64
_ONES = (1 << _BITS) - 1
_STEP = 1 << 15  # bytes folded at once: they stay in the processor's cache
_DEGREE = 4  # of what x^64 is


class Crc64:
    """The checksum of bytes that come in pieces."""

    def __init__(self) -> None:
        self._state = _ONES

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes."""
        for start in range(0, len(data), _STEP):
            piece = data[start : start + _STEP]
            self._state = _remainder(int.from_bytes(piece, "little") ^ self._state, 8 * len(piece) + _BITS)

    def digest(self) -> bytes:
        """Return the checksum of what was taken: 8 bytes, the highest first, as Go's ``hash/crc64`` gives it."""
        return (self._state ^ _ONES).to_bytes(8, "big")


def _remainder(message: int, bits: int) -> int:
    """Return a polynomial modulo that of the checksum; bit 0 is that of the highest of its ``bits`` powers."""
    while bits > _BITS:
        n = 1 << ((bits - 1) // _BITS).bit_length() - 1  # the largest whose 64n is below
        upper = min(bits - _BITS * n, (_BITS - _DEGREE) * n)
        high = message & ((1 << upper) - 1)
        message >>= upper
        high <<= (_BITS - _DEGREE) * n - upper
        high ^= high << n  # x^4 + x^3 + x + 1 is (x + 1)(x^3 + 1)
        message ^= high ^ high << 3 * n
        bits -= upper
    return message
