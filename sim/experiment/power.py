"""Empowerment and decision power, arm by arm: while the programmes run, and after."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.experiment.compare import Comparison
from sim.experiment.run import Run

MEASURES = ("empowerment", "empowered_share", "decision_power", "control", "participation_non_elite")


def power_table(comparison: Comparison) -> pd.DataFrame:
    """Levels of each measure: mean over seeds, and the 5th and 95th percentile."""
    rows = []
    for window, span in (("during", "on"), ("after", "post")):
        first, last = getattr(comparison.scenario.windows, span)
        for measure in MEASURES:

            def value(run: Run, name: str = measure, a: int = first, b: int = last) -> float:
                return float(np.nanmean(run.series[name][a:b]))  # some are measured once a year

            for arm, values in comparison.over_seeds(value).items():
                low, high = np.percentile(values, [5.0, 95.0])
                rows.append({
                    "arm": arm, "window": window, "measure": measure,
                    "estimate": float(values.mean()), "low": float(low), "high": float(high),
                })  # fmt: skip
    return pd.DataFrame(rows)
