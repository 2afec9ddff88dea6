"""Figures of the report.

Each function takes the results and a width in inches and gives a matplotlib figure, to be drawn and saved under
`canvas.STYLE`; ``page.PLATES`` lists them in order. No global state of pyplot is touched.
"""

from __future__ import annotations

import math
import textwrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Curve
from matplotlib.ticker import MaxNLocator, MultipleLocator

from sim.experiment.results import Results
from sim.metrics import catalogue
from sim.report import BASELINE, CLASSES, ORIGINS, SPACE, USES, WINDOWS, labels, number, present, rivals, said
from sim.report.canvas import CLASS_HUES, GREY, HUES, INK, PALE, WIDE, canvas, dark, folded, head, hues, small_multiples
from sim.report.tables import quantiles, spent

# Metrics of the first figure; label and unit are the metric's own.
COURSES = ("headcount", "median_own_income", "participation", "gini")


def trajectories(results: Results, width: float = WIDE) -> Figure:
    """Course of four metrics: levels first, then each arm's difference from the baseline.

    Rows are arms and columns metrics, or blocks of metrics where the page is narrow.
    """
    arms, wide = labels(results), width > 6
    block = math.ceil(len(arms) / 2)
    heads = [folded(label, 9.0 if wide else 1.5) for label in ("Levels", *list(arms.values())[1:])]
    more = 0.14 * (not wide and any("\n" in text for text in heads))
    rows, gap = (len(arms), 0.32) if wide else (block * len(COURSES), 0.42 + more)
    gaps = [gap + 0.78 * (not wide and (row + 1) % block == 0) for row in range(rows)]
    margins, across = (0.52, 0.12, 0.82 if wide else 0.68 + more, 0.5), (len(COURSES) if wide else 2)
    figure, grid = canvas(width, rows, across, 1.12, margins, 0.62 if wide else 0.56, gaps)
    spare = set(np.ndindex(grid.shape))
    for column, metric in enumerate(COURSES):
        years, levels, differences = quantiles(results, metric)
        reach = [extreme(path[[0, 4]]) for path in differences.values() for extreme in (np.nanmin, np.nanmax)] or [0.0]
        margin = 0.06 * (max(*reach, 0.0) - min(*reach, 0.0)) or 0.5
        for place, arm in enumerate(arms):
            spot = (place, column) if wide else (column * block + place // 2, place % 2)
            spare.discard(spot)
            axes = grid[spot]
            draw_course(results, axes, years, differences.get(arm, levels[BASELINE]), hues(results)[arm])
            if place == 0:
                draw_levels(results, axes, years, levels, column == 0)
                name_course(axes, metric, 32 + 72 * more, 1.9 if wide else 3.3)
            else:
                axes.axhline(0, color=GREY, lw=0.8, zorder=1)
                axes.set_ylim(min(*reach, 0.0) - margin, max(*reach, 0.0) + margin)
            if column == 0 or not wide:
                head(axes, heads[place], dark(hues(results)[arm]), 4)
            if place >= len(arms) - (1 if wide else 2):
                axes.set_xlabel("years since Sept 2017")
            else:
                axes.set_xticks([])
    for spot in spare:
        grid[spot].remove()
    return figure


def draw_course(results: Results, axes, years: np.ndarray, path: np.ndarray, colour: str) -> None:
    """Median and the bands of 50 and 90 % of lucks."""
    calendar = results.scenario.calendar
    axes.axvspan(calendar.start / 4, calendar.end / 4, color=PALE, lw=0, zorder=0)
    axes.fill_between(years, path[0], path[4], color=colour, alpha=0.2, lw=0)
    axes.fill_between(years, path[1], path[3], color=colour, alpha=0.35, lw=0)
    axes.plot(years, path[2], color=colour, lw=1.4)
    axes.set_xlim(0, calendar.quarters / 4)
    axes.xaxis.set_major_locator(MultipleLocator(5) if calendar.quarters <= 120 else MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(4))


def draw_levels(results: Results, axes, years: np.ndarray, levels: dict[str, np.ndarray], programme: bool) -> None:
    """Medians of all arms over the baseline's bands, and what the shaded time is."""
    for arm in rivals(results):
        axes.plot(years, levels[arm][2], color=hues(results)[arm], lw=1)
    if programme:
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.25 * (high - low))
        axes.text(results.scenario.calendar.start / 4 + 0.2, 0.98, "programme", size=8, color=GREY,
                  transform=axes.get_xaxis_transform(), va="top")  # fmt: skip


