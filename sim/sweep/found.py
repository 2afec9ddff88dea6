"""What a sweep found: levels and paired differences by point and way, and what follows for who should choose what."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sim.intervals import wilson
from sim.scenario.arms import ResolvedArm
from sim.sweep.plan import Plan, Way, stamp
from sim.sweep.stopping import LEVEL, Rule, half_width
from sim.sweep.sweep import cube

if TYPE_CHECKING:
    from sim.sweep.outcomes import Outcome

SPAN = (5.0, 95.0)  # percentiles over points


class Terms(NamedTuple):
    """What ways have alike that are compared at equal cost.

    Attributes
    ----------
    cost
        What is spent: the dose, z per person and quarter.
    start, money_ends
        The first quarter of the money, and the one at which all of it has ended.
    calendar_ends
        The quarter from which the windows follow in which outcomes are measured.
    """

    cost: float
    start: int
    money_ends: int
    calendar_ends: int


@dataclass(frozen=True)
class Shown:
    """One way to act, as it is told: an arm with those levers that change it.

    Attributes
    ----------
    numbers
        Places in the plan's ways that are this one.
    terms
        What is spent and when; none for the baseline.
    """

    arm: str
    label: str
    levers: Mapping[str, float]
    numbers: tuple[int, ...]
    terms: Terms | None


def shown(plan: Plan) -> list[Shown]:
    """The different ways of a plan: an arm that a lever leaves alone is one way, however the lever is set."""
    found: dict[str, list[int]] = {}
    for number, way in enumerate(plan.ways):
        found.setdefault(stamp([plan.worlds[way.combination][0], way.document]), []).append(number)
    groups = list(found.values())
    told = []
    for numbers in groups:
        way = plan.ways[numbers[0]]
        others = [plan.ways[group[0]] for group in groups if plan.ways[group[0]].arm == way.arm]
        free = {name for name in way.levers if len({plan.ways[n].levers[name] for n in numbers}) > 1}
        levers = {
            name: value
            for name, value in way.levers.items()
            if name not in free and len({one.levers[name] for one in others}) > 1
        }
        words = [f"{name.removeprefix(way.arm + '.').replace('_', ' ')} {value:g}" for name, value in levers.items()]
        told.append(Shown(way.arm, ", ".join([way.label, *words]), levers, tuple(numbers), _terms(plan, way)))
    return told


def _terms(plan: Plan, way: Way) -> Terms | None:
    """What a way spends, as its document and the calendar of its worlds say."""
    about = way.document
    if "dose" not in about:
        return None
    calendar = plan.worlds[way.combination][0]["document"]["calendar"]
    return Terms(*ResolvedArm.model_validate(about).money, calendar["end"])


@dataclass(frozen=True)
class Found:
    """A finished sweep.

    Attributes
    ----------
    result
        One row a run, as `Sweep.result` gives it.
    metrics
        What is looked at; the first is the headline.
    spans
        Uncertainty -> ends of its range.
    unranked
        Arms that are compared with no other at equal cost.
    block
        Points in a row that share numbers, as the design has them (`design.together`).
    units
        Unit of each uncertainty and lever.
    drawn
        Whether points are draws, so that a share of them has an interval.
    """

    name: str
    title: str
    plan: Plan
    result: pd.DataFrame
    metrics: Sequence[Outcome]
    spans: Mapping[str, tuple[float, float]]
    rule: Rule | None = None
    unranked: frozenset[str] = frozenset()
    block: int = 1
    units: Mapping[str, str] = field(default_factory=dict)
    drawn: bool = True

    @cached_property
    def ways(self) -> list[Shown]:
        """The different ways to act."""
        return shown(self.plan)

    @property
    def versus(self) -> str:
        """The arm that differences are taken from."""
        return self.plan.versus

    def metric(self, name: str) -> Outcome:
        """A metric by its name."""
        return next(one for one in self.metrics if one.name == name)

    @cached_property
    def points(self) -> np.ndarray:
        """What was drawn, [point, uncertainty]."""
        return np.array([[point.values[name] for name in self.spans] for point in self.plan.points])

    @cached_property
    def _wide(self) -> dict[str, np.ndarray]:
        """Metric -> values, [point, way of the plan, luck]."""
        return {one.name: cube(self.plan, self.result, one.name) for one in self.metrics}

    def lucks(self, metric: str) -> np.ndarray:
        """Values of a metric, [point, way, luck]."""
        return self._wide[metric][:, [way.numbers[0] for way in self.ways]]

    def pairs(self, one: str, other: str) -> list[tuple[int, int]]:
        """Places of the ways of two arms that meet under the same levers, each pair once."""
        same = {number: place for place, way in enumerate(self.ways) for number in way.numbers}
        at = {(way.combination, way.arm): same[number] for number, way in enumerate(self.plan.ways)}
        combinations = sorted({way.combination for way in self.plan.ways})
        return list(dict.fromkeys((at[number, one], at[number, other]) for number in combinations))

    def apart(self, metric: str, versus: str = "") -> np.ndarray:
        """Paired differences from an arm (that of comparison) under the same levers, [point, way, luck].

        nan for a way that the levers leave alone where they change the arm that it would be compared with.
        """
        values = self._wide[metric]
        found = np.full_like(values[:, : len(self.ways)], np.nan)
        for place, partner in self.partners(versus or self.versus).items():
            found[:, place] = values[:, self.ways[place].numbers[0]] - values[:, partner]
        return found

    def partners(self, versus: str) -> dict[int, int]:
        """Place of a way -> the run of an arm that it meets under the same levers, where that is one and the same."""
        ways = self.plan.ways
        base = {way.combination: number for number, way in enumerate(ways) if way.arm == versus}
        same = {number: place for place, way in enumerate(self.ways) for number in way.numbers}
        met = {place: [base[ways[n].combination] for n in way.numbers] for place, way in enumerate(self.ways)}
        return {place: found[0] for place, found in met.items() if len({same[number] for number in found}) == 1}

    def levels(self, metric: str) -> np.ndarray:
        """Mean over lucks, [point, way]; nan where every run failed."""
        return mean(self.lucks(metric))

    def differences(self, metric: str) -> np.ndarray:
        """Mean paired difference, [point, way]."""
        return mean(self.apart(metric))

    def reach(self, metric: str) -> np.ndarray:
        """Half-width of the interval of each paired difference, [point, way]."""
        width = self.width(metric)
        return np.array([[width(one) for one in row] for row in self.apart(metric)])

    def width(self, metric: str) -> Callable[[np.ndarray], float]:
        """What tells the half-width of an interval over lucks: the rule, which looked more than once, if it is its."""
        return self.rule.reach if self.rule and metric == self.rule.metric else half_width

    def level(self, metric: str) -> float:
        """Level of the intervals over lucks."""
        return self.rule.level if self.rule and metric == self.rule.metric else LEVEL

    def share(self, name: str, hits: np.ndarray, drawn: bool = True) -> dict[str, float]:
        """A share of points by its name, with the ends of its interval (Wilson); nan where they are no draws."""
        low, high = wilson(int(hits.sum()), len(hits), LEVEL) if drawn and self.drawn else (math.nan, math.nan)
        return {name: _mean(hits), f"{name}_low": low, f"{name}_high": high}

    def _ahead(self, one: Outcome, same: Sequence[int], known: np.ndarray) -> np.ndarray:
        """By how much the best of some ways is better than every other beyond luck, [point]; nan from one luck."""
        values, width = one.better * self.lucks(one.name)[known][:, same], self.width(one.name)
        best = mean(values).argmax(axis=1)
        gaps = np.take_along_axis(values, best[:, None, None], axis=1) - values
        sure = mean(gaps) - [[width(luck) for luck in ways] for ways in gaps]
        sure[np.arange(len(best)), best] = math.inf
        return sure.min(axis=1)

    def _at_equal_cost(self, values: np.ndarray) -> Iterator[tuple[dict[str, Any], list[int], np.ndarray]]:
        """Terms, places of the ranked ways that have them, and whether all of these are known, by point.

        `values` are [point, way, ...]; terms that one way alone has, or that no point tells, are left out.
        """
        ranked: dict[Terms, list[int]] = {}
        for n, way in enumerate(self.ways):
            if way.terms is not None and way.arm not in self.unranked:
                ranked.setdefault(way.terms, []).append(n)
        for terms, same in sorted(ranked.items()):
            known = np.isfinite(values[:, same]).all(axis=tuple(range(1, values.ndim)))
            if len(same) > 1 and known.any():
                yield terms._asdict(), same, known

    # -- tables -------------------------------------------------------------------------------------------------------

    @cached_property
    def table(self) -> pd.DataFrame:
        """Table 1, one row a way and metric: levels over points, difference from the arm of comparison.

        Levels and differences are means over lucks; mean, standard deviation, least and greatest over points, and
        percentiles of the difference. `better`: share of points in which it is better; `clear`: better beyond luck, of
        the points with more than one luck; both with their intervals.
        """
        rows = []
        for one in self.metrics:
            levels, apart, reach = self.levels(one.name), self.differences(one.name), self.reach(one.name)
            for n, way in enumerate(self.ways):
                known, gaps = levels[:, n][np.isfinite(levels[:, n])], apart[:, n]
                ok = np.isfinite(gaps)
                row = {"metric": one.name, "arm": way.arm, "way": way.label, "points": len(known)}
                row |= _spread(known)
                low, high = np.percentile(gaps[ok], SPAN) if ok.any() else (math.nan, math.nan)
                row |= {"difference": _mean(gaps[ok]), "low": low, "high": high}
                sign = one.better or 1.0
                beyond = sign * gaps - reach[:, n]
                row |= self.share("better", sign * gaps[ok] > 0.0)
                row |= self.share("clear", beyond[np.isfinite(beyond)] > 0.0)
                rows.append(row)
        return pd.DataFrame(rows)

    @cached_property
    def regret(self) -> pd.DataFrame:
        """One row a way: how much worse it is, at a point, than the best way that costs the same, in the headline.

        `best`: share of points in which none is better; `clear`: in which it is better than every other beyond luck, of
        the points with more than one luck; both with their intervals.
        """
        one = self.metrics[0]
        if not one.better:
            return pd.DataFrame()
        rows = []
        levels = one.better * self.levels(one.name)
        for terms, same, known in self._at_equal_cost(levels):
            whole, ahead = levels[known][:, same], self._ahead(one, same, known)
            behind, told = whole.max(axis=1, keepdims=True) - whole, np.isfinite(ahead)
            for place, n in enumerate(same):
                gaps = behind[:, place]
                row = terms | {"arm": self.ways[n].arm, "way": self.ways[n].label, "points": len(whole)}
                row |= {"mean": gaps.mean(), "p90": float(np.percentile(gaps, 90)), "largest": gaps.max()}
                clear = (gaps[told] == 0.0) & (ahead[told] > 0.0)
                rows.append(row | self.share("best", gaps == 0.0) | self.share("clear", clear))
        return pd.DataFrame(rows)

    @cached_property
    def pareto(self) -> pd.DataFrame:
        """One row a way: means of all metrics with a better side; whether, and at what share of points, none of the
        ways that cost the same is better or equal in all of them."""
        good = [one for one in self.metrics if one.better]
        if len(good) < 2:
            return pd.DataFrame()
        values = np.stack([one.better * self.levels(one.name) for one in good], axis=2)  # [point, way, metric]
        rows = []
        for terms, same, known in self._at_equal_cost(values):
            whole = values[known][:, same]
            front, often = undominated(whole.mean(axis=0)), np.array([undominated(one) for one in whole])
            for place, n in enumerate(same):
                row = terms | {"arm": self.ways[n].arm, "way": self.ways[n].label, "points": len(whole)}
                row |= {one.name: one.better * whole[:, place, k].mean() for k, one in enumerate(good)}
                rows.append(row | {"front": bool(front[place])} | self.share("often", often[:, place]))
        return pd.DataFrame(rows)


def undominated(values: np.ndarray) -> np.ndarray:
    """Whether no other row is at least as good in every column and better in one; more is better, [row, metric]."""
    least = (values[None, :, :] >= values[:, None, :]).all(axis=2)
    more = (values[None, :, :] > values[:, None, :]).any(axis=2)
    return ~np.any(least & more, axis=1)


def mean(values: np.ndarray) -> np.ndarray:
    """Mean over lucks, those that were not asked for left out; nan where none is known."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=2)
    return np.divide(total, known.sum(axis=2), out=np.full(total.shape, np.nan), where=known.any(axis=2))


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else math.nan


def _spread(values: np.ndarray) -> dict[str, float]:
    """Mean, standard deviation, least and greatest."""
    if not len(values):
        return dict.fromkeys(("mean", "sd", "least", "greatest"), math.nan)
    sd = float(values.std(ddof=1)) if len(values) > 1 else math.nan
    return {"mean": float(values.mean()), "sd": sd, "least": float(values.min()), "greatest": float(values.max())}
