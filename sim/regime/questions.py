"""What a map of worlds asks: a scenario's arms over some axes, by which outcome, with how much."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.calibration import ensemble
from sim.errors import InputError
from sim.experiment.compare import Comparison
from sim.experiment.run import Run
from sim.latin_hypercube import scattered
from sim.regime.axes import SHARE, Axis
from sim.scenario import BENCHMARK, Scenario
from sim.start import QUARTERS, ROUNDS

LEAST, MOST = 20, 100_000  # points of a map
POINTS, LUCKS = {False: 200, True: 40}, {False: 3, True: 2}  # of a full and of a quick map
QUICK = {"villages": 6, "households": 60}  # largest world of a quick map


@dataclass(frozen=True)
class Outcome:
    """What decides who wins; `better` is 1 where more of it is better and -1 where less is."""

    name: str
    label: str
    unit: str
    difference_unit: str
    decimals: int
    better: float
    measure: Callable[[Comparison, Run], float]


#: The first is the headline: the founding question is who stands on their own, asked of those who are permanently poor.
#: Who is poor in one quarter is mostly so by bad luck, and back above the line without any policy.
OUTCOMES = {
    one.name: one
    for one in (
        Outcome(
            "self_sufficient", "share of the permanently poor who are self-sufficient after the programmes",
            "% of the permanently poor", "pp", 1, 1.0, Comparison.self_sufficient,
        ),
        Outcome(
            "headcount", "poverty headcount after the programmes",
            "% of persons", "pp", 2, -1.0, Comparison.headcount,
        ),
        Outcome(
            "own_income", "median own income after the programmes",
            "z per person and quarter", "z", 4, 1.0, Comparison.median_own_income,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What is mapped: a scenario's arms over some axes, by an outcome."""

    scenario: Scenario
    axes: tuple[Axis, ...]
    outcome: Outcome
    points: int
    variant: str = ""  # structural variant of the calibrated sets; empty where there are none
    sets: Sequence[Mapping[str, float]] = ()
    old: bool = False  # whether the rules have changed since the sets were found
    seed: int = 1

    @property
    def digest(self) -> str:
        """SHA-256 over all that a result depends on."""
        about = [
            self.scenario.digest(), [axis.name for axis in self.axes], self.outcome.name, self.points, self.seed,
            self.variant, [sorted(one.items()) for one in self.sets], ensemble.rules_digest(),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(about).encode()).hexdigest()

    @property
    def quarters(self) -> int:
        """How many quarters all worlds together are run, those that find a world at rest among them."""
        # every fall of outside markets, one rise of them, and a bad year of the village's own
        shocked = (len(self.scenario.twins.macro_shocks) + 2) * self.scenario.twins.stress
        first, last = self.scenario.windows.stress
        each = self.scenario.calendar.quarters + shocked * (last - first)
        rest = ROUNDS * QUARTERS * (2 if any(SHARE in axis.draws for axis in self.axes) else 1)
        runs = len(self.scenario.resolved_arms) * self.scenario.replications.seeds
        return (self.points + 1) * (runs * each + rest)

    def draws(self) -> list[dict[str, float]]:
        """Points of a Latin hypercube over all that the axes draw."""
        spans = {name: span for axis in self.axes for name, span in axis.draws.items()}
        return scattered(spans, self.points, np.random.Generator(np.random.Philox(self.seed)))


def asked(
    scenario: Scenario,
    axes: Sequence[Axis],
    outcome: str,
    points: int | None = None,
    quick: bool = False,
    where: Path | None = None,
) -> Question:
    """The question of a scenario, at the size of a map; `where` is the folder of the ensemble.

    Raises
    ------
    InputError
        When there are too few points, or no arm pays the whole budget in cash, or none can win against it.
    """
    points = POINTS[quick] if points is None else points
    if not LEAST <= points <= MOST:
        raise InputError(f"--points: is {points}; allowed: a whole number, {LEAST} to {MOST}")
    if not scenario.benchmark:
        raise InputError(
            f'{scenario.slug}: a map compares with plain cash: one of the [[arms]] must have policy = "{BENCHMARK}"'
        )
    if len(ranked(scenario)) < 2:
        raise InputError(f"{scenario.slug}: a map needs two or more arms that are ranked")
    if len(scenario.spent) > 1:
        each = "; ".join(f"{one.dose:g} z in quarters {one.start} to {one.end}" for one in sorted(scenario.spent))
        raise InputError(f"{scenario.slug}: a map compares at equal cost, and arms spend {each}; allowed: one of them")
    small, end = scenario.quick(), scenario.windows.post[1]
    people = small.population
    if quick:
        size = {name: min(most, here) for name, most in QUICK.items() if (here := getattr(people, name)) is not None}
        people = people.model_copy(update=size)
    change = {
        "population": people,
        "calendar": scenario.calendar.model_copy(update={"quarters": end}),  # nothing later is looked at
        "replications": scenario.replications.model_copy(update={"seeds": LUCKS[quick], "sets": 1}),
        "twins": scenario.twins.model_copy(update={"withdrawal": False, "stress": outcome == "self_sufficient"}),
    }
    return Question(
        small.model_copy(update=change), tuple(axes), OUTCOMES[outcome], points, *stored(scenario, axes, where)
    )


def stored(
    scenario: Scenario, axes: Sequence[Axis], where: Path | None = None
) -> tuple[str, list[dict[str, float]], bool]:
    """The calibrated sets that points take in turn: structural variant, sets, whether the rules have changed since.

    Where the trap is an axis they are those of the variant that has one. There are none where none is stored.
    """
    variant = "trap_on" if any(SHARE in axis.draws for axis in axes) else scenario.replications.variant
    if not ensemble.path(variant, where).is_file():
        return "", [], False
    return variant, ensemble.load(variant, where), ensemble.stale(variant, where)


def ranked(scenario: Scenario) -> list[str]:
    """Arms that may win: all but those whose policy asks not to be ranked."""
    return [arm.id for arm in scenario.resolved_arms if arm.id not in scenario.unranked]
