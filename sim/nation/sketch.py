"""How a quantity is spread over tens of millions of persons, as counts of persons in narrow classes.

Counts are whole numbers, so that the sketches of any parts add up to that of the whole exactly, in any order. Classes
are as wide as one part in ten thousand of their value: a quantile is off by at most half of that (relative), a Gini
coefficient by at most `bound`.
"""

from __future__ import annotations

import numpy as np

WIDTH = 1e-4  # log of the upper over the lower end of a class
LOW, HIGH = 0.01, 100.0  # z per person and quarter; what lies beyond counts in the two classes at the ends
CLASSES = int(np.ceil(np.log(HIGH / LOW) / WIDTH)) + 2


def counted(values: np.ndarray, persons: np.ndarray) -> np.ndarray:
    """Persons in each class.

    Parameters
    ----------
    values, persons : array, shape (households,)
        z per person and quarter; whole numbers of persons.
    """
    place = np.floor(np.log(np.clip(values, 0.5 * LOW, 2.0 * HIGH) / LOW) / WIDTH) + 1.0
    place = np.clip(place, 0, CLASSES - 1).astype(np.int64)
    return np.bincount(place, persons, CLASSES).astype(np.uint32)


def middles() -> np.ndarray:
    """The value that stands for each class: the geometric middle; at the two ends the limit."""
    inner = LOW * np.exp(WIDTH * (np.arange(CLASSES - 2) + 0.5))
    return np.concatenate([[LOW], inner, [HIGH]])


def beyond(persons: np.ndarray) -> float:
    """Share of persons outside the limits, to whom no bound applies."""
    return float(persons[0] + persons[-1]) / float(persons.sum())


def quantile(persons: np.ndarray, at: float) -> float:
    """The value at which the share `at` of persons is reached; off by at most half a class's width, relative."""
    reached = np.cumsum(persons, dtype=float)
    return float(middles()[np.searchsorted(reached, at * reached[-1])])


def gini(persons: np.ndarray) -> float:
    """Gini coefficient, off by at most `bound`."""
    weight, value = persons.astype(float), middles()
    share = weight * value
    below = np.concatenate([[0.0], np.cumsum(share)[:-1]])
    return float(1.0 - (weight * (2.0 * below + share)).sum() / (weight.sum() * share.sum()))


def bound(found: float) -> float:
    """How far a Gini coefficient can be off that was `found` from a sketch with nobody beyond its limits.

    Each value is off by a factor of at most exp(WIDTH / 2), and their order is kept: then the mean difference is off by
    at most e = exp(WIDTH / 2) - 1 of twice the mean, and the mean by e.
    """
    off = np.expm1(0.5 * WIDTH)
    return float(off * (1.0 + found) / (1.0 - off))
