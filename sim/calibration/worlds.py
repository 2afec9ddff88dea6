"""What is asked of the world of every parameter set, each with a population and a luck of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

from sim.calibration import fitted
from sim.engine.lane import Lane
from sim.errors import InputError, NotFiniteError
from sim.population import TwoPieceLognormal, synthesise
from sim.start import World, solve, wire
from sim.survey import read_aggregates

VILLAGES, HOUSEHOLDS = 40, 60
Find = Callable[[World, int], Mapping[str, Any]]  # from a world and a luck, what is found by name


def each(
    find: Find,
    sets: Sequence[Mapping[str, float]],
    first_seed: int,
    executor: Executor | None = None,
    tell: Callable[[int, int], None] = lambda done, whole: None,
) -> list[Mapping[str, Any]]:
    """What `find` says of each world, in the order of the sets; those without a world at rest are left out.

    Parameters
    ----------
    find
        A function of a module, so that another process can be asked.
    first_seed
        Of population and luck; the next set has the next one.
    """
    target, found = TwoPieceLognormal.published(read_aggregates()), []
    ask = partial(_ask, find, Lane(wire()), target)
    asked = (executor.map if executor else map)(ask, sets, range(first_seed, first_seed + len(sets)))
    for done, values in enumerate(asked, 1):
        found += [values] if values else []
        tell(done, len(sets))
    return found


def _ask(
    find: Find, lane: Lane, target: TwoPieceLognormal, parameters: Mapping[str, float], seed: int
) -> Mapping[str, Any]:
    people = synthesise(read_aggregates(), VILLAGES, HOUSEHOLDS, seed)
    try:
        return find(solve(lane, people, fitted.programmes_2017(), target, seed, parameters), seed)
    except (InputError, NotFiniteError):
        return {}
