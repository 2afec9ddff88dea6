"""Tables of the report, in the order of the page. Shares arrive as fractions and are printed in percent."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from rich.table import Table

from sim.experiment.results import Results
from sim.language import mark, say
from sim.metrics.cost import rupiah
from sim.metrics.decision import rung
from sim.report import (
    BASELINE,
    CLASSES,
    DASH,
    ORIGINS,
    UNDEFINED,
    WINDOWS,
    chance,
    flows_anyway,
    has,
    labels,
    number,
    percent,
    present,
    ranked,
    rivals,
    said,
    source,
    when,
    years,
)
from sim.report.classes import class_grid, classes, every_cutoff, standing
from sim.report.costs import cost, money
from sim.report.development import density, evaluation, growth, resilience
from sim.report.followed import effort, followed
from sim.report.grid import Cell, Column, Grid, crossed, estimate_cell, estimated, lookup, share_cell, terminal


@dataclass(frozen=True)
class Measure:
    """A column of the headline table: its heads, units and decimals as a level and as a difference; its name in prose.

    `short` is its head on a terminal, at most 12 characters wide.
    """

    metric: str
    title: str
    short: str
    level_unit: str
    difference_unit: str
    level_decimals: int
    decimals: int
    subject: str


OWN = mark("Self-sufficient among the permanently poor")
UNITS = mark("{level}; difference in {difference}")
HEADLINES = (
    Measure("self_sufficient", OWN, mark("Permanently\npoor, self-\nsufficient %"), mark("% of them"), mark("pp"), 1, 1,
            mark("the self-sufficient share of the permanently poor")),
    Measure("headcount", mark("Poverty headcount"), mark("Poverty\nheadcount\n%"), mark("% of persons"), mark("pp"),
            1, 2, mark("the share of persons in poverty")),
    Measure("own_income_growth", mark("Growth of median own income"), mark("Growth of\nown income\n% a year"),
            mark("% a year"), mark("pp a year"), 2, 2, mark("growth of own income")),
    Measure("participation", mark("Attendance at village meetings"), mark("Attendance\nat meetings\n%"),
            mark("% of households"), mark("pp"), 1, 1, mark("attendance at village meetings")),
)  # fmt: skip


def headline(results: Results) -> Grid:
    """One row an arm: levels without a policy first, then paired differences from it."""
    rows = lookup(results.tables["headline"], "arm", "metric")
    body = []
    for arm, label in labels(results).items():
        level = arm == BASELINE
        cells = [Cell(label, say("levels") if level else "")]
        for measure in HEADLINES:
            decimals = measure.level_decimals if level else measure.decimals
            cells.append(estimate_cell(rows[arm, measure.metric], decimals, signed=not level))
        paid, rupiah = rows[arm, "cost"].estimate, rows[arm, "cost_rupiah"].estimate
        known = math.isfinite(paid)
        cells.append(Cell(number(paid, 2, not level), number(rupiah, 0, not level)) if known else Cell(DASH))
        body.append(tuple(cells))
    heads = (
        Column(say("Strategy")),
        *(Column(say(m.title), say(UNITS, level=say(m.level_unit), difference=say(m.difference_unit)), say(m.short))
          for m in HEADLINES),
        Column(say("Cost to the state"), say("z per person, present value; Rp beneath"),
               say("Cost to the\nstate, z\n(Rp) a head")),
    )  # fmt: skip
    windows, end = results.scenario.windows, results.scenario.money_ends
    note = say(
        "First row: levels in {when} after September 2017, which are {since} years after all money has ended. Other "
        "rows: paired difference from it (pp), same households, same luck. Beneath each estimate: {source}; bold: "
        "beyond {chance}, with both ends on one side of zero. Cost, first row: what the state pays anyway{programmes}.",
        when=when(results), since=years(windows.post, end), source=source(results), chance=chance(results),
        programmes=flows_anyway(results),
    )  # fmt: skip
    return Grid("headline", say("What changes, by strategy"), note + unranked(results), heads, tuple(body))


def unranked(results: Results) -> str:
    """What is said of arms without cost and rank; nothing where there are none."""
    names = [label for arm, label in labels(results).items() if arm in {*rivals(results)} - {*ranked(results)}]
    told = mark("\u2013 {arms}: acts outside the villages, so no cost is compared and no rank given.")
    return f" {say(told, arms=', '.join(names))}" if names else ""


def headline_terminal(results: Results) -> Table:
    """The table that ends a run: one row an arm, the row without a policy first."""
    return terminal(headline(results))


def contrasts(results: Results) -> list[Grid]:
    """Each strategy against each other, a table a measure."""
    rows, arms, found = lookup(results.tables["contrasts"], "arm", "against", "metric"), ranked(results), []
    for measure in HEADLINES:
        heads = [Column(say("against {arm}", arm=labels(results)[arm])) for arm in arms]
        body = []
        for arm in arms:
            pairs = (rows.get((arm, other, measure.metric)) for other in arms)
            cells = (estimate_cell(row, measure.decimals, signed=True) if row else Cell(DASH) for row in pairs)
            body.append((Cell(labels(results)[arm]), *cells))
        told = mark("Paired difference, row minus column, in {when}. Beneath: {source}.")
        note, head = say(told, when=when(results), source=source(results)), say(measure.title)
        title = say("Each against each: {measure}", measure=head[:1].lower() + head[1:])
        columns, unit = (Column(say("Strategy")), *heads), say(measure.difference_unit)
        found.append(Grid(f"contrasts_{measure.metric}", title, note, columns, tuple(body), False, unit))
    return found


def against(results: Results, other: str) -> Grid:
    """Every measure of each strategy against one other."""
    rows, names = lookup(results.tables["contrasts"], "arm", "against", "metric"), labels(results)
    columns = (Column(say("Strategy")), *(Column(say(one.title), say(one.difference_unit)) for one in HEADLINES))
    body = [
        (
            Cell(names[arm]),
            *(estimate_cell(rows.get((arm, other, one.metric)), one.decimals, signed=True) for one in HEADLINES),
        )
        for arm in ranked(results)
        if arm != other
    ]
    note = say(
        "Paired difference from {arm} in {when}. Beneath: {source}; bold: beyond {chance}, with both ends on one side "
        "of zero.",
        arm=names[other], when=when(results), source=source(results), chance=chance(results),
    )  # fmt: skip
    return Grid("against", say("Each strategy against {arm}", arm=names[other]), note, columns, tuple(body))


#: Head and unit of the measures of Foster, Greer and Thorbecke by order.
FGT = (
    (mark("Headcount at {line}\u00a0z"), mark("% of persons")),
    (mark("Gap at {line}\u00a0z"), mark("% of the line")),
    (mark("Severity at {line}\u00a0z"), mark("squared gap, %")),
)


def poverty(results: Results) -> list[Grid]:
    """Foster-Greer-Thorbecke measures by line: in the window of the headline, and late."""
    frame, spans = results.tables["poverty"], results.scenario.windows
    rows = lookup(frame, "window", "arm", "order", "line")
    pairs = present(zip(frame["order"], frame["line"], strict=True))
    columns = [Column(say("Strategy"))]
    columns += [Column(say(FGT[order][0], line=number(line)), say(FGT[order][1])) for order, line in pairs]
    before, found = say("Before: years {years}", years=years(spans.pre)), []
    titles = {"post": mark("Poverty at three lines, years {years}"),
              "late": mark("Poverty at three lines, years {years}: an illustration")}  # fmt: skip
    for window, title in titles.items():
        lines = [("pre", BASELINE, before), *((window, arm, label) for arm, label in labels(results).items())]
        body = []
        for place, arm, label in lines:
            cells = (estimate_cell(rows[place, arm, *pair], 2 if pair[0] == 2 else 1, scale=100) for pair in pairs)
            body.append((Cell(label), *cells))
        title = say(title, years=years(getattr(spans, window)))
        note = say("Levels of FGT 0, 1 and 2 of true real consumption. Beneath: {source}.", source=source(results))
        found.append(Grid(f"poverty_{window}", title, note, tuple(columns), tuple(body), window == "post"))
    return found


def incidence(results: Results) -> list[Grid]:
    """Who gains: a table for each kind of group."""
    frame, found = results.tables["incidence"], []

    def cell(row: object) -> Cell:
        return estimate_cell(row, 1, signed=True, scale=rupiah(1.0) / 1e3)

    for kind, part in frame.groupby("group_kind", sort=False):
        columns, body = crossed(results, part, ("group",), said(kind).capitalize(), cell, (("under 6 years",),))
        told = mark("Paired difference of mean consumption from the baseline, {when}. Beneath: {source}.")
        note = say(told, when=when(results), source=source(results))
        title, unit = say("Who gains, by {group}", group=said(kind)), say("Rp thousand per person and quarter")
        found.append(Grid(f"incidence_{kind}", title, note, columns, body, unit=unit))
    return found


def targeting(results: Results) -> Grid:
    """Inclusion and exclusion error of each list; lists that are the baseline's own are shown once."""
    body, seen = [], set()
    for row in results.tables["targeting"].itertuples(index=False):
        if (numbers := row[1:]) in seen:
            continue
        seen.add(numbers)
        where = say("in every strategy") if row.arm == BASELINE else labels(results)[row.arm]
        errors = (estimated(*(100 * value for value in numbers[first : first + 3])) for first in (1, 4))
        body.append((Cell(said(row.programme), where), *errors))
    columns = (
        Column(say("List")),
        Column(say("Inclusion error"), say("% of recipients who are not permanently poor")),
        Column(say("Exclusion error"), say("% of the permanently poor who receive nothing")),
    )
    note = say("Person-weighted. Beneath: {source}.", source=source(results))
    return Grid("targeting", say("Errors of targeting"), note, columns, tuple(body))


