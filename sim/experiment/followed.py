"""What is followed through time, over a window: so that whatever is measured is also compared."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import pandas as pd

from sim.experiment.compare import Comparison, interval
from sim.experiment.run import Run
from sim.language import mark
from sim.metrics.cost import PAID
from sim.scenario import BASELINE


def over(run: Run, name: str, window: tuple[int, int]) -> float:
    """Mean of a series over the quarters of a window at which it is due."""
    return float(np.nanmean(run.series[name][slice(*window)]))


def followed_table(comparison: Comparison, names: Iterable[str], window: tuple[int, int]) -> pd.DataFrame:
    """Some metrics in a window: the baseline's level, and each arm's paired difference from it.

    Both are means over the quarters of the window at which the metric is due; `low` and `high` the 5th and 95th
    percentile over seeds. A metric that no quarter of the window defines is undefined.
    """
    known, rows = comparison.scenario.known.metrics, []
    for name in names:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a metric may be undefined in all quarters
            rows += _paired(comparison, name, known[name].unit, partial(over, name=name, window=window))
    return pd.DataFrame(rows)


def effort_table(comparison: Comparison) -> pd.DataFrame:
    """What staff is paid for and the hours that households give to meetings, while the programme runs; as above."""
    window = comparison.scenario.windows.on

    def hours(run: Run) -> float:
        return comparison.meeting_hours[run.seed] * over(run, "participation", window) / 100.0

    time = _paired(comparison, "meeting_hours", mark("hours a household and quarter"), hours)
    return pd.concat([followed_table(comparison, PAID, window), pd.DataFrame(time)], ignore_index=True)


def _paired(comparison: Comparison, name: str, unit: str, value: Callable[[Run], float]) -> list[dict[str, object]]:
    """A row an arm: the baseline's level, or the difference from it under the same seeds."""
    found = comparison.over_seeds(value)
    base = found[BASELINE]
    return [
        {"arm": arm, "metric": name, "unit": unit, **interval(values if arm == BASELINE else values - base)}
        for arm, values in found.items()
    ]
