"""Who wins, and how sure that is: paired differences over a few lucks, votes of neighbours, shares of a map."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sim.intervals import student

LEVEL = 0.90  # of intervals


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
    least = student(near.shape[1] * (levels.shape[2] - 1), LEVEL)
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
