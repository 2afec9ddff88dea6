"""The tables of a national run: by province and for the nation, levels of every arm and paired differences."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from sim.experiment import canonical
from sim.metrics import cost
from sim.nation import sketch
from sim.nation.district import COUNTS, SKETCHED, SUMS, moments
from sim.nation.run import Nation
from sim.scenario import BASELINE

NATION = "indonesia"
SERIES_KEYS, SUMMARY_KEYS, START_KEYS = ("place", "arm", "measure", "quarter"), ("place", "arm", "measure"), ("place",)
#: Measures of the series: name -> (unit, what is divided, by what, times).
MEASURES = {
    "headcount": ("% of persons", "poor", "persons", 100.0),
    "poverty_gap": ("% of the line", "gap", "persons", 100.0),
    "severity": ("% of the line, squared gaps", "severity", "persons", 100.0),
    "mean_consumption": ("z per person and quarter", "consumption", "persons", 1.0),
    "mean_own_income": ("z per person and quarter", "own_income", "persons", 1.0),
    "public_income": ("z per person and quarter", "public_income", "persons", 1.0),
    "self_supporting": ("% of persons", "self_supporting", "persons", 100.0),
    "participation": ("% of households", "attends", "households", 100.0),
    "state_paid": ("z per person and quarter", "state_paid", "persons", 1.0),
}
WINDOWED = ("headcount", "poverty_gap", "severity", "mean_consumption", "mean_own_income", "self_supporting")


class Totals:
    """What a nation came to, added up by place: the provinces in order, then the nation.

    Attributes
    ----------
    places
        Their names; the last is the nation.
    persons, households, measured_poor
        One number a place, each played village counted for all that it stands for.
    sums, counts
        [place, arm, quarter, SUMS] and [place, arm, COUNTS], likewise.
    """

    def __init__(self, nation: Nation) -> None:
        self.nation = nation
        self.places = [*(province.name for province in nation.provinces), NATION]
        home = np.array([district.province for district in nation.districts])
        weight = np.array([province.weight for province in nation.provinces])[home]

        def added(values: np.ndarray) -> np.ndarray:
            """Totals of the provinces and of the nation, in the order of districts."""
            whole = np.zeros((len(self.places), *values.shape[1:]))
            for place, weighs, one in zip(home, weight, values, strict=True):
                whole[place] += weighs * one
                whole[-1] += weighs * one
            return whole

        self.persons, self.households = added(nation.persons), added(nation.households)
        self.measured_poor, self.sums, self.counts = (
            added(values) for values in (nation.measured_poor, nation.sums, nation.counts)
        )

    def series(self, measure: str) -> np.ndarray:
        """A measure by place, arm and quarter."""
        _, name, by, times = MEASURES[measure]
        return times * self.sums[..., list(SUMS).index(name)] / getattr(self, by)[:, None, None]

    def sketch(self, place: int, arm: int, moment: int, column: int) -> np.ndarray:
        """Persons by class; of the nation, those of the provinces by the villages that a played one stands for."""
        if place < len(self.nation.provinces):
            return self.nation.sketches[place, arm, moment, column]
        weight = np.array([province.weight for province in self.nation.provinces])
        whole = np.zeros(sketch.CLASSES)
        for weighs, persons in zip(weight, self.nation.sketches[:, arm, moment, column], strict=True):
            whole += weighs * persons
        return whole


def tables(nation: Nation) -> dict[str, pd.DataFrame]:
    """All tables: `start`, `series` and `summary`."""
    totals = Totals(nation)
    return {"start": start_table(totals), "series": series_table(totals), "summary": summary_table(totals)}


def digest(found: dict[str, pd.DataFrame]) -> str:
    """SHA-256 over every number of the tables; the same whatever the shards and workers were."""
    keys = {"start": START_KEYS, "series": SERIES_KEYS, "summary": SUMMARY_KEYS}
    return canonical.text_digest(*(canonical.digest(found[name], keys[name]) for name in keys))


def start_table(totals: Totals) -> pd.DataFrame:
    """Who lives where at the start: imputed poverty, and what a survey would find in the last quarter before it."""
    nation, parts = totals.nation, totals.nation.provinces
    home = np.array([district.province for district in nation.districts])
    wanted = np.array([province.headcount for province in parts])
    people = totals.persons[:-1]
    return pd.DataFrame({
        "place": totals.places,
        "villages": [*(p.villages for p in parts), sum(p.villages for p in parts)],
        "villages_played": [*(p.played for p in parts), sum(p.played for p in parts)],
        "districts_played": [*np.bincount(home, minlength=len(parts)), len(home)],
        "households": totals.households,
        "persons": totals.persons,
        "headcount_imputed": 100.0 * np.array([*wanted, (wanted * people).sum() / people.sum()]),
        "headcount_measured": 100.0 * totals.measured_poor / totals.persons,
        "kinds_of_villages": [*nation.kinds, np.nan],
    })  # fmt: skip


def series_table(totals: Totals) -> pd.DataFrame:
    """place, arm, measure, unit, quarter, value."""
    arms, frames = totals.nation.arms, []
    for measure, (unit, *_) in MEASURES.items():
        values = totals.series(measure)
        index = pd.MultiIndex.from_product(
            [totals.places, arms, range(values.shape[-1])], names=["place", "arm", "quarter"]
        )
        frame = pd.DataFrame({"value": values.ravel()}, index).reset_index()
        frames.append(frame.assign(measure=measure, unit=unit))
    return pd.concat(frames, ignore_index=True)[["place", "arm", "measure", "unit", "quarter", "value"]]


def summary_table(totals: Totals) -> pd.DataFrame:
    """place, arm, measure, unit, value, difference from the baseline under the same luck."""
    nation, arms, windows = totals.nation, totals.nation.arms, totals.nation.scenario.windows
    base, frames = arms.index(BASELINE), []

    def add(measure: str, unit: str, values: np.ndarray) -> None:
        """A measure [place, arm]."""
        index = pd.MultiIndex.from_product([totals.places, arms], names=["place", "arm"])
        columns = {"value": values.ravel(), "difference": (values - values[:, [base]]).ravel()}
        frames.append(pd.DataFrame(columns, index).reset_index().assign(measure=measure, unit=unit))

    def sketched(moment: int, column: int, told: Callable[[np.ndarray], float]) -> np.ndarray:
        """What a sketch tells of each place and arm."""
        return np.array([
            [told(totals.sketch(place, arm, moment, column)) for arm in range(len(arms))]
            for place in range(len(totals.places))
        ])  # fmt: skip

    for measure in WINDOWED:
        for when in ("pre", "post", "late"):
            values = totals.series(measure)[..., slice(*getattr(windows, when))].mean(axis=-1)
            add(f"{measure}_{when}", MEASURES[measure][0], values)
    for moment, when in enumerate(moments(nation.scenario)):
        add(f"gini_{when}", "0-1", sketched(moment, 0, sketch.gini))
        for column, name in enumerate(SKETCHED):
            unit, median = "z per person and quarter", partial(sketch.quantile, at=0.5)
            add(f"median_{name}_{when}", unit, sketched(moment, column, median))
    poor, stand, all_stand = (totals.counts[..., list(COUNTS).index(name)] for name in COUNTS)
    persons = totals.persons[:, None]
    add("permanently_poor", "% of persons", 100.0 * poor / persons)
    standing = np.divide(100.0 * stand, poor, out=np.full(poor.shape, np.nan), where=poor > 0.0)
    add("stand_after", "% of the permanently poor", standing)
    add("stand_after_all", "% of persons", 100.0 * all_stand / persons)
    paid, about = np.moveaxis(totals.series("state_paid"), -1, 0), nation.scenario
    value = cost.rupiah(np.asarray(cost.present_value(paid, about.calendar.start, about.budget.discount)))
    add("cost_per_head", "Rp per person, present value", value)
    add("cost_in_all", "Rp trillion, present value", value * persons / 1e12)
    return pd.concat(frames, ignore_index=True)[["place", "arm", "measure", "unit", "value", "difference"]]
