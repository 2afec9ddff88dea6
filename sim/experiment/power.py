"""Empowerment and decision power, arm by arm: while the programmes run, and after; and whether development was good."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from sim.experiment.compare import Comparison, interval
from sim.experiment.followed import over
from sim.experiment.run import Run
from sim.metrics.empowerment import HEADLINE_DIMENSIONS, good_development

MEASURES = ("empowerment", "empowered_share", "decision_power", "control", "participation_non_elite")


def power_table(comparison: Comparison) -> pd.DataFrame:
    """Levels of each measure, mean over seeds, and the 5th and 95th percentile.

    `good_development` is the share of seeds in which it was, from before the programmes to after, in %.
    """
    spans, rows = comparison.scenario.windows, []

    def good(run: Run) -> float:
        names = {one: f"empowerment_{one}" for one in HEADLINE_DIMENSIONS}
        gains = {one: over(run, name, spans.post) - over(run, name, spans.pre) for one, name in names.items()}
        return 100.0 * good_development(comparison.own_income_growth(run), gains)

    wanted: list[tuple[str, str, Callable[[Run], float]]] = [
        (word, name, partial(over, name=name, window=span))
        for word, span in (("during", spans.on), ("after", spans.post))
        for name in MEASURES
    ]
    for window, measure, value in [*wanted, ("after", "good_development", good)]:
        for arm, values in comparison.over_seeds(value).items():
            rows.append({"arm": arm, "window": window, "measure": measure, **interval(values)})
    return pd.DataFrame(rows)
