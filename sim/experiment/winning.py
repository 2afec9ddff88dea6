"""Who wins, and how sure that is: paired differences over a few lucks, votes of neighbours, shares of a map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

LEVEL = 0.90  # of intervals


def student(freedom: int, level: float = LEVEL) -> float:
    """Quantile of Student's t that leaves out (1 - level) / 2 above it.

    Expansion in 1 / freedom (Abramowitz and Stegun 1964, 26.7.5); within 0.001 from five degrees of freedom on.
    """
    z, n = NormalDist().inv_cdf(0.5 + level / 2.0), float(freedom)
    terms = (
        (z**3 + z) / 4.0,
        (5.0 * z**5 + 16.0 * z**3 + 3.0 * z) / 96.0,
        (3.0 * z**7 + 19.0 * z**5 + 17.0 * z**3 - 15.0 * z) / 384.0,
        (79.0 * z**9 + 776.0 * z**7 + 1482.0 * z**5 - 1920.0 * z**3 - 945.0 * z) / 92160.0,
    )
    return z + sum(term / n**power for power, term in enumerate(terms, 1))


def binomial(count: int, whole: int, level: float = LEVEL) -> tuple[float, float]:
    """Interval of a share of which `count` of `whole` were counted (Wilson 1927)."""
    if not whole:
        return 0.0, 1.0
    z, share = NormalDist().inv_cdf(0.5 + level / 2.0), count / whole
    centre = share + z * z / (2.0 * whole)
    reach = z * math.sqrt(share * (1.0 - share) / whole + z * z / (4.0 * whole * whole))
    low, high = ((centre + side * reach) / (1.0 + z * z / whole) for side in (-1.0, 1.0))
    return max(0.0, low) if count else 0.0, min(1.0, high) if count < whole else 1.0


def neighbours(places: np.ndarray, spots: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` places that are nearest to each spot, the nearest first, and how far they are."""
    away = np.sqrt(((spots[:, None, :] - places[None, :, :]) ** 2).sum(axis=2))
    order = np.argsort(away, axis=1, kind="stable")[:, :count]
    return order, np.take_along_axis(away, order, axis=1)


def crowd(points: int) -> int:
    """How many neighbours vote: the root of the number of points, five at least."""
    return min(points, max(5, round(math.sqrt(points))))


def errors(levels: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Standard error of each paired difference's mean over lucks, [point, arm, arm].

    The variance over lucks is pooled over a point and its neighbours, because a few lucks alone hardly tell it.
    """
    lucks = levels.shape[2]
    apart = levels[:, :, None, :] - levels[:, None, :, :]
    return np.sqrt(apart.var(axis=3, ddof=1)[near].mean(axis=1) / lucks)


def judged(levels: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Number of the arm that wins each point; -1 where no arm is better than every other by more than luck makes.

    The best is compared with each of the others by a paired interval of 90 %. Where all are equal in truth, a point
    has a winner by chance in at most a tenth of cases, and in fewer the more arms there are.

    Parameters
    ----------
    levels
        Outcomes, more is better, [point, arm, luck].
    near
        The neighbours of each point, itself among them, [point, neighbour].
    """
    means, wide = levels.mean(axis=2), errors(levels, near)
    least = student(near.shape[1] * (levels.shape[2] - 1))
    best = means.argmax(axis=1)
    rows = np.arange(len(levels))
    lead = means[rows, best][:, None] - means
    clear = lead > least * wide[rows, best]
    clear[rows, best] = True
    return np.where(clear.all(axis=1), best, -1)


def vote(winners: Sequence[str], near: np.ndarray) -> tuple[list[str], np.ndarray]:
    """What most of each spot's neighbours say, and the share of them that say so.

    Between equals the one decides that is nearest.
    """
    names = list(dict.fromkeys(winners))
    code = np.array([names.index(one) for one in winners])[near]
    counts = (code[:, :, None] == np.arange(len(names))).sum(axis=1)
    first = np.array([[np.argmax(row == one) for one in range(len(names))] for row in code])
    most = np.lexsort((first, -counts), axis=1)[:, 0]
    return [names[one] for one in most], counts[np.arange(len(most)), most] / near.shape[1]


def shifted(one: np.ndarray, other: np.ndarray) -> float:
    """By how much values lie higher than others, in standard errors of what chance makes (Mann and Whitney 1947)."""
    above = np.sign(one[:, None] - other[None, :]).sum() / 2.0
    return float(above / math.sqrt(len(one) * len(other) * (len(one) + len(other) + 1) / 12.0))
