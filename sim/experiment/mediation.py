"""How much of a programme's effect runs through participation: found by clamping it, not by regression.

Each arm is run three times under each luck: free; with participation held on the baseline's path, household by
household and quarter by quarter; and with everybody at every meeting from the start of the programmes on. What the
first clamp takes away ran through participation, the rest did not; the last run is the ceiling. Participation is
awareness of the meeting and attendance, clamped together: who attends knows.

What people do at a meeting still follows the arm (what they contribute, choose and learn). So the rest is a controlled
direct effect, and what runs through participation is the total effect less that (Pearl 2001).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim import metrics
from sim.engine.lane import holding
from sim.experiment import study
from sim.experiment.compare import interval
from sim.language import mark
from sim.metrics import poverty
from sim.model import CommunityModel
from sim.policies.policy import Programme
from sim.progress import Tell, quiet
from sim.scenario import BASELINE, Scenario
from sim.start import World

PARTICIPATION = ("aware", "attends", "attends_own")  # rules that are held while their columns are written
OUTCOMES = {
    "headcount": "pp",
    "consumption": "% of consumption",
    "own_income": "% of own income",
    "poor_stand": "pp of the permanently poor",
    "time_cost": "% of own income",
}
PARTS = ("total", "through", "not_through", "ceiling")
Path = Mapping[str, np.ndarray]  # rule of participation -> (quarters, households)


class Clamp:
    """Steps a model with participation free, or held on a path from some quarter on; notes what it was.

    Parameters
    ----------
    model
        What is stepped.
    path
        What participation is held on; None leaves it free.
    since
        First quarter in which it is held.
    """

    def __init__(self, model: CommunityModel, path: Path | None = None, since: int = 0) -> None:
        self.model, self.path, self.since = model, path, since
        self.clamped = model.held | holding(model.plan, PARTICIPATION)
        self.seen: dict[str, list[np.ndarray]] = {name: [] for name in PARTICIPATION}

    def step(self) -> None:
        """Advance by one quarter."""
        model = self.model
        if self.path is not None and model.quarter >= self.since:
            model.held = self.clamped
            for name in PARTICIPATION:
                model.state[name] = self.path[name][model.quarter]
        model.step()
        for name, rows in self.seen.items():
            rows.append(model.state[name].copy())

    def trodden(self) -> dict[str, np.ndarray]:
        """The path of participation so far."""
        return {name: np.array(rows) for name, rows in self.seen.items()}


def everybody(quarters: int, households: int) -> dict[str, np.ndarray]:
    """The path on which all know and all come."""
    return {name: np.ones((quarters, households)) for name in PARTICIPATION}


def outcomes(scenario: Scenario, clamp: Clamp) -> dict[str, float]:
    """Run a model to the end of the years after the programmes and measure what it comes to, means over those years.

    Meetings cost time while they are held: that is a mean from the start of the programmes on.
    """
    (first, last), start, model = scenario.windows.post, scenario.calendar.start, clamp.model
    persons = model.state["size"] * model.state["weight"]
    consumption, own, time = np.zeros((3, len(persons)))
    headcount = 0.0
    while model.quarter < last:
        quarter = model.quarter
        if quarter == start:
            poor = poverty.baseline_poor(model.state["permanent_income"]) * persons
        clamp.step()
        if quarter >= start:
            time += model.state["time_cost"] / (last - start)
        if quarter >= first:
            consumption += model.state["consumption"] / (last - first)
            own += model.state["own_income"] / (last - first)
            headcount += poverty.fgt(model.state["consumption"], persons) / (last - first)
    del model.state  # Mesa ties a model to itself: what it holds would wait for the garbage collector
    return {
        "headcount": 100.0 * headcount,
        "consumption": metrics.mean(consumption, persons),
        "own_income": metrics.mean(own, persons),
        "poor_stand": 100.0 * metrics.mean(own >= metrics.LINE, poor),
        "time_cost": metrics.mean(time, persons),
    }


@dataclass(frozen=True)
class Mediated:
    """One luck: outcomes of the baseline, and of each arm free, on the baseline's path, and with all at meetings."""

    baseline: Mapping[str, float]
    arms: Mapping[str, Sequence[Mapping[str, float]]]

    def effect(self, arm: str, outcome: str) -> dict[str, float]:
        """The parts of an arm's effect on an outcome, in the unit of `OUTCOMES`."""
        base = self.baseline[outcome]
        scale = 1.0
        if OUTCOMES[outcome].startswith("%"):
            scale = 100.0 / self.baseline["own_income" if outcome == "time_cost" else outcome]
        free, held, full = (scale * (run[outcome] - base) for run in self.arms[arm])
        return dict(zip(PARTS, (free, free - held, held, full), strict=True))


def mediate_luck(scenario: Scenario, world: World, arms: Mapping[str, Sequence[Programme]], seed: int) -> Mediated:
    """All runs under one luck."""

    def model(arm: str) -> CommunityModel:
        return CommunityModel(world, arms[arm], seed=seed, held=scenario.hold.ablate)

    calm = Clamp(model(BASELINE))
    base = outcomes(scenario, calm)
    path = calm.trodden()
    full, start = everybody(*path["attends"].shape), scenario.calendar.start
    found = {
        arm: tuple(
            outcomes(scenario, clamp)
            for clamp in (Clamp(model(arm)), Clamp(model(arm), path), Clamp(model(arm), full, start))
        )
        for arm in arms
    }
    return Mediated(base, found)


def mediation(scenario: Scenario, tell: Tell = quiet) -> pd.DataFrame:
    """Effect of each arm against the baseline, through participation and not through it, and its ceiling.

    Returns
    -------
    DataFrame
        Columns arm, outcome, unit, part (of `PARTS`), estimate, low, high: over the draws. The baseline's own rows
        have no effect but in the ceiling: what comes of meetings alone when everybody attends.
    """
    arms = study.programmes(scenario)
    tell(mark("the world at rest"), 0, 1)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        worlds = study.worlds_of(scenario, threads, tell)

        def one(place: int) -> Mediated:
            return mediate_luck(scenario, worlds[place % len(worlds)], arms, scenario.seeds[place])

        found = []
        for done, luck in enumerate(threads.map(one, range(len(scenario.seeds)))):
            found.append(luck)
            tell(mark("lucks"), done + 1, len(scenario.seeds))
    rows = []
    for arm in arms:
        for outcome, unit in OUTCOMES.items():
            effects = [luck.effect(arm, outcome) for luck in found]
            for part in PARTS:
                values = np.array([effect[part] for effect in effects])
                rows.append({"arm": arm, "outcome": outcome, "unit": unit, "part": part, **interval(values)})
    return pd.DataFrame(rows)
