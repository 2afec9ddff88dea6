"""The table of all that is followed through time, a user's own metrics among it."""

from __future__ import annotations

import math

from sim.experiment.results import Results
from sim.language import mark, say
from sim.report import BASELINE, chance, labels, source, when
from sim.report.grid import Cell, Column, Grid, estimate_cell, lookup

MEETINGS = mark("time at meetings")


def decimals(level: float) -> int:
    """As many as show three digits of a level, 4 at most."""
    return min(4, max(0, 2 - math.floor(math.log10(abs(level))))) if math.isfinite(level) and level else 3


def followed(results: Results) -> Grid:
    """Every metric: the level without a policy, and what each arm changes."""
    return _grid(results, "followed", say("All that is followed"), when(results))


def effort(results: Results) -> Grid:
    """Staff and time, each apart, while the programme runs."""
    return _grid(results, "effort", say("Staff and time"), say("the programme's years"))


def _grid(results: Results, key: str, title: str, during: str) -> Grid:
    """What was measured over a window, a row each."""
    rows, names, known = lookup(results.tables[key], "metric", "arm"), labels(results), results.scenario.known.metrics
    body = []
    for name in dict.fromkeys(results.tables[key]["metric"]):
        level = rows[name, BASELINE]
        places = decimals(level.estimate)
        cells = (
            estimate_cell(rows[name, arm], places if arm == BASELINE else min(4, places + 1), signed=arm != BASELINE)
            for arm in names
        )
        label = say(known[name].label if name in known else MEETINGS)
        body.append((Cell(label[:1].upper() + label[1:], say(level.unit)), *cells))
    told = mark(
        "Mean over {when}. First column: levels. Others: paired difference from it, same households, same luck. "
        "Beneath: {source}; bold: beyond {chance}."
    )
    note = say(told, when=during, source=source(results), chance=chance(results))
    columns = (Column(say("Metric")), *(Column(label) for label in names.values()))
    return Grid(key, title, note, columns, tuple(body), False, say("in the unit of each row"))
