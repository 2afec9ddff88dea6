"""How much runs through participation, as tables for a terminal."""

from __future__ import annotations

import pandas as pd

from sim.experiment.mediation import OUTCOMES, PARTS
from sim.language import mark, say
from sim.report import named, years
from sim.report.grid import Cell, Column, Grid, estimate_cell, lookup
from sim.scenario import Scenario

TITLES = {
    "headcount": mark("Poverty headcount"),
    "consumption": mark("Mean consumption"),
    "own_income": mark("Mean own income"),
    "poor_stand": mark("Permanently poor who end with own income of at least 1 z"),
    "time_cost": mark("Own income given up for meetings"),
}
HEADS = (mark("Effect"), mark("Through\nparticipation"), mark("Not\nthrough it"), mark("If everybody\nattends"))


def grids(scenario: Scenario, frame: pd.DataFrame) -> list[Grid]:
    """A table an outcome: one row an arm, the parts of its effect with their intervals."""
    rows, luck, found = lookup(frame, "arm", "outcome", "part"), scenario.replications, []
    over = say("90 % of {seeds} draws of luck and {sets} parameter sets", seeds=luck.seeds, sets=luck.sets)
    if luck.sets == 1:
        over = say("90 % of {seeds} lucks", seeds=luck.seeds)
    told = say(
        "All against the baseline under the same luck; beneath: {over}. Not through participation: the effect that is "
        "left when awareness and attendance are held on the baseline's path. If everybody attends: all households at "
        "all meetings from the start of the programmes on.",
        over=over,
    )
    post, start = scenario.windows.post, scenario.calendar.start
    when = say(
        "Measured in years {years} after September 2017, which is {since} years after all money has ended; what is "
        "given up for meetings, in years {meetings}.",
        years=years(post), since=years(post, scenario.money_ends), meetings=years((start, post[1])),
    )  # fmt: skip
    for outcome, unit in OUTCOMES.items():
        heads = map(say, HEADS)
        columns = (Column(say("Strategy")), *(Column(head.replace("\n", " "), short=head) for head in heads))
        body = tuple(
            (Cell(named(arm)), *(estimate_cell(rows[arm.id, outcome, part], 2, signed=True) for part in PARTS))
            for arm in scenario.resolved_arms
        )
        note = f"{when} {told}" if outcome == [*OUTCOMES][-1] else ""
        title = f"{say(TITLES[outcome])}, {say(unit)}"
        found.append(Grid(f"mediation_{outcome}", title, note, columns, body, unit=say(unit)))
    return found
