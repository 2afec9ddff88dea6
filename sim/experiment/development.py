"""Growth that reaches people, and whether they depend on the nation's: tables that say what levels do not.

Each holds levels and paired differences from the baseline, over the draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from sim import metrics
from sim.experiment.compare import Comparison, interval
from sim.experiment.run import Run
from sim.metrics import inequality, resilience
from sim.scenario import BASELINE

PER_INDEX = "% per 1 % of the national index"
OWN, SPENT = "own_income", "consumption"
OF_PERSONS, OF_POOR = "% of persons", "% of the permanently poor"
#: Measures of the resilience table that a run brings along, with their units.
MEASURES = {
    "elasticity": "% of consumption per 1 % of the national index",
    **{f"total_{part}": PER_INDEX for part in (OWN, "direct", "demand", "response", "cushion", "price", SPENT)},
    **{f"{kind}_{part}": PER_INDEX for kind in ("first", "asymmetry") for part in (OWN, SPENT)},
    **{f"half_life_{part}": "quarters" for part in (OWN, SPENT)},
    **{f"left_{part}": "% of the deepest gap" for part in (OWN, SPENT)},
    "shortfall": "% of consumption",
}
#: From this probability on a household counts as vulnerable (Suryahadi and Sumarto 2003; from memory). Frozen.
LIKELY = 0.5
COLUMNS = ["arm", "measure", "unit", "estimate", "low", "high", "difference", "difference_low", "difference_high"]
Values = Mapping[str, np.ndarray]  # arm -> one value a draw


def _table(comparison: Comparison, measures: Mapping[str, tuple[str, Values]]) -> pd.DataFrame:
    """Measure -> (unit, values) as rows: levels, and paired differences from the baseline."""
    rows = []
    for measure, (unit, values) in measures.items():
        for arm in comparison.arms:
            change = interval(values[arm] - values[BASELINE], "difference", "difference_")
            rows.append({"arm": arm, "measure": measure, "unit": unit, **interval(values[arm]), **change})
    return pd.DataFrame(rows, columns=COLUMNS)


# -- shocks from outside -----------------------------------------------------------------------------------------------


def independent(comparison: Comparison, run: Run) -> np.ndarray:
    """Whether each household is independent of macro change (`resilience.independent`)."""
    without = comparison.runs[BASELINE, run.seed].household["elasticity"]
    own, found = run.windows["own_income", "post"], run.household
    return resilience.independent(own, found["pushed_below"], found["elasticity"], without, comparison.persons)


def isolated(comparison: Comparison, run: Run) -> np.ndarray:
    """Who is spared by the nation's shocks and poor: as low an elasticity as independence asks, own income below z."""
    without = comparison.runs[BASELINE, run.seed].household["elasticity"]
    usual = resilience.median_elasticity(without, comparison.persons)
    return (run.windows["own_income", "post"] < metrics.LINE) & (run.household["elasticity"] <= usual)


def resilience_table(comparison: Comparison) -> pd.DataFrame:
    """What the shocks of the stress test do: levels, and paired differences from the baseline.

    A half-life is undefined if in any luck half the gap is not regained.
    """
    persons = comparison.persons

    def share(of: Callable[[Run], np.ndarray], poor: bool = False) -> Values:
        def value(run: Run) -> float:
            return 100.0 * metrics.mean(of(run), persons * (comparison.poor(run) if poor else 1.0))

        return comparison.over_seeds(value)

    def stands(run: Run) -> np.ndarray:
        return run.household["stress_pass"]

    found: dict[str, tuple[str, Values]]
    found = {name: (unit, comparison.over_seeds(lambda run, n=name: run.stress[n])) for name, unit in MEASURES.items()}  # type: ignore[misc]
    for name in (f"half_life_{part}" for part in (OWN, SPENT)):  # the slowest lucks have none
        unit, values = found[name]
        found[name] = unit, {arm: x if np.isfinite(x).all() else np.full_like(x, np.nan) for arm, x in values.items()}
    found |= {
        "pushed_below": (OF_PERSONS, share(lambda run: run.household["pushed_below"])),
        "independent": (OF_PERSONS, share(lambda run: independent(comparison, run))),
        "poor_independent": (OF_POOR, share(lambda run: independent(comparison, run), poor=True)),
        "isolated": (OF_PERSONS, share(lambda run: isolated(comparison, run))),
        "withstand": (OF_PERSONS, share(stands)),
        "poor_withstand": (OF_POOR, share(stands, poor=True)),
    }
    return _table(comparison, found)


