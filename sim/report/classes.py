"""Where households end up, and whether other cut-offs than those fixed beforehand would change the answer."""

from __future__ import annotations

import math

from sim.experiment.compare import AMONG
from sim.experiment.cutoffs import CUTS, self_sufficient
from sim.experiment.results import Results
from sim.language import listed, mark, say
from sim.metrics.resilience import STRESS_QUARTERS
from sim.metrics.trajectories import FROZEN, GRID_DIPS, GRID_GROWTH, GRID_LINES, GRID_SHOCKS
from sim.report import (
    BASELINE,
    CLASSES,
    DASH,
    chance,
    labels,
    number,
    percent,
    rivals,
    said,
    source,
    span,
    to,
    when,
)
from sim.report.grid import Cell, Column, Grid, crossed, estimate_cell, estimated, lookup, share_cell

PERMANENT, SURVEYED, ALL = AMONG
#: Who is counted, as a reader knows them.
COUNTED = {
    PERMANENT: mark("the permanently poor"),
    SURVEYED: mark("those whom a survey calls poor"),
    ALL: mark("all persons"),
}
LINE, DIPS, SHOCK = GRID_LINES[FROZEN[0]], GRID_DIPS[FROZEN[1]], GRID_SHOCKS[FROZEN[2]]
USED = (LINE, DIPS, SHOCK, GRID_GROWTH[FROZEN[3]])


def classes(results: Results) -> list[Grid]:
    """Share of each class, of the permanently poor and of all; of the survey's poor the grid of cut-offs tells."""
    order, found = tuple((name,) for name in CLASSES), []
    frame = results.tables["classes"]
    for among, part in frame[frame["among"] != SURVEYED].groupby("among", sort=False):
        columns, body = crossed(results, part, ("class",), say("Class"), share_cell, order)
        note = say("Person-weighted, {when}. Beneath: {source}.", when=when(results), source=source(results))
        key, whom = f"classes_{among}".replace(" ", "_"), say(COUNTED[among])
        title, unit = say("Classes among {persons}", persons=whom), say("% of {persons}", persons=whom)
        found.append(Grid(key, title, note, columns, body, unit=unit))
    return found


def class_grid(results: Results) -> Grid:
    """The self-sufficient share by how many shocks are withstood, of the poor by both definitions."""
    draws, frozen = len(results.scenario.twins.macro_shocks) + 1, results.scenario.cutoffs
    needed, found = math.ceil(frozen.stress_pass * draws), results.tables["class_grid"]

    def words(group: tuple) -> Cell:
        among, passed = group
        used = (among, passed) == (PERMANENT, needed)
        remark = say(
            mark("of {persons}; used elsewhere") if used else mark("of {persons}"), persons=say(COUNTED[among])
        )
        return Cell(say("{passed} of {draws} shocks", passed=passed, draws=draws), remark)

    columns, body = crossed(
        results, found[found["line"] == frozen.line], ("among", "draws_to_pass"),
        say("Shocks withstood"), lambda row: estimate_cell(row, scale=100), words=words,
    )  # fmt: skip
    note = say(
        "Levels, {when}. A survey calls poor whose measured consumption is below 1 z in the last quarter before the "
        "start: mostly bad luck, which passes without any policy. Beneath: {source}.",
        when=when(results), source=source(results),
    )  # fmt: skip
    title, unit = say("Self-sufficient by shocks withstood, and by who counts as poor"), say("% of the poor")
    return Grid("class_grid", title, note, columns, body, False, unit)


def every_cutoff(results: Results) -> list[Grid]:
    """The self-sufficient at every combination of cut-offs, and every class over all of them."""
    return [combinations(results), classes_over_all(results)]


def cut(line: float, dips: int, shock: float) -> str:
    """A combination of cut-offs in words."""
    told = mark("{line}\u00a0z, {dips} of {quarters} quarters, {shock}")
    return say(told, line=number(line), dips=dips, quarters=STRESS_QUARTERS, shock=percent(100 * shock, 0))


