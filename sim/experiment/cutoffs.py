"""How the classes of the permanently poor, and the order of the arms, hang on cut-offs that were chosen beforehand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from sim.experiment.compare import Comparison, interval
from sim.metrics import trajectories
from sim.metrics.trajectories import CLASSES, FROZEN, GRID_DIPS, GRID_GROWTH, GRID_LINES, GRID_SHOCKS
from sim.scenario import BASELINE

#: The cut-offs that tell the self-sufficient: what a household's growth is held against does not.
CUTS = ("line", "dips", "shock")
VALUES = (GRID_LINES, GRID_DIPS, GRID_SHOCKS, GRID_GROWTH)
COLUMNS = (*CUTS, "growth_share", "class", "share", "low", "high", "difference", "difference_low", "difference_high")
FIRST = CLASSES[0]
TENTH = 3  # decimals of a share that make a tenth of a percentage point


def shares(comparison: Comparison, arm: str) -> np.ndarray:
    """Shares of the classes among the permanently poor: (seeds, lines, dips, shocks, growth, classes)."""
    found = []
    for seed in comparison.seeds:
        run = comparison.runs[arm, seed]
        found.append(
            trajectories.class_grid(
                run.windows["own_income", "pre"],
                run.windows["own_income", "post"],
                run.windows["own_income", "on"] + run.windows["public_income", "on"],
                comparison.growth(run),
                run.withstood,
                comparison.national_growth[seed],
                comparison.poor(run) * comparison.persons,
            )
        )
    return np.array(found)


def cutoff_table(comparison: Comparison) -> pd.DataFrame:
    """Share of each class among the permanently poor at every combination of cut-offs, and its paired difference."""
    frames, base = [], shares(comparison, BASELINE)
    names = pd.DataFrame([*product(*VALUES, CLASSES)], columns=COLUMNS[:5])
    for arm in comparison.arms:
        values = base if arm == BASELINE else shares(comparison, arm)
        parts = [
            pd.DataFrame([interval(one, name, ends) for one in part.reshape(len(part), -1).T])
            for name, ends, part in (("share", "", values), ("difference", "difference_", values - base))
        ]
        frames.append(pd.concat([names, *parts], axis=1))
    return pd.concat(frames, keys=comparison.arms, names=["arm"]).reset_index("arm").reset_index(drop=True)


def self_sufficient(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of `cutoff_table` that say who is self-sufficient, one for each arm and combination of `CUTS`."""
    return table[(table["class"] == FIRST) & (table["growth_share"] == GRID_GROWTH[FROZEN[3]])]


def standing_table(comparison: Comparison, table: pd.DataFrame) -> pd.DataFrame:
    """Where each arm stands over all combinations of cut-offs, by who of the permanently poor is self-sufficient.

    `leads`: combinations at which no arm of equal cost, and not the baseline, has a larger share; `better` and `worse`:
    those at which the paired difference from the baseline lies beyond chance, to a tenth of a percentage point as it is
    printed. An arm without a rank has no place, and none has one where they do not spend the same.
    """
    rows = self_sufficient(table)
    order = [BASELINE, *comparison.ranked] if len(comparison.scenario.spent) == 1 else []
    levels = rows.pivot(index="arm", columns=list(CUTS), values="share")
    place = levels.loc[order].rank(ascending=False, method="min")
    found = []
    for arm in comparison.arms:
        mine = rows[rows["arm"] == arm]
        places = place.loc[arm] if arm in order else pd.Series(dtype=float)
        found.append({
            "arm": arm,
            "combinations": len(mine),
            "least_share": mine["share"].min(),
            "most_share": mine["share"].max(),
            "least_difference": mine["difference"].min(),
            "most_difference": mine["difference"].max(),
            "better": int((mine["difference_low"].round(TENTH) > 0.0).sum()),
            "worse": int((mine["difference_high"].round(TENTH) < 0.0).sum()),
            "leads": int((places == 1.0).sum()) if len(places) else np.nan,
            "best_place": places.min(),
            "worst_place": places.max(),
        })  # fmt: skip
    return pd.DataFrame(found)