def transitions(results: Results) -> Grid:
    """From the state at the start to the class."""
    order = tuple((origin, end) for origin in ORIGINS[::-1] for end in CLASSES)
    names, title = ("from_class", "to_class"), say("From \u2192 to")
    columns, body = crossed(results, results.tables["transitions"], names, title, share_cell, order)
    told = mark("From permanent income (luck removed) when programmes start to class in {when}; mean over lucks.")
    note, title = say(told, when=when(results)), say("From start to end")
    return Grid("transitions", title, note, columns, body, False, say("% of all persons"))


def village_classes(results: Results) -> Grid:
    """Share of villages by class."""
    order, frame = tuple((name,) for name in CLASSES), results.tables["village_classes"]
    columns, body = crossed(results, frame, ("class",), say("Class"), share_cell, order)
    span = years(results.scenario.windows.post)
    note = say("Years {years}. Beneath: {source}.", years=span, source=source(results))
    return Grid("village_classes", say("Villages by class"), note, columns, body, unit=say("% of villages"))


def winners(results: Results) -> Grid:
    """Share of persons whose household gains or loses more than 5 % against the baseline."""
    columns, body = crossed(
        results, results.tables["winners_summary"], ("outcome",), say("Against the baseline"), share_cell
    )
    note = say(
        "Winner: consumption in {when} more than 5 % above that of the same household in the same luck without the "
        "policy; loser: more than 5 % below. Beneath: {source}.",
        when=when(results), source=source(results),
    )  # fmt: skip
    return Grid("winners", say("Winners and losers"), note, columns, body, unit=say("% of persons"))


