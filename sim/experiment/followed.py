"""What is followed through time, over a window: so that whatever is measured is also compared."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from functools import partial

import numpy as np
import pandas as pd

from sim.experiment.compare import Comparison, interval
from sim.experiment.run import Run
from sim.scenario import BASELINE


def after(run: Run, name: str, window: tuple[int, int]) -> float:
    """Mean of a series over the quarters of a window at which it is due."""
    return float(np.nanmean(run.series[name][slice(*window)]))


def followed_table(comparison: Comparison, names: Iterable[str], window: tuple[int, int]) -> pd.DataFrame:
    """Some metrics in a window: the baseline's level, and each arm's paired difference from it.

    Both are means over the quarters of the window at which the metric is due; `low` and `high` the 5th and 95th
    percentile over seeds. A metric that no quarter of the window defines is undefined.
    """
    rows = []
    for name in names:
        about = comparison.scenario.known.metrics[name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a metric may be undefined in all quarters
            found = comparison.over_seeds(partial(after, name=name, window=window))
        for arm, values in found.items():
            values = values if arm == BASELINE else values - found[BASELINE]
            rows.append({"arm": arm, "metric": name, "unit": about.unit, **interval(values)})
    return pd.DataFrame(rows)
