"""One household, followed through the worlds of a pair: every column of its own, of its village and of its groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from sim.app.record import Pair, arm_id
from sim.app.settings import ARMS
from sim.model import CommunityModel

SMALL = 0.01  # z: what is less is no parting of two lives
YES_OR_NO = "0 or 1"  # a unit of columns
COUNTED = (YES_OR_NO, "number")  # units of columns of which any difference is one


@dataclass(frozen=True)
class Life:
    """What one world did to one household.

    Attributes
    ----------
    own, village
        Column -> values, one a quarter.
    groups
        Column -> values, [quarter, kind of activity].
    """

    own: Mapping[str, np.ndarray]
    village: Mapping[str, np.ndarray]
    groups: Mapping[str, np.ndarray]


def lives(pair: Pair, household: int, executor: Executor) -> dict[str, Life]:
    """The life of one household in the worlds of a pair, run again; the same luck gives the same life."""
    wanted = {arm: arm_id(pair.settings, arm) for arm in ARMS}
    ids = list(dict.fromkeys(wanted.values()))
    found = dict(zip(ids, executor.map(lambda one: _life(pair, one, household), ids), strict=True))
    return {arm: found[one] for arm, one in wanted.items()}


def home_of(pair: Pair, household: int) -> int:
    """The village of a household."""
    return int(np.searchsorted(pair.start.world.population.start, household, side="right")) - 1


def _life(pair: Pair, arm: str, household: int) -> Life:
    start, home = pair.start, home_of(pair, household)
    held = start.scenario.hold.ablate
    model = CommunityModel(start.world, start.programmes[arm], seed=pair.settings.luck, held=held, shocks=start.shocks)
    arrays = model.state.arrays
    rows: dict[str, list[np.ndarray]] = {"household": [], "village": [], "group": []}
    for _ in range(start.scenario.calendar.quarters):
        model.step()
        rows["household"].append(arrays["household"][:, household].copy())
        rows["village"].append(arrays["village"][:, home].copy())
        rows["group"].append(arrays["group"][:, 4 * home : 4 * home + 4].copy())
    tables = {name: np.array(found) for name, found in rows.items()}
    index = model.state.index
    del model.state

    def columns(table: str) -> dict[str, np.ndarray]:
        return {name: tables[table][:, at] for name, (of, at) in index.items() if of == table}

    return Life(columns("household"), columns("village"), columns("group"))


@dataclass(frozen=True)
class Parting:
    """Where two lives part: the quarter, the first column of the quarter's order that differs, its unit and values."""

    quarter: int
    column: str
    unit: str
    a: float
    b: float


def parting(pair: Pair, found: Mapping[str, Life], among: Collection[str]) -> Parting | None:
    """The first quarter in which something that counts differs between A and B; None where nothing ever does.

    Parameters
    ----------
    among
        Columns that are looked at.
    """
    plan = pair.start.world.lane.plan
    order = [name for name in plan.rules if name in found["a"].own and name in among]
    gaps = np.array([np.abs(found["a"].own[name] - found["b"].own[name]) for name in order])
    least = np.array([1e-9 if plan.unit(name)[0] in COUNTED else SMALL for name in order])
    differs = gaps > least[:, None]
    if not differs.any():
        return None
    quarter = int(np.flatnonzero(differs.any(axis=0))[0])
    column = order[int(np.flatnonzero(differs[:, quarter])[0])]
    return Parting(
        quarter,
        column,
        plan.unit(column)[0],
        float(found["a"].own[column][quarter]),
        float(found["b"].own[column][quarter]),
    )
