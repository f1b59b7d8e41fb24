"""The nearest of the stored points; the arithmetic is in C."""

import _nearest
import numpy as np

POINTS = np.random.default_rng(11).standard_normal((500, 16))


def nearest(point: list[float]) -> tuple[int, float]:
    """Return place and squared distance of the stored point that is nearest."""
    found = _nearest.distances(POINTS.tobytes(), np.resize(np.array(point, float), 16).tobytes())
    best = int(np.argmin(found))
    return best, found[best]
