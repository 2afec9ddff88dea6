"""Figures of the report.

Each function takes the results and a width in points and gives a drawing; ``page.PLATES`` lists them in order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from sim.experiment.results import Results
from sim.language import say, spoken
from sim.metrics import catalogue
from sim.report import (
    BASELINE,
    CLASSES,
    USES,
    WINDOWS,
    labels,
    number,
    present,
    ranked,
    rivals,
    said,
)
from sim.report.canvas import (
    CLASS_HUES,
    GREY,
    HALF,
    HUES,
    LEADING,
    MIDDLE,
    SMALL,
    WHITE_ON,
    WIDE,
    Panel,
    canvas,
    draw_key,
    folded,
    hues,
    key,
    key_height,
    small_multiples,
)
from sim.report.costs import spent
from sim.report.drawing import INK, Drawing, breadth, dark
from sim.report.flows import poor_classes

# Metrics of the first figure; label and unit are the metric's own.
COURSES = ("headcount", "median_own_income", "participation", "gini")
LOSE, GAIN, SAME = "#B34E00", HUES[0], "#a8a8a8"


def trajectories(results: Results, width: float = WIDE) -> Drawing:
    """Course of four metrics: levels first, then each arm's difference from the baseline.

    Rows are arms and columns metrics, or blocks of metrics where the page is narrow.
    """
    arms, wide = labels(results), width > HALF
    block = math.ceil(len(arms) / 2)
    heads = [folded(label, 640 if wide else 110) for label in (say("Levels"), *list(arms.values())[1:])]
    more = LEADING * (max(map(len, heads)) - 1)
    rows, gap = (len(arms), 23.0) if wide else (block * len(COURSES), 30.0 + more)
    gaps = [gap + 56 * (not wide and (row + 1) % block == 0) for row in range(rows)]
    margins, across = (37, 9, 59 if wide else 49 + more, 30), (len(COURSES) if wide else 2)
    drawing, grid = canvas(width, rows, across, 81, margins, 45 if wide else 40, gaps)
    for column, metric in enumerate(COURSES):
        years, levels, differences = quantiles(results, metric)
        scale, reach = limits(levels.values(), top=0.25 * (column == 0)), limits(differences.values(), zero=True)
        for place, arm in enumerate(arms):
            panel = grid[(place, column) if wide else (column * block + place // 2, place % 2)]
            panel.x, panel.y = (0.0, results.scenario.calendar.quarters / 4), reach if place else scale
            draw_course(results, panel, years, differences[arm] if place else levels[arm], hues(results)[arm])
            if place == 0:
                draw_levels(results, panel, years, levels, column == 0)
                name_course(panel, metric, 32 + more * (not wide), 137 if wide else 238)
            draw_frame(panel, dated=place >= len(arms) - (1 if wide else 2))
            if column == 0 or not wide:
                panel.head(heads[place], dark(hues(results)[arm]), 4)
    return drawing


def quantiles(results: Results, metric: str) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Years, and percentiles 5, 25, 50, 75 and 95 over the seeds: an array (percentile, year) an arm.

    First of levels, then of paired differences from the baseline.
    """
    frame = results.series[results.series["metric"] == metric]
    table = frame.pivot(index=["arm", "seed"], columns="quarter", values="value")
    values = {arm: table.loc[arm] for arm in labels(results)}

    def percentiles(one: pd.DataFrame) -> np.ndarray:
        return np.percentile(one.to_numpy(), (5, 25, 50, 75, 95), axis=0)

    levels = {arm: percentiles(one) for arm, one in values.items()}
    differences = {arm: percentiles(values[arm] - values[BASELINE]) for arm in rivals(results)}
    return table.columns.to_numpy() / 4, levels, differences


def limits(paths: Iterable[np.ndarray], zero: bool = False, top: float = 0.0) -> tuple[float, float]:
    """Range of the outer bands of all paths, `zero` included if asked, with some margin, and more of it at the top."""
    ends = [extreme(path[[0, 4]]) for path in paths for extreme in (np.nanmin, np.nanmax)] + [0.0] * zero or [0.0]
    margin = 0.06 * (max(ends) - min(ends)) or 0.5
    return min(ends) - margin, max(ends) + margin + top * (max(ends) - min(ends))


