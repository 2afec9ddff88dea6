"""Empowerment and participation: what people can do, and who takes part.

The index is the dual cut-off method of Alkire and Foster (2011), Journal of Public Economics 95, turned round as in the
Women's Empowerment in Agriculture Index (Alkire et al. 2013, World Development 52): a first cut-off says whether a
person is adequate in each indicator, a second how much weighted adequacy makes a person empowered. Indicators are
results, never inputs: what a programme spends or offers is not among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sim.metrics import mean, metric

#: Share of weighted adequacies from which a household is empowered (the 80 % of the WEAI). Frozen.
EMPOWERED_CUTOFF = 0.80
#: Dimensions of the headline; the table shows it also with an economic dimension, and without agency.
HEADLINE_DIMENSIONS = ("social", "education", "agency")
#: Lowest code of the strata that are neither elite (0) nor activist (1).
MAJORITY = 2


def indicator_weights(dimensions: Sequence[str], weights: Mapping[str, float] | None = None) -> np.ndarray:
    """Weight of each indicator: that of its dimension, divided equally inside it; they sum to 1.

    Parameters
    ----------
    dimensions : sequence of str, length d
        Dimension of each indicator.
    weights : mapping of str to float, optional
        Weight of each dimension; equal by default. A dimension with weight 0 is left out.

    Returns
    -------
    array, shape (d,)
    """
    names = list(dict.fromkeys(dimensions))
    given = dict.fromkeys(names, 1.0) if weights is None else weights
    missing = [name for name in names if name not in given]
    if missing:
        raise ValueError(f"no weight for dimension {', '.join(missing)}")
    counts = {name: list(dimensions).count(name) for name in names}
    raw = np.array([given[name] / counts[name] for name in dimensions], float)
    if raw.min() < 0 or raw.sum() <= 0:
        raise ValueError("weights of dimensions must not be negative, and one must be positive")
    return raw / raw.sum()


def adequacy(
    indicators: np.ndarray, dimensions: Sequence[str], weights: Mapping[str, float] | None = None
) -> np.ndarray:
    """Weighted share of indicators in which each household is adequate, 0-1.

    Parameters
    ----------
    indicators : array, shape (n, d)
        Whether each household is adequate in each indicator (boolean or 0/1: the first cut-off has been applied).
    dimensions, weights
        As in `indicator_weights`.

    Returns
    -------
    array, shape (n,)
    """
    adequate = np.asarray(indicators) > 0
    if adequate.ndim != 2 or adequate.shape[1] != len(dimensions):
        raise ValueError(f"indicators of shape {adequate.shape} do not match {len(dimensions)} dimensions")
    return (adequate * indicator_weights(dimensions, weights)).sum(axis=1)


def empowered(
    indicators: np.ndarray,
    dimensions: Sequence[str],
    weights: Mapping[str, float] | None = None,
    cutoff: float = EMPOWERED_CUTOFF,
) -> np.ndarray:
    """Whether each household is empowered: weighted adequacy at or above the second cut-off; bool, shape (n,)."""
    # Sums of thirds and quarters miss their round value by the last bit.
    return adequacy(indicators, dimensions, weights) >= cutoff - 1e-9


def empowerment_index(
    indicators: np.ndarray,
    dimensions: Sequence[str],
    persons: np.ndarray,
    weights: Mapping[str, float] | None = None,
    cutoff: float = EMPOWERED_CUTOFF,
) -> float:
    """Index of empowerment, 0-1: one minus the adjusted headcount M0 of the disempowered.

    The empowered count as 1, the others with their own share of adequacies; unlike the plain share, it moves when
    somebody below the cut-off gains. Adds up over subgroups.
    """
    score = adequacy(indicators, dimensions, weights)
    return mean(np.where(score >= cutoff - 1e-9, 1.0, score), persons)


@metric("participation", unit="% of households", better="higher")
def participation(attends, weight):
    """Households that attended the village meeting (*musyawarah*) this quarter, %."""
    return 100.0 * mean(attends, weight)


@metric("participation outside the elite", unit="% of households", better="higher")
def participation_non_elite(attends, stratum, weight):
    """Households of the majority and the marginal strata that attended the village meeting this quarter, %."""
    return 100.0 * mean(attends, weight * (stratum >= MAJORITY))


@metric("awareness", unit="% of households", better="higher")
def aware(aware, weight):
    """Households that know of the village meeting and what it decides, %."""
    return 100.0 * mean(aware, weight)


@metric("efficacy", unit="0-1", better="higher")
def efficacy(efficacy, persons):
    """Mean belief that taking part changes something, 0-1."""
    return mean(efficacy, persons)


@metric("skill", unit="index", better="higher")
def skill(skill, persons):
    """Mean skill of a person (1 at the start)."""
    return mean(skill, persons)


@metric("institution quality", unit="0-1", better="higher")
def quality(village_institution_quality):
    """Mean quality of the village institution, 0-1, each village counting once."""
    return village_institution_quality.mean()
