"""What a comparison says beyond levels: shocks from the nation, growth against it, and what an evaluator would find."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sim.experiment.results import Results
from sim.experiment.stress import middle_fall
from sim.language import mark, say, written
from sim.report import BASELINE, DASH, labels, number, percent, rivals, source, span, when
from sim.report.grid import Cell, Column, Grid, estimate_cell, estimated, lookup, sign


class Line(NamedTuple):
    """A row of a table: its measure in the results, its words, unit and decimals."""

    measure: str
    title: str
    unit: str
    decimals: int


PER_INDEX = mark("% per 1 % of the index")
RESILIENCE = (
    Line("elasticity", mark("Elasticity of consumption, median person"), PER_INDEX, 3),
    Line("first_own_income", mark("Own income, at once"), PER_INDEX, 3),
    Line("total_own_income", mark("Own income, over three years"), PER_INDEX, 3),
    Line("total_direct", mark("… of it by outside markets directly"), PER_INDEX, 3),
    Line("total_demand", mark("… of it by local demand"), PER_INDEX, 3),
    Line("total_response", mark("… of it by producing and selling otherwise"), PER_INDEX, 3),
    Line("total_cushion", mark("Less, by savings, gifts and public money"), PER_INDEX, 3),
    Line("total_price", mark("Less, by local prices"), PER_INDEX, 3),
    Line("total_consumption", mark("Consumption, over three years"), PER_INDEX, 3),
    Line("asymmetry_own_income", mark("Own income after a rise, less that after a fall"), PER_INDEX, 3),
    Line("shortfall", mark("Consumption lost over three years"), mark("% of consumption"), 2),
    Line("left_own_income", mark("Gap of own income that is left after three years"), mark("% of the deepest gap"), 0),
    Line("half_life_own_income", mark("Half-life of the gap of own income"), mark("quarters"), 1),
    Line("pushed_below", mark("Pushed below 1 z at least once"), mark("% of persons"), 1),
    Line("independent", mark("Independent of the nation's shocks"), mark("% of persons"), 1),
    Line("poor_independent", mark("Permanently poor who are"), mark("% of them"), 1),
    Line("isolated", mark("Hardly reached by them, and poor: isolated"), mark("% of persons"), 1),
    Line("withstand", mark("Withstand the shocks of the test"), mark("% of persons"), 1),
    Line("poor_withstand", mark("Permanently poor who do"), mark("% of them"), 1),
)
GROWTH = (
    Line("national", mark("The nation's trend, without any programme"), mark("% a year"), 2),
    Line("slope", mark("Median own income, trend of all years"), mark("% a year"), 2),
    Line("median_village", mark("Median own income of the village in the middle"), mark("% a year"), 2),
    Line("gap", mark("That trend less the village in the middle"), mark("pp a year"), 2),
    Line("gap_top_bottom", mark("Top tenth less bottom four tenths"), mark("pp a year"), 2),
    Line(
        "stagnating_villages", mark("Villages that grow at less than half the nation's rate"), mark("% of villages"), 1
    ),
    Line("stagnating_persons", mark("Persons whose household does"), mark("% of persons"), 1),
    Line("vulnerability", mark("Fall below 1 z within four quarters"), mark("% of persons"), 1),
    Line("poor_vulnerability", mark("Permanently poor who do"), mark("% of them"), 1),
    Line("likely_to_fall", mark("More likely than not to fall"), mark("% of persons"), 1),
)
INDICATORS = {"headcount": (mark("poverty, pp"), 1), "log_consumption": (mark("log consumption, %"), 1)}
ESTIMATORS = {
    "before_after": mark("Before and after"),
    "difference_in_differences": mark("Difference in differences"),
    "randomised_villages": mark("Randomised villages"),
}


def by_arm(
    results: Results, table: str, lines: Sequence[Line]
) -> tuple[tuple[Column, ...], tuple[tuple[Cell, ...], ...]]:
    """Columns and rows: levels without a policy, then paired differences; what is undefined is left out."""
    rows, names = lookup(results.tables[table], "arm", "measure"), labels(results)
    columns = [Column(say("Measure")), *(Column(name, say("difference")) for name in names.values())]
    columns[1] = Column(names[BASELINE], say("level"))
    body = []
    for line in lines:
        level = rows[BASELINE, line.measure]
        if not math.isfinite(level.estimate):
            continue
        cells = [Cell(say(line.title), say(line.unit)), estimate_cell(level, line.decimals)]
        for arm in rivals(results):
            row = rows[arm, line.measure]
            change = row.difference, row.difference_low, row.difference_high
            cells.append(estimated(*change, line.decimals, signed=True))
        body.append(tuple(cells))
    return tuple(columns), tuple(body)


def resilience(results: Results) -> Grid:
    """How a national shock reaches people and by which way, and who stands the shocks of the test."""
    columns, body = by_arm(results, "resilience", RESILIENCE)
    cutoffs, windows = results.scenario.cutoffs, results.scenario.windows
    *others, last = results.scenario.twins.macro_shocks
    note = say(
        "Shocks strike in year {year}: the national index falls by {others} or {last}, or the village's own output by "
        "{local} for a year; each is followed for three years against the same world without it. The first row is the "
        "mean of the national shocks, the last two are of all; what stands between is of the fall by {middle} (a rise: "
        "the same step up). The parts of own income sum to it, and with what comes off they sum to consumption; the "
        "larger the part by local demand, the more of the nation's shock reaches people through their neighbours. "
        "Half-life: undefined where in any luck half the gap is not regained within three years. Independent: own "
        "income of at least 1\u00a0z, not pushed below it by the fall, and an elasticity not above that of the person "
        "in the middle without a policy; who is as little reached but below 1 z is isolated, not independent. To "
        "withstand: in at least {passed} of the shocks, to be pushed below 1\u00a0z in at most two of eight quarters "
        "and to have own income back in the end; who is below anyway is not pushed. Beneath: {source}.",
        year=written(f"{windows.stress[0] / 4:g}"), others=", ".join(number(100 * fall, 0) for fall in others),
        last=percent(100 * last, 0), local=percent(100 * cutoffs.local_shock, 0), source=source(results),
        middle=percent(100 * middle_fall(results.scenario), 0), passed=percent(100 * cutoffs.stress_pass, 0),
    )  # fmt: skip
    return Grid("resilience", say("Resilience: what a shock does"), note, columns, body)


DENSITY = (
    Line("kept_local", mark("Spending that stays in the village"), mark("% of spending"), 0),
    Line("direct", mark("Own income, by outside markets directly"), PER_INDEX, 3),
    Line("demand", mark("Own income, by local demand"), PER_INDEX, 3),
    Line("own_income", mark("Own income, over three years"), PER_INDEX, 3),
    Line("times", mark("That against the direct part"), mark("times"), 2),
    Line("consumption", mark("Consumption, over three years"), PER_INDEX, 3),
)


def density(results: Results) -> Grid:
    """How the nation's shock is carried on, and whether more so where more of what is spent stays in the village."""
    rows = lookup(results.tables["density"], "measure")
    several, body = math.isfinite(rows[("kept_local",)].dense), []
    for line in DENSITY:
        row = rows[(line.measure,)]
        cells = [Cell(say(line.title), say(line.unit)), estimate_cell(row, line.decimals)]
        if several:
            cells += [
                estimated(row.thin, row.thin_low, row.thin_high, line.decimals),
                estimated(row.dense, row.dense_low, row.dense_high, line.decimals),
            ]
            tied = row.correlation, row.correlation_low, row.correlation_high
            cells.append(estimated(*tied, 2, signed=True) if math.isfinite(row.correlation) else Cell(DASH))
        body.append(tuple(cells))
    heads = [Column(say("Without a new policy")), Column(say("All draws"))]
    if several:
        heads += [Column(say("Sets that keep less")), Column(say("Sets that keep more"))]
        heads.append(Column(say("Rank correlation"), say("over sets")))
    note = say(
        "What the nation's fall takes from sellers, their neighbours lose after them: own income falls by {times} "
        "times what outside markets take directly. With all else equal, more so where less is bought outside the "
        "village: a denser local economy amplifies the shock, and a test holds the model to that. {found} Prices of "
        "the village fall too, so that consumption need not follow. Beneath: {source}.",
        times=number(rows[("times",)].estimate, 2), found=amplified(results, rows) if several else "",
        source=source(results),
    )  # fmt: skip
    title = say("Does a denser local economy amplify the nation's shocks?")
    return Grid("density", title, note, tuple(heads), tuple(body), unit=say("in the unit of each row"))


