"""Inequality: how consumption is spread over persons.

Every function takes values and person weights, sorts by itself, and does not change when the population is replicated
or (for the relative measures) when money is rescaled. No small-sample correction: the world is a population.

The two values that Statistics Indonesia prints are the Gini ratio and the share of the bottom 40 per cent.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.metrics import group_mean, mean, metric

# Cumulated weights carry rounding of about 1e-16 per row; without this a quantile that falls exactly on a step could
# move to the next household.
ROUNDING = 1e-12


def quantile(values: np.ndarray, persons: np.ndarray, probability: float | np.ndarray) -> float | np.ndarray:
    """Weighted quantile: the smallest value at which the distribution function reaches the probability.

    The inverse of the weighted distribution function, without interpolation (Hyndman and Fan 1996, definition 1).

    Parameters
    ----------
    values, persons : array, shape (n,)
        Values of any unit and person weights.
    probability : float or array
        Between 0 and 1.

    Returns
    -------
    float or array
        In the unit of the values, shape of ``probability``.
    """
    order = np.argsort(values)
    cumulated = np.cumsum(persons[order])
    # A positive target, so that a household without weight never answers for probability 0.
    target = np.maximum((np.asarray(probability) - ROUNDING) * cumulated[-1], np.finfo(float).tiny)
    found = values[order][np.searchsorted(cumulated, target)]
    return float(found) if np.ndim(found) == 0 else found


def lorenz(values: np.ndarray, persons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lorenz curve: cumulated shares of persons and of values, poorest first.

    Parameters
    ----------
    values, persons : array, shape (n,)
        Values per person and person weights.

    Returns
    -------
    population, share : array, shape (n + 1,)
        Both start at 0 and end at 1; ``share`` is nan where the values sum to zero.
    """
    order = np.argsort(values)
    weights = persons[order]
    population = np.concatenate(([0.0], np.cumsum(weights)))
    cumulated = np.concatenate(([0.0], np.cumsum(values[order] * weights)))
    total = cumulated[-1]
    share = cumulated / total if total != 0 else np.full(cumulated.shape, np.nan)
    return population / population[-1], share


def share_of_bottom(consumption: np.ndarray, persons: np.ndarray, fraction: float) -> float:
    """Share of all consumption that goes to the poorest fraction of persons, 0-1 (Lorenz curve, linear in between)."""
    population, share = lorenz(consumption, persons)
    return float(np.interp(fraction, population, share))


def share_by_decile(values: np.ndarray, persons: np.ndarray) -> np.ndarray:
    """Share of all values that goes to each tenth of persons, poorest first; shape (10,).

    A household that lies across a boundary is divided between the two tenths.
    """
    return np.diff(np.interp(np.linspace(0.0, 1.0, 11), *lorenz(values, persons)))


@metric("Gini coefficient of consumption", unit="0-1", better="lower", every=4)
def gini(consumption, persons):
    """Gini coefficient of real consumption over persons, 0 (equal) to 1.

    One minus twice the area under the weighted Lorenz curve, by trapezoids; nan where the mean is not positive.
    """
    population, share = lorenz(consumption, persons)
    if mean(consumption, persons) <= 0:
        return float("nan")
    return float(1.0 - np.sum(np.diff(population) * (share[1:] + share[:-1])))


@metric("Palma ratio of consumption", unit="ratio", better="lower", every=4)
def palma(consumption, persons):
    """Palma ratio: consumption of the richest 10 % of persons over that of the poorest 40 %.

    Source: Cobham and Sumner (2013), after Palma (2011).
    """
    population, share = lorenz(consumption, persons)
    bottom, ninety = np.interp((0.4, 0.9), population, share)
    return float((1.0 - ninety) / bottom) if bottom > 0 else float("nan")


@metric("share of the bottom 40 %", unit="% of consumption", better="higher", every=4)
def bottom40_share(consumption, persons):
    """Share of all consumption that goes to the poorest 40 % of persons, %."""
    return 100.0 * share_of_bottom(consumption, persons, 0.4)


def theil(consumption: np.ndarray, persons: np.ndarray) -> float:
    """Theil index T, 0 (equal) upwards, in nats; nan where any value is negative or the mean is not positive."""
    average = mean(consumption, persons)
    if not average > 0 or np.any(consumption < 0):
        return float("nan")
    ratio = consumption / average
    # The limit of x ln x at 0 is 0.
    logarithm = np.log(ratio, out=np.zeros_like(ratio), where=ratio > 0)
    return mean(ratio * logarithm, persons)


def theil_within_between(consumption: np.ndarray, persons: np.ndarray, group: np.ndarray) -> tuple[float, float]:
    """Theil index T divided into the parts within and between groups; they sum to `theil`.

    Source: Theil (1967); Shorrocks (1980), Econometrica 48(3). Each group weighs by its share of consumption.

    Parameters
    ----------
    consumption, persons : array, shape (n,)
        z per person and quarter; person weights.
    group : int array, shape (n,)
        Group of each row, from 0 (for example the village).

    Returns
    -------
    within, between : float
    """
    average = mean(consumption, persons)
    weights = np.bincount(group, persons)
    averages = group_mean(consumption, persons, group)
    filled = weights > 0
    between = theil(averages[filled], weights[filled])
    within = 0.0
    for code in np.flatnonzero(filled & (np.nan_to_num(averages) > 0)):
        inside = group == code
        share = weights[code] * averages[code] / (weights.sum() * average)
        within += share * theil(consumption[inside], persons[inside])
    return (float(within), between) if np.isfinite(between) else (float("nan"), float("nan"))


def growth_incidence(before: np.ndarray, after: np.ndarray, persons: np.ndarray, years: float) -> pd.DataFrame:
    """Growth incidence curve: the poorest tenth of persons of then against the poorest tenth of now, and so on.

    Source: Ravallion and Chen (2003), Economics Letters 78(1).

    Parameters
    ----------
    before, after : array, shape (n,)
        Consumption or income at the two dates, z per person and quarter.
    persons : array, shape (n,)
        Person weights.
    years : float
        Years between the two dates.

    Returns
    -------
    DataFrame
        Columns group (1 is the poorest), before, after (means, z per person and quarter), growth (share per year; nan
        where a mean is not positive).
    """
    first, second = (share_by_decile(values, persons) * mean(values, persons) * 10 for values in (before, after))
    ratio = np.divide(second, first, out=np.full(10, np.nan), where=(first > 0) & (second > 0))
    growth = ratio ** (1.0 / years) - 1.0
    return pd.DataFrame({"group": np.arange(1, 11), "before": first, "after": second, "growth": growth})