# -- growth ------------------------------------------------------------------------------------------------------------


def slope(series: np.ndarray, quarters: np.ndarray) -> float:
    """Growth by least squares of a logarithm on time, % a year; nan unless two values at least are positive."""
    known = np.isfinite(series) & (series > 0.0)
    if known.sum() < 2:
        return float("nan")
    time, value = quarters[known] / 4.0, np.log(series[known])
    time = time - time.mean()
    return 100.0 * float((time * value).sum() / (time * time).sum())


def top_against_bottom(comparison: Comparison, run: Run) -> float:
    """Growth of the top tenth's mean own income less that of the bottom four tenths', percentage points a year."""
    spans = comparison.scenario.windows
    years = (sum(spans.post) - sum(spans.pre)) / 8.0
    found = inequality.growth_incidence(
        run.windows["own_income", "pre"], run.windows["own_income", "post"], comparison.persons, years
    )
    before, after = (found[name][:4].sum() for name in ("before", "after"))
    if before <= 0.0 or after <= 0.0:
        return float("nan")
    return 100.0 * (float(found["growth"].iloc[-1]) - ((after / before) ** (1.0 / years) - 1.0))


def vulnerability(comparison: Comparison, arm: str) -> np.ndarray:
    """Probability of each household of falling below the line within four quarters, over all draws of luck."""
    lowest = np.array([comparison.runs[arm, seed].household["lowest_consumption"] for seed in comparison.seeds])
    return resilience.vulnerability(lowest[:, np.newaxis])


def growth_table(comparison: Comparison) -> pd.DataFrame:
    """Growth of own income against the nation's, and vulnerability.

    The share of persons likely to fall is one number over all draws: it has no interval.
    """
    spans, persons, national = comparison.scenario.windows, comparison.persons, comparison.national_growth
    quarters = np.arange(spans.pre[0], spans.post[1])
    half = comparison.scenario.cutoffs.growth_of_national

    def median(run: Run) -> float:
        return 100.0 * float(np.median(comparison.village_growth(run)))

    def below(run: Run, growth: np.ndarray, weight: np.ndarray) -> float:
        return 100.0 * metrics.mean(growth < half * national[run.seed], weight)

    def falls(run: Run, poor: bool = False) -> float:
        fell = run.household["lowest_consumption"] < metrics.LINE
        return 100.0 * metrics.mean(fell, persons * (comparison.poor(run) if poor else 1.0))

    ones = np.ones(len(comparison.population.village_code))
    likely = {
        a: np.array([100.0 * metrics.mean(vulnerability(comparison, a) > LIKELY, persons)]) for a in comparison.arms
    }
    over = comparison.over_seeds
    return _table(comparison, {
        "national": ("% a year", over(lambda run: 100.0 * national[run.seed])),
        "slope": ("% a year", over(lambda run: slope(run.series["median_own_income"][quarters], quarters))),
        "median_village": ("% a year", over(median)),
        "gap": ("pp a year", over(lambda run: 100.0 * national[run.seed] - median(run))),
        "gap_top_bottom": ("pp a year", over(lambda run: top_against_bottom(comparison, run))),
        "stagnating_villages": ("% of villages", over(lambda run: below(run, comparison.village_growth(run), ones))),
        "stagnating_persons": (OF_PERSONS, over(lambda run: below(run, comparison.growth(run), persons))),
        "vulnerability": (OF_PERSONS, over(falls)),
        "poor_vulnerability": (OF_POOR, over(lambda run: falls(run, poor=True))),
        "likely_to_fall": (OF_PERSONS, likely),
    })  # fmt: skip
