"""Tables of a sweep, ready to print, and the line that tells what is ahead."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from sim.language import SPACE, listed
from sim.report import DASH, number, span
from sim.report.grid import Cell, Column, Grid, estimated
from sim.sweep.discovery import BY_CHANCE, FOLDS, Conditions
from sim.sweep.found import Found
from sim.sweep.outcomes import Outcome

if TYPE_CHECKING:
    from sim.sweep.plan import Plan
    from sim.sweep.study import Question
    from sim.sweep.sweep import Estimate

# -- before it runs ---------------------------------------------------------------------------------------------------


def lasting(seconds: float) -> str:
    """A time in words."""
    if not math.isfinite(seconds):
        return "an unknown time"
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * size:
            return f"about {number(seconds / size, 1 if seconds < 10 * size else 0)}{SPACE}{unit}"
    return f"about {max(1, round(seconds))}{SPACE}s"


def room(size: float) -> str:
    """Bytes in words."""
    if not math.isfinite(size):
        return "unknown room"
    return f"{number(size / 1e6, 1)}{SPACE}MB" if size >= 1e5 else f"{number(size / 1e3, 0)}{SPACE}kB"


def planned(question: Question, plan: Plan, ahead: Estimate) -> str:
    """How much there is to run, in one line."""
    people, luck = question.scenario.population, question.study.replications
    size = f"{people.villages or 'the listed'} villages of about {people.households} households"
    told = (
        f"{question.name}: {len(plan.points)} points ({question.study.design.kind.replace('_', ' ')}), "
        f"{len(plan.ways)} ways, {luck.seeds}{f' to {luck.most}' if luck.most else ''} lucks, {size}"
    )
    there = f"{ahead.stored} stored" + (f", {ahead.failed} failed before" if ahead.failed else "")
    if not ahead.runs:
        return f"{told}; nothing to run ({there})"
    more = ", more where the intervals are too wide" if luck.most else ""
    return (
        f"{told}; {ahead.runs} runs in {ahead.worlds} worlds to do{more} ({there}): {lasting(ahead.seconds)} with "
        f"{ahead.workers} worker{'s' * (ahead.workers > 1)}, {room(ahead.size)} of disk"
    )


def unit_of_difference(unit: str) -> str:
    """The unit of a difference: points of a percentage."""
    return "points" if unit.startswith("%") else unit


def value(one: Outcome, amount: float, signed: bool = False) -> str:
    """A number of a metric."""
    return number(amount, one.decimals, signed)


def table_one(found: Found, one: Outcome) -> Grid:
    """Table 1: what each way comes to in a metric, and against the arm of comparison."""
    versus = found.label(found.versus)
    columns = (
        Column("Way"),
        Column("Mean", one.unit, "Mean"),
        Column("Standard deviation", "over points", "sd"),
        Column("Least to greatest", one.unit, "Range"),
        Column(f"Difference from {versus}", unit_of_difference(one.unit), "Difference"),
        Column("Better", "% of points", "Better,\n% of points"),
        Column("Better beyond luck", "% of points", "Beyond\nluck, %"),
    )
    rows = []
    for row in found.table[found.table["metric"] == one.name].itertuples():
        same = row.arm == found.versus
        apart = (
            Cell(DASH)
            if same or math.isnan(row.difference)
            else estimated(row.difference, row.low, row.high, one.decimals, True)
        )
        share = [Cell(DASH)] * 2 if same or not one.better else [percent(row.better), percent(row.clear)]
        ends = span(row.least, row.greatest, one.decimals)
        cells = (Cell(value(one, row.mean)), Cell(value(one, row.sd)), Cell(ends or DASH))
        rows.append((Cell(row.way), *cells, apart, *share))
    note = (
        f"Over {found.table['points'].max()} points, each a mean over its lucks. Beneath a difference: its 5th to 95th "
        "percentile over points. Beyond luck: the interval of the paired difference at the point excludes zero."
    )
    return Grid(f"table-{one.name}", f"{one.label[:1].upper()}{one.label[1:]}", note, columns, tuple(rows))


def percent(share: float) -> Cell:
    """A share as a percentage."""
    return Cell(DASH if math.isnan(share) else number(100 * share, 0))


def regret_grid(found: Found) -> Grid:
    """Regret of each way."""
    one = found.metrics[0]
    unit = unit_of_difference(one.unit)
    columns = (Column("Way"), Column("Dose", "z"), Column("Mean regret", unit), Column("90th percentile", unit),
               Column("Largest", unit), Column("Best", "% of points"))  # fmt: skip
    rows = [
        (Cell(r.way), Cell(f"{r.cost:g}"), *(Cell(value(one, v)) for v in (r.mean, r.p90, r.largest)), percent(r.best))
        for r in found.regret.itertuples()
    ]
    note = (
        f"Regret at a point: how much worse in {one.label} than the best way that costs the same there. Levels are "
        "means over few lucks, so the best one is partly lucky: regret is somewhat overstated for all."
    )
    return Grid("regret", "Regret at equal cost", note, columns, tuple(rows))


def front_grid(found: Found) -> Grid:
    """Which ways no other beats in all metrics."""
    good = [one for one in found.metrics if one.better]
    columns = (Column("Way"), Column("Dose", "z"), *(Column(one.label, one.unit) for one in good),
               Column("On the front", "of means"), Column("On the front", "% of points"))  # fmt: skip
    rows = [
        (
            Cell(row["way"]), Cell(f"{row['cost']:g}"), *(Cell(value(one, row[one.name])) for one in good),
            Cell("yes" if row["front"] else "no"), percent(row["often"]),
        )
        for row in found.pareto.to_dict("records")
    ]  # fmt: skip
    note = "On the front: no way that costs the same is as good in all of these metrics and better in one."
    return Grid("front", "Pareto fronts at equal cost", note, columns, tuple(rows))


def outcome_of(found: Found, one: Outcome, way: str) -> str:
    """What an index is of: a metric of a way, or how far it is from the arm of comparison there."""
    name = f"{one.label[:1].upper()}{one.label[1:]}, {way}"
    return name if len(found.ways) == 1 else f"{name} against {found.label(found.versus)}"


def sensitivity_grids(found: Found, table: pd.DataFrame) -> list[Grid]:
    """One table an outcome: a metric of a way."""
    grids: list[Grid] = []
    for (metric, label), rows in table.groupby(["metric", "way"], sort=False):
        one = next(one for one in found.metrics if one.name == metric)
        title = outcome_of(found, one, label)
        key = f"sensitivity-{metric}-{len(grids)}"
        grids.append((_sobol_grid if "total" in table else _morris_grid)(key, title, one, rows))
    return grids


def _sobol_grid(key: str, title: str, one: Outcome, table: pd.DataFrame) -> Grid:
    columns = (Column("Uncertainty"), Column("Alone", "% of variance"), Column("With all others", "% of variance"))
    rows = []
    for row in table.sort_values("total", ascending=False).itertuples():
        pairs = ((row.first, row.first_reach), (row.total, row.total_reach))
        shares = (estimated(100 * s, 100 * (s - r), 100 * (s + r), 0) for s, r in pairs)
        rows.append((Cell(row.uncertainty), *shares))
    note = f"Sobol indices from {table['points'].iloc[0]} points; beneath them bootstrap intervals of 90{SPACE}%."
    return Grid(key, title, note, columns, tuple(rows))


def _morris_grid(key: str, title: str, one: Outcome, table: pd.DataFrame) -> Grid:
    unit = unit_of_difference(one.unit)
    columns = (Column("Uncertainty"), Column("Mean absolute effect", unit), Column("How much it varies", unit))
    rows = []
    for row in table.sort_values("mu_star", ascending=False).itertuples():
        ends = row.mu_star - row.mu_star_reach, row.mu_star + row.mu_star_reach
        rows.append((Cell(row.uncertainty), estimated(row.mu_star, *ends, one.decimals), Cell(value(one, row.sigma))))
    note = (
        f"Morris' elementary effects of the whole range, from {table['points'].iloc[0]} points; beneath them bootstrap "
        f"intervals of 90{SPACE}%. What varies much acts together with others, or not in a straight line."
    )
    return Grid(key, title, note, columns, tuple(rows))


def box_frame(found: Found, conditions: Conditions) -> pd.DataFrame:
    """One row a box: where in words, and shares (see `Box`)."""
    rows = [
        (where(found, conditions, box.limits), box.coverage, box.density, box.fresh, box.mass)
        for box in conditions.boxes
    ]
    return pd.DataFrame(rows, columns=["where", "coverage", "density", "held_back", "mass"])


def box_grid(found: Found, conditions: Conditions) -> Grid:
    """One row a box."""
    columns = (Column("Box"), Column("Coverage", "% of cases"), Column("Density", "% of its points"),
               Column("In points held back", "% of them", "Held back, %"), Column("Points", "% of all"))  # fmt: skip
    better, than, rows = found.label(conditions.better), found.label(conditions.than), []
    for k, box in enumerate(conditions.boxes):
        shares = [percent(one) for one in (box.coverage, box.density, box.fresh, box.mass)]
        rows.append((Cell(f"{k + 1}: {where(found, conditions, box.limits)}"), *shares))
    note = (
        f"Cases: points where {better} is better than {than}, "
        f"{number(100 * conditions.hits.mean(), 0)}{SPACE}% of {len(conditions.hits)}. A box after the first is sought "
        f"among the points that are left. Held back: density in fifths of the points, drawn by lot, that took no part "
        f"in finding the box ({FOLDS} turns; points to which the design gives the same numbers stay together). "
        f"Restrictions that chance gives in more than {number(100 * BY_CHANCE, 0)}{SPACE}% are dropped."
    )
    return Grid("boxes", f"Where {better} beats {than}", note, columns, tuple(rows))


def where(found: Found, conditions: Conditions, limits: Mapping[str, tuple[float, float]]) -> str:
    """Limits in words: only ends that cut something off."""
    told = []
    for name, (low, high) in limits.items():
        values = conditions.places[name]
        least, most = low > values.min(), high < values.max()
        if least and most:
            told.append(f"{name} is {low:.3g} to {high:.3g}")
        else:
            told.append(f"{name} is {'above' if least else 'below'} {low if least else high:.3g}")
    return listed(told)