def name_course(axes, metric: str, up: float, room: float) -> None:
    """Head a column or block with metric and unit."""
    known = catalogue()[metric]
    head(axes, folded(known.label[:1].upper() + known.label[1:], room), INK, up)
    unit = f"{known.unit}; differences in pp" if known.unit.startswith("%") else known.unit
    head(axes, unit, GREY, up - 11, light=True)


def ribbon(left: float, right: float, thickness: float, x: tuple[float, float]) -> Curve:
    """Band from height `left` at x[0] to height `right` at x[1]."""
    x0, x1 = x
    middle = (x0 + x1) / 2
    vertices = [
        (x0, left), (middle, left), (middle, right), (x1, right),
        (x1, right + thickness), (middle, right + thickness), (middle, left + thickness), (x0, left + thickness),
        (x0, left),
    ]  # fmt: skip
    kinds = [Curve.MOVETO, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4, Curve.LINETO]
    return Curve(vertices, [*kinds, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4, Curve.CLOSEPOLY])


def spread(centres: list[float], gap: float, top: float) -> list[float]:
    """Positions close to `centres` (ascending) that keep at least `gap` between one another and end by `top`."""
    placed = np.array(centres, dtype=float)
    for place in range(1, len(placed)):
        placed[place] = max(placed[place], placed[place - 1] + gap)
    placed[-1:] = np.minimum(placed[-1:], top)
    for place in range(len(placed) - 2, -1, -1):
        placed[place] = min(placed[place], placed[place + 1] - gap)
    return list(placed)


def fates(results: Results, width: float = WIDE) -> Figure:
    """What became of the permanently poor: a bar an arm, cut by class, with the interval of the self-sufficient."""
    frame = results.tables["classes"]
    frame = frame[frame["among"] == frame["among"].iloc[0]]
    table = 100 * frame.pivot(index="arm", columns="class", values="share").loc[list(labels(results)), list(CLASSES)]
    figure = bars(results, table, CLASS_HUES, width, "% of the permanently poor", 0)
    own = frame[frame["class"] == CLASSES[0]].set_index("arm").loc[table.index, ["low", "high"]].to_numpy().T
    place = np.arange(len(table))[::-1] - (0.27 if width > 6 else 0.16)
    figure.axes[0].hlines(place, *(100 * own), color=INK, lw=1.6, capstyle="butt")
    return figure


def class_flows(results: Results, width: float = WIDE) -> Figure:
    """From the state at the start to the class, one alluvial an arm: those who began poor or near-poor."""
    frame, arms = results.tables["transitions"], list(labels(results))
    frame = frame[frame["from_class"] != ORIGINS[0]]
    figure, grid = small_multiples(results, arms, width, 3, 2.4, (0.1, 0.1, 0.55, 0.15), (0.2, 0.6), 18)
    for arm, axes in zip(arms, grid.flat, strict=False):
        draw_flows(axes, frame[frame["arm"] == arm].pivot(index="from_class", columns="to_class", values="share"))
    return figure


def draw_flows(axes, shares: pd.DataFrame) -> None:
    """One alluvial; `shares` of all persons, origins in rows, ends in columns. Flows of the poor are strong."""
    origins, ends = present(shares.index, ORIGINS), present(shares.columns, CLASSES)
    gap, x, whole = 0.03, (0.32, 0.61), shares.to_numpy().sum() or 1.0
    drawn = shares / whole
    heights = [drawn.loc[name].sum() for name in origins], [drawn[name].sum() for name in ends]
    starts, stops = (np.cumsum([0.0, *one[:-1]]) + gap * np.arange(len(one)) for one in heights)
    left, right = dict(zip(origins, starts, strict=True)), dict(zip(ends, stops, strict=True))
    for origin in origins:
        for end in ends:
            share = drawn.at[origin, end]
            path = ribbon(left[origin], right[end], share, x)
            axes.add_patch(PathPatch(path, facecolor=CLASS_HUES[end], alpha=0.9 if origin == "poor" else 0.4, lw=0))
            left[origin] += share
            right[end] += share
    total = max(left[origins[-1]], right[ends[-1]])
    name_nodes(axes, origins, starts, drawn.sum(axis=1), whole, x[0], -1, total)
    name_nodes(axes, ends, stops, drawn.sum(axis=0), whole, x[1], 1, total)
    poor = shares.loc["poor"]
    told = number(100 * poor["self_sufficient"] / poor.sum() if poor.sum() > 0 else None, 0)
    head(axes, f"of the permanently poor, {told}{SPACE}% end self-sufficient", GREY, 5, light=True)
    axes.set(xlim=(0, 1), ylim=(total, 0))
    axes.axis("off")