def draw_course(results: Results, panel: Panel, years: np.ndarray, path: np.ndarray, colour: str) -> None:
    """Median and the bands of 50 and 90 % of lucks."""
    calendar = results.scenario.calendar
    panel.shade(calendar.start / 4, calendar.end / 4)
    panel.band(years, path[0], path[4], colour, 0.2)
    panel.band(years, path[1], path[3], colour, 0.35)
    if panel.y[0] < 0 < panel.y[1]:
        panel.line(panel.x, (0, 0), GREY, 0.8)
    panel.line(years, path[2], colour, 1.4)


def draw_levels(results: Results, panel: Panel, years: np.ndarray, levels: dict, programme: bool) -> None:
    """Medians of all arms over the baseline's bands, and what the shaded time is."""
    for arm in rivals(results):
        panel.line(years, levels[arm][2], hues(results)[arm])
    if programme:
        left = panel.across(results.scenario.calendar.start / 4)
        panel.drawing.write(left + 2, panel.top + 9, say("programme"), GREY)


def draw_frame(panel: Panel, dated: bool) -> None:
    """Axes of a course; years only in the last row."""
    panel.left_axis()
    if dated:
        panel.bottom_scale(5, say("years since Sept 2017"))
    else:
        panel.bottom_axis()


def name_course(panel: Panel, metric: str, up: float, room: float) -> None:
    """Head a column or block with metric and unit."""
    known = catalogue()[metric]
    label, unit = say(known.label), say(known.unit)
    unit = say("{unit}; differences in pp", unit=unit) if known.unit.startswith("%") else unit
    panel.head(folded(label[:1].upper() + label[1:], room), INK, up)
    panel.head([unit], GREY, up - 11, light=True)


def fates(results: Results, width: float = WIDE) -> Drawing:
    """What became of the permanently poor: a bar an arm, cut by class, with the interval of the self-sufficient."""
    frame, arms = poor_classes(results), list(labels(results))
    table = frame["share"].unstack("class").loc[arms, list(CLASSES)]
    panel = bars(results, table, CLASS_HUES, width, say("% of the permanently poor"), 0)
    for place, row in enumerate(frame.loc[CLASSES[0]].loc[arms].itertuples()):
        panel.line((row.low, row.high), (place + 0.44,) * 2, INK, 1.6)
    return panel.drawing


def lorenz(results: Results, width: float = WIDE) -> Drawing:
    """Lorenz curves, which lie close together, and beside them each arm's difference from the baseline."""
    frame = results.tables["lorenz"].sort_values("population_share")
    curves = dict(iter(frame.groupby("arm", observed=True)))
    arms, wide = rivals(results), width > HALF
    columns = min(3, max(1, len(arms))) if wide else 2
    rows, size = max(1, math.ceil(len(arms) / columns)), 238.0 if wide else 221.0
    left, top = (size + 83, 54.0) if wide else (40.0, size + 119)
    heads = [folded(labels(results)[arm], (width - left) / columns - 22) for arm in arms]
    gap = 35 + LEADING * (max(map(len, heads), default=1) - 1)
    height = max(79.0, (size - (rows - 1) * gap) / rows) if wide else 86.0
    drawing, grid = canvas(width, rows, columns, height, (left, 11, top, 36), 22, gap)
    panel = Panel(drawing, 40, 54 if wide else 36, size, size)
    panel.x = panel.y = 0.0, 100.0
    panel.line((0, 100), (0, 100), GREY, 0.7, (4, 3))
    drawing.write(panel.across(46), panel.down(60), say("perfect equality"), GREY, "end")
    for arm in labels(results):
        people, consumed = 100 * curves[arm][["population_share", "consumption_share"]].to_numpy().T
        panel.line(people, consumed, hues(results)[arm], 1.2)
    places = range(0, 101, 20)
    panel.left_axis(6)
    panel.bottom_axis(places, [str(place) for place in places], say("% of persons, poorest first"))
    panel.head([say("All strategies")], up=16)
    panel.head([say("% of consumption")], GREY, 5, light=True)
    draw_differences(results, grid, curves, arms, heads)
    return drawing


