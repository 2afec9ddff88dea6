"""The map itself: worlds as dots, and between them in colour what most of the nearest worlds say."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sim.language import mark, say
from sim.regime.regime_map import NONE, Mapped, tally
from sim.regime.winning import crowd, neighbours, vote
from sim.report import labels, number, of_unit, percent, rivals, to
from sim.report.canvas import (
    GREY,
    HALF,
    HUES,
    LEADING,
    SMALL,
    WIDE,
    Panel,
    canvas,
    draw_key,
    folded,
    hues,
    key,
    key_height,
)
from sim.report.drawing import INK, Drawing, breadth, dark, rgb

UNCLEAR = mark("no clear winner")
SAND = "#b5ada0"  # where no arm wins
#: Up to which share of the vote a colour is how strong.
STRENGTHS = ((0.5, 0.2), (0.75, 0.38), (1.0, 0.6))
CELLS = {True: 96, False: 56}  # across one panel, and across each of several
FAR = 3.5  # usual distances between neighbours beyond which nothing is said


def colours(found: Mapped) -> dict[str, str]:
    """Colour of each arm, as in the report; darker from the seventh on, and of no clear winner."""
    darker = rivals(found)[len(HUES) :]
    return {arm: dark(hue) if arm in darker else hue for arm, hue in hues(found).items()} | {NONE: SAND}


def names(found: Mapped) -> dict[str, str]:
    """What each arm, and no clear winner, is called."""
    return {**labels(found), NONE: say(UNCLEAR)}


def mixed(colour: str, strength: float) -> str:
    """A colour on white."""
    return "#" + "".join(f"{round(255 * (1.0 - strength * (1.0 - part))):02x}" for part in rgb(colour))


def strength(share: float) -> float:
    """How strong a colour is for a share of the vote."""
    return next(strong for most, strong in STRENGTHS if share <= most + 1e-9)


def parts(found: Mapped) -> list[tuple[str, np.ndarray]]:
    """Panels: what stands above each, and which points are in it; by thirds of the third axis where there is one."""
    if len(found.axes) == 2:
        return [("", np.arange(len(found.winners)))]
    axis, values = found.axes[2], found.places[:, 2]
    cuts, told = np.array_split(np.argsort(values, kind="stable"), 3), []
    forms = (
        mark("{axis}: low, {range}"),
        mark("{axis}: middle, {range}"),
        mark("{axis}: high, {range}"),
    )
    for rows, form in zip(cuts, forms, strict=True):
        reach = to(*shown([values[rows].min(), values[rows].max()], found.reach[2]))
        told.append((say(form, axis=say(axis.label), range=of_unit(reach, axis.unit)), rows))
    return told


def shown(values: Sequence[float], reach: float) -> list[str]:
    """Values of an axis with the decimals that tell a hundredth of its reach apart."""
    decimals = max(0, min(6, math.ceil(-math.log10(max(reach, 1e-6))) + 1))
    return [number(float(value), decimals) for value in values]


def winners_map(found: Mapped, width: float = WIDE) -> Drawing:
    """Who wins where: worlds as dots, and between them in colour what most of the nearest worlds say."""
    panels, wide = parts(found), width > HALF
    columns = len(panels) if wide else 1
    room = (width - 44 - 24 * (columns - 1)) / columns
    heads = [folded(text, room) for text, _ in panels]
    top = legend(Drawing(width, 1), found, width) + 14
    up = LEADING * max(map(len, heads)) if heads[0] else 0.0
    height = 330.0 if wide and columns == 1 else min(room, 232.0)
    margins = (36, 8, top + up + 17, 32)
    drawing, grid = canvas(width, math.ceil(len(panels) / columns), columns, height, margins, 24, 62 + up)
    legend(drawing, found, width)
    for place, ((_, rows), lines, panel) in enumerate(zip(panels, heads, grid.flat, strict=True)):
        draw_map(found, panel, rows, CELLS[len(panels) == 1])
        panel.head(lines, up=18)
        label(found, panel, first=place % columns == 0)
    if found.marked is not None:
        mark_default(found, found.marked, panels, list(grid.flat))
    return drawing


def legend(drawing: Drawing, found: Mapped, width: float) -> float:
    """The key: who wins how much of the map, and how strong a colour is for how many votes; where it ends, points."""
    hue, told, shares = colours(found), names(found), tally(found).set_index("arm")["share"]
    won = [arm for arm in [*labels(found), NONE] if shares.get(arm, 0.0) > 0.0]
    named = [(f"{told[arm]}, {percent(100 * shares[arm], 0)}", mixed(hue[arm], STRENGTHS[-1][1])) for arm in won]
    entries = key(named, width)
    for arm, entry in zip(won, entries, strict=True):
        draw_key(drawing, [entry])
        dot(drawing, entry[0] + 4, 6.0 + 14 * entry[1], hue[arm], arm == NONE, 2.4)
    top = key_height(entries)
    head, words = say("of the nearest worlds"), (say("up to ½"), say("up to ¾"), say("more agree"))
    drawing.write(0, top + 9.0, head, GREY)
    left = breadth(head, SMALL) + 6
    for (_, strong), word in zip(STRENGTHS, words, strict=True):
        drawing.block(left, top + 2.0, left + 8, top + 10.0, mixed(INK, strong * 0.8))
        drawing.write(left + 11, top + 9.0, word, GREY)
        left += 19 + breadth(word, SMALL)
    return top + 14.0


def dot(drawing: Drawing, x: float, y: float, colour: str, hollow: bool, size: float) -> None:
    """Draw a world: a disc with a white rim; hollow where it has no clear winner."""
    drawing.disc(x, y, size + 0.7, dark(colour) if hollow else "#ffffff", 12)
    drawing.disc(x, y, size, "#ffffff" if hollow else colour, 12)


def draw_map(found: Mapped, panel: Panel, rows: np.ndarray, cells: int) -> None:
    """Fill a panel by the vote of the nearest worlds, and draw the worlds on it."""
    places, winners, hue = found.places[:, :2], found.winners, colours(found)
    low, high = places.min(axis=0), places.max(axis=0)
    reach = found.reach[:2]
    margin = 0.03 * reach
    panel.x, panel.y = ((float(a), float(b)) for a, b in zip(low - margin, high + margin, strict=True))
    down = max(2, round(cells * (panel.bottom - panel.top) / (panel.right - panel.left)))
    edges = np.linspace(*panel.x, cells + 1), np.linspace(*panel.y, down + 1)
    middle = [0.5 * (edge[:-1] + edge[1:]) for edge in edges]
    spots = np.stack(np.meshgrid(*middle), axis=2).reshape(-1, 2)
    own = places[rows] / reach
    near, away = neighbours(own, spots / reach, crowd(len(rows)))
    said, share = vote([winners[row] for row in rows], near)
    usual = float(np.median(neighbours(own, own, 2)[1][:, -1]))
    fills = [
        mixed(hue[one], strength(part)) if far <= FAR * usual else ""
        for one, part, far in zip(said, share, away[:, 0], strict=True)
    ]
    for line in range(down):
        fill_line(panel, edges[0], edges[1][line : line + 2], fills[line * cells : (line + 1) * cells])
    size = 1.9 if (panel.right - panel.left) ** 2 > 300 * len(rows) else 1.5
    for row in sorted(rows, key=lambda row: winners[row] != NONE):
        x, y = float(panel.across(places[row, 0])), float(panel.down(places[row, 1]))
        dot(panel.drawing, x, y, hue[winners[row]], winners[row] == NONE, size)


def fill_line(panel: Panel, edges: np.ndarray, ends: np.ndarray, fills: Sequence[str]) -> None:
    """Fill one line of cells; neighbours of one colour are one block, which reaches a little under the next ones."""
    first = 0
    for place in range(1, len(fills) + 1):
        if place == len(fills) or fills[place] != fills[first]:
            if fills[first]:
                (left, right), (bottom, top) = panel.across(edges[[first, place]]), panel.down(ends)
                right, top = min(right + 1.0, panel.right), max(top - 1.0, panel.top)
                panel.drawing.block(left, top, right, bottom, fills[first])
            first = place


def label(found: Mapped, panel: Panel, first: bool) -> None:
    """Axes with their words: across below, up above the panel."""
    across, up = found.axes[:2]
    panel.left_axis(5, named=first)
    panel.bottom_scale(5, f"{say(across.label)}, {say(across.unit)}")
    if first:
        panel.head([f"\u2191 {say(up.label)}, {say(up.unit)}"], GREY, 5, light=True)


def mark_default(
    found: Mapped, spot: np.ndarray, panels: Sequence[tuple[str, np.ndarray]], grid: Sequence[Panel]
) -> None:
    """Mark the world of the model's own numbers, in the panel where it belongs or that is nearest."""
    away = [
        0.0 if len(spot) == 2 else max(values.min() - spot[2], spot[2] - values.max(), 0.0)
        for values in (found.places[rows][:, -1] for _, rows in panels)
    ]
    panel = grid[int(np.argmin(away))]
    x = float(np.clip(panel.across(spot[0]), panel.left + 4, panel.right - 4))
    y = float(np.clip(panel.down(spot[1]), panel.top + 4, panel.bottom - 4))
    for size, colour in ((6.5, "#ffffff"), (5.0, INK), (2.4, "#ffffff")):
        panel.drawing.area(np.array([(x - size, y), (x, y - size), (x + size, y), (x, y + size)]), colour)
    word = say("defaults")
    wide = breadth(word, SMALL, True)
    right = x + 9 + wide < panel.right
    side, anchor = (9, "start") if right else (-9, "end")
    start = x + side - (0 if right else wide)
    panel.drawing.block(start - 2, y - 6, start + wide + 2, y + 5, "#ffffff", 0.85)
    panel.drawing.write(x + side, y + 3, word, INK, anchor, bold=True)