def name_nodes(axes, names: list[str], starts, heights: pd.Series, whole: float, x: float, side: int, top) -> None:
    """Blocks at one side of an alluvial, names and shares of all (`whole` is drawn), moved apart if they touch."""
    centres = [start + heights[name] / 2 for name, start in zip(names, starts, strict=True)]
    for name, start, centre, y in zip(names, starts, centres, spread(centres, 0.075, top), strict=True):
        colour = CLASS_HUES.get(name, INK)
        axes.add_patch(Rectangle((x if side > 0 else x - 0.015, start), 0.015, heights[name], color=colour, lw=0))
        axes.plot((x + side * 0.02, x + side * 0.04), (centre, y), color=GREY, lw=0.5)
        share = number(100 * whole * heights[name], 0 if whole * heights[name] >= 0.1 else 1)
        words = (f"{share}{SPACE}%", said(name).replace("permanently ", ""))
        text = " ".join(words if side > 0 else words[::-1])
        axes.text(x + side * 0.05, y, text, ha="left" if side > 0 else "right", va="center", size=8)


def lorenz(results: Results, width: float = WIDE) -> Figure:
    """Lorenz curves, which lie close together, and beside them each arm's difference from the baseline."""
    frame = results.tables["lorenz"].sort_values("population_share")
    curves = dict(iter(frame.groupby("arm", observed=True)))
    arms, wide = rivals(results), width > 6
    columns = min(3, max(1, len(arms))) if wide else 2
    rows, size = max(1, math.ceil(len(arms) / columns)), 3.3 if wide else 3.1
    left, top = (size + 1.15, 0.72) if wide else (0.55, size + 1.65)
    panel = (width - left - 0.15 - (columns - 1) * 0.3) / columns
    heads = [folded(labels(results)[arm], panel) for arm in arms]
    gap = 0.48 + 0.14 * any("\n" in text for text in heads)
    height = max(1.1, (size - (rows - 1) * gap) / rows) if wide else 1.2
    figure, grid = canvas(width, rows, columns, height, (left, 0.15, top, 0.5), 0.3, gap)
    high = figure.get_figheight()
    floor = high - (0.72 if wide else 0.35) - size
    axes = figure.add_axes((0.55 / width, floor / high, size / width, size / high))
    for arm in labels(results):
        shares = 100 * curves[arm][["population_share", "consumption_share"]].to_numpy().T
        axes.plot(*shares, color=hues(results)[arm], lw=1.2)
    axes.plot((0, 100), (0, 100), color=GREY, lw=0.7, ls=(0, (4, 3)))
    axes.text(47, 52, "perfect equality", rotation=45, ha="center", va="center", size=8, color=GREY)
    axes.set(xlim=(0, 100), ylim=(0, 100), xlabel="% of persons, poorest first", ylabel="% of consumption")
    head(axes, "All strategies")
    draw_differences(results, grid, curves, arms, heads)
    return figure


def draw_differences(results: Results, grid, curves: dict, arms: list[str], heads: list[str]) -> None:
    """Small panels of consumption share minus that of the baseline, one an arm, on one scale."""
    base, ends = curves[BASELINE], [0.0]
    for place, axes in enumerate(grid.flat):
        if place >= len(arms):
            axes.remove()
            continue
        curve, colour = curves[arms[place]], hues(results)[arms[place]]
        people = curve["population_share"].to_numpy()
        level = np.interp(people, base["population_share"], base["consumption_share"])
        change = 100 * (curve["consumption_share"].to_numpy() - level)
        drawn = [change]
        drawn += [100 * curve[name].to_numpy() for name in ("difference_low", "difference_high")]
        axes.fill_between(100 * people, *drawn[1:], color=colour, alpha=0.22, lw=0)
        ends += [extreme(one) for one in drawn for extreme in (np.nanmin, np.nanmax)]
        axes.plot(100 * people, change, color=colour, lw=1.4)
        axes.axhline(0, color=GREY, lw=0.8)
        head(axes, heads[place], dark(colour))
        axes.set(xlim=(0, 100), xlabel="% of persons" if place >= len(arms) - grid.shape[1] else "")
        axes.tick_params(labelleft=place % grid.shape[1] == 0)
        axes.yaxis.set_major_locator(MaxNLocator(4))
    margin = 0.08 * (max(ends) - min(ends)) or 1.0
    for place in range(len(arms)):
        grid.flat[place].set_ylim(min(ends) - margin, max(ends) + margin)
    if arms:
        lines = any("\n" in text for text in heads[: grid.shape[1]])
        remark = "difference from the baseline, pp of all consumption"
        head(grid.flat[0], remark, GREY, 30 if lines else 19, light=True)