def draw_differences(
    results: Results, grid: np.ndarray, curves: dict, arms: list[str], heads: Sequence[list[str]]
) -> None:
    """Small panels of consumption share minus that of the baseline, one an arm, on one scale."""
    base, changes = curves[BASELINE], {}
    for arm in arms:
        curve = curves[arm]
        level = np.interp(curve["population_share"], base["population_share"], base["consumption_share"])
        change = curve["consumption_share"].to_numpy() - level
        changes[arm] = 100 * np.array([curve["difference_low"], curve["difference_high"], change])
    ends = [0.0, *(extreme(drawn) for drawn in changes.values() for extreme in (np.nanmin, np.nanmax))]
    margin = 0.08 * (max(ends) - min(ends)) or 1.0
    for place, (arm, panel) in enumerate(zip(arms, grid.flat, strict=False)):
        people, colour = 100 * curves[arm]["population_share"].to_numpy(), hues(results)[arm]
        panel.x, panel.y = (0.0, 100.0), (min(ends) - margin, max(ends) + margin)
        panel.band(people, *changes[arm][:2], colour, 0.22)
        panel.line(panel.x, (0, 0), GREY, 0.8)
        panel.line(people, changes[arm][2], colour, 1.4)
        panel.left_axis(named=place % grid.shape[1] == 0)
        last = place >= len(arms) - grid.shape[1]
        panel.bottom_axis((0, 50, 100), ("0", "50", "100"), say("% of persons") if last else "")
        panel.head(heads[place], dark(colour))
    if arms:
        more = LEADING * (max(map(len, heads[: grid.shape[1]])) - 1)
        remark = say("difference from the baseline, pp of all consumption")
        grid.flat[0].head([remark], GREY, 19 + more, light=True)


def winners(results: Results, width: float = WIDE) -> Drawing:
    """Distribution of each household's change in consumption against itself in the baseline, same luck."""
    frame, arms = results.tables["winners"], ranked(results)
    drawing, grid = small_multiples(results, arms, width, (3, 2), 122, (30, 11, 32, 36), (22, 62), say("% of persons"))
    finite = frame[np.isfinite(frame["bin_low"]) & np.isfinite(frame["bin_high"])]
    step = float((finite["bin_high"] - finite["bin_low"]).median())
    ends = finite["bin_low"].min() - step, finite["bin_high"].max() + step
    held = frame.loc[frame["share"] >= 5e-4, ["bin_low", "bin_high"]].clip(*ends)  # empty bins at the ends are cut
    edges = min(held["bin_low"].min(), -7.0), max(held["bin_high"].max(), 7.0)
    for place, (arm, panel) in enumerate(zip(arms, grid.flat, strict=False)):
        panel.x, panel.y = edges, (0.0, 130 * frame["share"].max())
        for row in frame[(frame["arm"] == arm) & (frame["share"] > 0)].itertuples():
            low, high = np.clip((row.bin_low, row.bin_high), *edges)
            colour = GAIN if low >= 5 else LOSE if high <= -5 else SAME
            if high > low:
                panel.block((low, high), (0.0, 100 * row.share), colour, gap=0.4)
        for cut in (-5, 0, 5):
            panel.line((cut, cut), (0.0, 0.84 * panel.y[1]), GREY if cut else INK, 0.6, (2, 2) if cut else ())
        panel.left_axis(named=place % grid.shape[1] == 0)
        panel.bottom_scale(5, say("change in consumption, %") if place >= len(arms) - grid.shape[1] else "")
        tell_winners(results, panel, arm)
    return drawing


def tell_winners(results: Results, panel: Panel, arm: str) -> None:
    """Write the share of losers at the left and of winners at the right of a panel."""
    frame = results.tables["winners_summary"]
    shares = frame[frame["arm"] == arm].set_index("outcome")["share"]
    for outcome, word, x, colour, anchor in (
        ("loser", say("lose > 5\u00a0%"), panel.left + 3, LOSE, "start"),
        ("winner", say("gain > 5\u00a0%"), panel.right, GAIN, "end"),
    ):
        share = number(100 * shares[outcome], 1 if 0 < shares[outcome] < 0.01 else 0)
        share = f"< {number(0.1)}" if share == number(0.0) else share
        panel.drawing.write(x, panel.top + 6, share + spoken().percent, colour, anchor, bold=True)
        panel.drawing.write(x, panel.top + 16, word, colour, anchor)


