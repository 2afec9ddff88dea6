"""How the nation begins: solved villages, and which of them each village of a province is.

To look for the world at rest in 75 000 villages would cost four runs of the nation, and whoever solved each shard by
itself would solve each differently. So a few hundred villages, small and large, poor and rich ones equally often, are
solved once, together, as any scenario is, each with the weight at which they represent the nation. Then **each village
of the nation is one of these**: its households, ties, works, institutions and outside demand, all at rest together.
Which one is drawn by weights that give each province its mean size of a village and its rural headcount (exponential
tilting of the sample, as in survey calibration: Deville and Särndal 1992). A village has luck of its own, keyed by its
own code, from twelve quarters before quarter 0.

So no village depends on which others are played beside it. What it costs: the nation has as many kinds of villages as
were solved, fewer in provinces that are far from the mean (the table of provinces tells how many, after Kish 1965).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.engine.lane import holding
from sim.engine.table import State
from sim.experiment.lanes import copied
from sim.experiment.study import first_world
from sim.language import mark
from sim.nation.frame import Province
from sim.policies.policy import Programme, set_levers
from sim.population import (
    Population,
    TwoPieceLognormal,
    Villages,
    correlated,
    normals,
    rake,
    synthesise,
    uniforms,
    village_of,
)
from sim.progress import Tell, quiet
from sim.scenario import Scenario
from sim.start import CALM, FROZEN, World, measured
from sim.survey import read_aggregates

SMALLEST, LARGEST = 40, 3000  # households of the solved villages, evenly spread over the log
POOREST, RICHEST = -2.6, 2.0  # normal score of their mean consumption, evenly spread: only few provinces are rich
USUAL = 415  # households of a village in the nation, on average
TRIED = 12  # codes that are looked at for each village
GOLDEN = 0.6180339887498949
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
    level
        Of each village: the normal score of its mean consumption, as drawn.
    """

    world: World
    households: np.ndarray
    persons: np.ndarray
    headcount: np.ndarray
    level: np.ndarray


def sample(scenario: Scenario, count: int) -> Population:
    """The people of `count` villages, one to one, spread evenly over sizes and levels and weighted to the nation."""
    aggregates, seed = read_aggregates(), scenario.population.seed
    sizes = np.round(np.geomspace(SMALLEST, LARGEST, count + 2)[1:-1])
    wanted = POOREST + (RICHEST - POOREST) * ((0.5 + GOLDEN * np.arange(count)) % 1.0)  # each level with all sizes
    unknown = np.full(count, np.nan)
    district = [f"D{k // NEIGHBOURS + 1:03d}" for k in range(count)]
    villages = Villages(
        _codes(wanted, seed, aggregates), district, sizes, unknown, unknown, np.full((count, 4), np.nan)
    )
    real, ties = aggregates["village.households"], scenario.population.ties
    people = synthesise(aggregates, villages, real, seed, raking=False, ties=ties)
    weight = np.exp(_usual(sizes, people.village["level"], np.log(USUAL) - 0.5 * SD_SIZE * SD_SIZE))
    weight *= count / weight.sum()
    weighed = {**people.household, "weight": np.repeat(weight, np.diff(people.start))}
    return rake(replace(people, household=weighed), TwoPieceLognormal.published(aggregates))


def _codes(wanted: np.ndarray, seed: int, aggregates: Mapping[str, Any]) -> list[str]:
    """Codes of villages that draw the wanted levels, as nearly as a few tries a village allow; none twice."""
    tried = [f"S{k + 1:05d}" for k in range(TRIED * len(wanted))]
    distant, own = (
        np.array([normals(seed, code, f"village/{name}", 1)[0] for code in tried]) for name in ("remoteness", "level")
    )
    level = correlated(distant, aggregates["consumption.remoteness"], own)
    codes = []
    for one in wanted:
        nearest = int(np.argmin(np.abs(level - one)))
        codes.append(tried[nearest])
        level[nearest] = np.inf
    return codes


def _usual(households: np.ndarray, level: np.ndarray, middle: float) -> np.ndarray:
    """Log of how often such villages stand in the country, against how often they are solved."""
    return -((np.log(households) - middle) ** 2) / (2.0 * SD_SIZE * SD_SIZE) - 0.5 * level * level


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
    tell(mark("the solved villages"), 0, 1)
    world = first_world(scenario, population=sample(scenario, count))
    tell(mark("the solved villages"), 1, 1)
    home = village_of(world.state.layout.start["household"])
    size = world.state["size"]
    seed, state, poor = scenario.population.seed, world.state.copy(), np.zeros(count)
    for quarter in range(LOOKED):
        _calm(world, state, quarter, programmes, seed, scenario.hold.ablate)
        poor += np.bincount(home, size * (measured(state, seed, quarter) < 1.0), count) / LOOKED
    persons = np.bincount(home, size, count)
    households, level = np.diff(world.state.layout.start["household"]), world.population.village["level"]
    return Solved(world, households, persons, poor / persons, level)


def _calm(
    world: World, state: State, quarter: int, programmes: Sequence[Programme], seed: int, held: Sequence[str]
) -> None:
    """One quarter without growth, cycle and weather, as before quarter 0 of any world."""
    hold = holding(world.lane.plan, [*FROZEN, "institution_quality", "weather", *held])
    set_levers(programmes, state, quarter)
    world.lane.step(state, quarter, seed, world.parameters, hold)


# -- which village is which -------------------------------------------------------------------------------------------


def weights(solved: Solved, province: Province) -> np.ndarray:
    """How often each solved village stands in a province; sums to 1.

    Of the weights lognormal in size, normal in level and exponential in headcount, those that give the province its
    mean households a village and its headcount over persons.
    """
    wanted = province.households / province.villages

    def given(tilt: float, middle: float) -> np.ndarray:
        score = tilt * solved.headcount + _usual(solved.households, solved.level, middle)
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
    state["subdistrict"], state["weight"] = np.arange(len(codes)) // NEIGHBOURS, 1.0
    for quarter in range(-CALM, 0):
        _calm(solved.world, state, quarter, programmes, seed, held)
    return World(solved.world.lane, solved.world.population, state, solved.world.parameters)