def winners(results: Results, width: float = WIDE) -> Figure:
    """Distribution of each household's change in consumption against itself in the baseline, same luck."""
    frame, arms = results.tables["winners"], rivals(results)
    figure, grid = small_multiples(results, arms, width, 3, 1.7, (0.5, 0.15, 0.3, 0.5), (0.25, 0.55))
    finite = frame[np.isfinite(frame["bin_low"]) & np.isfinite(frame["bin_high"])]
    step = float((finite["bin_high"] - finite["bin_low"]).median())
    ends = finite["bin_low"].min() - step, finite["bin_high"].max() + step
    held = frame.loc[frame["share"] >= 5e-4, ["bin_low", "bin_high"]].clip(*ends)  # empty bins at the ends are cut
    edges = min(held["bin_low"].min(), -2 * step), max(held["bin_high"].max(), 2 * step)
    top = 100 * frame["share"].max()
    for place, (arm, axes) in enumerate(zip(arms, grid.flat, strict=False)):
        part = frame[frame["arm"] == arm]
        low, high = part["bin_low"].clip(lower=ends[0]), part["bin_high"].clip(upper=ends[1])
        middle = (low + high) / 2
        colour = np.where(middle > 5, HUES[0], np.where(middle < -5, HUES[1], "#a8a8a8"))
        axes.bar(low, 100 * part["share"], high - low, align="edge", color=colour, ec="white", lw=0.4)
        axes.axvline(0, ymax=0.68, color=INK, lw=0.7)
        axes.set_yticks([tick for tick in MaxNLocator(4).tick_values(0, top) if tick <= top])
        axes.set(xlim=edges, ylim=(0, 1.45 * top))
        tell_winners(results, axes, arm)
        axes.tick_params(labelleft=place % grid.shape[1] == 0)
        axes.set_ylabel("" if place % grid.shape[1] else "% of persons")
        if place >= len(arms) - grid.shape[1]:
            axes.set_xlabel("change in consumption, %")
    return figure


def tell_winners(results: Results, axes, arm: str) -> None:
    """Write the share of losers at the left and of winners at the right of a panel."""
    frame = results.tables["winners_summary"]
    shares = frame[frame["arm"] == arm].set_index("outcome")["share"]
    for outcome, x, colour in (("loser", 0.02, "#B34E00"), ("winner", 0.98, HUES[0])):
        share = number(100 * shares[outcome], 1 if 0 < shares[outcome] < 0.01 else 0)
        share = "< 0.1" if share == "0.0" else share
        text = f"{share}{SPACE}%\n{'lose' if x < 0.5 else 'gain'}\n> 5{SPACE}%"
        axes.text(x, 0.97, text, transform=axes.transAxes, ha="left" if x < 0.5 else "right", va="top",
                  size=8, color=colour, linespacing=1.15)  # fmt: skip


def participation(results: Results, width: float = WIDE) -> Figure:
    """Attendance in four windows with 90 % intervals, each arm beside the baseline."""
    frame = results.tables["participation"]
    arms = rivals(results) or [BASELINE]
    figure, grid = small_multiples(results, arms, width, 5, 1.6, (0.5, 0.12, 0.3, 0.3), (0.16, 0.55), tint=True)
    windows = present(frame["window"], WINDOWS)
    top = 1.08 * np.nanmax(frame[["estimate", "high"]].to_numpy())
    for place, (arm, axes) in enumerate(zip(arms, grid.flat, strict=False)):
        axes.axvspan(0.5, 1.5, color=PALE, lw=0, zorder=0)
        for name, shift in ((BASELINE, -0.1), (arm, 0.1)):
            part = frame[frame["arm"] == name].set_index("window").reindex(windows)
            x, middle = np.arange(len(windows)) + shift, part["estimate"].to_numpy()
            ends = part["low"].to_numpy(), part["high"].to_numpy()
            axes.plot(x, middle, "o-", color=hues(results)[name], lw=1, ms=4)
            axes.vlines(x, *ends, color=hues(results)[name], lw=1.6)
        axes.set(xlim=(-0.5, len(windows) - 0.5), ylim=(0, top))
        axes.set_xticks(range(len(windows)), windows)
        axes.tick_params(labelleft=place % grid.shape[1] == 0)
        axes.set_ylabel("" if place % grid.shape[1] else "% of households")
    return figure


