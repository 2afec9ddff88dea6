"""Figures of the report.

Each function takes the results and a width in inches and gives a matplotlib figure, to be drawn and saved under
:data:`STYLE`; ``page.PLATES`` lists them in order. No global state of pyplot is touched.
"""

from __future__ import annotations

import math
import textwrap

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Curve
from matplotlib.ticker import MaxNLocator, MultipleLocator

from sim.metrics import catalogue
from sim.report import BASELINE, CLASSES, ORIGINS, SPACE, WINDOWS, has, labels, number, percent, present, rivals, said
from sim.report.tables import quantiles

WIDE, NARROW = 9.6, 3.9  # inches: a page on a desk, a page on a phone
INK, GREY, PALE = "#222222", "#767676", "#f0ede6"
# Okabe & Ito (2008), without yellow, which is too light on white; the status quo is grey.
HUES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
CLASS_HUES = dict(zip(CLASSES, ("#0072B2", "#56B4E9", "#009E73", "#E69F00", "#CC79A7", "#D55E00"), strict=True))
# Settings under which a figure is drawn and saved.
STYLE = {
    "font.family": "DejaVu Sans", "font.size": 8.5, "axes.labelsize": 8.5, "xtick.labelsize": 8, "ytick.labelsize": 8,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#999999", "axes.linewidth": 0.7,
    "xtick.color": "#555555", "ytick.color": "#555555", "text.color": INK, "axes.labelcolor": INK,
    "svg.fonttype": "path", "svg.hashsalt": "swadaya", "text.parse_math": False,
}  # fmt: skip

# Metrics of the first figure; label and unit are the metric's own.
COURSES = ("headcount", "median_own_income", "participation", "gini")


def hues(results) -> dict[str, str]:
    """Colour of each arm: grey for the baseline, the others in the order of the scenario."""
    return {BASELINE: GREY, **{arm: HUES[place % len(HUES)] for place, arm in enumerate(rivals(results))}}


def dark(colour: str) -> str:
    """The colour, dark enough to write with on white."""
    return to_hex([0.62 * part for part in to_rgb(colour)])


def folded(text: str, inches: float) -> str:
    """Break a heading of 9 points into at most two lines of a width; what is longer ends in an ellipsis."""
    letters = max(8, int(inches / 0.088))
    return "\n".join(textwrap.wrap(text, letters, max_lines=2, placeholder="\u2026"))


def canvas(width: float, rows: int, columns: int, height: float, margins: tuple, across: float, down) -> tuple:
    """Figure and grid of axes laid out in inches.

    `height` is that of a panel, `margins` are left, right, top and bottom, `across` is the gap between columns and
    `down` that below a row: one number, or one a row.
    """
    left, right, top, bottom = margins
    gaps = np.broadcast_to(down, rows)
    total = rows * height + gaps[:-1].sum() + top + bottom
    panel = (width - left - right - (columns - 1) * across) / columns
    figure = Figure(figsize=(width, total))
    axes = np.empty((rows, columns), dtype=object)
    for row, column in np.ndindex(rows, columns):
        floor = total - top - (row + 1) * height - gaps[:row].sum()
        place = (left + column * (panel + across)) / width, floor / total, panel / width, height / total
        axes[row, column] = figure.add_axes(place)
    return figure, axes


def head(axes, text: str, colour: str = INK, up: float = 5.0, light: bool = False) -> None:
    """Write a heading, or a lighter remark, `up` points above the upper left corner of a panel."""
    axes.annotate(
        text, (0, 1), xycoords="axes fraction", xytext=(0, up), textcoords="offset points", va="bottom",
        color=colour, weight="normal" if light else "bold", size=8 if light else 9, annotation_clip=False,
    )  # fmt: skip


def small_multiples(results, arms, width: float, most: int, height: float, margins, gaps, up=5.0, tint=False) -> tuple:
    """One panel an arm, headed by its label; panels left over are removed."""
    columns = min(most, len(arms)) if width > 6 else 1 if up > 5 else 2
    room = (width - margins[0] - margins[1]) / columns - gaps[0]
    heads = [folded(labels(results)[arm], room) for arm in arms]
    more = 0.14 * any("\n" in text for text in heads)
    margins = (*margins[:2], margins[2] + more, margins[3])
    figure, grid = canvas(width, math.ceil(len(arms) / columns), columns, height, margins, gaps[0], gaps[1] + more)
    for place, axes in enumerate(grid.flat):
        if place < len(arms):
            head(axes, heads[place], dark(hues(results)[arms[place]]) if tint else INK, up)
        else:
            axes.remove()
    return figure, grid