def participation(results: Results) -> Grid:
    """Attendance before, during and after the programme, and late as an illustration."""
    spans = dict(zip(WINDOWS, results.scenario.windows.model_dump().values(), strict=False))
    columns, body = crossed(
        results, results.tables["participation"], ("window",), say("Window"), estimate_cell,
        tuple((window,) for window in WINDOWS),
        lambda group: Cell(said(group[0]), say("years {years}", years=years(spans[group[0]]))),
    )  # fmt: skip
    note = say("Levels; the late window is an illustration. Beneath: {source}.", source=source(results))
    return Grid("participation", say("Attendance by window"), note, columns, body, unit=say("% of households"))


def power(results: Results) -> Grid:
    """Empowerment, the three numbers of decision power, and the rung that they are a label for."""
    rows = lookup(results.tables["power"], "arm", "window", "measure")
    measures = (
        ("empowerment", say("Empowerment"), say("index, 0 to 1"), 3),
        ("empowered_share", say("Empowered"), say("% of persons"), 1),
        ("decision_power", say("Decision power of the non-elite"), say("0 chance, 1 always"), 2),
        ("control", say("Control by residents"), say("share of works, 0 to 1"), 2),
        ("participation_non_elite", say("Attendance of the non-elite"), say("% of households"), 1),
    )
    heads = [Column(title, unit) for _, title, unit, _ in measures]
    heads += [Column(say("Rung"), say("1 to 8")), Column(say("Good development"), say("% of lucks"))]
    columns = (Column(say("Strategy")), *heads)
    body = []
    for arm, label in labels(results).items():
        for window in ("during", "after"):
            found = {name: rows[arm, window, name] for name, *_ in measures}
            cells = (estimate_cell(found[name], decimals) for name, _, _, decimals in measures)
            decided, run, present = (found[name].estimate for name, *_ in measures[2:])
            place, name = rung(decided, run, present / 100.0)
            good = DASH if window == "during" else number(rows[arm, window, "good_development"].estimate, 0)
            body.append((Cell(label, said(window)), *cells, Cell(str(place), say(name)), Cell(good)))
    note = say(
        "Levels while the programme runs and after. Empowerment: social, education and agency at the ordinary village "
        "meeting, by a dual cut-off; empowered: adequate in 80 % of the weighted indicators. Decision power: how often "
        "money for works goes to the kind that most of the non-elite live of. Control: works that residents run, less "
        "what the elite captures. Rung: Arnstein's eight, a label for the three numbers by a table of minima. Good "
        "development: median own income grew and so did all three dimensions of empowerment, from before to after; "
        "growth of the nation alone does not count. Beneath: {source}.",
        source=source(results),
    )
    return Grid("power", say("Empowerment and decision power"), note, columns, tuple(body))


