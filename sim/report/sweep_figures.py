"""Figures of a sweep: rows of dots with intervals, fronts, and boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sim.language import say
from sim.report import number
from sim.report.canvas import (
    GREY,
    HALF,
    HUES,
    LEADING,
    PALE,
    SMALL,
    SOFT,
    WIDE,
    Panel,
    canvas,
    draw_key,
    folded,
    key,
    key_height,
)
from sim.report.drawing import INK, Drawing, breadth, dark
from sim.report.sweep_tables import called, measured, spent, unit_of_difference, ways
from sim.report.winners import dot
from sim.scenario import BASELINE
from sim.sweep.discovery import Conditions
from sim.sweep.found import Found, Terms

ROW = 25.0  # points from one row to the next


@dataclass(frozen=True)
class Mark:
    """One dot with its interval."""

    middle: float
    low: float
    high: float
    colour: str


def colours(found: Found) -> dict[str, str]:
    """Colour of each arm: grey for the baseline, the others in the order of the study."""
    arms = [arm for arm in dict.fromkeys(way.arm for way in found.ways) if arm != BASELINE]
    shade = {arm: HUES[k % len(HUES)] if k < len(HUES) else dark(HUES[k % len(HUES)]) for k, arm in enumerate(arms)}
    return {BASELINE: GREY, **shade}


@dataclass(frozen=True)
class Rows:
    """A panel of rows: what stands at each, its marks, and what the panel is of where there are several."""

    labels: Sequence[str]
    marks: Sequence[Sequence[Mark]]
    head: str = ""


def rows(panels: Sequence[Rows], title: str, names: Sequence[tuple[str, str]] = (), width: float = WIDE) -> Drawing:
    """One row a label, with one dot and interval or more; `names` are entries of a key: name and colour.

    Zero is always seen, and all panels have one scale. On a wide page labels stand at the left, on a narrow one above
    their rows.
    """
    wide, labels = width > HALF, [text for one in panels for text in one.labels]
    room = min(230.0, max(breadth(text, SMALL) for text in labels) + 12) if wide else 0.0
    space = room if wide else width - 20
    told = {text: [text] if breadth(text, SMALL) < space - 4 else folded(text, space) for text in labels}
    above = 0.0 if wide else LEADING * max(map(len, told.values()))
    step = ROW + 7 * (max(len(row) for one in panels for row in one.marks) - 1) + above
    entries = key(names, width)
    heads = [folded(one.head, width - room - 20) if one.head else [] for one in panels]
    told_above, up = folded(title, width - room - 20), (LEADING + 4) * max(map(len, heads))
    top = key_height(entries) + LEADING * len(told_above) + 8 + up
    height = step * max(len(one.labels) for one in panels)
    drawing, grid = canvas(width, len(panels), 1, height, (room + 16, 14, top, 20), 0, 36 + up)
    draw_key(drawing, entries)
    grid[0, 0].head(told_above, GREY, 6 + up, light=True)
    scale = reach(mark for one in panels for row in one.marks for mark in row)
    for one, lines, panel in zip(panels, heads, grid.flat, strict=True):
        panel.x, panel.y = scale, (height / step, 0.0)
        panel.head(lines, up=5)
        draw_rows(panel, one, [told[text] for text in one.labels], step, above)
    return drawing


def reach(marks: Iterable[Mark]) -> tuple[float, float]:
    """A scale that holds zero and some marks with their intervals."""
    ends = [value for mark in marks for value in (mark.low, mark.middle, mark.high) if np.isfinite(value)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    margin = 0.04 * ((high - low) or 1.0)
    return low - margin, high + margin


def draw_rows(panel: Panel, one: Rows, told: Sequence[Sequence[str]], step: float, above: float) -> None:
    """Draw the rows of a panel; `above` is the room for labels above their rows, 0 where they stand at the left."""
    panel.bottom_scale(4 if above else 6)
    for place in range(0, len(one.labels), 2):
        panel.block(panel.x, (place, place + 1), PALE)
    panel.line((0.0, 0.0), panel.y, SOFT, 0.8)
    for place, (lines, row) in enumerate(zip(told, one.marks, strict=True)):
        up = float(panel.down(place))
        for k, line in enumerate(lines):
            if above:
                panel.drawing.write(panel.left + 4, up + LEADING * (k + 1), line)
            else:
                middle = up + step / 2 + 3 + LEADING * (k - (len(lines) - 1) / 2)
                panel.drawing.write(panel.left - 8, middle, line, anchor="end")
        for k, mark in enumerate(row):
            draw_mark(panel, up + above + (step - above) * (k + 1) / (len(row) + 1), mark)


def draw_mark(panel: Panel, height: float, mark: Mark) -> None:
    """Draw an interval and the dot on it."""
    if not np.isfinite(mark.middle):
        return
    left, right, x = (float(panel.across(value)) for value in (mark.low, mark.high, mark.middle))
    if np.isfinite([left, right]).all():
        panel.drawing.line(np.array([(left, height), (right, height)]), mark.colour, 2.2)
    dot(panel.drawing, x, height, mark.colour, False, 3.4)


def apart(found: Found) -> pd.DataFrame:
    """Rows of table 1 that tell a difference in the headline: none of one arm alone, or where the others failed."""
    table = found.table[found.table["metric"] == found.metrics[0].name]
    return table[(table["arm"] != found.versus) & table["difference"].notna()]


def differences(found: Found, width: float = WIDE) -> Drawing:
    """Differences from the arm of comparison in the headline: mean over points, and where 90 % of them lie."""
    one, hue, table = found.metrics[0], colours(found), apart(found)
    marks = [[Mark(row.difference, row.low, row.high, hue[row.arm])] for row in table.itertuples()]
    title = say(
        "difference from {arm} in {metric}, {unit}",
        arm=called(found, found.versus), metric=say(one.label), unit=unit_of_difference(one.unit),
    )  # fmt: skip
    return rows([Rows([*table["way"].map(ways(found))], marks)], title, width=width)


def regrets(found: Found, width: float = WIDE) -> Drawing:
    """Regret of each way: mean, and up to the 90th percentile over points."""
    hue, one = colours(found), found.metrics[0]
    table = found.regret
    marks = [[Mark(row.mean, row.mean, row.p90, hue[row.arm])] for row in table.itertuples()]
    title = say(
        "regret in {metric}, {unit}: mean, and to its 90th percentile",
        metric=say(one.label), unit=unit_of_difference(one.unit),
    )  # fmt: skip
    return rows([Rows([*table["way"].map(ways(found))], marks)], title, width=width)


def indices(found: Found, table: pd.DataFrame, width: float = WIDE) -> Drawing:
    """Indices of the uncertainties for one metric, the greatest first; one panel a way."""
    sobol = "total" in table
    parts = dict(iter(table.groupby("way", sort=False)))
    panels = [(_sobol_rows if sobol else _morris_rows)(part) for part in parts.values()]
    if len(parts) > 1:
        panels = [replace(panel, head=ways(found)[way]) for way, panel in zip(parts, panels, strict=True)]
    if sobol:
        names = [(say("alone"), HUES[0]), (say("with all others"), HUES[1])]
        return rows(panels, say("share of variance that a number decides"), names, width)
    one = found.metric(table["metric"].iloc[0])
    names = [(say("mean absolute effect"), HUES[0]), (say("how much it varies (sigma)"), HUES[1])]
    title = say("effect of the whole range, {unit}", unit=unit_of_difference(one.unit))
    return rows(panels, title, names, width)


def _sobol_rows(table: pd.DataFrame) -> Rows:
    table = table.sort_values("total", ascending=False)
    marks = [
        [
            Mark(row.first, row.first - row.first_reach, row.first + row.first_reach, HUES[0]),
            Mark(row.total, row.total - row.total_reach, row.total + row.total_reach, HUES[1]),
        ]
        for row in table.itertuples()
    ]
    return Rows([*table["uncertainty"]], marks)


def _morris_rows(table: pd.DataFrame) -> Rows:
    table = table.sort_values("mu_star", ascending=False)
    marks = [
        [
            Mark(row.mu_star, row.mu_star - row.mu_star_reach, row.mu_star + row.mu_star_reach, HUES[0]),
            Mark(row.sigma, np.nan, np.nan, HUES[1]),
        ]
        for row in table.itertuples()
    ]
    return Rows([*table["uncertainty"]], marks)


def front(found: Found, width: float = WIDE) -> Drawing:
    """Means of the first two metrics, one panel a cost; ways that no other beats in all metrics are joined."""
    table, hue = found.pareto, colours(found)
    first, second = [one for one in found.metrics if one.better][:2]
    costs = [rows for _, rows in table.groupby([*Terms._fields])]
    columns = min(len(costs), 2 if width > HALF else 1)
    entries = key([(called(found, arm), hue[arm]) for arm in dict.fromkeys(table["arm"])], width)
    room, up = (width - 54 - 56 * (columns - 1)) / columns, f"\u2191 {say(second.label)}, {say(second.unit)}"
    lines = [up] if breadth(up, SMALL) <= room else folded(up, room)
    more = LEADING * (len(lines) - 1)
    top = key_height(entries) + 46 + more
    down = -(-len(costs) // columns)
    drawing, grid = canvas(width, down, columns, 190.0, (44, 10, top, 36), 56, 84 + more)
    draw_key(drawing, entries)
    for rows_of, panel in zip(costs, grid.flat, strict=False):
        x, y = rows_of[first.name].to_numpy(), rows_of[second.name].to_numpy()
        panel.x, panel.y = spanned(table[first.name]), spanned(table[second.name])
        panel.left_axis(5)
        panel.bottom_scale(5, f"{say(first.label)}, {say(first.unit)}")
        panel.head([say("a dose of {dose} per person and quarter", dose=spent(found, rows_of.iloc[0]))], up=18 + more)
        panel.head(lines, GREY, 5, light=True)
        on = np.flatnonzero(rows_of["front"].to_numpy())
        on = on[np.argsort(x[on])]
        panel.line(x[on], y[on], SOFT, 1.2, (3, 2))
        for place, arm in enumerate(rows_of["arm"]):
            kept = bool(rows_of["front"].iloc[place])
            dot(drawing, float(panel.across(x[place])), float(panel.down(y[place])), hue[arm], not kept, 4.0)
            if not kept:
                dot(drawing, float(panel.across(x[place])), float(panel.down(y[place])), hue[arm], False, 2.0)
    return drawing


def spanned(values: pd.Series) -> tuple[float, float]:
    """A scale that holds some values, with a margin."""
    low, high = float(values.min()), float(values.max())
    margin = 0.08 * ((high - low) or abs(high) or 1.0)
    return low - margin, high + margin


def boxed(found: Found, conditions: Conditions, width: float = WIDE) -> Drawing:
    """Where an arm is better: cases over two of the numbers that boxes restrict, and what each peel costs."""
    wide, hue = width > HALF, colours(found)[conditions.better]
    restricted = list(dict.fromkeys(name for box in conditions.boxes for name in box.limits))
    first, second = list(dict.fromkeys([*restricted, *conditions.places]))[:2]
    size = (1, 2) if wide else (2, 1)
    drawing, grid = canvas(width, *size, 236.0, (44, 10, 36, 36), 60, 96)
    draw_key(drawing, key([(say("better"), hue), (say("not better"), SOFT)], width))
    panel, trade = grid.flat
    panel.x, panel.y = spanned(conditions.places[first]), spanned(conditions.places[second])
    panel.left_axis(5)
    panel.bottom_scale(5, measured(first, found.units))
    panel.head([f"\u2191 {measured(second, found.units)}"], GREY, 5, light=True)
    for box in conditions.boxes:
        draw_box(panel, box.limits.get(first, panel.x), box.limits.get(second, panel.y))
    for hit in (False, True):
        for x, y in conditions.places.loc[conditions.hits == hit, [first, second]].to_numpy():
            size_of = 2.0 if len(conditions.hits) < 400 else 1.4
            dot(drawing, float(panel.across(x)), float(panel.down(y)), hue if hit else SOFT, False, size_of)
    traded(trade, conditions)
    return drawing


def draw_box(panel: Panel, x: tuple[float, float], y: tuple[float, float]) -> None:
    """Draw a box: a tint and its outline."""
    across, up = np.clip(x, *panel.x), np.clip(y, *panel.y)
    panel.block(tuple(across), tuple(up), PALE)
    ring = np.array([(across[a], up[b]) for a, b in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))])
    panel.line(ring[:, 0], ring[:, 1], INK, 1.2)


def traded(panel: Panel, conditions: Conditions) -> None:
    """What peeling gains in density and costs in coverage, for each box; the chosen ones are marked."""
    panel.x, panel.y = (-0.03, 1.03), (0.0, 1.03)
    panel.left_axis(5)
    places = np.linspace(0.0, 1.0, 6)
    panel.bottom_axis(places, [number(v, 1) for v in places], say("coverage: share of all cases that are inside"))
    panel.head([f"\u2191 {say('density: share of the points inside that are cases')}"], GREY, 5, light=True)
    panel.line((0.0, 1.0), (conditions.hits.mean(),) * 2, SOFT, 0.9, (3, 2))
    for k, box in enumerate(conditions.boxes):
        colour = (INK, GREY, SOFT)[k]
        panel.line(box.path[:, 0], box.path[:, 1], colour, 1.0)
        dot(panel.drawing, float(panel.across(box.coverage)), float(panel.down(box.density)), colour, False, 4.0)
        panel.drawing.write(
            float(panel.across(box.coverage)) - 6,
            float(panel.down(box.density)) + 14,
            say("box {number}", number=k + 1),
            colour,
            "end",
        )
