"""Both lanes side by side, quarter by quarter, on a few villages of a world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from sim.engine import draw
from sim.engine.lane import holding
from sim.engine.plan import Plan
from sim.engine.table import Layout, State
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


def copied(state: State, kinds: np.ndarray, codes: Sequence[str]) -> State:
    """Some villages of a world, each as often as asked for, as one district; a village is copied with all it holds."""
    layout, count = state.layout, len(kinds)
    rows, start = {}, {}
    for table, first in layout.start.items():
        lengths = np.diff(first)[kinds]
        start[table] = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        rows[table] = np.arange(start[table][-1]) + np.repeat(first[:-1][kinds] - start[table][:-1], lengths)
    made = object.__new__(State)
    made.index = state.index
    places = np.array([draw.place_key(code) for code in codes], np.int64)
    ends = np.ascontiguousarray(layout.ends[:, rows["tie"]])
    made.layout = Layout(tuple(codes), np.zeros(count, np.int64), 1, start, ends, places)
    rows |= {"nation": np.arange(1), "district": np.arange(1), "village": np.asarray(kinds)}
    made.arrays = {table: np.take(array, rows[table], axis=1) for table, array in state.arrays.items()}
    return made


def side_by_side(
    world: World,
    programmes: Sequence[Programme],
    quarters: int,
    seed: int,
    held: Sequence[str] = (),
    shocks: Mapping[int, Mapping[str, float]] | None = None,
) -> None:
    """Play the first two villages of a world in both lanes from quarter 0.

    Raises
    ------
    LanesDiffer
        At the first quarter whose columns are not the same, bit for bit.
    """
    plan, hold = world.lane.plan, holding(world.lane.plan, held)
    state = first_villages(world.state, min(2, len(world.state.layout.codes)))
    mesa, unread = MesaLane(plan, state), _draws_of(plan, held)
    for quarter in range(quarters):
        set_levers(programmes, state, quarter)
        for name, column in plan.given.items():
            if column.lever:
                show(mesa, name, state)
        for name, shock in (shocks or {}).get(quarter, {}).items():
            state[name] = shock
            show(mesa, name, state)
        world.lane.step(state, quarter, seed, world.parameters, hold)
        mesa.prepare(quarter, seed)
        mesa.step_quarter(quarter, seed, world.parameters, hold)
        agree(mesa, state, f"in quarter {quarter}", unread)
        for name in (shocks or {}).get(quarter, {}):
            state[name] = 0.0
            show(mesa, name, state)


def show(mesa: MesaLane, name: str, state: State) -> None:
    """Give the agents of the readable lane what stands in a column that no rule sets."""
    table = next(table for table, columns in mesa.plan.columns.items() if name in columns)
    for agent, value in zip(mesa.rows[table], state[name].tolist(), strict=True):
        setattr(agent, attribute(name), value)


def _draws_of(plan: Plan, held: Sequence[str]) -> frozenset[str]:
    """Columns of the draws of rules that are not computed."""
    return frozenset(f"{rule}.{argument}" for rule in held for argument, _ in plan.rules[rule].arguments)
