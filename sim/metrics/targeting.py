"""Targeting: who was reached, and who should have been.

Source of the definitions: Cornia and Stewart (1993); Alatas, Banerjee, Hanna, Olken and Tobias (2012), AER 102(4).
Both errors are always reported together: either can be made zero alone, by reaching everybody or nobody.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.metrics import mean


class TargetingErrors(NamedTuple):
    """The two errors of a selection, shares between 0 and 1, nan where undefined."""

    #: Share of the reached persons who are not poor; nan where nobody is reached.
    inclusion: float
    #: Share of the poor persons who are not reached; nan where nobody is poor.
    exclusion: float
    #: Share of all persons who are wrongly in or wrongly out.
    mistargeting: float


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
    )
