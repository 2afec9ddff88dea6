"""Whether a denser local economy carries more of a national shock: over parameter sets, without any new policy."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pandas as pd

from sim.experiment.compare import Comparison, interval
from sim.scenario import BASELINE

LEAST_SETS = 6  # below, halves and ranks say nothing
#: What is told of each draw, with its unit.
MEASURES = {
    "kept_local": "% of spending",
    "direct": "% per 1 % of the national index",
    "demand": "% per 1 % of the national index",
    "own_income": "% per 1 % of the national index",
    "times": "times the direct part",
    "consumption": "% per 1 % of the national index",
}
PARTS = ("thin", "dense", "correlation")
COLUMNS = (
    *("arm", "measure", "unit", "estimate", "low", "high"),
    *(f"{part}{end}" for part in PARTS for end in ("", "_low", "_high")),
)


def rank_correlation(one: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
    """Spearman's rank correlation with its interval of 90 % (Fieller, Hartley and Pearson 1957, Biometrika 44)."""
    if np.ptp(one) == 0.0 or np.ptp(other) == 0.0:
        return math.nan, math.nan, math.nan
    found = float(np.corrcoef(*(pd.Series(values).rank() for values in (one, other)))[0, 1])
    wide = NormalDist().inv_cdf(0.95) * math.sqrt(1.06 / (len(one) - 3))
    middle = math.atanh(min(max(found, -1.0 + 1e-12), 1.0 - 1e-12))
    return found, math.tanh(middle - wide), math.tanh(middle + wide)


def density_table(comparison: Comparison) -> pd.DataFrame:
    """How a fall of the national index reaches income and consumption, and how that goes with what is spent locally.

    Over all draws; over those of the half of the parameter sets in which less, and in which more, of spending stays in
    the village; and the rank correlation of the means of sets with that share. The last two are nan with few sets.
    """
    runs = [comparison.runs[BASELINE, seed].stress for seed in comparison.seeds]
    found = {
        name: np.array([run[f"total_{name}"] for run in runs])
        for name in ("direct", "demand", "own_income", "consumption")
    }
    found["times"] = np.divide(
        found["own_income"], found["direct"], out=np.full(len(runs), math.nan), where=found["direct"] != 0.0
    )
    found["kept_local"] = 100.0 * np.array([comparison.kept_local[seed] for seed in comparison.seeds])
    sets = np.unique(comparison.set_of)
    share = np.array([found["kept_local"][comparison.set_of == one].mean() for one in sets])
    dense = np.isin(comparison.set_of, sets[share > np.median(share)])
    rows = []
    for name, unit in MEASURES.items():
        values = found[name]
        row: list[object] = [BASELINE, name, unit, *interval(values).values()]
        if len(sets) >= LEAST_SETS:
            means = np.array([values[comparison.set_of == one].mean() for one in sets])
            row += [*interval(values[~dense]).values(), *interval(values[dense]).values()]
            row += rank_correlation(share, means) if name != "kept_local" else [math.nan] * 3
        rows.append(row + [math.nan] * (len(COLUMNS) - len(row)))
    return pd.DataFrame(rows, columns=[*COLUMNS])