def amplified(results: Results, rows: Mapping[tuple, Any]) -> str:
    """Whether the parameter sets of this run show it, in which all other numbers differ too."""
    row = rows[("demand",)]
    side = sign(row.correlation_low, row.correlation_high, 2)
    told = {
        1: mark("The {sets} parameter sets, which differ in everything else too, show it: {ties}."),
        0: mark("The {sets} parameter sets, which differ in everything else too, are too few to show it: {ties}."),
        -1: mark("The {sets} parameter sets, which differ in everything else too, show the contrary: {ties}."),
    }[side]
    ties = say(
        "rank correlation of the part by local demand with what stays in the village {correlation} ({span})",
        correlation=number(row.correlation, 2, True),
        span=span(row.correlation_low, row.correlation_high, 2, True),
    )
    return say(told, sets=results.scenario.replications.sets, ties=ties)


def growth(results: Results) -> Grid:
    """Growth of own income against the nation's, and vulnerability."""
    columns, body = by_arm(results, "growth", GROWTH)
    note = say(
        "From before the programmes to {when}; own income holds no public money. Fall: consumption below 1\u00a0z in "
        "at least one of the first four quarters of those years; likely: in more than half of the draws of luck, one "
        "number over all of them. The nation's trend is one yardstick for all strategies: what a strategy adds to "
        "growth outside the villages is not in it. Beneath: {source}.",
        when=when(results), source=source(results),
    )  # fmt: skip
    return Grid("growth", say("Growth, against the nation's"), note, columns, body)