def participation(results: Results, width: float = WIDE) -> Drawing:
    """Attendance in four windows with 90 % intervals, each arm beside the baseline."""
    frame = results.tables["participation"]
    arms = rivals(results) or [BASELINE]
    drawing, grid = small_multiples(
        results, arms, width, (5, 2), 115, (30, 9, 32, 20), (14, 52), say("% of households"), tint=True
    )
    windows = present(frame["window"], WINDOWS)
    top = 1.08 * (np.nanmax(frame[["estimate", "high"]].to_numpy()) or 1.0)  # where nobody attends: one per cent
    for place, (arm, panel) in enumerate(zip(arms, grid.flat, strict=False)):
        panel.x, panel.y = (-0.5, len(windows) - 0.5), (0.0, top)
        panel.shade(0.5, 1.5)
        for name, shift in ((BASELINE, -0.1), (arm, 0.1)):
            part, colour = frame[frame["arm"] == name].set_index("window").reindex(windows), hues(results)[name]
            x = np.arange(len(windows)) + shift
            panel.line(x, part["estimate"], colour)
            for spot, row in zip(x, part.itertuples(), strict=True):
                panel.line((spot, spot), (row.low, row.high), colour, 1.6)
                drawing.disc(panel.across(spot), panel.down(row.estimate), 2.0, colour, 23)
        panel.left_axis(named=place % grid.shape[1] == 0)
        panel.bottom_axis(range(len(windows)), [said(window) for window in windows])
    return drawing


def money(results: Results, width: float = WIDE) -> Drawing:
    """Where the state's money went beyond the baseline: a bar an arm, cut by use; what was lost is black."""
    table = spent(results).pivot_table(index="arm", columns="use", values="value", aggfunc="sum")
    table = table.loc[rivals(results), list(USES)].mask(lambda values: values.abs() < 5e-4, 0.0)
    colours = dict(zip(USES, (*HUES, GREY, INK), strict=True))
    panel = bars(
        results, table.loc[:, table.any()], colours, width, say("z per person beyond the baseline"), 2, room=30
    )
    for place, (right, total) in enumerate(zip(table.clip(lower=0).sum(axis=1), table.sum(axis=1), strict=True)):
        y = panel.down(place) + MIDDLE * SMALL
        panel.drawing.write(panel.across(right) + 4, y, number(total, 2), bold=True)
    return panel.drawing


def bars(
    results: Results, table: pd.DataFrame, colours: dict, width: float, unit: str, decimals: int, room: float = 14
) -> Panel:
    """One stacked bar an arm (rows of `table`), a colour a column; what is negative stands left of zero.

    The panel's `y` counts the bars from above; `room` points are left free at the right.
    """
    wide = width > HALF
    names = [folded(labels(results)[arm], 170 if wide else 300) for arm in table.index]
    entries = key([(said(kind), colours[kind]) for kind in table], width)
    left, each = (max(breadth(line, SMALL) for name in names for line in name) + 10, 26) if wide else (9, 38)
    top = key_height(entries) + 4
    drawing = Drawing(width, top + each * len(table) + 30)
    draw_key(drawing, entries)
    panel = Panel(drawing, left, top, width - left - room, each * len(table))
    right, negative = (part.sum(axis=1) for part in (table.clip(lower=0), table.clip(upper=0)))
    panel.x = (1.02 * min(negative.min(), 0.0), max(right.max(), 0.0) or 1.0)
    panel.y = (len(table) - 0.5, -0.5)
    draw_bars(panel, table, colours, 0.35 if wide else 0.27, 0.0 if wide else 0.14, decimals)
    for place, lines in enumerate(names):
        for row, line in enumerate(lines):
            y = panel.down(place if wide else place - 0.3) + MIDDLE * SMALL + LEADING * (row - (len(lines) - 1) / 2)
            drawing.write(left - 6 if wide else left + 3, y, line, anchor="end" if wide else "start")
    panel.bottom_scale(6, unit)
    return panel


def draw_bars(panel: Panel, table: pd.DataFrame, colours: dict, half: float, shift: float, decimals: int) -> None:
    """Draw the bars, with values inside where they fit."""
    ends = np.zeros((2, len(table)))
    for kind, column in table.items():
        lengths, colour = column.to_numpy(), colours[kind]
        starts = np.where(lengths < 0, *ends)
        ink = "#ffffff" if colour in WHITE_ON else INK
        for place, (start, length) in enumerate(zip(starts, lengths, strict=True)):
            x, y = (start, start + length), (place + shift - half, place + shift + half)
            if not length:
                continue
            panel.block(x, y, colour, gap=0.6)
            text = number(length, decimals)
            if np.ptp(panel.across(x)) > breadth(text, SMALL) + 3:
                spot = panel.across(start + length / 2), panel.down(place + shift) + MIDDLE * SMALL
                panel.drawing.write(*spot, text, ink, "middle")
        ends += np.clip(lengths, None, 0), np.clip(lengths, 0, None)
    panel.line((0, 0), panel.y, INK, 0.7)
