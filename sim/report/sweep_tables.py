"""Tables of a sweep, ready to print.

Uncertainties and settings of an arm bear the names of the study's file in every language.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

import pandas as pd

from sim.language import ENGLISH, listed, mark, say, speaking, spoken, written
from sim.report import DASH, named, number, percent, span, to
from sim.report.grid import Cell, Column, Grid, estimated
from sim.sweep.discovery import BY_CHANCE, FOLDS, Conditions
from sim.sweep.found import Found
from sim.sweep.outcomes import Outcome
from sim.sweep.sensitivity import WIDE
from sim.sweep.stopping import LEVEL

DESIGNS = {
    "grid": mark("grid"),
    "latin_hypercube": mark("latin hypercube"),
    "file": mark("file"),
    "sets": mark("sets"),
}  # the others have names of people
#: Levers that are no arm's own setting, as the study's file names them.
LEVERS = (mark("dose"), mark("start"), mark("end"), mark("funds_end"), mark("facilitation_end"))

VILLAGE, VILLAGES = mark("1 village"), mark("{count} villages")

# -- names ------------------------------------------------------------------------------------------------------------


def design(kind: str) -> str:
    """What a design is called."""
    return say(DESIGNS[kind]) if kind in DESIGNS else kind


def called(found: Found, arm: str) -> str:
    """What the reader calls an arm."""
    return named(next(way for way in found.plan.ways if way.arm == arm))


def ways(found: Found, untold: str = "") -> dict[str, str]:
    """What the reader calls each way, by its name in tables of data; `untold` is a lever that is told elsewhere."""
    return {
        way.label: ", ".join(
            [called(found, way.arm), *(lever(way.arm, *one) for one in way.levers.items() if one[0] != untold)]
        )
        for way in found.ways
    }


def lever(arm: str, name: str, value: float) -> str:
    """How a lever is set, beside the name of an arm."""
    return f"{varied(name).removeprefix(f'{arm}.').replace('_', ' ')} {written(f'{value:g}')}"


def series(values: Iterable[float]) -> str:
    """Numbers one after another, so that no comma between two is taken for a decimal one."""
    told = (written(f"{one:g}") for one in values)
    return reduce(lambda before, one: say("{before}, {next}", before=before, next=one), told)


def varied(name: str) -> str:
    """What a lever or an uncertainty is called."""
    return say(name) if name in LEVERS else name


def measured(name: str, units: Mapping[str, str]) -> str:
    """A lever or an uncertainty with its unit, for an axis."""
    return f"{varied(name)}, {say(units[name])}" if units.get(name) else varied(name)


def headed(label: str) -> str:
    """The name of a metric as it begins a heading."""
    told = say(label)
    return f"{told[:1].upper()}{told[1:]}"


# -- numbers ----------------------------------------------------------------------------------------------------------


def unit_of_difference(unit: str) -> str:
    """The unit of a difference: of percentages in percentage points."""
    if unit.startswith("%"):
        return say("pp a year") if unit.endswith("a year") else say("pp")
    return say(unit)


def value(one: Outcome, amount: float, signed: bool = False) -> str:
    """A number of a metric."""
    return number(amount, one.decimals, signed)


def level(one: Outcome, amount: float) -> str:
    """A number of a metric with its unit."""
    unit = say(one.unit)
    if unit.startswith("%"):
        return f"{value(one, amount)}{spoken().percent}{unit[1:]}"
    return f"{value(one, amount)} {unit}"


def difference(one: Outcome, amount: float) -> str:
    """A difference in a metric with its unit."""
    return f"{value(one, amount)} {unit_of_difference(one.unit)}"


def counted(count: int, one: str, many: str) -> str:
    """So many of a thing: "1 point", "8 points"; both texts are marked, the second with a place for the count."""
    return say(one) if count == 1 else say(many, count=number(count, 0))


def points_told(count: int) -> str:
    """So many points of the design."""
    return counted(count, mark("1 point"), mark("{count} points"))


def lucks(least: int, most: int) -> str:
    """How many lucks a point meets."""
    if least < most:
        return say("{least} to {most} lucks", least=least, most=most)
    return counted(least, mark("1 luck"), mark("{count} lucks"))


def share_cell(share: float, low: float = math.nan, high: float = math.nan) -> Cell:
    """A share as a percentage, beneath it its interval, where it has one."""
    if math.isnan(share):
        return Cell(DASH)
    return Cell(number(100 * share, 0), span(100 * low, 100 * high, 0))


def ends(row: Mapping[str, Any], name: str) -> tuple[float, float, float]:
    """A share of a table with the ends of its interval."""
    return row[name], row[f"{name}_low"], row[f"{name}_high"]


def share_told(row: Mapping[str, Any], name: str) -> str:
    """A share in a sentence, with its interval, where it has one."""
    share, low, high = (100 * one for one in ends(row, name))
    between = span(low, high, 0)
    return percent(share, 0) + (f" ({between}{spoken().percent})" if between else "")


def beneath_shares(found: Found) -> str:
    """What stands beneath the shares of a table."""
    if not found.drawn:
        return ""
    return " " + say("Beneath a share: its {level} binomial interval (Wilson).", level=percent(100 * LEVEL, 0))


# -- what was found ---------------------------------------------------------------------------------------------------


def table_one(found: Found, one: Outcome) -> Grid:
    """Table 1: what each way comes to in a metric, and against the arm of comparison."""
    told, unit = ways(found), say(one.unit)
    apart = say("Difference from {arm}", arm=called(found, found.versus))
    columns = (
        Column(say("Way")),
        Column(say("Mean"), unit, say("Mean")),
        Column(say("Standard deviation"), say("over points"), say("sd")),
        Column(say("Least to greatest"), unit, say("Range")),
        Column(apart, unit_of_difference(one.unit), say("Difference")),
        Column(say("Better"), say("% of points"), say("Better,\n% of points")),
        Column(say("Better beyond luck"), say("% of points"), say("Beyond\nluck, %")),
    )
    rows = []
    for row in found.table[found.table["metric"] == one.name].itertuples():
        same = row.arm == found.versus
        gap = (
            Cell(DASH)
            if same or math.isnan(row.difference)
            else estimated(row.difference, row.low, row.high, one.decimals, True)
        )
        share = [Cell(DASH)] * 2
        if not same and one.better:
            share = [share_cell(*ends(row._asdict(), name)) for name in ("better", "clear")]
        reach = span(row.least, row.greatest, one.decimals)
        cells = (Cell(value(one, row.mean)), Cell(value(one, row.sd)), Cell(reach or DASH))
        rows.append((Cell(told[row.way]), *cells, gap, *share))
    seeds = found.plan.seeds.values()
    note = say(
        "Over {points}, each a mean over {lucks}. Beneath a difference: its 5th to 95th percentile over points; bold: "
        "both lie on one side of zero. Beyond luck: the {level} interval of the paired difference at the point "
        "excludes zero.",
        points=points_told(found.table["points"].max()), lucks=lucks(min(seeds), max(seeds)),
        level=percent(100 * found.level(one.name), 0),
    )  # fmt: skip
    return Grid(f"table-{one.name}", headed(one.label), note + beneath_shares(found), columns, tuple(rows))


def regret_grid(found: Found) -> Grid:
    """Regret of each way."""
    one, told = found.metrics[0], ways(found)
    unit = unit_of_difference(one.unit)
    columns = (
        Column(say("Way")), Column(say("Dose")), Column(say("Mean regret"), unit),
        Column(say("90th percentile"), unit), Column(say("Largest"), unit), Column(say("Best"), say("% of points")),
        Column(say("Best beyond luck"), say("% of points")),
    )  # fmt: skip
    rows = [
        (
            Cell(told[r.way]), Cell(spent(found, r._asdict())),
            *(Cell(value(one, v)) for v in (r.mean, r.p90, r.largest)),
            *(share_cell(*ends(r._asdict(), name)) for name in ("best", "clear")),
        )
        for r in found.regret.itertuples()
    ]  # fmt: skip
    note = say(
        "Regret at a point: how much worse in {metric} than the best way that costs the same there. Levels are means "
        "over few lucks, so the best one is partly lucky: regret is somewhat overstated for all. Best beyond luck: the "
        "{level} intervals of the paired differences from every other way that costs the same exclude zero.",
        metric=say(one.label), level=percent(100 * found.level(one.name), 0),
    )  # fmt: skip
    return Grid("regret", say("Regret at equal cost"), note + beneath_shares(found), columns, tuple(rows))


def spent(found: Found, terms: Mapping[str, Any]) -> str:
    """What a way spends, and when, where not all that are compared do so at the same time."""
    dose = f"{written(format(terms['cost'], 'g'))}\u00a0z"
    if len({way.terms[1:] for way in found.ways if way.terms}) == 1:
        return dose
    years = to(*(written(f"{quarter / 4:g}") for quarter in (terms["start"], terms["money_ends"])))
    return say("{dose} in years {years}", dose=dose, years=years)


def front_grid(found: Found) -> Grid:
    """Which ways no other beats in all metrics."""
    good, told = [one for one in found.metrics if one.better], ways(found)
    columns = (
        Column(say("Way")), Column(say("Dose")), *(Column(say(one.label), say(one.unit)) for one in good),
        Column(say("On the front"), say("of means")), Column(say("On the front"), say("% of points")),
    )  # fmt: skip
    rows = [
        (
            Cell(told[row["way"]]), Cell(spent(found, row)),
            *(Cell(value(one, row[one.name])) for one in good),
            Cell(say("yes") if row["front"] else say("no")), share_cell(*ends(row, "often")),
        )
        for row in found.pareto.to_dict("records")
    ]  # fmt: skip
    note = say("On the front: no way that costs the same is as good in all of these metrics and better in one.")
    return Grid("front", say("Pareto fronts at equal cost"), note + beneath_shares(found), columns, tuple(rows))


# -- which numbers decide ---------------------------------------------------------------------------------------------


def outcome_of(found: Found, one: Outcome, way: str) -> str:
    """What an index is of: a metric of a way, or how far it is from the arm of comparison there."""
    told = ways(found)[way]
    if len(found.ways) == 1:
        return f"{headed(one.label)}, {told}"
    versus = called(found, found.versus)
    return say("{metric}, {way} against {arm}", metric=headed(one.label), way=told, arm=versus)


def sensitivity_grids(found: Found, table: pd.DataFrame) -> list[Grid]:
    """One table an outcome: a metric of a way."""
    grids: list[Grid] = []
    for (metric, label), rows in table.groupby(["metric", "way"], sort=False):
        one = found.metric(metric)
        title = outcome_of(found, one, label)
        key = f"sensitivity-{metric}-{len(grids)}"
        grids.append((_sobol_grid if "total" in table else _morris_grid)(key, title, one, rows))
    return grids


def _sobol_grid(key: str, title: str, one: Outcome, table: pd.DataFrame) -> Grid:
    variance = say("% of variance")
    columns = (Column(say("Uncertainty")), Column(say("Alone"), variance), Column(say("With all others"), variance))
    rows = []
    for row in table.sort_values("total", ascending=False).itertuples():
        pairs = ((row.first, row.first_reach), (row.total, row.total_reach))
        shares = (estimated(100 * s, 100 * (s - r), 100 * (s + r), 0) for s, r in pairs)
        rows.append((Cell(row.uncertainty), *shares))
    note = say(
        "Sobol indices from {points} points; beneath them bootstrap intervals of 90\u00a0%.",
        points=number(table["points"].iloc[0], 0),
    )
    return Grid(key, title, f"{note} {too_few(table)}".rstrip(), columns, tuple(rows))


def too_few(table: pd.DataFrame) -> str:
    """That a design is too small for the Sobol indices of an outcome; empty where it is not."""
    reach = table[["first_reach", "total_reach"]].to_numpy().max()
    if not reach > WIDE:
        return ""
    return say(
        "The design is too small for these indices: intervals reach up to {reach} of the variance to either side, and "
        "beyond {wide} little can be told. More points make them narrower.",
        reach=percent(100 * reach, 0), wide=percent(100 * WIDE, 0),
    )  # fmt: skip


def _morris_grid(key: str, title: str, one: Outcome, table: pd.DataFrame) -> Grid:
    unit = unit_of_difference(one.unit)
    effect, spread = say("Mean absolute effect"), say("How much it varies")
    columns = (Column(say("Uncertainty")), Column(effect, unit), Column(spread, unit))
    rows = []
    for row in table.sort_values("mu_star", ascending=False).itertuples():
        ends = row.mu_star - row.mu_star_reach, row.mu_star + row.mu_star_reach
        rows.append((Cell(row.uncertainty), estimated(row.mu_star, *ends, one.decimals), Cell(value(one, row.sigma))))
    note = say(
        "Morris' elementary effects of the whole range, from {points} points; beneath them bootstrap intervals of "
        "90\u00a0%. What varies much acts together with others, or not in a straight line.",
        points=number(table["points"].iloc[0], 0),
    )
    return Grid(key, title, note, columns, tuple(rows))


# -- where one arm beats another --------------------------------------------------------------------------------------


def box_frame(conditions: Conditions) -> pd.DataFrame:
    """One row a box: where in words, and shares (see `Box`); the same in every language, as all data."""
    with speaking(ENGLISH.code):
        rows = [
            (where(conditions, box.limits), box.coverage, box.density, box.fresh, box.mass) for box in conditions.boxes
        ]
    return pd.DataFrame(rows, columns=["where", "coverage", "density", "held_back", "mass"])


def box_grid(found: Found, conditions: Conditions) -> Grid:
    """One row a box."""
    columns = (
        Column(say("Box")), Column(say("Coverage"), say("% of cases")), Column(say("Density"), say("% of its points")),
        Column(say("In points held back"), say("% of them"), say("Held back, %")),
        Column(say("Points"), say("% of all")),
    )  # fmt: skip
    better, than, rows = called(found, conditions.better), called(found, conditions.than), []
    for k, box in enumerate(conditions.boxes):
        shares = [share_cell(one) for one in (box.coverage, box.density, box.fresh, box.mass)]
        rows.append((Cell(f"{k + 1}: {where(conditions, box.limits)}"), *shares))
    note = say(
        "Cases: points where {better} is better than {than}, {share} of {points}. A box after the first is sought "
        "among the points that are left. Held back: density in fifths of the points, drawn by lot, that took no part "
        "in finding the box ({turns} turns; points to which the design gives the same numbers stay together). "
        "Restrictions that chance gives in more than {chance} are dropped.",
        better=better, than=than, share=percent(100 * conditions.hits.mean(), 0),
        points=number(len(conditions.hits), 0), turns=FOLDS, chance=percent(100 * BY_CHANCE, 0),
    )  # fmt: skip
    return Grid("boxes", say("Where {better} beats {than}", better=better, than=than), note, columns, tuple(rows))


def where(conditions: Conditions, limits: Mapping[str, tuple[float, float]]) -> str:
    """Limits in words: only ends that cut something off."""
    told = []
    for name, (low, high) in limits.items():
        values = conditions.places[name]
        least, most = low > values.min(), high < values.max()
        form = mark("{name} is above {low}") if least else mark("{name} is below {high}")
        if least and most:
            form = mark("{name} is {low} to {high}")
        told.append(say(form, name=varied(name), low=written(f"{low:.3g}"), high=written(f"{high:.3g}")))
    return listed(told)
