"""What an evaluator would see of each programme (planned change), beside what it truly did.

An evaluator has surveys, not twins: consumption with noise, asked about in the quarter before the interview, once when
the programmes start and once two years after they end. Three designs in common use are applied to the same two surveys:

- *before and after*: every village has the programme, and the change over time is taken for its effect;
- *difference in differences*: a drawn half of the villages has the programme, the others live on without it under the
  same luck, and the changes of the two halves are compared;
- *randomised villages*: the same halves, but only what is measured after is compared.

Each has its standard error with villages as clusters (Liang and Zeger 1986, with the correction for few clusters) and a
nominal 95 % interval from Student's distribution. The true effect is the paired difference of true consumption over all
villages at the time of the second interview. Left out: attrition, villages that choose themselves, and spill-over.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim import metrics
from sim.evidence.estimates import ASSIGNMENTS, contrast
from sim.experiment.compare import Comparison, interval
from sim.intervals import student
from sim.metrics import mean
from sim.population import uniforms
from sim.scenario import BASELINE

NOMINAL = 0.95  # of the interval that an evaluator would print
LEAST = 1e-6  # z per person and quarter: less than this has no logarithm worth a name
INDICATORS: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "headcount": ("pp", lambda consumption: 100.0 * (consumption < 1.0)),
    "log_consumption": ("log points, %", lambda consumption: 100.0 * np.log(np.maximum(consumption, LEAST))),
}
ESTIMATORS = ("before_after", "difference_in_differences", "randomised_villages")
COLUMNS = ["arm", "indicator", "unit", "estimator", "estimate", "low", "high", "error", "truth", "bias", "coverage"]


@dataclass(frozen=True)
class Estimate:
    """An estimate with its clustered standard error, in the unit of the values, and its degrees of freedom."""

    value: float
    error: float
    freedom: int

    def covers(self, truth: float) -> float:
        """1 where the nominal 95 % interval holds a value, 0 where not, nan where there is no interval."""
        if self.freedom < 1 or not math.isfinite(self.error):
            return math.nan
        return float(abs(self.value - truth) <= student(self.freedom, NOMINAL) * self.error)


def variance_of_mean(means: np.ndarray, persons: np.ndarray) -> float:
    """Variance of a mean over persons with villages as clusters, from the villages' means; nan below two villages."""
    if len(means) < 2:
        return math.nan
    strays = persons * (means - mean(means, persons))
    return len(means) / (len(means) - 1) * float((strays * strays).sum()) / float(persons.sum()) ** 2


def before_after(before: np.ndarray, after: np.ndarray, persons: np.ndarray) -> Estimate:
    """Mean change over time, in villages that all have the programme; one value a village."""
    change = after - before
    return Estimate(mean(change, persons), math.sqrt(variance_of_mean(change, persons)), len(change) - 1)


def randomised(after: np.ndarray, treated: np.ndarray, persons: np.ndarray) -> Estimate:
    """Difference of the means of villages with (`treated`) and without the programme; one value a village."""
    variance = sum(variance_of_mean(after[side], persons[side]) for side in (treated, ~treated))
    return Estimate(contrast(after, treated, persons), math.sqrt(variance), len(after) - 2)


def difference_in_differences(
    before: np.ndarray, after: np.ndarray, treated: np.ndarray, persons: np.ndarray
) -> Estimate:
    """Difference of the mean changes of villages with (`treated`) and without the programme; one value a village."""
    return randomised(after - before, treated, persons)


def halves(seed: int, villages: int) -> Iterator[np.ndarray]:
    """Which villages have the programme in each assignment: a drawn half of them, the smaller where they are odd."""
    for turn in range(ASSIGNMENTS):
        draws = uniforms(seed, "evaluation", f"assignment {turn}", villages)
        treated = np.zeros(villages, bool)
        treated[np.argsort(draws)[: villages // 2]] = True
        yield treated


def _found(comparison: Comparison, arm: str, seed: int, of: Callable[[np.ndarray], np.ndarray]) -> tuple[float, dict]:
    """The true effect of an arm under one luck, and what each design finds: estimator -> estimates."""

    def village(name: str, column: str) -> np.ndarray:
        values = of(comparison.runs[name, seed].household[column])
        return metrics.group_mean(values, comparison.persons, comparison.home)

    persons = np.bincount(comparison.home, comparison.persons)
    truth = mean(village(arm, "consumption_after") - village(BASELINE, "consumption_after"), persons)
    before, after, never_before, never_after = (
        village(name, f"measured_{when}") for name in (arm, BASELINE) for when in ("before", "after")
    )
    found: dict[str, list[Estimate]] = {name: [] for name in ESTIMATORS}
    found["before_after"].append(before_after(before, after, persons))
    for treated in halves(seed, len(persons)):
        first, second = np.where(treated, before, never_before), np.where(treated, after, never_after)
        found["difference_in_differences"].append(difference_in_differences(first, second, treated, persons))
        found["randomised_villages"].append(randomised(second, treated, persons))
    return truth, found


def evaluation_table(comparison: Comparison) -> pd.DataFrame:
    """What each design would find of each arm, beside the truth.

    `estimate`, `low` and `high` are over lucks and assignments, `error` is the mean clustered standard error, `bias`
    the mean of estimate minus truth, `coverage` the share of nominal 95 % intervals that hold the truth of their luck.
    """
    rows = []
    villages = len(comparison.population.village_code)
    for arm in comparison.rivals if villages > 1 else []:
        for indicator, (unit, of) in INDICATORS.items():
            seen = [_found(comparison, arm, seed, of) for seed in comparison.seeds]
            truth = float(np.mean([true for true, _ in seen]))
            for name in ESTIMATORS:
                pairs = [(true, one) for true, found in seen for one in found[name]]
                errors = np.array([one.error for _, one in pairs])
                rows.append(
                    {"arm": arm, "indicator": indicator, "unit": unit, "estimator": name}
                    | interval(np.array([one.value for _, one in pairs]))
                    | {"error": float(errors.mean()), "truth": truth}
                    | {"bias": float(np.mean([one.value - true for true, one in pairs]))}
                    | {"coverage": float(np.mean([one.covers(true) for true, one in pairs]))}
                )
    return pd.DataFrame(rows, columns=COLUMNS)
