"""Both lanes side by side, quarter by quarter, on a few villages of a world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sim.engine.lane import holding
from sim.engine.plan import Plan
from sim.engine.table import State
from sim.policies.policy import Programme, set_levers
from sim.reference import MesaLane, attribute
from sim.start import World


class LanesDiffer(AssertionError):
    """The two lanes do not agree; names the first column."""


def agree(mesa: MesaLane, state: State, when: str, unread: frozenset[str] = frozenset()) -> None:
    """Compare every column of the two lanes bit for bit, but those that nobody reads.

    Raises
    ------
    LanesDiffer
        Naming the first column that is not the same.
    """
    found = mesa.state()
    for name in found.index:
        if name not in unread and not np.array_equal(found[name].view(np.uint64), state[name].view(np.uint64)):
            raise LanesDiffer(f"{name} differs between the lanes {when}")


def first_villages(state: State, count: int) -> State:
    """The first villages of a world, with their households, groups and ties, as a world of their own."""
    layout = state.layout
    ends = {"nation": 1, "district": layout.districts, "village": count}
    ends |= {table: int(start[count]) for table, start in layout.start.items()}
    part = state.copy()
    part.layout = replace(
        layout,
        codes=layout.codes[:count],
        district_of=layout.district_of[:count],
        start={table: start[: count + 1] for table, start in layout.start.items()},
        ends=np.ascontiguousarray(layout.ends[:, : ends["tie"]]),
        places=layout.places[:count],
    )
    part.arrays = {table: array[:, : ends[table]].copy() for table, array in state.arrays.items()}
    return part


def side_by_side(
    world: World,
    programmes: Sequence[Programme],
    quarters: int,
    seed: int,
    villages: int = 2,
    held: Sequence[str] = (),
) -> None:
    """Play the first villages of a world in both lanes from quarter 0.

    Raises
    ------
    LanesDiffer
        At the first quarter whose columns are not the same, bit for bit.
    """
    plan, hold = world.lane.plan, holding(world.lane.plan, held)
    state = first_villages(world.state, min(villages, len(world.state.layout.codes)))
    mesa, unread = MesaLane(plan, state), _draws_of(plan, held)
    for quarter in range(quarters):
        set_levers(programmes, state, quarter)
        for name, column in plan.given.items():
            if column.lever:
                for village, value in zip(mesa.rows["village"], state[name].tolist(), strict=True):
                    setattr(village, attribute(name), value)
        world.lane.step(state, quarter, seed, world.parameters, hold)
        mesa.prepare(quarter, seed)
        mesa.step_quarter(quarter, seed, world.parameters, hold)
        agree(mesa, state, f"in quarter {quarter}", unread)


def _draws_of(plan: Plan, held: Sequence[str]) -> frozenset[str]:
    """Columns of the draws of rules that are not computed."""
    return frozenset(f"{rule}.{argument}" for rule in held for argument, _ in plan.rules[rule].arguments)
