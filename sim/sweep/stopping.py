"""Replications that know when to stop.

At each point lucks are added until the interval of every paired difference is narrow enough, or the limit is met. The
interval is looked at a few times, after numbers of lucks that are fixed beforehand, each half as many again as the one
before. Looking repeatedly would make it too narrow; so each look takes an equal part of the error that is allowed
(Bonferroni), and an interval of 90 % covers the true difference in at least 90 % of cases whenever one stops, as far as
paired differences are normal. It holds for one difference at one point, not for all of a study together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.intervals import student

LEVEL = 0.90  # of intervals over lucks at one point
GROWTH = 1.5  # lucks at a look, as a multiple of those at the look before


def half_width(differences: Sequence[float] | np.ndarray, level: float = LEVEL) -> float:
    """Half-width of Student's interval of a mean, in its unit; nan from fewer than two."""
    known = np.asarray(differences, float)
    known = known[np.isfinite(known)]
    if len(known) < 2:
        return math.nan
    return student(len(known) - 1, level) * float(known.std(ddof=1)) / math.sqrt(len(known))


@dataclass(frozen=True)
class Rule:
    """When to stop: a half-width of the difference in a metric, from so many lucks to at most so many."""

    metric: str
    half_width: float
    first: int
    most: int
    level: float = LEVEL

    @cached_property
    def looks(self) -> list[int]:
        """Numbers of lucks after which one looks."""
        found = [self.first]
        while found[-1] < self.most:
            found.append(min(self.most, math.ceil(GROWTH * found[-1])))
        return found

    def reach(self, differences: Sequence[float] | np.ndarray) -> float:
        """Half-width of the interval of a mean paired difference, wide enough for all looks together."""
        return half_width(differences, 1.0 - (1.0 - self.level) / len(self.looks))

    def next(self, lucks: int, differences: Sequence[np.ndarray] | np.ndarray) -> int:
        """How many lucks a point needs: as many as it has where all differences are narrow, or none can be told."""
        wide = [reach for one in differences if math.isfinite(reach := self.reach(one)) and reach > self.half_width]
        return next(number for number in self.looks if number > lucks) if wide and lucks < self.most else lucks
