"""Where both villages begin: the world at rest of a place, met again for as long as somebody looks at it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from sim import ledger
from sim.app.choices import Choices
from sim.app.kept import Kept, Shared
from sim.app.settings import Settings, scenario_of
from sim.calibration import ensemble
from sim.engine.lane import Lane
from sim.engine.lane import settings as parameters_of
from sim.engine.table import State
from sim.experiment import study
from sim.experiment.people import people_of
from sim.metrics import mean
from sim.policies.policy import Programme
from sim.population import Population, TwoPieceLognormal, synthesise
from sim.scenario import Scenario
from sim.start import World, wire
from sim.survey import read_aggregates

#: Numbers that nothing before quarter 0 depends on: outside markets stand still until then, and no programme of 2017
#: pays facilitators, organisers, trainers, surveyors, auditors, a bank or for assets. A test solves anew with each.
LATER = (
    "macro_cycle.", "macro_trend.", "passed_trend.", "facilitator_quality.", "facilitation_effect.", "attends.outreach",
    "attends.invitation", "organising_effect.", "rents_won.", "rent_paid.", "rent_received.", "slack_won.",
    "slack_released.", "slack_works.", "win.", "planner_error.per_survey", "loss.audit_gain", "loss.audit_half",
    "loss.community", "works_built.advantage", "skill.per_training", "service_quality.gain", "pull.", "credit_claim.",
    "credit_available.", "defaults.", "bank_repayment.", "bank_interest.", "strength.backlash", "road.decay",
)  # fmt: skip

STORM = 8  # quarters


@dataclass(frozen=True)
class Start:
    """What is run: a scenario, its world at quarter 0, the programmes of its arms, and shocks to outside markets.

    `rest` is the world as it is shared, before the numbers of later were put in: whoever holds a start holds it too.
    """

    scenario: Scenario
    world: World
    programmes: Mapping[str, list[Programme]]
    shocks: Mapping[int, Mapping[str, float]]
    rest: World

    @property
    def judged(self) -> tuple[int, int]:
        """Quarters over which a world is told: the window after the money, or two years of a fall that comes later."""
        _, last = window = self.scenario.windows.post
        fall = min((quarter for quarter in self.shocks if quarter >= last), default=None)
        return window if fall is None else (fall, min(fall + STORM, self.scenario.calendar.quarters))


def flows(state: State, names: Sequence[str] = tuple(ledger.FLOWS)) -> np.ndarray:
    """Flows of the ledger in the quarter that a state has just ended, z per person, in the order of their names."""
    rows = [state.index[name][1] for name in names]
    return state.arrays["village"][rows].sum(axis=1) / float(state["size"].sum())


class Worlds:
    """Worlds at rest by what they depend on. Threads may share one: a world is never changed.

    Parameters
    ----------
    kept
        How many of the latest stay, about 4 MB each; 0: those that somebody's `Start` holds.
    """

    def __init__(self, kept: int = 0) -> None:
        self.kept = Kept[World](kept) if kept else Shared[World]()

    def start(self, settings: Settings, among: Choices) -> Start:
        """The start of some settings.

        Raises
        ------
        InputError
            When no world is at rest with such numbers; one sentence.
        """
        scenario = scenario_of(settings, among)
        drawn = _drawn(settings, scenario)
        spread = settings.get("inequality", among)
        numbers = {**drawn, **scenario.parameters}
        slow = tuple(sorted((key, value) for key, value in numbers.items() if not key.startswith(LATER)))
        about = scenario.population
        key = (about.survey, about.seed, about.ties, scenario.hold.ablate, spread, slow)

        def usual() -> World:
            return self.kept.made(key, lambda: at_rest(scenario, drawn, spread))

        def poor() -> World:
            return self.kept.made((about.world, about.poverty, *key), lambda: study.in_its_place(scenario, usual()))

        rest = poor() if about.world == "poor_village" else usual()
        solved = rest.value("attends.threshold")
        parameters = parameters_of(rest.lane.plan, {**numbers, "attends.threshold": solved})
        world = _passing(replace(rest, parameters=parameters), settings, among)
        fall, quarter = settings.get("shock", among), int(settings.get("shock_at", among))
        shocks = {quarter: {"macro_shock": math.log(1.0 - fall)}} if fall else {}
        return Start(scenario, world, study.programmes(scenario), shocks, rest)


def _drawn(settings: Settings, scenario: Scenario) -> Mapping[str, float]:
    """The calibrated parameter set that is asked for; empty for the model's own numbers."""
    if not settings.parameters:
        return {}
    sets = ensemble.load(scenario.replications.variant)
    return sets[(settings.parameters - 1) % len(sets)]


@cache
def lane() -> Lane:
    """The model, compiled once a process."""
    return Lane(wire())


@cache
def _people(villages: int, households: int, seed: int, ties: str) -> Population:
    return synthesise(read_aggregates(), villages, households, seed, ties=ties)


def at_rest(scenario: Scenario, drawn: Mapping[str, float], spread: float) -> World:
    """The world at rest before it is one of poorer villages, with consumption so many times as spread as published."""
    about = scenario.population
    if scenario.survey is not None:
        return study.before_its_place(scenario, drawn, lane(), people_of(scenario), None)
    people = _people(about.villages, about.households, about.seed, about.ties)
    published = TwoPieceLognormal.published(read_aggregates())
    target = replace(published, below=spread * published.below, above=spread * published.above)
    return study.before_its_place(scenario, drawn, lane(), people, target)


def _passing(world: World, settings: Settings, among: Choices) -> World:
    """The same world with another mean pass-through: every village's is scaled, none passes on more than all."""
    if "pass_through" not in dict(settings.numbers):
        return world
    wanted, level = settings.get("pass_through", among), world.value("passed_trend.level")
    state = world.state.copy()
    own, persons = world.state["pass_through"] * level, state["persons"]
    low, high = 0.0, 1.0 / float(own[own > 0.0].min())
    for _ in range(60):  # the mean rises with the factor
        factor = 0.5 * (low + high)
        low, high = (factor, high) if mean(np.minimum(1.0, factor * own), persons) < wanted else (low, factor)
    state["pass_through"] = np.minimum(1.0, 0.5 * (low + high) * own) / level
    return replace(world, state=state)
