"""The foreign model's findings as a table for the terminal, and its three distributions of wealth as a figure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from rich.table import Table

from sim.report import number, span
from sim.report.canvas import GREY, HUES, WIDE, canvas
from sim.report.drawing import Drawing

# Decades of wealth from a hundredth of a unit; what is less stands in the first. At the start everybody has about 10.
DECADES = (-3.0, 5.0)
BARS = 16
START = 1.0  # decade of mean wealth at the start


def report(findings: pd.DataFrame) -> Table:
    """What the authors found and what is found here, one row a finding; shares as fractions, interval of 90 %."""
    table = Table(title="Dupont and Roy's poverty traps, rebuilt from what could be read", title_justify="left")
    for head in ("Regime", "Measured", "At", "Published"):
        table.add_column(head)
    for head in ("Found", "90 %"):
        table.add_column(head, justify="right")
    table.add_column("Verdict")
    for line in findings.itertuples():
        colour = "green" if line.verdict == "same" else "red"
        table.add_row(
            *(line.regime, line.measured, line.parameters, line.published),
            *(number(line.found, 3), span(line.low, line.high, 3), f"[{colour}]{line.verdict}[/]"),
        )
    return table


def distributions(wealth: Mapping[str, np.ndarray], width: float = WIDE) -> Drawing:
    """Share of people by final wealth in each regime, in decades; the dashed line is where everybody began."""
    drawing, grid = canvas(width, 1, len(wealth), 110.0, (34, 9, 34, 32), 32, 0)
    edges = np.linspace(*DECADES, BARS + 1)
    for (name, values), panel, hue in zip(wealth.items(), grid.flat, HUES, strict=False):
        shares = np.histogram(np.clip(np.log10(np.maximum(values, 1e-300)), *DECADES), edges)[0] / len(values)
        panel.x, panel.y = DECADES, (0.0, 1.0)
        for share, left, right in zip(shares, edges[:-1], edges[1:], strict=True):
            if share > 0.0:
                panel.block((left, right), (0.0, share), hue, gap=1.0)
        panel.line((START, START), (0.0, 1.0), GREY, 0.8, (3, 2))
        panel.left_axis(4)
        panel.bottom_axis((-2, 1, 4), ("0.01", "10", "10 000"), "wealth after 100 steps")
        panel.head([name], up=17)
        panel.head(["share of people"], GREY, 5, light=True)
    return drawing
