"""Targeting: who was reached, and who should have been.

Source of the definitions: Cornia and Stewart (1993); Alatas, Banerjee, Hanna, Olken and Tobias (2012), AER 102(4).
Both errors are always reported together: either can be made zero alone, by reaching everybody or nobody.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.metrics import mean
from sim.metrics.inequality import share_by_decile


class TargetingErrors(NamedTuple):
    """The two errors of a selection, shares between 0 and 1, nan where undefined."""

    #: Share of the reached persons who are not poor; nan where nobody is reached.
    inclusion: float
    #: Share of the poor persons who are not reached; nan where nobody is poor.
    exclusion: float
    #: Share of all persons who are wrongly in or wrongly out.
    mistargeting: float
    #: Share of all persons who are reached.
    coverage: float


def errors(targeted: np.ndarray, poor: np.ndarray, persons: np.ndarray) -> TargetingErrors:
    """Inclusion and exclusion error of a selection.

    Parameters
    ----------
    targeted : array, shape (n,)
        Whether the household is reached (boolean, or 0/1).
    poor : array, shape (n,)
        Whether it should be; which definition of poor is the caller's to name.
    persons : array, shape (n,)
        Person weights.

    Returns
    -------
    TargetingErrors
    """
    reached, needy = np.asarray(targeted) > 0, np.asarray(poor) > 0
    return TargetingErrors(
        inclusion=mean(~needy[reached], persons[reached]),
        exclusion=mean(~reached[needy], persons[needy]),
        mistargeting=mean(reached != needy, persons),
        coverage=mean(reached, persons),
    )


def incidence(benefit: np.ndarray, consumption: np.ndarray, persons: np.ndarray, groups: int = 10) -> np.ndarray:
    """Share of all benefits that goes to each tenth of persons, poorest first.

    Parameters
    ----------
    benefit : array, shape (n,)
        Benefit received, z per person and quarter.
    consumption : array, shape (n,)
        What persons are ranked by: consumption without the benefit, or before it.
    persons : array, shape (n,)
        Person weights.

    Returns
    -------
    array, shape (groups,)
        Sums to 1; nan where no benefit was paid.
    """
    return share_by_decile(benefit, persons, consumption, groups)


def targeting_ratio(benefit: np.ndarray, consumption: np.ndarray, persons: np.ndarray, fraction: float = 0.4) -> float:
    """Share of benefits reaching the poorest fraction, over what an equal dividend would give them (1 is neutral).

    Source: Coady, Grosh and Hoddinott (2004), who take the poorest 40 per cent where it is known.
    """
    return float(incidence(benefit, consumption, persons, 100)[: round(100 * fraction)].sum() / fraction)
