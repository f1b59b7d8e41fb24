"""Numbers as people read them: decimal units (MB is 10^6 bytes), seconds and minutes, shares."""

_STEPS = ((1, "B", 0), (10**3, "kB", 1), (10**6, "MB", 1), (10**9, "GB", 2), (10**12, "TB", 2))
_FULL = 1000
_LEAST_SHARE = 0.1
_MINUTES_FROM = 120
_TENTHS_BELOW = 10


def size_text(size: int) -> str:
    """Return ``size`` bytes as ``8.43 GB``, ``371.2 MB``, ``12.0 kB`` or ``812 B``; a minus sign is kept."""
    if size < 0:
        return "-" + size_text(-size)
    for unit, name, digits in _STEPS[:-1]:
        if round(size / unit, digits) < _FULL:
            return f"{size / unit:.{digits}f} {name}"
    unit, name, digits = _STEPS[-1]
    return f"{size / unit:.{digits}f} {name}"


def delta_text(size: int) -> str:
    """Return a difference of ``size`` bytes with its sign: ``+1.2 MB``, ``-8.0 kB``, ``0 B``."""
    return f"+{size_text(size)}" if size > 0 else size_text(size)


def seconds_text(seconds: float) -> str:
    """Return a duration as ``0.4 s``, ``87 s`` or ``13 min 20 s``."""
    if round(seconds, 1) < _TENTHS_BELOW:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTES_FROM:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60:02d} s"


def count_text(count: int) -> str:
    """Return a number with thousands apart: ``25,463``."""
    return f"{count:,}"


def counted(count: int, one: str, many: str = "") -> str:
    """Return ``1 file`` or ``25,463 files``; ``many`` defaults to ``one`` with an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def share_text(part: float, whole: float) -> str:
    """Return ``part`` of ``whole`` as ``41 %``; ``0.4 %`` below one percent; ``-`` when there is no whole."""
    if not whole:
        return "-"
    share = 100 * part / whole
    if 0 < share < _LEAST_SHARE:
        return f"< {_LEAST_SHARE} %"
    return f"{share:.0f} %" if share == 0 or share >= 1 else f"{share:.1f} %"


def change_text(before: float, after: float) -> str:
    """Return how much ``after`` differs from ``before``: ``-62 %``, ``+4 %``; ``-`` when there is nothing before."""
    if not before:
        return "-"
    return f"{100 * (after - before) / before:+.0f} %".replace("+0 %", "0 %").replace("-0 %", "0 %")


def bandwidth_text(rate: int) -> str:
    """Return ``rate`` bytes a second as links are named: ``1 Gbps``, ``100 Mbps``."""
    bits = rate * 8
    for unit, name in ((10**9, "Gbps"), (10**6, "Mbps"), (10**3, "kbps")):
        if bits >= unit:
            return f"{bits / unit:.4g} {name}"
    return f"{bits} bps"
