"""What every figure of the report shares: sizes, colours, panels with their scales, headings and keys."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sim.experiment.results import Results
from sim.report import BASELINE, Armed, labels, number, rivals
from sim.report.drawing import INK, Drawing, breadth, dark

WIDE, NARROW, HALF = 690.0, 276.0, 400.0  # points: a page on a desk, a page on a phone, and what divides them
GREY, SOFT, PALE = "#767676", "#aaaaaa", "#f0ede6"
# Okabe & Ito (2008), without yellow, which is too light on white; the status quo is grey.
HUES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# From standing to stagnating; none is the colour of an arm, and all are told apart with any common colour-blindness.
CLASS_HUES = {
    "self_sufficient": "#0b5f57", "fragile": "#6fbfae", "rising": "#d9c2e6", "dependency": "#dcb560",
    "declining": "#6b4f7d", "stagnation": "#7a4a06",
}  # fmt: skip
WHITE_ON = (*HUES[:3], *(CLASS_HUES[name] for name in ("self_sufficient", "declining", "stagnation")), INK)
HEAD, SMALL = 9.0, 8.0  # sizes of headings and of all other words, points
MIDDLE = 0.36  # how far below the middle of a figure's digits their baseline lies, share of the size
LEADING = 10.5  # from one baseline to the next, points


def hues(results: Armed) -> dict[str, str]:
    """Colour of each arm: grey for the baseline, the others in the order of the scenario."""
    return {BASELINE: GREY, **{arm: HUES[place % len(HUES)] for place, arm in enumerate(rivals(results))}}


def folded(text: str, width: float) -> list[str]:
    """Break a heading into at most two lines of a width (points); what is longer ends in an ellipsis.

    Lines are counted in letters of a usual width; only what that would cut is measured.
    """
    letters = max(8, int(width / 6.3))
    lines = textwrap.wrap(text, letters, max_lines=2, placeholder="\u2026")
    if not lines or not lines[-1].endswith("\u2026"):
        return lines
    words = text.split(" ")  # and no other space: those that do not break a line stay within it
    halves = ([" ".join(words[:k]), " ".join(words[k:])] for k in range(len(words) - 1, 0, -1))
    return next((both for both in halves if all(breadth(line, HEAD, True) <= width for line in both)), lines)


def ticks(low: float, high: float, most: int = 4) -> tuple[np.ndarray, int]:
    """Round numbers from `low` to `high`, at most `most` of them, and the decimals that they need."""
    power = math.floor(math.log10((high - low) / most))
    steps = ((part * 10.0**e, max(0, (part == 2.5) - e)) for e in range(power, power + 3) for part in (1, 2, 2.5, 5))

    def within(step: float) -> np.ndarray:
        return np.arange(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1) * step

    return next((within(step), decimals) for step, decimals in steps if len(within(step)) <= most)


class Panel:
    """A rectangle of a drawing with a scale across (`x`: values at left and right) and one up (`y`: bottom and top)."""

    def __init__(self, drawing: Drawing, left: float, top: float, width: float, height: float) -> None:
        self.drawing = drawing
        self.left, self.top, self.right, self.bottom = left, top, left + width, top + height
        self.x, self.y = (0.0, 1.0), (0.0, 1.0)

    def across(self, x: ArrayLike) -> Any:
        """Where values of `x` lie, points: a number, or an array as `x` is one."""
        return self.left + (np.asarray(x, float) - self.x[0]) / (self.x[1] - self.x[0]) * (self.right - self.left)

    def down(self, y: ArrayLike) -> Any:
        """Where values of `y` lie, points: a number, or an array as `y` is one."""
        return self.bottom - (np.asarray(y, float) - self.y[0]) / (self.y[1] - self.y[0]) * (self.bottom - self.top)

    def line(self, x: ArrayLike, y: ArrayLike, colour: str, width: float = 1.0, dashes: Sequence[float] = ()) -> None:
        """Draw a line through values."""
        self.drawing.line(np.column_stack((self.across(x), self.down(y))), colour, width, dashes)

    def band(self, x: ArrayLike, low: ArrayLike, high: ArrayLike, colour: str, alpha: float) -> None:
        """Fill what lies between two lines."""
        there, ways = self.across(x), (self.down(low), self.down(high)[::-1])
        self.drawing.area(np.column_stack((np.concatenate((there, there[::-1])), np.concatenate(ways))), colour, alpha)

    def block(self, x: tuple, y: tuple, colour: str, gap: float = 0.0) -> None:
        """Fill a rectangle from (x[0], y[0]) to (x[1], y[1]); `gap` points are left white at its left and right."""
        (left, right), (top, bottom) = sorted(self.across(x)), sorted(self.down(y))
        if right - left > 3 * gap:
            left, right = left + gap / 2, right - gap / 2
        self.drawing.block(left, top, right, bottom, colour)

    def shade(self, first: float, last: float) -> None:
        """Shade the panel from one value of `x` to another."""
        self.block((first, last), self.y, PALE)

    def bottom_axis(self, places: ArrayLike = (), words: Sequence[str] = (), title: str = "") -> None:
        """Draw the axis below with ticks, their words and a title; without ticks only its line."""
        self.drawing.line(np.array([(self.left, self.bottom), (self.right, self.bottom)]), SOFT)
        for x, text in zip(self.across(places), words, strict=True):
            self.drawing.line(np.array([(x, self.bottom), (x, self.bottom + 3)]), SOFT)
            self.drawing.write(x, self.bottom + 12, text, "#555555", "middle")
        self.drawing.write((self.left + self.right) / 2, self.bottom + 24, title, INK, "middle")

    def bottom_scale(self, most: int, title: str = "") -> None:
        """Draw the axis below with at most so many numbered ticks, and a title."""
        places, decimals = ticks(*self.x, most)
        self.bottom_axis(places, [number(value, decimals) for value in places], title)

    def left_axis(self, most: int = 4, named: bool = True) -> None:
        """Draw the axis at the left with at most so many ticks, which are `named` or bare."""
        self.drawing.line(np.array([(self.left, self.top), (self.left, self.bottom)]), SOFT)
        places, decimals = ticks(*self.y, most)
        for value, y in zip(places, self.down(places), strict=True):
            self.drawing.line(np.array([(self.left - 3, y), (self.left, y)]), SOFT)
            if named:
                text = number(value, decimals)
                self.drawing.write(self.left - 5, y + MIDDLE * SMALL, text, "#555555", "end")

    def head(self, lines: Sequence[str], colour: str = INK, up: float = 5.0, light: bool = False) -> None:
        """Write a heading, or a lighter remark, `up` points above the upper left corner."""
        for place, text in enumerate(reversed(lines)):
            height = self.top - up - place * LEADING
            self.drawing.write(self.left, height, text, colour, size=SMALL if light else HEAD, bold=not light)


def canvas(
    width: float, rows: int, columns: int, height: float, margins: tuple, across: float, down: float | Sequence[float]
) -> tuple:
    """Drawing and grid of panels.

    `height` is that of a panel, `margins` are left, right, top and bottom, `across` is the gap between columns and
    `down` that below a row: one number, or one a row. All in points.
    """
    left, right, top, bottom = margins
    gaps = np.broadcast_to(down, rows)
    panel = (width - left - right - (columns - 1) * across) / columns
    drawing = Drawing(width, round(rows * height + gaps[:-1].sum() + top + bottom, 2))
    panels = np.empty((rows, columns), dtype=object)
    for row, column in np.ndindex(rows, columns):
        place = left + column * (panel + across), top + row * height + gaps[:row].sum()
        panels[row, column] = Panel(drawing, *place, panel, height)
    return drawing, panels


def small_multiples(
    results: Results, arms: list[str], width: float, most: tuple, height: float, margins: tuple, gaps: tuple,
    unit: str = "", tint: bool = False,
) -> tuple:  # fmt: skip
    """One panel an arm, headed by its label; at most so many columns on a wide and on a narrow page.

    The `unit` of all stands above the first panel of each row, and room for a remark above every other.
    """
    columns = min(most[width < HALF], len(arms))
    room = (width - margins[0] - margins[1]) / columns - gaps[0]
    heads = [folded(labels(results)[arm], room) for arm in arms]
    more = LEADING * (max(map(len, heads)) - 1)
    margins = (*margins[:2], margins[2] + more, margins[3])
    drawing, grid = canvas(width, math.ceil(len(arms) / columns), columns, height, margins, gaps[0], gaps[1] + more)
    for place, (arm, lines, panel) in enumerate(zip(arms, heads, grid.flat, strict=False)):
        panel.head(lines, dark(hues(results)[arm]) if tint else INK, 17)
        if unit and place % columns == 0:
            panel.head([unit], GREY, 5, light=True)
    return drawing, grid


def key(named: Iterable[tuple[str, str]], width: float) -> list[tuple[float, int, str, str]]:
    """Place of each name and colour of a key in rows of a width: from the left (points), row, name and colour."""
    found, left, row = [], 0.0, 0
    for name, colour in named:
        room = 26.0 + breadth(name, SMALL)
        if left and left + room > width + 14:
            left, row = 0.0, row + 1
        found.append((left, row, name, colour))
        left += room
    return found


def key_height(entries: list[tuple[float, int, str, str]]) -> float:
    """Room that a key takes, points."""
    return 14.0 * (entries[-1][1] + 1) if entries else 0.0


def draw_key(drawing: Drawing, entries: list[tuple[float, int, str, str]]) -> None:
    """Draw a key at the upper left corner: a square of colour and a name each."""
    for left, row, name, colour in entries:
        top = 2.0 + 14 * row
        drawing.block(left, top, left + 8, top + 8, colour)
        drawing.write(left + 12, top + 7, name)


def saved(draw: Callable[[float], Drawing], folder: Path, name: str) -> dict[str, bytes]:
    """Save a figure as name.svg and name.png into a folder that exists; give its SVG for a desk and for a phone."""
    wide, narrow = draw(WIDE), draw(NARROW)
    pages = {"wide": wide.svg(), "narrow": narrow.svg()}
    (folder / f"{name}.svg").write_bytes(pages["wide"])
    (folder / f"{name}.png").write_bytes(wide.png())
    return pages
