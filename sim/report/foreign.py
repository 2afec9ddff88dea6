"""The foreign model's findings as a table."""

from __future__ import annotations

import pandas as pd

from sim.foreign.regimes import MOST_SEEDS
from sim.language import say, written
from sim.report import number
from sim.report.grid import Cell, Column, Grid, estimated


def grid(findings: pd.DataFrame) -> Grid:
    """What the authors found and what is found here, one row a finding; shares as fractions."""
    columns = (Column(say("Finding")), Column(say("Published")), Column(say("Found")), Column(say("Verdict")))
    rows = tuple(
        (
            Cell(f"{say(row.regime)}: {say(row.measured)}", place(row.parameters)),
            Cell(published(row.published)),
            estimated(row.found, row.low, row.high, 3),
            Cell(say(row.verdict), say("{societies} of {all}", societies=row.holds, all=row.of) if row.of else ""),
        )
        for row in findings.itertuples(index=False)
    )
    note = say(
        "Shares of people, communities or runs; a Gini coefficient. What is published in a word: median over the "
        "societies of a point, beneath it their 5th to 95th percentile; beneath the verdict, in how many of them the "
        "word holds (the same: {most} % or more). What is published as a number: share of the runs of the design, "
        "beneath it its Wilson interval of 90 %; the same where the published number lies in it.",
        most=f"{100 * MOST_SEEDS:.0f}",
    )
    title = say("Dupont and Roy's poverty traps, rebuilt from what could be read")
    return Grid("foreign", title, note, columns, rows)


def published(said: str) -> str:
    """A finding in words as it is, a number as the others are."""
    return number(float(said), 3) if said.replace(".", "").isdigit() else say(said)


def place(said: str) -> str:
    """Where it was looked for: a word, and after a colon the parameters there, each a name and a number."""
    word, colon, values = said.partition(": ")
    pairs = (pair.rsplit(" ", 1) for pair in values.split(", ")) if colon else ()
    return say(word) + colon + ", ".join(f"{name} {written(value)}" for name, value in pairs)
