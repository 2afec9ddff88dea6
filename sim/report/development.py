"""What a comparison says beyond levels: shocks from the nation, growth against it, and what an evaluator would find."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from sim.experiment.results import Results
from sim.experiment.stress import middle_fall
from sim.report import BASELINE, SPACE, labels, number, rivals, source, when
from sim.report.grid import Cell, Column, Grid, estimate_cell, estimated, lookup


class Line(NamedTuple):
    """A row of a table that has one column a strategy: its measure in the results, its words, unit and decimals."""

    measure: str
    title: str
    unit: str
    decimals: int


PER_INDEX = "% per 1 % of the index"
RESILIENCE = (
    Line("elasticity", "Elasticity of consumption, median household", PER_INDEX, 3),
    Line("first_own_income", "Own income, at once", PER_INDEX, 3),
    Line("total_own_income", "Own income, over three years", PER_INDEX, 3),
    Line("total_direct", "… of it by outside markets directly", PER_INDEX, 3),
    Line("total_demand", "… of it by local demand", PER_INDEX, 3),
    Line("total_response", "… of it by producing and selling otherwise", PER_INDEX, 3),
    Line("total_cushion", "Less, by savings, gifts and public money", PER_INDEX, 3),
    Line("total_price", "Less, by local prices", PER_INDEX, 3),
    Line("total_consumption", "Consumption, over three years", PER_INDEX, 3),
    Line("asymmetry_own_income", "Own income after a rise, less that after a fall", PER_INDEX, 3),
    Line("shortfall", "Consumption lost over three years", "% of consumption", 2),
    Line("left_own_income", "Gap of own income that is left after three years", "% of the deepest gap", 0),
    Line("half_life_own_income", "Half-life of the gap of own income", "quarters", 1),
    Line("pushed_below", "Pushed below 1 z at least once", "% of persons", 1),
    Line("independent", "Independent of the nation's shocks", "% of persons", 1),
    Line("poor_independent", "Permanently poor who are", "% of them", 1),
    Line("isolated", "Hardly reached by them, and poor: isolated", "% of persons", 1),
    Line("withstand", "Withstand the shocks of the test", "% of persons", 1),
    Line("poor_withstand", "Permanently poor who do", "% of them", 1),
)
GROWTH = (
    Line("national", "The nation's income per head", "% a year", 2),
    Line("slope", "Median own income, trend of all years", "% a year", 2),
    Line("median_village", "Median own income of the village in the middle", "% a year", 2),
    Line("gap", "The nation less the village in the middle", "pp a year", 2),
    Line("gap_top_bottom", "Top tenth less bottom four tenths", "pp a year", 2),
    Line("stagnating_villages", "Villages that grow at less than half the nation's rate", "% of villages", 1),
    Line("stagnating_persons", "Persons whose household does", "% of persons", 1),
    Line("vulnerability", "Fall below 1 z within four quarters", "% of persons", 1),
    Line("poor_vulnerability", "Permanently poor who do", "% of them", 1),
    Line("likely_to_fall", "More likely than not to fall", "% of persons", 1),
)
INDICATORS = {"headcount": ("poverty, pp", 1), "log_consumption": ("log consumption, %", 1)}
ESTIMATORS = {
    "before_after": "Before and after",
    "difference_in_differences": "Difference in differences",
    "randomised_villages": "Randomised villages",
}


def by_arm(
    results: Results, table: str, lines: Sequence[Line]
) -> tuple[tuple[Column, ...], tuple[tuple[Cell, ...], ...]]:
    """Columns and rows: levels without a policy, then paired differences; what is undefined is left out."""
    rows, names = lookup(results.tables[table], "arm", "measure"), labels(results)
    columns = [Column("Measure"), *(Column(name, "difference") for name in names.values())]
    columns[1] = Column(names[BASELINE], "level")
    body = []
    for line in lines:
        level = rows[BASELINE, line.measure]
        if not math.isfinite(level.estimate):
            continue
        cells = [Cell(line.title, line.unit), estimate_cell(level, line.decimals)]
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
    falls = f"{', '.join(number(100 * fall, 0) for fall in others)} or {number(100 * last, 0)}{SPACE}%"
    note = (
        f"Shocks strike in year {windows.stress[0] / 4:g}: the national index falls by {falls}, or the village's own "
        f"output by {number(100 * cutoffs.local_shock, 0)}{SPACE}% for a year; each is followed for three years "
        "against the same world without it. The first row is the mean of the national shocks, the last two are of all; "
        f"what stands between is of the fall by {number(100 * middle_fall(results.scenario), 0)}{SPACE}% (a rise: the "
        "same step up). The parts of own income sum to it, and with what comes off they sum to consumption; the larger "
        "the part by local demand, the more of the nation's shock reaches people through their neighbours. Half-life: "
        "left out where half the gap is not regained within three years. Independent: own income of at least "
        f"1{SPACE}z, not pushed below it by the fall, and an elasticity not above that of the person in the middle "
        "without a policy; who is as little reached but below 1 z is isolated, not independent. To withstand: in at "
        f"least {number(100 * cutoffs.stress_pass, 0)}{SPACE}% of the shocks, to be pushed below 1{SPACE}z in at most "
        "two of eight quarters and to have own income back in the end; who is below anyway is not pushed. Beneath: "
        f"{source(results)}."
    )
    return Grid("resilience", "Resilience: what a shock does", note, columns, body)


def growth(results: Results) -> Grid:
    """Growth of own income against the nation's, and vulnerability."""
    columns, body = by_arm(results, "growth", GROWTH)
    note = (
        f"From before the programmes to {when(results)}; own income holds no public money. Fall: consumption below "
        f"1{SPACE}z in at least one of the first four quarters of those years; likely: in more than half of the draws "
        f"of luck, one number over all of them. Beneath: {source(results)}."
    )
    return Grid("growth", "Growth, against the nation's", note, columns, body)


def evaluation(results: Results) -> Grid:
    """What three designs of evaluation would find of each strategy, beside its true effect."""
    rows = lookup(results.tables["evaluation"], "arm", "indicator", "estimator")
    columns = (Column("Strategy"), Column("True effect"), *(Column(title) for title in ESTIMATORS.values()))
    body = []
    for indicator, (unit, decimals) in INDICATORS.items():
        for arm in rivals(results):
            found = [rows[arm, indicator, estimator] for estimator in ESTIMATORS]
            cells = [Cell(labels(results)[arm], unit), Cell(number(found[0].truth, decimals, signed=True))]
            for row in found:
                cell = estimate_cell(row, decimals, signed=True)
                covered = f"covers {number(100 * row.coverage, 0)}{SPACE}%"
                beneath = f"{cell.beneath}; {covered}" if cell.beneath else covered
                cells.append(Cell(cell.text, beneath))
            body.append(tuple(cells))
    note = (
        "An evaluator has no twin: a noisy survey asks about the quarter before the programmes start, and about the "
        "quarter before year "
        f"{results.scenario.windows.post[0] / 4:g}. Before and after takes all change for the programme's; the other "
        "two compare a drawn half of the villages with the half that lives on without it. True effect: the paired "
        "difference of true consumption, all villages. Estimates: mean over lucks and draws of villages; beneath: "
        f"90{SPACE}% of them, and how often the evaluator's own 95{SPACE}% interval (villages as clusters) covers the "
        "truth."
    )
    title = "What an evaluator would find"
    return Grid("evaluation", title, note, columns, tuple(body), unit="in the unit of each row")
