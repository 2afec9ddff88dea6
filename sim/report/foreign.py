"""The foreign model's findings as a table."""

from __future__ import annotations

import pandas as pd

from sim.report import number
from sim.report.grid import Cell, Column, Grid, estimated


def grid(findings: pd.DataFrame) -> Grid:
    """What the authors found and what is found here, one row a finding; shares as fractions."""
    columns = (Column("Finding"), Column("Published"), Column("Found"), Column("Verdict"))
    rows = tuple(
        (
            Cell(f"{row.regime}: {row.measured}", row.parameters),
            Cell(published(row.published)),
            estimated(row.found, row.low, row.high, 3),
            Cell(row.verdict),
        )
        for row in findings.itertuples(index=False)
    )
    note = "Shares of people, communities or runs; a Gini coefficient. Beneath what is found: its interval of 90 %."
    return Grid("foreign", "Dupont and Roy's poverty traps, rebuilt from what could be read", note, columns, rows)


def published(said: str) -> str:
    """A finding in words as it is, a number as the others are."""
    return number(float(said), 3) if said.replace(".", "").isdigit() else said