def money(results: Results, width: float = WIDE) -> Figure:
    """Where the state's money went beyond the baseline: a bar an arm, cut by use; what was lost is black."""
    table = spent(results).pivot_table(index="arm", columns="use", values="value", aggfunc="sum")
    table = table.loc[rivals(results), list(USES)].mask(lambda values: values.abs() < 5e-4, 0.0)
    colours = dict(zip(USES, (*HUES, INK), strict=True))
    figure = bars(results, table.loc[:, table.any()], colours, width, "z per person beyond the baseline", 2)
    axes = figure.axes[0]
    for place, (right, total) in enumerate(zip(table.clip(lower=0).sum(axis=1), table.sum(axis=1), strict=True)):
        axes.annotate(number(total, 2), (right, len(table) - 1 - place), (4, 0), textcoords="offset points",
                      va="center", weight="bold", size=8)  # fmt: skip
    axes.set_xlim(axes.get_xlim()[0], axes.get_xlim()[1] * (1.08 if width > 6 else 1.16))
    return figure


def bars(results: Results, table: pd.DataFrame, colours: dict, width: float, unit: str, decimals: int) -> Figure:
    """One stacked bar an arm (rows of `table`), a colour a column; what is negative stands left of zero."""
    wide = width > 6
    left, each, across = (2.35, 0.36, 7) if wide else (0.12, 0.52, 2)
    size = width - left - 0.2, len(table) * each
    high = size[1] + 0.62 + 0.2 * math.ceil(table.shape[1] / across)
    figure = Figure(figsize=(width, high))
    axes = figure.add_axes((left / width, 0.5 / high, size[0] / width, size[1] / high))
    place, names = np.arange(len(table))[::-1], [labels(results)[arm] for arm in table.index]
    low = draw_bars(axes, place, table, colours, size[0], decimals)
    axes.set_xlabel(unit)
    axes.set_yticks(place if wide else [], [folded(name, 2.6) for name in names] if wide else [])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    for y, name in [] if wide else zip(place, names, strict=True):
        name = textwrap.shorten(name, 46, placeholder="\u2026")
        axes.text(low, y + 0.27, name, va="bottom", size=8, bbox={"fc": "white", "ec": "none", "pad": 0.5})
    figure.legend(*axes.get_legend_handles_labels(), loc="upper left", bbox_to_anchor=(0.0, 1.0), frameon=False,
                  ncols=across, fontsize=8, handlelength=1, columnspacing=1.2, labelspacing=0.3)  # fmt: skip
    return figure


def draw_bars(axes, place: np.ndarray, table: pd.DataFrame, colours: dict, inches: float, decimals: int) -> float:
    """Draw the bars, with values inside where they fit, and give the left end of the axis."""
    right, left = (part.sum(axis=1) for part in (table.clip(lower=0), table.clip(upper=0)))
    whole = max(right.max(), 0.0) - min(left.min(), 0.0) or 1.0
    ends = np.zeros((2, len(table)))
    for kind, column in table.items():
        lengths, colour = column.to_numpy(), colours[kind]
        starts = np.where(lengths < 0, *ends)
        thick = 0.7 if inches > 4 else 0.45
        axes.barh(place, lengths, thick, left=starts, color=colour, label=said(kind), ec="white", lw=0.5)
        ink = "white" if colour in (*HUES[:3], INK) else INK
        for y, start, length in zip(place, starts, lengths, strict=True):
            if abs(length) / whole * inches > 0.14 + 0.09 * decimals:
                axes.text(start + length / 2, y, number(length, decimals), ha="center", va="center", size=8, color=ink)
        ends += np.clip(lengths, None, 0), np.clip(lengths, 0, None)
    low = min(left.min(), 0.0) - 0.02 * whole * bool(left.any())
    axes.axvline(0, color=INK, lw=0.7)
    axes.set_xlim(low, max(right.max(), 0.0) or 1.0)
    axes.set_ylim(-0.6, len(table) - (0.4 if inches > 4 else 0.25))
    return low