def evaluation(results: Results) -> Grid:
    """What three designs of evaluation would find of each strategy, beside its true effect."""
    rows = lookup(results.tables["evaluation"], "arm", "indicator", "estimator")
    heads = (mark("Strategy"), mark("True effect"), *ESTIMATORS.values())
    body = []
    for indicator, (unit, decimals) in INDICATORS.items():
        for arm in rivals(results):
            found = [rows[arm, indicator, estimator] for estimator in ESTIMATORS]
            cells = [Cell(labels(results)[arm], say(unit)), Cell(number(found[0].truth, decimals, signed=True))]
            for row in found:
                cell = estimate_cell(row, decimals, signed=True)
                covered = say("covers {share}", share=percent(100 * row.coverage, 0))
                beneath = f"{cell.beneath}; {covered}" if cell.beneath else covered
                cells.append(Cell(cell.text, beneath))
            body.append(tuple(cells))
    note = say(
        "An evaluator has no twin: a noisy survey asks about the quarter before the programmes start, and about the "
        "quarter before year {year}. Before and after takes all change for the programme's; the other two compare a "
        "drawn half of the villages with the half that lives on without it. True effect: the paired difference of true "
        "consumption, all villages. Estimates: mean over lucks and draws of villages; beneath: 90\u00a0% of them, and "
        "how often the evaluator's own 95\u00a0% interval (villages as clusters) covers the truth.",
        year=written(f"{results.scenario.windows.post[0] / 4:g}"),
    )
    columns, unit = tuple(Column(say(head)) for head in heads), say("in the unit of each row")
    return Grid("evaluation", say("What an evaluator would find"), note, columns, tuple(body), unit=unit)
