"""One outcome of a trial in one world: its true effect, the study's estimate of it, and what cash arithmetic says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.engine.lane import normals
from sim.evidence.studies import CONTROL, Outcome, Sample, Study, base_of
from sim.metrics import group_mean, inequality, mean
from sim.population import normals as keyed_normals
from sim.population import uniforms, village_of
from sim.start import SURVEY_NOISE, World

ASSIGNMENTS = 5  # random assignments of villages in each draw
PROPENSITY = 0.9  # of the rival that only counts cash: share spent of what comes in, while it comes in
PRIMARY = 6.0  # years: low schooling is primary school at most
NO_ROAD = 0.5  # units of road at the start: villages with less have none

Record = dict[tuple[str, int], np.ndarray]  # column and quarter -> one value a household or a village


@dataclass(frozen=True)
class Seen:
    """One outcome in one draw, in its unit.

    Attributes
    ----------
    true
        Paired difference over the eligible.
    estimates
        What the study would have found, one value an assignment; empty for a statistic of the whole world.
    cash
        What cash arithmetic says.
    scaled
        Villages, and households interviewed in a village, of the sample where the study had more; 0 where it had not.
    """

    true: float
    estimates: tuple[float, ...] = ()
    cash: float = math.nan
    scaled: tuple[int, int] = (0, 0)


def derived(name: str, values: np.ndarray) -> np.ndarray:
    """A column that is made of another (see `evidence.DERIVED`)."""
    if name == "not_poor":
        return (values >= 1.0).astype(float)
    return 1.0 - values if name == "not_enrolled" else values


def contrast(values: np.ndarray, arm: np.ndarray, weight: np.ndarray) -> float:
    """Weighted mean where the flag `arm` is set, minus the mean where it is not."""
    return mean(values[arm], weight[arm]) - mean(values[~arm], weight[~arm])


class Trial:
    """One outcome in one world: the rows of both arms, and who is compared."""

    def __init__(
        self, world: World, study: Study, outcome: Outcome, seed: int, treated: Record, control: Record
    ) -> None:
        assert outcome.quarters is not None and outcome.arm
        self.world, self.study, self.outcome, self.seed = world, study, outcome, seed
        self.quarters = [study.start + q for q in range(*outcome.quarters)]
        self.treated, self.control = treated, control
        state = world.state
        villages = len(state.layout.codes)
        self.by_village = len(self.control[base_of(outcome.columns[0]), self.quarters[0]]) == villages
        home = village_of(state.layout.start["household"])
        self.listed = self._listed()
        mask = self._mask()
        if self.by_village:
            mask = state["road_base"] < NO_ROAD if outcome.among == "no_road" else np.ones(villages, bool)
        self.rows = np.flatnonzero(mask)
        self.home = self.rows if self.by_village else home[self.rows]
        weight = np.ones(villages) if self.by_village else state["size"] * state["weight"]
        self.weight = weight[self.rows]

    def _listed(self) -> np.ndarray:
        """Households that the arm reached and the control did not."""
        state, roll = self.world.state, self.outcome.roll
        if roll is None:
            return np.zeros(len(state["size"]), bool)
        quarters = [self.study.start + q for q in range(*roll.quarters)]
        reached, anyway = (
            np.any([record[roll.column, q] > 0.5 for q in quarters], axis=0) for record in (self.treated, self.control)
        )
        return reached & ~anyway

    def _mask(self) -> np.ndarray:
        """Households that are compared."""
        state, among = self.world.state, self.outcome.among
        if among == "listed":
            return self.listed
        if among == "not_listed":
            return ~self.listed
        if among == "female_head":
            return state["female_head"] > 0.5
        if among == "low_schooling":
            return state["schooling"] <= PRIMARY
        if among == "no_road":
            return np.repeat(state["road_base"] < NO_ROAD, np.diff(state.layout.start["household"]))
        if among == "bottom_quintile":
            seen = self._noisy("consumption", self.control["consumption", self.study.start - 1], "before", 0)
            return seen <= inequality.quantile(seen, state["size"] * state["weight"], 0.2)
        return np.ones(len(state["size"]), bool)

    def _window(self, record: Record, name: str) -> np.ndarray:
        return np.mean([record[name, q] for q in self.quarters], axis=0)

    def _noisy(self, name: str, values: np.ndarray, when: str, turn: int) -> np.ndarray:
        """Values as they are measured: money with noise in its logarithm, the rest with what the study's file says."""
        state, own = self.world.state, self.outcome.noise
        about = self.world.lane.plan.rules.get(name) or self.world.lane.plan.given[name]
        key = f"validation.{self.study.id}.{name}.{when}"
        if len(values) == len(state["size"]):
            money = about.unit.startswith("z per person")
            spread = own if own is not None else SURVEY_NOISE if money else 0.0
            if spread == 0.0:
                return values
            noise = normals(state.layout, key, self.seed, turn)
            return values * np.exp(spread * noise) if money else values + spread * noise
        if not own:
            return values
        return values + own * keyed_normals(self.seed, key, str(turn), len(values))

    # -- effects ----------------------------------------------------------------------------------------------------

    def seen(self, sampled: bool) -> Seen:
        """The true effect, what the study would have found, and what cash arithmetic says."""
        if not len(self.rows):
            return Seen(math.nan)
        pairs = {
            n: (self._window(self.treated, base_of(n)), self._window(self.control, base_of(n))) for n in self._names()
        }
        exposure = self._exposure(pairs)
        values = [self._scaled(*(derived(n, side)[self.rows] for side in pairs[n])) for n in self.outcome.columns]
        true = float(np.mean(values)) / exposure
        # that a draw fails is counted over draws
        sampled = sampled and self.outcome.scale != "failures"
        found, scaled = self._estimates(pairs, exposure, true) if sampled else ((), (0, 0))
        return Seen(true, found, self._cash(pairs, exposure), scaled)

    def _names(self) -> tuple[str, ...]:
        return (*self.outcome.columns, *([self.outcome.per] if self.outcome.per else []))

    def _exposure(self, pairs: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> float:
        """Effect on the column by which the outcome is divided; 1 where there is none."""
        per = self.outcome.per
        if not per:
            return 1.0
        with_it, without = (mean(side[self.rows], self.weight) for side in pairs[per])
        return with_it - without if with_it != without else math.nan

    def _scaled(self, treated: np.ndarray, control: np.ndarray) -> float:
        """The difference of two means over all compared rows, in the outcome's unit."""
        base = mean(control, self.weight)
        return self._in_unit(mean(treated, self.weight) - base, base, self._spread(control))

    def _spread(self, control: np.ndarray) -> float:
        """Standard deviation of the control's rows, between villages or households, where the file names none."""
        if self.outcome.spread is not None:
            return self.outcome.spread
        centre = mean(control, self.weight)
        return math.sqrt(mean((control - centre) ** 2, self.weight))

    def _in_unit(self, difference: float, base: float, spread: float) -> float:
        scale = self.outcome.scale
        if scale == "percent":
            return 100.0 * difference / base if base else math.nan
        if scale == "points":
            return 100.0 * difference
        if scale == "sd":
            return difference / spread if spread > 0.0 else 0.0 if difference == 0.0 else math.nan
        if scale == "failures":
            return 100.0 if difference <= 0.0 else 0.0
        return difference

    def _cash(self, pairs: Mapping[str, tuple[np.ndarray, np.ndarray]], exposure: float) -> float:
        """Arithmetic: of cash that flows, a constant share is spent on the spot, and nothing else ever happens."""
        flow, values = self._cash_flow(), []
        for name in self.outcome.columns:
            control = pairs[name][1]
            paid = control + PROPENSITY * flow if base_of(name) == "consumption" else control
            values.append(self._scaled(*(derived(name, side)[self.rows] for side in (paid, control))))
        if self.outcome.per in ("transfers", "public_income"):
            mean_flow = mean(flow[self.rows], self.weight)
            return float(np.mean(values)) / mean_flow if mean_flow > 0.0 else 0.0
        return float(np.mean(values)) / exposure

    def _cash_flow(self) -> np.ndarray:
        """Money of the study in a household's hands in the window, z per person and quarter; a lump is none."""
        flow = np.zeros(len(self.listed))
        for part in self.study.flows:
            if CONTROL in part.arms or self.outcome.arm not in part.arms or part.once:
                continue
            share = np.mean([0 <= q - self.study.start < part.quarters for q in self.quarters])
            price = self.world.value(part.times) if part.times else 1.0
            flow += share * price * (part.dose if part.per_member is None else part.per_member * self.listed)  # type: ignore[operator]
        return flow

    # -- what the study would have seen -------------------------------------------------------------------------------

    def _estimates(
        self, pairs: Mapping[str, tuple[np.ndarray, np.ndarray]], exposure: float, true: float
    ) -> tuple[tuple[float, ...], tuple[int, int]]:
        """One estimate an assignment, and the sample's villages and households where the study had more of them."""
        sample = self.outcome.sample or self.study.sample
        assert sample is not None
        available = np.unique(self.home)
        found, used, met = [], min(sample.villages, len(available)), 1.0
        if used < 2:
            return (), (0, 0)
        for turn in range(ASSIGNMENTS):
            draws = uniforms(self.seed, f"validation.{self.study.id}", f"assignment {turn}", len(available))
            chosen = available[np.argsort(draws)[:used]]
            treated = chosen[: min(used - 1, max(1, round(used * sample.treated)))]
            picked = self._interviewed(chosen, sample, turn)
            met = 1.0 if self.by_village else min(1.0, len(picked) / used / sample.households)
            told = [self._difference(pairs[n], n, picked, treated, sample, turn) for n in self.outcome.columns]
            value, of_households = (float(np.mean(part)) for part in zip(*told, strict=True))
            # more villages narrow all of the error, more households in each only what comes of who was interviewed
            smaller = (1.0 - of_households * (1.0 - met)) * used / sample.villages
            found.append(true + math.sqrt(smaller) * (value / exposure - true))
        few = max(1, round(met * sample.households)) if met < 1.0 else 0
        return tuple(found), (used if used < sample.villages else 0, few)

    def _interviewed(self, chosen: np.ndarray, sample: Sample, turn: int) -> np.ndarray:
        """Places in `rows` of who is interviewed: so many of those eligible in every village of the sample."""
        inside = np.flatnonzero(np.isin(self.home, chosen))
        if self.by_village:
            return inside
        draws = uniforms(self.seed, f"validation.{self.study.id}", f"interview {turn}", len(self.home))[inside]
        order = inside[np.lexsort((draws, self.home[inside]))]
        home = self.home[order]
        place = np.arange(len(order)) - np.searchsorted(home, home)
        return order[place < sample.households]

    def _difference(
        self,
        pair: tuple[np.ndarray, np.ndarray],
        name: str,
        picked: np.ndarray,
        treated: np.ndarray,
        sample: Sample,
        turn: int,
    ) -> tuple[float, float]:
        """The study's estimator on one column: treated villages of one world against control villages of the other.

        Beside it the share of its error that comes of who was interviewed (`of_households`).
        """
        rows, home, weight = self.rows[picked], self.home[picked], self.weight[picked]
        arm = np.isin(home, treated)
        after = [derived(name, self._noisy(base_of(name), side, "after", turn))[rows] for side in pair]
        seen = np.where(arm, *after)
        base, left = mean(seen[~arm], weight[~arm]), seen
        if sample.baseline != "none":
            earlier = self._noisy(base_of(name), self.control[base_of(name), self.study.start - 1], "before", turn)
            earlier = derived(name, earlier)[rows]
            slope = 1.0 if sample.baseline == "difference" else _slope(seen, earlier, arm, home, weight)
            left = seen - slope * earlier
        spread = self._spread(derived(name, pair[1])[self.rows]) if self.outcome.scale == "sd" else 1.0
        return self._in_unit(contrast(left, arm, weight), base, spread), of_households(left, arm, home, weight)


def of_households(values: np.ndarray, arm: np.ndarray, home: np.ndarray, weight: np.ndarray) -> float:
    """Share of the variance of villages' means within the arms that comes of who was interviewed, 0-1.

    A mean of n households varies by their variance over n even where villages are all alike; what villages' means vary
    by beyond that is of the villages themselves, and no household more takes it away. Variances are unweighted over
    villages; the sum of squared weights stands for 1 / n.
    """
    at = np.unique(home, return_inverse=True)[1]
    mass, count = np.bincount(at, weight), len(np.unique(at))
    means = group_mean(values, weight, at)
    side = np.bincount(at, arm) > 0
    between = sum(float(((means[s] - means[s].mean()) ** 2).sum()) for s in (side, ~side)) / max(count - 2, 1)
    freedom = len(values) - count
    if between <= 0.0 or freedom < 1:
        return 1.0  # nothing tells villages from households
    within = float(((values - means[at]) ** 2).sum()) / freedom
    return min(1.0, within * float((np.bincount(at, weight * weight) / mass**2).mean()) / between)


def _slope(after: np.ndarray, before: np.ndarray, arm: np.ndarray, home: np.ndarray, weight: np.ndarray) -> float:
    """Slope of villages' means after on those before, pooled within the arms."""
    at = np.unique(home, return_inverse=True)[1]
    mass = np.bincount(at, weight)
    means = [group_mean(values, weight, at) for values in (after, before)]
    side = np.bincount(at, arm) > 0
    top = bottom = 0.0
    for inside in (side, ~side):
        y, x = (values[inside] - mean(values[inside], mass[inside]) for values in means)
        top, bottom = top + float((mass[inside] * x * y).sum()), bottom + float((mass[inside] * x * x).sum())
    return top / bottom if bottom > 0.0 else 0.0
