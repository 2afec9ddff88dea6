"""Poverty: how many persons live below the line, how far below, and what people have and earn.

Source of the family: Foster, Greer and Thorbecke (1984), Econometrica 52(3). A person is poor when real consumption is
strictly below the line, as in the counts of Statistics Indonesia (BPS). The measures take each person's household mean:
inequality inside a household is left out.
"""

from __future__ import annotations

import numpy as np

from sim.metrics import LINE, mean, metric
from sim.metrics.inequality import quantile


def fgt(consumption: np.ndarray, persons: np.ndarray, line: float = LINE, alpha: float = 0.0) -> float:
    """Foster-Greer-Thorbecke measure, share between 0 and 1.

    Parameters
    ----------
    consumption : array, shape (n,)
        Real consumption, z per person and quarter.
    persons : array, shape (n,)
        Person weight of each household.
    line : float
        Poverty line, z per person and quarter.
    alpha : float
        0 headcount, 1 poverty gap, 2 severity (squared gap).
    """
    if alpha == 0:
        return mean(consumption < line, persons)
    gap = np.maximum(1.0 - consumption / line, 0.0)
    if alpha == 1:
        return mean(gap, persons)
    if alpha == 2:
        return mean(gap * gap, persons)
    return mean(gap**alpha, persons)


def baseline_poor(permanent_income: np.ndarray) -> np.ndarray:
    """Baseline-poor households: permanent income (luck removed) below the line at the start of the programmes.

    One quarter of consumption would mostly select bad luck, which passes without any policy.
    """
    return permanent_income < LINE


@metric("poverty headcount", unit="% of persons", better="lower")
def headcount(consumption, persons):
    """Persons whose real consumption is below the poverty line, % (BPS: P0)."""
    return 100.0 * fgt(consumption, persons)


@metric("near-poor: below 1.2 lines", unit="% of persons", better="lower")
def headcount_120(consumption, persons):
    """Persons whose real consumption is below 1.2 poverty lines, %: poor and near-poor (*hampir miskin*)."""
    return 100.0 * fgt(consumption, persons, 1.2)


@metric("vulnerable: below 1.5 lines", unit="% of persons", better="lower")
def headcount_150(consumption, persons):
    """Persons whose real consumption is below 1.5 poverty lines, %: poor and vulnerable (*rentan miskin*)."""
    return 100.0 * fgt(consumption, persons, 1.5)


@metric("poverty gap", unit="% of the line", better="lower")
def poverty_gap(consumption, persons):
    """Mean shortfall from the poverty line over all persons, % of the line (BPS: P1, *kedalaman*)."""
    return 100.0 * fgt(consumption, persons, alpha=1)


@metric("poverty severity", unit="% of the line, squared gaps", better="lower")
def severity(consumption, persons):
    """Mean squared shortfall from the poverty line over all persons, x 100 (BPS: P2, *keparahan*)."""
    return 100.0 * fgt(consumption, persons, alpha=2)


@metric("mean consumption", unit="z per person and quarter", better="higher")
def mean_consumption(consumption, persons):
    """Mean real consumption of a person, z per quarter."""
    return mean(consumption, persons)


@metric("mean own income", unit="z per person and quarter", better="higher")
def mean_own_income(own_income, persons):
    """Mean own income of a person, z per quarter: no transfers, no subsidies, no wages from public works."""
    return mean(own_income, persons)


@metric("median own income", unit="z per person and quarter", better="higher", every=4)
def median_own_income(own_income, persons):
    """Own income of the person in the middle, z per quarter: no public money."""
    return quantile(own_income, persons, 0.5)


@metric("self-supporting", unit="% of persons", better="higher")
def self_supporting(own_income, persons):
    """Persons whose household earns at least the poverty line by itself, without public money, % (*mandiri*)."""
    return 100.0 * mean(own_income >= LINE, persons)
