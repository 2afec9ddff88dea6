"""What every figure of the report shares: sizes, colours, panels and headings."""

from __future__ import annotations

import math
import textwrap

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from sim.experiment.results import Results
from sim.report import BASELINE, CLASSES, labels, rivals

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


def hues(results: Results) -> dict[str, str]:
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


def small_multiples(
    results: Results, arms: list[str], width: float, most: int, height: float, margins, gaps, up=5.0, tint=False
) -> tuple:
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
