"""Tables of the report: one definition each, printed on the terminal and in the page alike.

A table is a :class:`Grid`: columns with a unit, rows of :class:`Cell`. :func:`terminal` turns it into a rich table,
``page.html`` into HTML; the numbers are formatted once, here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAVY
from rich.table import Table
from rich.text import Text

from sim.report import (
    BASELINE,
    CLASSES,
    ORIGINS,
    SPACE,
    UNDEFINED,
    WINDOWS,
    has,
    labels,
    number,
    percent,
    present,
    said,
    source,
    span,
)


@dataclass(frozen=True)
class Measure:
    """A column of the headline table: what it is, its unit as a level and as a difference, and its name in prose."""

    metric: str
    title: str
    level_unit: str
    difference_unit: str
    decimals: int
    subject: str


HEADLINES = (
    Measure("headcount", "Poverty headcount", "% of persons", "pp", 1, "the share of persons in poverty"),
    Measure("own_income_growth", "Growth of median own income", "% a year", "pp a year", 2, "growth of own income"),
    Measure(
        "self_sufficient",
        "Self-sufficient among the permanently poor",
        "% of them",
        "pp",
        1,
        "the self-sufficient share of the permanently poor",
    ),
    Measure("participation", "Participation", "% of households", "pp", 1, "attendance at village meetings"),
)


@dataclass(frozen=True)
class Column:
    """Head of a column; `unit` is empty only where the cells are words."""

    title: str
    unit: str = ""


@dataclass(frozen=True)
class Cell:
    """A formatted value and, where there is one, the interval or remark that stands beneath it."""

    text: str
    beneath: str = ""


@dataclass(frozen=True)
class Grid:
    """A table ready to print; the first column holds words, the others numbers."""

    key: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    open: bool = True


def estimated(value: float, low: float, high: float, decimals: int = 1, signed: bool = False) -> Cell:
    """Cell of a value with its interval; an interval that shows nothing new is left out."""
    text = number(value, decimals, signed)
    single = {number(end, decimals, signed) for end in (low, high)} == {text}
    return Cell(text, "" if single or text == UNDEFINED else span(low, high, decimals, signed))


def measured(row: object, decimals: int = 1, signed: bool = False, scale: float = 1.0) -> Cell:
    """Cell of the estimate of a row, with its interval."""
    values = (getattr(row, name, math.nan) * scale for name in ("estimate", "low", "high"))
    return estimated(*values, decimals, signed)


def lookup(frame: pd.DataFrame, *columns: str) -> dict:
    """Rows of `frame` by the values of `columns`."""
    keys = zip(*(frame[column] for column in columns), strict=True)
    return dict(zip(keys, frame.itertuples(index=False), strict=True))


def headline(results) -> Grid:
    """One row an arm: levels without a policy first, then paired differences from it."""
    rows = lookup(results.tables["headline"], "arm", "metric")
    body = []
    for arm, label in labels(results).items():
        level = arm == BASELINE
        cells = [Cell(label, "no new policy: levels" if level else "")]
        for measure in HEADLINES:
            cells.append(measured(rows.get((arm, measure.metric)), measure.decimals, signed=not level))
        money = rows.get((arm, "cost_rupiah"))
        rupiah = number(getattr(money, "estimate", None), 0, signed=not level)
        cost = getattr(rows.get((arm, "cost")), "estimate", None)
        cells.append(Cell(number(cost, 2, signed=not level), "" if rupiah == UNDEFINED else f"Rp{SPACE}{rupiah}"))
        body.append(tuple(cells))
    heads = [Column("Strategy")]
    for measure in HEADLINES:
        heads.append(Column(measure.title, f"{measure.level_unit}; difference in {measure.difference_unit}"))
    heads.append(Column("Cost to the state", "z per person, present value; Rp beneath"))
    note = (
        "First row: levels. Other rows: difference from it, with the same households and the same luck. Beneath each "
        f"estimate its interval: {source(results)} (luck only)."
    )
    return Grid("headline", "What changes, by strategy", note, tuple(heads), tuple(body))


def by_arm(results, frame: pd.DataFrame) -> dict[str, str]:
    """Labels of the arms that occur in a table, in the order of the report."""
    found = set(frame["arm"])
    return {arm: label for arm, label in labels(results).items() if arm in found}


def crossed(results, frame: pd.DataFrame, names: tuple[str, ...], title: str, unit: str, cell, order=()) -> tuple:
    """Columns and rows of a table that has one row a group (`names`) and one column an arm."""
    arms = by_arm(results, frame)
    rows = lookup(frame, "arm", *names)
    groups = present(zip(*(frame[name] for name in names), strict=True), order)
    columns = (Column(title), *(Column(label, unit) for label in arms.values()))
    body = []
    for group in groups:
        first = Cell(" \u2192 ".join(said(part) for part in group))
        body.append((first, *(cell(rows.get((arm, *group))) for arm in arms)))
    return columns, tuple(body)


def share_cell(row: object, decimals: int = 1) -> Cell:
    """A share (0-1) in percent, with its interval where the table holds one."""
    share, low, high = (100 * getattr(row, name, math.nan) for name in ("share", "low", "high"))
    return estimated(share, low, high, decimals)


def poverty(results) -> Grid:
    """Foster-Greer-Thorbecke measures in the late window, levels, by line."""
    frame = results.tables["poverty"]
    late = frame[frame["window"] == "late"] if "late" in set(frame["window"]) else frame
    rows = lookup(late, "arm", "order", "line")
    scale = percent(frame)
    units = "% of persons", "% of the line", "squared gap, %"
    measures = dict(enumerate(zip(("Headcount", "Gap", "Severity"), units, strict=True)))
    pairs = [(order, line) for order in sorted(set(late["order"])) for line in sorted(set(late["line"]))]
    columns = [Column("Strategy")]
    for order, line in pairs:
        name, unit = measures[int(order)]
        columns.append(Column(f"{name} at {number(line)}{SPACE}z", unit))
    body = tuple(
        (Cell(label), *(measured(rows.get((arm, *pair)), 2 if pair[0] == 2 else 1, scale=scale) for pair in pairs))
        for arm, label in labels(results).items()
    )
    note = f"Levels of FGT 0, 1 and 2 of real consumption in the late window; intervals: {source(results)}."
    return Grid("poverty", "Poverty at three lines", note, tuple(columns), body)


def incidence(results) -> list[Grid]:
    """Who gains: a table for each kind of group."""
    frame = results.tables["incidence"]
    frame, found = frame[frame["arm"] != BASELINE], []
    for kind in present(frame["group_kind"], ("decile", "female_head", "schooling", "size")):
        part = frame[frame["group_kind"] == kind]
        unit, title = str(part["unit"].iloc[0]), said(kind).capitalize()
        columns, body = crossed(results, part, ("group",), title, unit, lambda row: measured(row, signed=True))
        note = f"Paired difference from the baseline in the late window; intervals: {source(results)}."
        found.append(Grid(f"incidence_{kind}", f"Who gains, by {said(kind)}", note, columns, body))
    return found


def targeting(results) -> Grid:
    """Inclusion and exclusion error of each programme that selects its recipients."""
    body = []
    for row in results.tables["targeting"].itertuples(index=False):
        cells = [Cell(labels(results).get(row.arm, row.arm), said(row.programme))]
        for name in ("inclusion_error", "exclusion_error"):
            cells.append(estimated(*(100 * getattr(row, name + end, math.nan) for end in ("", "_low", "_high"))))
        body.append(tuple(cells))
    columns = (
        Column("Strategy and programme"),
        Column("Inclusion error", "% of recipients who are not poor"),
        Column("Exclusion error", "% of the poor who receive nothing"),
    )
    return Grid("targeting", "Errors of targeting", f"Intervals: {source(results)}.", columns, tuple(body))


def cost(results) -> Grid:
    """Cost to the state at four scales, and per poor-person-year averted."""
    body = []
    for arm, row in ((row.arm, row) for row in results.tables["cost"].itertuples(index=False)):
        low, high = row.rupiah_per_poor_year_low / 1e6, row.rupiah_per_poor_year_high / 1e6
        middle = getattr(row, "rupiah_per_poor_year", math.nan) / 1e6
        bounds = span(low, high, 2)
        averted = Cell(number(middle, 2), bounds) if math.isfinite(middle) else Cell(bounds or UNDEFINED)
        cells = (
            Cell(labels(results).get(arm, arm)),
            Cell(number(row.pv_z_per_person, 2)),
            Cell(number(row.rupiah_per_head / 1e3, 0)),
            Cell(number(row.rupiah_per_village / 1e6, 0)),
            Cell(number(row.rupiah_nation / 1e12, 1)),
            Cell(number(100 * row.share_state_budget, 2)),
            averted,
        )
        body.append(cells)
    columns = (
        Column("Strategy"),
        Column("Present value", "z per person"),
        Column("Per head", "Rp thousand"),
        Column("Per village", "Rp million"),
        Column("All rural Indonesia", "Rp trillion"),
        Column("Share of one year's state budget", "%"),
        Column("Per poor-person-year averted", "Rp million"),
    )
    note = (
        "Additional state money over the whole programme, discounted to its start. Undefined: the interval of what is "
        "averted contains zero, so that a cost per unit has no meaning."
    )
    return Grid("cost", "What it costs", note, columns, tuple(body))


def classes(results) -> list[Grid]:
    """Share of each class at the end, a table for each population that it is a share of."""
    frame, found = results.tables["classes"], []
    order = tuple((name,) for name in CLASSES)
    for among in present(frame["among"]):
        part, unit = frame[frame["among"] == among], f"% of {said(among)}"
        columns, body = crossed(results, part, ("class",), "Class at the end", unit, share_cell, order)
        note = f"Person-weighted; intervals: {source(results)}."
        found.append(Grid(f"classes_{among}", f"Classes at the end, among {said(among)}", note, columns, body))
    return found


def transitions(results) -> Grid:
    """From the state at the start to the class at the end."""
    order = tuple((origin, end) for origin in ORIGINS[::-1] for end in CLASSES)
    names, title, unit = ("from_class", "to_class"), "From \u2192 to", "% of all persons"
    columns, body = crossed(results, results.tables["transitions"], names, title, unit, share_cell, order)
    note = "Start: permanent income (luck removed) before the programmes. Mean over seeds."
    return Grid("transitions", "From start to end", note, columns, body, open=False)


def village_classes(results) -> Grid:
    """Share of villages by class."""
    order = tuple((name,) for name in CLASSES)
    frame = results.tables["village_classes"]
    columns, body = crossed(results, frame, ("class",), "Class", "% of villages", share_cell, order)
    return Grid("village_classes", "Villages by class", f"Intervals: {source(results)}.", columns, body)


def winners(results) -> Grid:
    """Share of persons whose household gains or loses more than 5 % against the baseline."""
    frame, order = results.tables["winners_summary"], (("winner",), ("unchanged",), ("loser",))
    title = "Against the baseline"
    columns, body = crossed(results, frame, ("outcome",), title, "% of persons", share_cell, order)
    note = (
        "Winner: late consumption more than 5 % above that of the same household in the same luck without the policy; "
        f"loser: more than 5 % below. Intervals: {source(results)}."
    )
    return Grid("winners", "Winners and losers", note, columns, body)


def participation(results) -> Grid:
    """Attendance before, during and after the programme."""
    frame, order = results.tables["participation"], tuple((window,) for window in WINDOWS)
    title, unit = "Window", "% of households"
    scale = percent(frame)
    columns, body = crossed(results, frame, ("window",), title, unit, lambda row: measured(row, scale=scale), order)
    return Grid("participation", "Attendance by window", f"Levels; intervals: {source(results)}.", columns, body)


def money(results) -> Grid:
    """Who paid whom, for what, over the programme."""
    frame, names = results.tables["money"], ("payer", "payee", "flow")
    title = "Payer \u2192 payee \u2192 flow"
    columns, body = crossed(results, frame, names, title, "z per person", value_cell)
    return Grid("money", "Where each z went", "Over the programme; mean over seeds.", columns, body, open=False)


def value_cell(row: object) -> Cell:
    """A sum of money in z per person; what was never paid is zero."""
    return Cell(number(getattr(row, "value", 0.0), 3))


def ledger(results) -> Grid:
    """Every flow of the ledger, whole run and whole world, mean over seeds."""
    names = ["payer", "payee", "flow"]
    frame = results.ledger.groupby([*names, "arm"], observed=True, sort=False)["value"].sum()
    totals = frame.unstack("arm").fillna(0.0) / results.ledger["seed"].nunique() / 1e3
    arms = [arm for arm in labels(results) if arm in totals.columns]
    columns = (Column("Payer \u2192 payee: flow"), *(Column(labels(results)[arm], "thousand z") for arm in arms))
    order = np.argsort(-np.abs(totals.to_numpy()).max(axis=1), kind="stable")
    body = []
    for place in order:
        payer, payee, flow = totals.index[place]
        numbers = (Cell(number(totals[arm].iloc[place], 2)) for arm in arms)
        body.append((Cell(f"{said(payer)} \u2192 {said(payee)}", said(flow)), *numbers))
    note = "Double entry, whole world, whole run, mean over seeds; in thousands of z."
    return Grid("ledger", "Summary of the ledger", note, columns, tuple(body), open=False)


# The order of the page. The key names the table of the results that a definition needs.
GRIDS: tuple[tuple[str, Callable], ...] = (
    ("cost", cost),
    ("poverty", poverty),
    ("classes", classes),
    ("winners_summary", winners),
    ("incidence", incidence),
    ("targeting", targeting),
    ("participation", participation),
    ("village_classes", village_classes),
    ("transitions", transitions),
    ("money", money),
)


def grids(results) -> list[Grid]:
    """Every table whose numbers were computed, in the order of the page."""
    found: list[Grid] = []
    for key, define in GRIDS:
        if has(results, key):
            made = define(results)
            found.extend(made if isinstance(made, list) else [made])
    return found


def quantiles(results, metric: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Years, and for each arm percentiles 5, 25, 50, 75 and 95 over the seeds: an array (percentile, year)."""
    frame = results.series[results.series["metric"] == metric].dropna(subset="value")
    table = frame.pivot(index=["arm", "seed"], columns="quarter", values="value")
    arms, found = table.index.get_level_values("arm"), {}
    for arm in present(arms):
        found[arm] = np.nanquantile(table[arms == arm].to_numpy(), (0.05, 0.25, 0.5, 0.75, 0.95), axis=0)
    return table.columns.to_numpy() / 4, found


def terminal(grid: Grid) -> Table:
    """The grid as a rich table; labels are printed as they are, never read as markup."""
    words = {"title": Text(grid.title), "caption": Text(grid.note), "title_justify": "left", "caption_justify": "left"}
    table = Table(box=SIMPLE_HEAVY, padding=(0, 1), show_lines=False, collapse_padding=True, pad_edge=False, **words)
    for place, column in enumerate(grid.columns):
        head = Text(column.title)
        if column.unit:
            head.append("\n" + column.unit, style="dim")
        table.add_column(head, justify="right" if place else "left", overflow="fold")
    for row in grid.rows:
        cells = []
        for cell in row:
            text = Text(cell.text)
            if cell.beneath:
                text.append("\n" + cell.beneath.replace(f"{SPACE}to{SPACE}", "\u2026"), style="dim")
            cells.append(text)
        table.add_row(*cells)
    return table


def headline_terminal(results) -> Table:
    """The table that ends a run: one row an arm, the row without a policy first."""
    return terminal(headline(results))
