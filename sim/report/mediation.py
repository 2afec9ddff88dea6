"""How much runs through participation, as tables for a terminal."""

from __future__ import annotations

import pandas as pd

from sim.experiment.mediation import OUTCOMES, PARTS
from sim.report.grid import Cell, Column, Grid, estimate_cell, lookup
from sim.scenario import Scenario

TITLES = {
    "headcount": "Poverty headcount",
    "consumption": "Mean consumption",
    "own_income": "Mean own income",
    "poor_stand": "Permanently poor who end with own income of at least 1 z",
    "time_cost": "Own income given up for meetings",
}
HEADS = ("Effect", "Through\nparticipation", "Not\nthrough it", "If everybody\nattends")


def grids(scenario: Scenario, frame: pd.DataFrame) -> list[Grid]:
    """A table an outcome: one row an arm, the parts of its effect with their intervals."""
    rows, luck, found = lookup(frame, "arm", "outcome", "part"), scenario.replications, []
    over = f"{luck.seeds} lucks" if luck.sets == 1 else f"{luck.seeds} draws of luck and {luck.sets} parameter sets"
    for outcome, unit in OUTCOMES.items():
        columns = (Column("Strategy"), *(Column(head.replace("\n", " "), short=head) for head in HEADS))
        body = tuple(
            (Cell(arm.label), *(estimate_cell(rows[arm.id, outcome, part], 2, signed=True) for part in PARTS))
            for arm in scenario.resolved_arms
        )
        note = (
            f"All against the baseline under the same luck; beneath: 90 % of {over}. Not through participation: the "
            "effect that is left when awareness and attendance are held on the baseline's path. If everybody attends: "
            "all households at all meetings from the start of the programmes on."
            if outcome == [*OUTCOMES][-1]
            else ""
        )
        found.append(Grid(f"mediation_{outcome}", f"{TITLES[outcome]}, {unit}", note, columns, body, unit=unit))
    return found
