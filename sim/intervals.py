"""Textbook intervals that several parts need: Student's quantile, and Wilson's interval of a share."""

from __future__ import annotations

import math
from statistics import NormalDist


def student(freedom: int, level: float) -> float:
    """How many standard errors an interval of a level reaches to either side, from Student's distribution.

    Expansion around the normal quantile (Abramowitz and Stegun 1964, 26.7.5): at levels up to 0.95 within 0.001 from
    five degrees of freedom on, at 0.99 from eight; exact for one degree, where it does not serve, and for two.
    """
    if freedom == 1:
        return math.tan(math.pi * level / 2.0)
    if freedom == 2:
        return level * math.sqrt(2.0 / (1.0 - level * level))
    z = NormalDist().inv_cdf((1.0 + level) / 2.0)
    terms = (
        (z**3 + z) / 4.0,
        (5.0 * z**5 + 16.0 * z**3 + 3.0 * z) / 96.0,
        (3.0 * z**7 + 19.0 * z**5 + 17.0 * z**3 - 15.0 * z) / 384.0,
        (79.0 * z**9 + 776.0 * z**7 + 1482.0 * z**5 - 1920.0 * z**3 - 945.0 * z) / 92160.0,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, 1))


def wilson(count: int, whole: int, level: float) -> tuple[float, float]:
    """Interval of a share of which `count` of `whole` were counted (Wilson 1927): also where it is 0 or 1."""
    if not whole:
        return math.nan, math.nan
    z, share = NormalDist().inv_cdf((1.0 + level) / 2.0), count / whole
    centre = share + z * z / (2.0 * whole)
    reach = z * math.sqrt(share * (1.0 - share) / whole + z * z / (4.0 * whole * whole))
    low, high = ((centre + side * reach) / (1.0 + z * z / whole) for side in (-1.0, 1.0))
    return max(0.0, low) if count else 0.0, min(1.0, high) if count < whole else 1.0
