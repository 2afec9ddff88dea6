"""How the nation begins: solved villages, and which of them each village of a province is.

To look for the world at rest in 75 000 villages would cost four runs of the nation, and whoever solved each shard by
itself would solve each differently. So a few hundred villages, small ones as often as large ones, are solved once,
together, as any scenario is. Then **each village of the nation is one of these**: its households, ties, works,
institutions and outside demand, all at rest together. Which one is drawn by weights that give each province its
mean size of a village and its rural headcount (exponential tilting of the sample, as in survey calibration: Deville and
Särndal 1992). A village has luck of its own, keyed by its own code, from twelve quarters before quarter 0.

So no village depends on which others are played beside it. What it costs: the nation has as many kinds of villages as
were solved, fewer in provinces that are far from the mean (the table of provinces tells how many, after Kish 1965).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from sim.engine.lane import Lane, holding
from sim.engine.table import Layout, State
from sim.errors import InputError
from sim.experiment import Tell, ensemble, quiet
from sim.experiment.lanes import copied
from sim.experiment.study import build
from sim.nation.frame import Province
from sim.policies.policy import Programme, set_levers
from sim.population import Population, Villages, normals, synthesise, uniforms
from sim.scenario import Scenario
from sim.start import CALM, FROZEN, World, measured, wire
from sim.survey import read_aggregates

SMALLEST, LARGEST = 40, 3000  # households of the solved villages, evenly spread over the log
SD_SIZE = 0.9  # of the log of village size within a province: 0.8-1.0 over the country (from memory)
LOOKED = 8  # quarters over which the poverty of a solved village is measured
STEPS = 60  # halvings of an interval, to the last bit of a weight
TILT = 80.0  # steepest weight by headcount
NEIGHBOURS = 10  # villages of a subdistrict


@dataclass(frozen=True)
class Solved:
    """Villages at rest, of which the nation is made.

    Attributes
    ----------
    world
        All of them at quarter 0.
    households, persons, headcount
        Of each village; the headcount (0-1) is what a survey measures, the mean over some quarters.
    """

    world: World
    households: np.ndarray
    persons: np.ndarray
    headcount: np.ndarray


def sample(scenario: Scenario, count: int) -> Population:
    """The people of `count` villages whose sizes are evenly spread over the log, one to one."""
    aggregates, seed = read_aggregates(), scenario.population.seed
    spread = np.geomspace(SMALLEST, LARGEST, count + 2)[1:-1]
    code, unknown = [f"S{k + 1:04d}" for k in range(count)], np.full(count, np.nan)
    district = [f"D{k // NEIGHBOURS + 1:03d}" for k in range(count)]
    turned = np.argsort([normals(seed, one, "size", 1)[0] for one in code])  # sizes of all kinds in each district
    villages = Villages(code, district, np.round(spread[turned]), unknown, unknown, np.full((count, 4), np.nan))
    return synthesise(aggregates, villages, aggregates["village.households"], seed, ties=scenario.population.ties)


def solve(scenario: Scenario, programmes: Sequence[Programme], count: int, tell: Tell = quiet) -> Solved:
    """Solve `count` villages together and measure their poverty.

    Parameters
    ----------
    programmes
        What flows before quarter 0.

    Raises
    ------
    InputError
        When no parameter set of the scenario has a world at rest.
    """
    tell("the solved villages", 0, 1)
    lane, people = Lane(wire(scenario.known.own_rules)), sample(scenario, count)
    luck = scenario.replications
    sets: Sequence[Mapping[str, float]] = [MappingProxyType({})] if luck.sets == 1 else ensemble.load(luck.variant)
    world = next((found for found in (_at_rest(scenario, drawn, lane, people) for drawn in sets) if found), None)
    if world is None:
        raise InputError(f"{scenario.slug}: none of the calibrated parameter sets has a world at rest")
    tell("the solved villages", 1, 1)
    home = home_of(world.state.layout)
    size = world.state["size"]
    seed, state, poor = scenario.population.seed, world.state.copy(), np.zeros(count)
    for quarter in range(LOOKED):
        _calm(world, state, quarter, programmes, seed, scenario.hold.ablate)
        poor += np.bincount(home, size * (measured(state, seed, quarter) < 1.0), count) / LOOKED
    persons = np.bincount(home, size, count)
    return Solved(world, np.diff(world.state.layout.start["household"]), persons, poor / persons)


def _at_rest(scenario: Scenario, drawn: Mapping[str, float], lane: Lane, people: Population) -> World | None:
    """The world of a parameter set; None where a calibrated one has none, the reason where it is the model's own."""
    try:
        return build(scenario, drawn, lane, people)
    except InputError:
        if not drawn:
            raise
        return None


