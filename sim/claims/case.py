"""What a claim is computed of: one parameter set, all arms under the same lucks; and what statistics share."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim import metrics
from sim.claims.statements import Claim
from sim.experiment.compare import Comparison
from sim.experiment.run import Run
from sim.metrics import metric
from sim.policies.policy import Programme
from sim.start import World


@dataclass(frozen=True)
class Case:
    """One parameter set: its world, and all arms under the same lucks.

    Attributes
    ----------
    programmes
        Arm -> all that flows in it.
    """

    comparison: Comparison
    world: World
    programmes: Mapping[str, Sequence[Programme]]

    def level(self, arm: str, value: Callable[[Run], float]) -> float:
        """Mean of a number over the lucks of an arm."""
        found = self.comparison
        return float(np.mean([value(found.runs[arm, seed]) for seed in found.seeds]))

    def effect(self, claim: Claim, value: Callable[[Run], float]) -> float:
        """A number in the claim's first arm less the same in its second."""
        return self.level(claim.arms[0], value) - self.level(claim.arms[1], value)


@dataclass(frozen=True)
class Statistic:
    """A registered statistic: what it needs and what its number means."""

    name: str
    function: Callable[[Case, Claim], float]
    unit: str
    arms: tuple[int, int]
    of_metric: bool

    @property
    def meaning(self) -> str:
        """First line of the docstring."""
        return (inspect.getdoc(self.function) or "").split("\n")[0]

    def unit_for(self, claim: Claim) -> str:
        """Unit of its number, that of the claim's series where it has none of its own."""
        return self.unit or series()[claim.metric].unit


def statistic(unit: str, *, arms: int | tuple[int, int], of_metric: bool = False) -> Callable:
    """Register a statistic under its own name: its unit ("" is the series'), how many arms, whether of a series."""
    span = (arms, arms) if isinstance(arms, int) else arms

    def register(function: Callable[[Case, Claim], float]) -> Callable[[Case, Claim], float]:
        function.statistic = Statistic(function.__name__, function, unit, span, of_metric)  # type: ignore[attr-defined]
        return function

    return register


# -- series that only claims need -------------------------------------------------------------------------------------


@metric("match of works to the place", unit="0-1", better="higher")
def match(village_match):
    """Value of the works that were chosen against the best that could have been, mean over villages."""
    return village_match.mean()


@metric("national and world markets", unit="index", better="neither")
def national_market(nation_macro_trend, nation_macro_cycle):
    """Outside markets with their trend and their cycle, before anything is passed on to villages (1 at the start)."""
    return float(np.exp(nation_macro_trend[0] + nation_macro_cycle[0]))


def series() -> dict[str, metrics.Metric]:
    """All series that a claim may name: those of every run, and two that only claims need."""
    return {**metrics.catalogue(), **{found.metric.name: found.metric for found in (match, national_market)}}  # type: ignore[union-attr]


# -- parts ------------------------------------------------------------------------------------------------------------


def over(case: Case, name: str, window: str) -> Callable[[Run], float]:
    """Mean of a series over a window, of a run."""
    first, last = getattr(case.comparison.scenario.windows, window)
    return lambda run: float(np.nanmean(run.series[name][first:last]))


def window_mean(case: Case, name: str, window: str = "post") -> Callable[[Run], float]:
    """Mean over persons of a household column's window mean, of a run."""
    return lambda run: metrics.mean(run.windows[name, window], case.comparison.persons)


def growth(case: Case) -> Callable[[Run], float]:
    """Yearly growth of the median person's own income from before to after, %, of a run."""
    return lambda run: case.comparison.headline(run)["own_income_growth"]


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's; 0 where one of the two does not move."""
    if len(one) < 3 or np.ptp(one) < 1e-12 or np.ptp(other) < 1e-12:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1; equals share their mean rank."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - 0.5 * (count - 1.0))[place]


def percent(new: float, old: float) -> float:
    """By how much a number is above another, %."""
    return 100.0 * (new / old - 1.0) if old > 0.0 else math.nan
