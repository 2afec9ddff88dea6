"""Where a policy loses: a search of the whole range of the model's numbers for worlds in which it is beaten.

A model in which some policy cannot lose has been built for it. Sets of parameters are drawn by a Latin hypercube, so
that each range is covered evenly; in each of them a small world runs all arms under the same lucks.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from sim import metrics
from sim.calibration.calibrate import SOLVED
from sim.engine.lane import Lane
from sim.engine.rule import Param
from sim.errors import InputError
from sim.experiment import study
from sim.experiment.compare import Comparison
from sim.experiment.run import Run
from sim.latin_hypercube import scattered
from sim.scenario import Scenario
from sim.shipped import folder
from sim.start import wire


def own_income(comparison: Comparison, run: Run) -> float:
    """Mean own income in the post-window, z per person and quarter."""
    return metrics.mean(run.windows["own_income", "post"], comparison.persons)


OUTCOMES: dict[str, tuple[Callable[[Comparison, Run], float], float]] = {  # outcome -> measure, sign of better
    "headcount": (Comparison.headcount, -1.0),
    "own_income": (own_income, 1.0),
    "self_sufficient": (Comparison.self_sufficient, 1.0),
}


@dataclass(frozen=True)
class Tried:
    """One world.

    Attributes
    ----------
    parameters
        The drawn numbers by "rule.argument".
    levels
        (arm, outcome) -> one value a luck.
    """

    parameters: Mapping[str, float]
    levels: Mapping[tuple[str, str], np.ndarray]

    def lead(self, policy: str, rival: str, outcome: str) -> np.ndarray:
        """How much better a policy does than a rival, one value a luck, in the outcome's unit; negative: it loses."""
        return OUTCOMES[outcome][1] * (self.levels[policy, outcome] - self.levels[rival, outcome])

    def loses(self, policy: str, rival: str, outcome: str) -> bool:
        """Whether the policy does worse than the rival under every luck."""
        return bool(np.all(self.lead(policy, rival, outcome) < 0.0))


@dataclass(frozen=True)
class Search:
    """All worlds that were tried, and how many sets had no world at rest."""

    tried: Sequence[Tried]
    without_rest: int

    def lost(self, policy: str, rival: str, outcome: str) -> list[Tried]:
        """The worlds in which a policy loses, the clearest loss first."""
        found = [one for one in self.tried if one.loses(policy, rival, outcome)]
        return sorted(found, key=lambda one: one.lead(policy, rival, outcome).mean())

    def share(self, policy: str, rival: str, outcome: str) -> float:
        """Share of the worlds in which a policy loses."""
        return len(self.lost(policy, rival, outcome)) / max(len(self.tried), 1)


def draws(ranges: Mapping[str, Param], count: int, seed: int) -> list[dict[str, float]]:
    """Sets of parameters, each number uniform over its own range."""
    spans = {name: (one.low, one.high) for name, one in ranges.items() if name not in SOLVED}
    return scattered(spans, count, np.random.Generator(np.random.Philox(seed)))


def compare(scenario: Scenario, outcomes: Sequence[str] = tuple(OUTCOMES), lane: Lane | None = None) -> Tried:
    """Run all arms of a scenario and keep the outcomes; `lane` is that of the scenario, made before.

    Raises
    ------
    InputError
        When its parameters have no world at rest.
    """
    stressed = scenario.twins.model_copy(update={"withdrawal": False, "stress": "self_sufficient" in outcomes})
    scenario = scenario.model_copy(update={"twins": stressed})
    comparison = study.compared(scenario, study.build(scenario, lane=lane))
    levels = {
        (arm, outcome): np.array([OUTCOMES[outcome][0](comparison, comparison.runs[arm, s]) for s in comparison.seeds])
        for arm in comparison.arms
        for outcome in outcomes
    }
    return Tried(scenario.parameters, levels)


def search(scenario: Scenario, sets: Sequence[Mapping[str, float]], executor: Executor | None = None) -> Search:
    """Run all arms of a scenario under each set of parameters; a set without a world at rest is counted and left."""
    ask = partial(_tried, scenario, Lane(wire(scenario.known.own_rules)))
    tried = [one for one in (executor.map if executor else map)(ask, sets) if one]
    return Search(tried, len(sets) - len(tried))


def _tried(scenario: Scenario, lane: Lane, parameters: Mapping[str, float]) -> Tried | None:
    try:
        return compare(scenario.model_copy(update={"parameters": dict(parameters)}), lane=lane)
    except InputError:
        return None


# -- what is stored ---------------------------------------------------------------------------------------------------


def losses_path() -> Path:
    """The shipped table of a search: in how many worlds a policy lost, by rival and outcome."""
    return folder("scenarios") / "data" / "losing_shares.csv"


def losses(policy: str) -> list[tuple[str, str, int, int]]:
    """What the search found of a policy: rival, outcome, worlds in which it lost, worlds that were tried."""
    with losses_path().open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["policy"] == policy]
    return [(row["rival"], row["outcome"], int(row["lost"]), int(row["tried"])) for row in rows]