def spread(results: Results) -> Grid:
    """What the spread of the headline is made of."""
    rows = lookup(results.tables["spread"], "arm", "metric")
    unit = say("parameters | luck, share of parameters")
    columns = (Column(say("Strategy")), *(Column(say(measure.title), unit) for measure in HEADLINES))
    body = []
    for arm, label in labels(results).items():
        cells = []
        for measure in HEADLINES:
            row = rows[arm, measure.metric]
            both = f"{number(row.parameters, measure.decimals)} | {number(row.luck, measure.decimals)}"
            share = percent(100 * row.share_parameters, 0)
            cells.append(Cell(both, share) if math.isfinite(row.share_parameters) else Cell(say(UNDEFINED)))
        body.append((Cell(label), *cells))
    note = say(
        "Standard deviations, in the unit of each measure: over parameter sets, and over luck within a set (one-way "
        "random effects); the first row is of levels, the others of paired differences. Beneath: the share of the "
        "variance that parameters make. Undefined where no set met two lucks or nothing varies."
    )
    return Grid("spread", say("What the intervals are made of"), note, columns, tuple(body))


def pairing(results: Results) -> Grid:
    """What the same households and the same luck are worth."""
    rows = lookup(results.tables["pairing"], "arm", "metric")
    columns = (Column(say("Strategy")), *(Column(say(measure.title)) for measure in HEADLINES))
    body = []
    for arm in rivals(results):
        ratios = (rows[arm, measure.metric].variance_ratio for measure in HEADLINES)
        body.append((Cell(labels(results)[arm]), *(Cell(number(ratio, 1 if ratio < 10 else 0)) for ratio in ratios)))
    note = say(
        "How many times smaller the variance over lucks of a difference is because both arms meet the same luck, "
        "against two arms with luck of their own."
    )
    title, unit = say("What pairing is worth"), say("times smaller variance")
    return Grid("pairing", title, note, columns, tuple(body), False, unit)


# The order of the page. The key names the table of the results that a definition needs.
GRIDS: tuple[tuple[str, Callable[[Results], Grid | list[Grid]]], ...] = (
    ("spread", spread),
    ("cost", cost),
    ("poverty", poverty),
    ("classes", classes),
    ("cutoff_standing", standing),
    ("cutoffs", every_cutoff),
    ("class_grid", class_grid),
    ("resilience", resilience),
    ("density", density),
    ("growth", growth),
    ("evaluation", evaluation),
    ("winners_summary", winners),
    ("incidence", incidence),
    ("targeting", targeting),
    ("participation", participation),
    ("power", power),
    ("village_classes", village_classes),
    ("contrasts", contrasts),
    ("transitions", transitions),
    ("money", money),
    ("effort", effort),
    ("pairing", pairing),
    ("followed", followed),
)


def grids(results: Results) -> list[Grid]:
    """Every table whose numbers were computed, in the order of the page."""
    found: list[Grid] = []
    for key, define in GRIDS:
        if has(results, key):
            made = define(results)
            found.extend(made if isinstance(made, list) else [made])
    return found
