"""Textbook intervals that several parts need: Student's quantile, and Wilson's interval of a share."""

from __future__ import annotations

import math
from statistics import NormalDist


def student(freedom: int, level: float) -> float:
    """How many standard errors an interval of a level reaches to either side, from Student's distribution.

    Looked for by halving as the angle whose tangent is ``t / sqrt(freedom)``: of an angle the probability inside is a
    finite sum (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4), so that nothing is approximated.
    """
    low, high = 0.0, math.pi / 2.0
    for _ in range(60):
        angle = 0.5 * (low + high)
        low, high = (angle, high) if _inside(angle, freedom) < level else (low, angle)
    return math.sqrt(freedom) * math.tan(low)


def _inside(angle: float, freedom: int) -> float:
    """Probability that Student's variable is no further from 0 than at an angle."""
    cosine, odd = math.cos(angle), freedom % 2
    term, whole = cosine if odd else 1.0, 0.0
    for k in range(1 + odd, freedom, 2):
        whole += term
        term *= k / (k + 1.0) * cosine * cosine
    reached = math.sin(angle) * whole
    return 2.0 / math.pi * (angle + reached) if odd else reached


def wilson(count: int, whole: int, level: float) -> tuple[float, float]:
    """Interval of a share of which `count` of `whole` were counted (Wilson 1927): also where it is 0 or 1."""
    if not whole:
        return math.nan, math.nan
    z, share = NormalDist().inv_cdf((1.0 + level) / 2.0), count / whole
    centre = share + z * z / (2.0 * whole)
    reach = z * math.sqrt(share * (1.0 - share) / whole + z * z / (4.0 * whole * whole))
    low, high = ((centre + side * reach) / (1.0 + z * z / whole) for side in (-1.0, 1.0))
    return max(0.0, low) if count else 0.0, min(1.0, high) if count < whole else 1.0
