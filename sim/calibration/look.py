"""A fresh look at parameter sets: their moments in populations and lucks that none of them was chosen by.

Every set meets some populations, and every population some sets. What a population does to all sets alike is chance of
that population; it is told from what the sets do by least squares over both, so that few worlds a set are enough.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from sim.calibration.fitted import ASKED, MOMENTS, programmes_2017
from sim.engine.lane import Lane
from sim.errors import InputError, NotFiniteError
from sim.language import mark
from sim.population import Population, TwoPieceLognormal, synthesise
from sim.progress import Tell
from sim.start import World, solve, wire
from sim.survey import read_aggregates
from sim.workers import answers

POPULATIONS = 128  # so many that their own mean is little chance


def moments(world: World, seed: int) -> dict[str, float]:
    """All fitted moments of a world."""
    return {name: value for ask in ASKED for name, value in ask(world, seed).items()}


@dataclass(frozen=True)
class Where:
    """Populations in which sets are looked at: `worlds` of them for each set, the first drawn with `seed`."""

    seed: int
    worlds: int
    villages: int
    households: int


def look(sets: Sequence[Mapping[str, float]], where: Where, executor: Executor | None, tell: Tell) -> pd.DataFrame:
    """Moments of each set, one row a set; nan where one of its worlds is not at rest."""
    found = apart(*worlds(sets, where, executor, tell), len(sets))
    return pd.DataFrame(found, columns=[m.name for m in MOMENTS])


def fingerprint(sets: Sequence[Mapping[str, float]], where: Where, executor: Executor | None, tell: Tell) -> str:
    """SHA-256 of the moments of each set in one world, to the last bit."""
    values, _ = worlds(sets, replace(where, worlds=1), executor, tell)
    return hashlib.sha256(values.astype("<f8").tobytes()).hexdigest()


def worlds(
    sets: Sequence[Mapping[str, float]], where: Where, executor: Executor | None, tell: Tell
) -> tuple[np.ndarray, np.ndarray]:
    """Moments of every world, shape (worlds, moments), nan where it is not at rest; and its set and population."""
    published = read_aggregates()
    people = [synthesise(published, where.villages, where.households, where.seed + k) for k in range(POPULATIONS)]
    pairs = met(len(sets), where)
    ask = partial(_found, Lane(wire()), TwoPieceLognormal.published(published))
    calls = [(people[place], sets[one]) for one, place in pairs]
    found = answers(ask, calls, executor, partial(tell, mark("fresh look")))
    return np.array([[row.get(m.name, np.nan) for m in MOMENTS] for row in found]).reshape(-1, len(MOMENTS)), pairs


def met(sets: int, where: Where) -> np.ndarray:
    """Set and population of each world: every set meets others, drawn so that all are compared with all."""
    random = np.random.default_rng(where.seed)
    drawn = [(one, place) for one in range(sets) for place in random.choice(POPULATIONS, where.worlds, replace=False)]
    return np.array(drawn, int).reshape(-1, 2)


def _found(
    lane: Lane, target: TwoPieceLognormal, people: Population, parameters: Mapping[str, float]
) -> dict[str, float]:
    try:
        return moments(solve(lane, people, programmes_2017(), target, people.seed, parameters), people.seed)
    except (InputError, NotFiniteError):
        return {}


def apart(values: np.ndarray, pairs: np.ndarray, sets: int) -> np.ndarray:
    """What belongs to the sets when populations do the same to all of them; least squares, shape (sets, outcomes).

    Parameters
    ----------
    values : array, shape (worlds, outcomes)
        Outcomes of each world; nan where it is not at rest, which makes its set nan.
    pairs : array of int, shape (worlds, 2)
        Set and population of each world. Effects of the populations that were met sum to zero.
    """
    lost = np.isin(np.arange(sets), pairs[~np.isfinite(values).all(axis=1), 0])
    kept = ~lost[pairs[:, 0]]
    places, place = np.unique(pairs[kept, 1], return_inverse=True)
    design = np.zeros((kept.sum() + 1, sets + len(places)))
    row = np.arange(kept.sum())
    design[row, pairs[kept, 0]] = 1.0
    design[row, sets + place] = 1.0
    design[-1, sets:] = 1.0
    wanted = np.vstack([values[kept], np.zeros(values.shape[1])])
    found = np.linalg.lstsq(design, wanted, rcond=None)[0][:sets]
    found[lost] = np.nan
    return found


def depth(fresh: pd.DataFrame) -> np.ndarray:
    """How deep each set lies inside the published bands, in shares of their width, by its worst moment.

    Returns
    -------
    array, shape (sets,)
        Negative outside; minus infinity without a world at rest.
    """
    edges = [np.minimum(fresh[m.name] - m.low, m.high - fresh[m.name]) / (m.high - m.low) for m in MOMENTS]
    return np.nan_to_num(np.min(edges, axis=0), nan=-np.inf)


def best(fresh: pd.DataFrame, count: int) -> np.ndarray:
    """Which sets are inside all bands, and the nearest others where these are fewer than `count`; shape (sets,)."""
    deep = depth(fresh)
    rank = np.empty(len(deep), int)
    rank[np.argsort(-deep, kind="stable")] = np.arange(len(deep))
    return np.isfinite(deep) & ((deep >= 0.0) | (rank < count))
