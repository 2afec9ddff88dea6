"""What the headline varies over: its numbers draw by draw, and how much of their spread parameters and luck make."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sim.experiment.compare import Comparison
from sim.scenario import BASELINE

HEADLINE_UNITS = {
    "headcount": "pp",
    "own_income_growth": "% a year",
    "self_sufficient": "pp",
    "participation": "pp",
    "cost": "z per person",
    "cost_rupiah": "Rp per person",
}
Levels = Mapping[str, Mapping[str, np.ndarray]]  # number of the headline -> arm -> one value a seed


def components(values: np.ndarray, sets: np.ndarray) -> tuple[float, float]:
    """Variance between parameter sets, and of luck within them; nan where no set met two lucks.

    Estimators of the one-way random-effects model (Searle, Casella and McCulloch 1992): the mean squares between and
    within sets, solved for the two components; a negative one is 0.
    """
    count = np.bincount(sets)
    means = np.bincount(sets, values) / count
    freedom = len(values) - len(count)
    if freedom < 1 or len(count) < 2:
        return np.nan, np.nan
    within = float(((values - means[sets]) ** 2).sum() / freedom)
    between = float((count * (means - values.mean()) ** 2).sum() / (len(count) - 1))
    size = (len(values) - (count**2).sum() / len(values)) / (len(count) - 1)
    return max(0.0, (between - within) / float(size)), within


def spread_table(comparison: Comparison, levels: Levels) -> pd.DataFrame:
    """What the spread of each headline difference is made of: standard deviations over parameter sets and over luck."""
    rows = []
    for metric, unit in HEADLINE_UNITS.items():
        base = levels[metric][BASELINE]
        for arm in comparison.arms:
            values = base if arm == BASELINE else levels[metric][arm] - base
            between, within = components(values, comparison.set_of)
            whole = between + within
            rows.append({
                "arm": arm, "metric": metric, "unit": unit, "parameters": np.sqrt(between), "luck": np.sqrt(within),
                "share_parameters": between / whole if whole > 0.0 else np.nan,
            })  # fmt: skip
    return pd.DataFrame(rows)
