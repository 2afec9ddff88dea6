"""The figure of flows: from the state at the start to the class at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from sim.experiment.results import Results
from sim.language import say
from sim.report import CLASSES, ORIGINS, labels, percent, present, said
from sim.report.canvas import CLASS_HUES, GREY, MIDDLE, SMALL, WIDE, Panel, small_multiples
from sim.report.drawing import INK, Drawing, breadth

MARGIN = 7.0  # points at both sides of a panel


def poor_classes(results: Results) -> pd.DataFrame:
    """Class of the permanently poor: share, low and high by (class, arm), %."""
    frame = results.tables["classes"]
    frame = frame[frame["among"] == frame["among"].iloc[0]].set_index(["class", "arm"])
    return 100 * frame[["share", "low", "high"]]


def class_flows(results: Results, width: float = WIDE) -> Drawing:
    """From the state at the start to the class, one alluvial an arm: those who began poor or near-poor."""
    frame, arms = results.tables["transitions"], list(labels(results))
    frame, ends = frame[frame["from_class"] != ORIGINS[0]], poor_classes(results).loc[CLASSES[0]]
    drawing, grid = small_multiples(results, arms, width, (3, 1), 173, (MARGIN, MARGIN, 32, 11), (2 * MARGIN, 43))
    for arm, panel in zip(arms, grid.flat, strict=False):
        draw_flows(panel, frame[frame["arm"] == arm].pivot(index="from_class", columns="to_class", values="share"))
        told = say("of the permanently poor, {share} end self-sufficient", share=percent(ends["share"][arm], 0))
        panel.head([told], GREY, 5, light=True)
    return drawing


def draw_flows(panel: Panel, shares: pd.DataFrame) -> None:
    """One alluvial; `shares` of all persons, origins in rows, ends in columns. Flows of the poor are strong."""
    origins, ends = present(shares.index, ORIGINS), present(shares.columns, CLASSES)
    gap, whole = 0.03, shares.to_numpy().sum() or 1.0
    drawn = shares / whole
    heights = [drawn.loc[name].sum() for name in origins], [drawn[name].sum() for name in ends]
    starts, stops = (np.cumsum([0.0, *one[:-1]]) + gap * np.arange(len(one)) for one in heights)
    left, right = dict(zip(origins, starts, strict=True)), dict(zip(ends, stops, strict=True))
    total = max(starts[-1] + heights[0][-1], stops[-1] + heights[1][-1])
    panel.y = (total, 0.0)
    before, after = (told(names, drawn.sum(axis=axis) * whole) for names, axis in ((origins, 1), (ends, 0)))
    x = sides(panel, before.values(), after.values())
    way = np.linspace(0.0, 1.0, 25)
    bend = way * way * (3.0 - 2.0 * way)
    for origin in origins:
        for end in ends:
            share = drawn.at[origin, end]
            path = left[origin] + (right[end] - left[origin]) * bend
            panel.band(
                x[0] + (x[1] - x[0]) * way, path, path + share, CLASS_HUES[end], 0.9 if origin == "poor" else 0.4
            )
            left[origin] += share
            right[end] += share
    name_nodes(panel, before, starts, drawn.sum(axis=1), x[0], -1)
    name_nodes(panel, after, stops, drawn.sum(axis=0), x[1], 1)


def told(names: Sequence[str], shares: pd.Series) -> dict[str, str]:
    """What stands beside the flows: names and shares of all persons, the name next to the flow at its end."""
    found = {}
    for name in names:
        share = percent(100 * shares[name], 0 if shares[name] >= 0.1 else 1)
        found[name] = f"{share} {said(name)}" if name in CLASSES else f"{began(name)} {share}"
    return found


def began(name: str) -> str:
    """What the state of a person at the start is called here."""
    return say("poor") if name == "poor" else said(name)


def sides(panel: Panel, before: Iterable[str], after: Iterable[str]) -> tuple[float, float]:
    """From where to where flows go, shares of the width: what stands at their sides must fit, margins included."""
    width = panel.right - panel.left
    left, right = (0.05 + (max(breadth(word, SMALL) for word in words) - MARGIN) / width for words in (before, after))
    start = max(0.32, left)
    return start, max(0.61, min(start + 0.29, 1.0 - right))


def name_nodes(
    panel: Panel, words: Mapping[str, str], starts: np.ndarray, heights: pd.Series, x: float, side: int
) -> None:
    """Blocks at one side of an alluvial and their words, which are moved apart if they touch."""
    centres = [start + heights[name] / 2 for name, start in zip(words, starts, strict=True)]
    for name, start, centre, y in zip(words, starts, centres, spread(centres, 0.075, panel.y[0]), strict=True):
        colour = CLASS_HUES.get(name, INK)
        panel.block((x, x + side * 0.015), (start, start + heights[name]), colour)
        panel.line((x + side * 0.02, x + side * 0.04), (centre, y), GREY, 0.5)
        anchor = "start" if side > 0 else "end"
        panel.drawing.write(panel.across(x + side * 0.05), panel.down(y) + MIDDLE * SMALL, words[name], anchor=anchor)


def spread(centres: list[float], gap: float, top: float) -> list[float]:
    """Positions close to `centres` (ascending) that keep at least `gap` between one another and end by `top`."""
    placed = np.array(centres, dtype=float)
    for place in range(1, len(placed)):
        placed[place] = max(placed[place], placed[place - 1] + gap)
    placed[-1:] = np.minimum(placed[-1:], top)
    for place in range(len(placed) - 2, -1, -1):
        placed[place] = min(placed[place], placed[place + 1] - gap)
    return list(placed)
