"""All that is followed through time, after the programmes: so that whatever is measured is also compared."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import pandas as pd

from sim.experiment.compare import Comparison, interval
from sim.experiment.run import Run
from sim.scenario import BASELINE


def after(run: Run, name: str, window: tuple[int, int]) -> float:
    """Mean of a series over the quarters of a window at which it is due."""
    return float(np.nanmean(run.series[name][slice(*window)]))


def followed_table(comparison: Comparison) -> pd.DataFrame:
    """Every metric in the post-window: the baseline's level, and each arm's paired difference from it.

    Both are means over the quarters of the window at which the metric is due; `low` and `high` the 5th and 95th
    percentile over seeds. A metric that no quarter of the window defines is undefined.
    """
    rows = []
    for name, about in comparison.scenario.known.metrics.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a metric may be undefined in all quarters
            found = comparison.over_seeds(partial(after, name=name, window=comparison.scenario.windows.post))
        for arm, values in found.items():
            values = values if arm == BASELINE else values - found[BASELINE]
            rows.append({"arm": arm, "metric": name, "unit": about.unit, **interval(values)})
    return pd.DataFrame(rows)