def trajectories(results, width: float = WIDE) -> Figure:
    """Course of four metrics: rows are arms and columns metrics, or blocks of metrics where the page is narrow."""
    arms, held, wide = rivals(results) or [BASELINE], set(results.series["metric"].unique()), width > 6
    metrics = [metric for metric in COURSES if metric in held]
    block = math.ceil(len(arms) / 2)
    heads = [folded(labels(results)[arm], 9.0 if wide else 1.5) for arm in arms]
    more = 0.14 * (not wide and any("\n" in text for text in heads))
    rows, gap = (len(arms), 0.32) if wide else (block * len(metrics), 0.42 + more)
    gaps = [gap + 0.78 * (not wide and (row + 1) % block == 0) for row in range(rows)]
    margins, across = (0.52, 0.12, 0.82 if wide else 0.68 + more, 0.5), (len(metrics) if wide else 2)
    figure, grid = canvas(width, rows, across, 1.12, margins, 0.5 if wide else 0.42, gaps)
    spare = set(np.ndindex(grid.shape))
    for column, metric in enumerate(metrics):
        years, paths = quantiles(results, metric)
        low, high = min(path[0].min() for path in paths.values()), max(path[4].max() for path in paths.values())
        margin = 0.06 * (high - low) or 0.5
        for place, arm in enumerate(arms):
            spot = (place, column) if wide else (column * block + place // 2, place % 2)
            spare.discard(spot)
            axes, first, last = grid[spot], place == 0, place >= len(arms) - (1 if wide else 2)
            draw_course(results, axes, years, paths, arm)
            axes.set_ylim(low - margin, high + margin * (5 if column == 0 else 1))
            if first:
                name_course(results, axes, metric, 32 + 72 * more, 1.9 if wide else 3.3, column == 0)
            if column == 0 or not wide:
                head(axes, heads[place], dark(hues(results)[arm]), 4)
            if last:
                axes.set_xlabel("years since Sept 2017")
            else:
                axes.set_xticks([])
    for spot in spare:
        grid[spot].remove()
    return figure


def draw_course(results, axes, years: np.ndarray, paths: dict[str, np.ndarray], arm: str) -> None:
    """One panel of the trajectories: the baseline faintly, the arm with the bands of 50 and 90 % of lucks."""
    calendar, colour = results.scenario.calendar, hues(results)[arm]
    axes.axvspan(calendar.start / 4, calendar.funds_end / 4, color=PALE, lw=0, zorder=0)
    if arm != BASELINE and BASELINE in paths:
        axes.fill_between(years, paths[BASELINE][0], paths[BASELINE][4], color=GREY, alpha=0.17, lw=0)
        axes.plot(years, paths[BASELINE][2], color=GREY, lw=1.1)
    axes.fill_between(years, paths[arm][0], paths[arm][4], color=colour, alpha=0.18, lw=0)
    axes.fill_between(years, paths[arm][1], paths[arm][3], color=colour, alpha=0.35, lw=0)
    axes.plot(years, paths[arm][2], color=colour, lw=1.5)
    axes.set_xlim(0, calendar.quarters / 4)
    axes.xaxis.set_major_locator(MultipleLocator(5) if calendar.quarters <= 120 else MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(4))


def name_course(results, axes, metric: str, up: float, room: float, programme: bool) -> None:
    """Head a column or block with metric and unit, and say what the shaded time is."""
    known = catalogue()[metric]
    head(axes, folded(known.label[:1].upper() + known.label[1:], room), INK, up)
    head(axes, known.unit, GREY, up - 11, light=True)
    if programme:
        axes.text(results.scenario.calendar.start / 4 + 0.2, 0.98, "programme", size=8, color=GREY,
                  transform=axes.get_xaxis_transform(), va="top")  # fmt: skip


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


def class_flows(results, width: float = WIDE) -> Figure:
    """From the state at the start to the class at the end, one alluvial an arm, heights in proportion to persons."""
    frame = results.tables["transitions"]
    arms = [arm for arm in labels(results) if arm in set(frame["arm"])]
    figure, grid = small_multiples(results, arms, width, 3, 2.4, (0.1, 0.1, 0.55, 0.15), (0.2, 0.6), 18)
    for arm, axes in zip(arms, grid.flat, strict=False):
        shares = frame[frame["arm"] == arm].pivot(index="from_class", columns="to_class", values="share")
        draw_flows(axes, shares.fillna(0.0))
    return figure


def draw_flows(axes, shares: pd.DataFrame) -> None:
    """One alluvial; `shares` of all persons, origins in rows, ends in columns. Flows of the poor are strong."""
    origins, ends = present(shares.index, ORIGINS), present(shares.columns, CLASSES)
    gap, x = 0.03, (0.32, 0.61)
    heights = [shares.loc[name].sum() for name in origins], [shares[name].sum() for name in ends]
    starts, stops = (np.cumsum([0.0, *one[:-1]]) + gap * np.arange(len(one)) for one in heights)
    left, right = dict(zip(origins, starts, strict=True)), dict(zip(ends, stops, strict=True))
    for origin in origins:
        for end in ends:
            share = shares.at[origin, end]
            if share > 0:
                path = ribbon(left[origin], right[end], share, x)
                strength = 0.22 if origin == "not_poor" else 0.5 if origin == "near_poor" else 0.9
                axes.add_patch(PathPatch(path, facecolor=CLASS_HUES.get(end, GREY), alpha=strength, lw=0))
                left[origin] += share
                right[end] += share
    total = max(left[origins[-1]], right[ends[-1]])
    name_nodes(axes, origins, starts, shares.sum(axis=1), x[0], -1, total)
    name_nodes(axes, ends, stops, shares.sum(axis=0), x[1], 1, total)
    poor = shares.loc["poor"] if "poor" in shares.index else pd.Series(dtype=float)
    told = number(100 * poor.get("self_sufficient", 0.0) / poor.sum() if poor.sum() > 0 else None, 0)
    head(axes, f"of the permanently poor, {told}{SPACE}% end self-sufficient", GREY, 5, light=True)
    axes.set(xlim=(0, 1), ylim=(total, 0))
    axes.axis("off")


def name_nodes(axes, names: list[str], starts: list[float], heights: pd.Series, x: float, side: int, top) -> None:
    """Blocks at one side of an alluvial and their names with shares, moved apart where they would touch."""
    centres = [start + heights[name] / 2 for name, start in zip(names, starts, strict=True)]
    for name, start, centre, y in zip(names, starts, centres, spread(centres, 0.075, top), strict=True):
        colour = CLASS_HUES.get(name, INK)
        axes.add_patch(Rectangle((x if side > 0 else x - 0.015, start), 0.015, heights[name], color=colour, lw=0))
        axes.plot((x + side * 0.02, x + side * 0.04), (centre, y), color=GREY, lw=0.5)
        share = number(100 * heights[name], 0 if heights[name] >= 0.1 else 1)
        words = (f"{share}{SPACE}%", said(name).replace("permanently ", ""))
        text = " ".join(words if side > 0 else words[::-1])
        axes.text(x + side * 0.05, y, text, ha="left" if side > 0 else "right", va="center", size=8)


def lorenz(results, width: float = WIDE) -> Figure:
    """Lorenz curves, which lie close together, and beside them each arm's difference from the baseline."""
    frame = results.tables["lorenz"].sort_values("population_share")
    curves = dict(iter(frame.groupby("arm", observed=True)))
    arms, wide = [arm for arm in rivals(results) if arm in curves], width > 6
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
    for arm in (arm for arm in labels(results) if arm in curves):
        shares = 100 * curves[arm][["population_share", "consumption_share"]].to_numpy().T
        axes.plot(*shares, color=hues(results)[arm], lw=1.2)
    axes.plot((0, 100), (0, 100), color=GREY, lw=0.7, ls=(0, (4, 3)))
    axes.text(47, 52, "perfect equality", rotation=45, ha="center", va="center", size=8, color=GREY)
    axes.set(xlim=(0, 100), ylim=(0, 100), xlabel="% of persons, poorest first", ylabel="% of consumption")
    head(axes, "All strategies")
    draw_differences(results, grid, curves, arms, heads)
    return figure


def draw_differences(results, grid, curves: dict, arms: list[str], heads: list[str]) -> None:
    """Small panels of consumption share minus that of the baseline, one an arm, on one scale."""
    base, ends = curves.get(BASELINE), [0.0]
    for place, axes in enumerate(grid.flat):
        if base is None or place >= len(arms):
            axes.remove()
            continue
        curve, colour = curves[arms[place]], hues(results)[arms[place]]
        people = curve["population_share"].to_numpy()
        level = np.interp(people, base["population_share"], base["consumption_share"])
        change = 100 * (curve["consumption_share"].to_numpy() - level)
        drawn = [change]
        if {"difference_low", "difference_high"} <= set(curve):
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
    for place in range(len(arms) if base is not None else 0):
        grid.flat[place].set_ylim(min(ends) - margin, max(ends) + margin)
    if base is not None and arms:
        lines = any("\n" in text for text in heads[: grid.shape[1]])
        remark = "difference from the baseline, pp of all consumption"
        head(grid.flat[0], remark, GREY, 30 if lines else 19, light=True)


def winners(results, width: float = WIDE) -> Figure:
    """Distribution of each household's change in consumption against itself in the baseline, same luck."""
    frame = results.tables["winners"]
    arms = [arm for arm in rivals(results) if arm in set(frame["arm"])]
    figure, grid = small_multiples(results, arms, width, 3, 1.4, (0.5, 0.15, 0.3, 0.5), (0.25, 0.55))
    finite = frame[np.isfinite(frame["bin_low"]) & np.isfinite(frame["bin_high"])]
    step = float((finite["bin_high"] - finite["bin_low"]).median())
    edges = (finite["bin_low"].min() - step, finite["bin_high"].max() + step)
    for place, (arm, axes) in enumerate(zip(arms, grid.flat, strict=False)):
        part = frame[frame["arm"] == arm]
        low = part["bin_low"].replace(-np.inf, edges[0])
        high = part["bin_high"].replace(np.inf, edges[1])
        middle = (low + high) / 2
        colour = np.where(middle > 5, HUES[0], np.where(middle < -5, HUES[1], "#a8a8a8"))
        axes.bar(low, 100 * part["share"], high - low, align="edge", color=colour, ec="white", lw=0.4)
        axes.axvline(0, color=INK, lw=0.7)
        axes.set(xlim=edges, ylim=(0, 118 * frame["share"].max()))
        tell_winners(results, axes, arm)
        axes.tick_params(labelleft=place % grid.shape[1] == 0)
        axes.set_ylabel("" if place % grid.shape[1] else "% of persons")
        if place >= len(arms) - grid.shape[1]:
            axes.set_xlabel("change in consumption, %")
    return figure


def tell_winners(results, axes, arm: str) -> None:
    """Write the share of losers at the left and of winners at the right of a panel."""
    if not has(results, "winners_summary"):
        return
    frame = results.tables["winners_summary"]
    shares = frame[frame["arm"] == arm].set_index("outcome")["share"]
    for outcome, x, colour in (("loser", 0.02, "#B34E00"), ("winner", 0.98, HUES[0])):
        text = f"{number(100 * shares.get(outcome, math.nan), 0)}{SPACE}%\n{'lose' if x < 0.5 else 'gain'}\n> 5{SPACE}%"
        axes.text(x, 0.97, text, transform=axes.transAxes, ha="left" if x < 0.5 else "right", va="top",
                  size=8, color=colour, linespacing=1.15)  # fmt: skip


def participation(results, width: float = WIDE) -> Figure:
    """Attendance in four windows with 90 % intervals, each arm beside the baseline."""
    frame = results.tables["participation"]
    arms = [arm for arm in rivals(results) if arm in set(frame["arm"])] or [BASELINE]
    figure, grid = small_multiples(results, arms, width, 5, 1.6, (0.5, 0.12, 0.3, 0.3), (0.16, 0.55), tint=True)
    windows = present(frame["window"], WINDOWS)
    scale = percent(frame)
    top = 1.08 * scale * np.nanmax(frame[["estimate", "high"]].to_numpy())
    for place, (arm, axes) in enumerate(zip(arms, grid.flat, strict=False)):
        axes.axvspan(0.5, 1.5, color=PALE, lw=0, zorder=0)
        for name, shift in ((BASELINE, -0.1), (arm, 0.1)):
            part = frame[frame["arm"] == name].set_index("window").reindex(windows)
            x, middle = np.arange(len(windows)) + shift, scale * part["estimate"].to_numpy()
            ends = scale * part["low"].to_numpy(), scale * part["high"].to_numpy()
            axes.plot(x, middle, "o-", color=hues(results)[name], lw=1, ms=4)
            axes.vlines(x, *ends, color=hues(results)[name], lw=1.6)
        axes.set(xlim=(-0.5, len(windows) - 0.5), ylim=(0, top))
        axes.set_xticks(range(len(windows)), windows)
        axes.tick_params(labelleft=place % grid.shape[1] == 0)
        axes.set_ylabel("" if place % grid.shape[1] else "% of households")
    return figure


def money(results, width: float = WIDE) -> Figure:
    """Where the state's money went: a bar an arm, cut by flow; what was lost is black."""
    frame, wide = results.tables["money"], width > 6
    paid = frame[frame["payer"] == "state"]
    paid = paid.assign(kind=paid["flow"].where(paid["payee"] != "loss", "lost"))
    table = paid.pivot_table(index="arm", columns="kind", values="value", aggfunc="sum", observed=True).fillna(0.0)
    table = table.loc[[arm for arm in labels(results) if arm in table.index]]
    order = table.sum().sort_values(ascending=False, kind="stable").index
    kinds = [kind for kind in order if kind != "lost"]
    kinds, rest = (kinds, []) if len(kinds) <= 7 else (kinds[:6], kinds[6:])
    parts = {said(kind): table[kind] for kind in kinds}
    if rest:
        parts["other"] = table[rest].sum(axis=1)
    if "lost" in table:
        parts["lost or captured"] = table["lost"]
    colours = [*HUES, "#6b6b6b"][: len(kinds)] + ["#bdbdbd"] * bool(rest) + [INK] * ("lost" in table)
    left, each, across = (2.35, 0.36, 4) if wide else (0.12, 0.52, 2)
    size = width - left - 0.2, len(table) * each
    high = size[1] + 0.62 + 0.2 * math.ceil(len(parts) / across)
    figure = Figure(figsize=(width, high))
    axes = figure.add_axes((left / width, 0.5 / high, size[0] / width, size[1] / high))
    draw_bars(results, axes, table.index, parts, colours, size[0])
    figure.legend(*axes.get_legend_handles_labels(), loc="upper left", bbox_to_anchor=(0.0, 1.0), frameon=False,
                  ncols=across, fontsize=8, handlelength=1, columnspacing=1.2, labelspacing=0.3)  # fmt: skip
    return figure


def draw_bars(results, axes, arms, parts: dict, colours: list[str], inches: float) -> None:
    """Stacked bars with the value written inside where it fits and the sum at the end."""
    wide, place, base = inches > 4, np.arange(len(arms))[::-1], np.zeros(len(arms))
    total = float(np.asarray(sum(parts.values(), start=base)).max(initial=0.0)) or 1.0
    for (kind, values), colour in zip(parts.items(), colours, strict=True):
        axes.barh(place, values, 0.7 if wide else 0.45, left=base, color=colour, label=kind, ec="white", lw=0.5)
        ink = "white" if colour in (*HUES[:3], "#6b6b6b", INK) else INK
        for y, start, value in zip(place, base, values, strict=True):
            if value / total * inches > 0.4:
                axes.text(start + value / 2, y, number(value, 2), ha="center", va="center", size=8, color=ink)
        base = base + np.asarray(values)
    for y, end in zip(place, base, strict=True):
        axes.text(end + 0.008 * total, y, number(end, 2), ha="left", va="center", size=8, weight="bold")
    axes.set(xlim=(0, total * (1.08 if wide else 1.14)), ylim=(-0.6, len(arms) - (0.4 if wide else 0.25)))
    axes.set_xlabel("z per person over the programme")
    axes.set_yticks(place if wide else [], [folded(labels(results)[arm], 2.6) for arm in arms] if wide else [])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    for y, arm in [] if wide else zip(place, arms, strict=True):
        axes.text(0, y + 0.27, textwrap.shorten(labels(results)[arm], 46, placeholder="\u2026"), va="bottom", size=8)