def standing(results: Results) -> Grid:
    """How often each strategy leads, and from where to where its share, its difference and its place go."""
    table = results.tables["cutoffs"]
    rows, used = lookup(results.tables["cutoff_standing"], "arm"), lookup(table, "arm", *CUTS, "growth_share", "class")
    body = []
    for arm, label in labels(results).items():
        row = rows[(arm,)]
        all_of = mark("{count} of {combinations}")
        often = {"leads": DASH, "better": DASH, "worse": DASH}
        for name in often:
            count = getattr(row, name)
            if count == count and (name == "leads" or arm != BASELINE):
                often[name] = say(all_of, count=int(count), combinations=row.combinations)
        place = DASH
        if row.best_place == row.best_place:
            first, last = (number(value, 0) for value in (row.best_place, row.worst_place))
            place = first if first == last else to(first, last)
        change = span(100 * row.least_difference, 100 * row.most_difference, 1, True) if arm != BASELINE else DASH
        body.append((
            Cell(label), share_cell(used[arm, *USED, CLASSES[0]]),
            Cell(span(100 * row.least_share, 100 * row.most_share)), Cell(change),
            Cell(often["better"]), Cell(often["worse"]), Cell(often["leads"]), Cell(place),
        ))  # fmt: skip
    beyond = say("beyond {chance}", chance=chance(results))
    columns = (
        Column(say("Strategy")),
        Column(say("Self-sufficient"), say("%, cut-offs used")),
        Column(say("Over all cut-offs"), "%"),
        Column(say("Difference from the first row"), say("pp, over all cut-offs")),
        Column(say("Higher"), beyond),
        Column(say("Lower"), beyond),
        Column(say("Leads"), say("of equal cost")),
        Column(say("Rank"), say("of equal cost")),
    )
    note = say(
        "Of the permanently poor, {when}. Cut-offs were fixed before any result: {used}. Here the line, which own "
        "income has to reach and below which consumption must not be pushed, is {lines}\u00a0z; it may be pushed there "
        "in {dips} of the first {quarters} quarters of a shock; and the village's own output falls by {shocks} for a "
        "year: {combinations} combinations. The national shocks are the same, and so is who counts as permanently "
        "poor. Leads: the largest share of all strategies of equal cost and the status quo. Beneath: {source}.",
        when=when(results),
        used=cut(LINE, DIPS, SHOCK),
        lines=listed(map(number, GRID_LINES)),
        dips=listed(map(str, GRID_DIPS)),
        quarters=STRESS_QUARTERS,
        shocks=listed(percent(100 * fall, 0) for fall in GRID_SHOCKS),
        combinations=rows[(BASELINE,)].combinations,
        source=source(results),
    )
    title, unit = say("Would other cut-offs change the answer?"), say("% of the permanently poor")
    return Grid("cutoff_standing", title, note, columns, tuple(body), unit=unit)


def combinations(results: Results) -> Grid:
    """Who is self-sufficient at every combination: levels without a policy, then paired differences."""
    rows, names = lookup(self_sufficient(results.tables["cutoffs"]), *CUTS, "arm"), labels(results)
    columns = [Column(say("Line, quarters below it, local shock")), Column(names[BASELINE], say("level"))]
    columns += [Column(names[arm], say("difference")) for arm in rivals(results)]
    body = []
    for place in dict.fromkeys(key[:3] for key in rows):
        cells = [Cell(cut(*place), say("used elsewhere") if place == USED[:3] else "")]
        cells.append(share_cell(rows[*place, BASELINE]))
        for arm in rivals(results):
            row = rows[*place, arm]
            change = 100 * row.difference, 100 * row.difference_low, 100 * row.difference_high
            cells.append(estimated(*change, signed=True))
        body.append(tuple(cells))
    note = say("Levels in %, differences in pp, {when}. Beneath: {source}.", when=when(results), source=source(results))
    title, unit = say("Self-sufficient at every combination of cut-offs"), say("% of the permanently poor")
    return Grid("cutoff_combinations", title, note, tuple(columns), tuple(body), False, unit)


def classes_over_all(results: Results) -> Grid:
    """The share of each class at the cut-offs used, and from where to where it goes over all."""
    table, names = results.tables["cutoffs"], labels(results)
    ends = table.groupby(["arm", "class"], observed=True)["share"].agg(["min", "max"])
    used = lookup(table, "arm", *CUTS, "growth_share", "class")
    body = []
    for name in CLASSES:
        cells = [Cell(said(name))]
        for arm in names:
            least, most = ends.loc[(arm, name)]
            cells.append(Cell(number(100 * used[arm, *USED, name].share), span(100 * least, 100 * most)))
        body.append(tuple(cells))
    note = say(
        "Levels, {when}, at the cut-offs used; beneath: least and most over all combinations, of which there are three "
        "times as many here: to be rising, own income has to grow at {shares} of the nation's rate.",
        when=when(results), shares=listed(percent(100 * share, 0) for share in GRID_GROWTH),
    )  # fmt: skip
    title, unit = say("Classes over all cut-offs"), say("% of the permanently poor")
    return Grid(
        "cutoff_classes", title, note, (Column(say("Class")), *map(Column, names.values())), tuple(body), False, unit
    )
