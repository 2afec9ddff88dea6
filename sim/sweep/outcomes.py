"""Metrics of a sweep: one number a run, told after the programmes, and what has to be run for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sim import metrics
from sim.errors import InputError
from sim.experiment.compare import Comparison
from sim.experiment.run import Run
from sim.scenario.faults import did_you_mean, show


@dataclass(frozen=True)
class Outcome:
    """One metric; `better` is 1 where more is better, -1 where less is, 0 where neither is; `twins`: needs shocks."""

    name: str
    label: str
    unit: str
    better: float
    measure: Callable[[Comparison, Run], float]
    decimals: int = 2
    twins: bool = False
    series: bool = False


def _index(order: int) -> Callable[[Comparison, Run], float]:
    return lambda comparison, run: 100.0 * run.poverty[order, 1.0, "post"]


PERSONS = "% of persons"
OWN = {
    one.name: one
    for one in (
        Outcome("headcount", "poverty headcount", PERSONS, -1.0, Comparison.headcount),
        Outcome("poverty_gap", "poverty gap", "% of the line", -1.0, _index(1)),
        Outcome("severity", "severity of poverty (FGT 2)", "% of the line squared", -1.0, _index(2)),
        Outcome(
            "self_sufficient", "share of the permanently poor who are self-sufficient", "% of the permanently poor",
            1.0, Comparison.self_sufficient, 1, True,
        ),
        Outcome("own_income", "median own income", "z per person and quarter", 1.0, Comparison.median_own_income, 4),
        Outcome("own_income_growth", "growth of median own income", "% a year", 1.0, Comparison.own_income_growth),
    )
}  # fmt: skip


def _series(metric: metrics.Metric) -> Outcome:
    """A metric that is followed through time, as its mean over the window after the programmes."""

    def measure(comparison: Comparison, run: Run) -> float:
        values = run.series[metric.name][slice(*comparison.scenario.windows.post)]
        return float(np.mean(values[np.isfinite(values)])) if np.isfinite(values).any() else math.nan

    better = {"higher": 1.0, "lower": -1.0, "neither": 0.0}[metric.better]
    return Outcome(metric.name, metric.label, metric.unit, better, measure, 2, series=True)


def catalogue() -> dict[str, Outcome]:
    """All metrics by name: the sweep's own first."""
    return OWN | {name: _series(one) for name, one in metrics.catalogue().items() if name not in OWN}


def kept(names: Sequence[str], where: str) -> list[Outcome]:
    """What is measured of a run for the sake of some metrics: all that comes at no cost too, for later studies."""
    asked = named(names, where)
    shocked = any(one.twins for one in asked)
    return [one for one in OWN.values() if shocked or not one.twins] + sorted(
        {one.name: one for one in asked if one.series}.values(), key=lambda one: one.name
    )


def named(names: Sequence[str], where: str) -> list[Outcome]:
    """Metrics by name.

    Raises
    ------
    InputError
        For an unknown one, with the nearest that there is.
    """
    known = catalogue()
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"; allowed: {', '.join(known)}"
            raise InputError(f"{where}: there is no metric {show(name)}{hint}")
    return [known[name] for name in names]