def _calm(
    world: World, state: State, quarter: int, programmes: Sequence[Programme], seed: int, held: Sequence[str]
) -> None:
    """One quarter without growth, cycle and weather, as before quarter 0 of any world."""
    hold = holding(world.lane.plan, [*FROZEN, "institution_quality", "weather", *held])
    set_levers(programmes, state, quarter)
    world.lane.step(state, quarter, seed, world.parameters, hold)


def home_of(layout: Layout) -> np.ndarray:
    """The village of each household."""
    return np.repeat(np.arange(len(layout.codes)), np.diff(layout.start["household"]))


# -- which village is which -------------------------------------------------------------------------------------------


def weights(solved: Solved, province: Province) -> np.ndarray:
    """How often each solved village stands in a province; sums to 1.

    Of the weights lognormal in size and exponential in headcount, those that give the province its mean households a
    village and its headcount over persons.
    """
    size, wanted = np.log(solved.households), province.households / province.villages

    def given(tilt: float, middle: float) -> np.ndarray:
        score = tilt * solved.headcount - (size - middle) ** 2 / (2.0 * SD_SIZE * SD_SIZE)
        weight = np.exp(score - score.max())
        return weight / weight.sum()

    def sized(tilt: float) -> np.ndarray:
        low, high = np.log(SMALLEST) - 6.0, np.log(LARGEST) + 6.0
        for _ in range(STEPS):
            middle = 0.5 * (low + high)
            below = float(given(tilt, middle) @ solved.households) < wanted
            low, high = (middle, high) if below else (low, middle)
        return given(tilt, 0.5 * (low + high))

    low, high = -TILT, TILT
    for _ in range(STEPS):
        tilt = 0.5 * (low + high)
        found = sized(tilt) * solved.persons
        below = float(found @ solved.headcount) / float(found.sum()) < province.headcount
        low, high = (tilt, high) if below else (low, tilt)
    return sized(0.5 * (low + high))


def effective(weight: np.ndarray) -> float:
    """How many equally frequent kinds of villages the weights amount to (Kish 1965)."""
    return float(weight.sum() ** 2 / (weight * weight).sum())


def drawn(solved: Solved, province: Province, seed: int) -> np.ndarray:
    """The solved village that each played village of a province is.

    Systematic sampling over the villages by size, in a random order: each weight is met to one village.
    """
    order = np.argsort(solved.households, kind="stable")
    reached = np.cumsum(weights(solved, province)[order])
    turned = np.argsort(uniforms(seed, province.name, "kinds of villages", province.played), kind="stable")
    place = (turned + 0.5) / province.played * reached[-1]
    return order[np.searchsorted(reached[:-1], place, side="right")]


# -- a district -------------------------------------------------------------------------------------------------------


def district_world(
    solved: Solved, kinds: np.ndarray, codes: Sequence[str], programmes: Sequence[Programme], seed: int,
    held: Sequence[str],
) -> World:  # fmt: skip
    """A district at quarter 0, as a world of its own.

    Parameters
    ----------
    kinds, codes
        The solved village that each village is, and its own code, by which its luck is drawn.
    seed
        Of the luck before quarter 0.
    """
    state = copied(solved.world.state, kinds, codes)
    state["subdistrict"] = np.arange(len(codes)) // NEIGHBOURS
    for quarter in range(-CALM, 0):
        _calm(solved.world, state, quarter, programmes, seed, held)
    return World(solved.world.lane, solved.world.population, state, solved.world.parameters)
