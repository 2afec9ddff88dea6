"""The compiled lane: one quarter of a world. Nation and districts act first, on last quarter's totals."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from functools import partial
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np

from sim.nearest import did_you_mean

from . import draw
from .compile import addresses, compiled, draws, driver
from .plan import Keep, Plan, PlanError, Step
from .rule import Last, Mean, Reading, Rule, Sum
from .table import Layout, State


class Lane:
    """Runs a plan on a state.

    Parameters
    ----------
    plan
        The wired rules. Compiling it takes some seconds once on a machine.
    """

    def __init__(self, plan: Plan, code: ModuleType | None = None) -> None:
        self.plan, self.code = plan, code or compiled(plan)
        self.kernel, self.draws = partial(driver(), addresses(self.code)), draws()

    def __reduce__(self) -> tuple:
        # Machine code is not carried: the other side has it, takes it from its cache, or compiles the plan.
        return carried, (self.plan, self.code.__name__)

    def step(
        self,
        state: State,
        quarter: int,
        seed: int,
        parameters: np.ndarray,
        hold: np.ndarray,
        executor: Executor | None = None,
        parts: int = 1,
    ) -> None:
        """Advance a world by one quarter, in place.

        Parameters
        ----------
        parameters, hold
            One number a parameter of the plan; one flag a rule (1: not computed, the column keeps what it has).
        executor, parts
            Where to run how many ranges of villages; the result does not depend on either.
        """
        outer(self.plan, state, quarter, seed, parameters, hold, self.draws)
        rest, villages = given(state, quarter, seed, parameters, hold), len(state.layout.codes)
        if executor is None:
            self.kernel(0, villages, *rest)
            return
        edges = [villages * k // parts for k in range(parts + 1)]
        for job in [executor.submit(self.kernel, a, b, *rest) for a, b in pairwise(edges)]:
            job.result()


def given(state: State, quarter: int, seed: int, parameters: np.ndarray, hold: np.ndarray) -> tuple[object, ...]:
    """What the kernel is given beside a range of villages: `write.STATE`, and the rows of the longest table."""
    layout, arrays = state.layout, state.arrays
    return (
        *(quarter, seed, hold, parameters),
        *(arrays[t] for t in ("nation", "district", "village", "household", "group", "tie")),
        *(layout.district_of, *(layout.start[t] for t in ("household", "group", "tie"))),
        *(layout.ends, layout.places, layout.longest),
    )


def carried(plan: Plan, name: str) -> Lane:
    """A lane in another process; a module's name is a hash of its text, so what has that name need not be made anew."""
    return Lane(plan, sys.modules.get(name))


def normals(layout: Layout, name: str, seed: int, quarter: int) -> np.ndarray:
    """One standard normal draw for every household, keyed by the name as a rule's draws are."""
    out = np.empty(layout.rows("household"))
    draws().normals(out, layout.start["household"], layout.places, seed, draw.name_key(name), quarter)
    return out


def settings(plan: Plan, overrides: Mapping[str, float] | None = None) -> np.ndarray:
    """The parameters of a plan as an array, some of them overridden by name."""
    wanted = dict(overrides or {})
    _known(wanted, plan.parameters, "parameter")
    return np.array([float(wanted.get(name, value)) for name, value in plan.parameters.items()])


def holding(plan: Plan, names: Iterable[str] = ()) -> np.ndarray:
    """Flags of the rules that are held."""
    held = set(names)
    _known(held, plan.rules, "rule")
    return np.array([name in held for name in plan.rules], np.int8)


def _known(names: Iterable[str], known: Iterable[str], what: str) -> None:
    """Refuse a name that the plan does not have; the message has the nearest one that it has."""
    for name in sorted(set(names) - set(known)):
        raise PlanError(f"there is no {what} {name}{did_you_mean(name, list(known))}")


def outer(
    plan: Plan, state: State, quarter: int, seed: int, parameters: np.ndarray, hold: np.ndarray, draws: Any = draw
) -> None:
    """The rules of nation and districts: few rows, in plain Python, the same for both lanes.

    `draws` has `normal` and `uniform`: the readable ones, or the same compiled.
    """
    for step, reads, at in plan.outer_steps:
        rows = state.arrays[step.table].shape[1]
        if isinstance(step.does, Rule):
            if not hold[at] and quarter % step.does.every == 0:
                function, table = step.does.function, step.table
                for row in range(rows):
                    state[step.sets][row] = function(
                        *[_read(kind, key, state, table, row, quarter, seed, parameters, draws) for kind, key in reads]
                    )
        elif isinstance(step.does, Keep):
            state[step.sets] = state[step.does.of.name]
        else:
            state[step.sets] = _outer_total(step, state, rows)


def _read(
    kind: str, key: Any, state: State, table: str, row: int, quarter: int, seed: int, parameters: np.ndarray, draws: Any
) -> float:
    """One argument of a rule of the nation or of a district."""
    if kind == "parameter":
        return float(parameters[key])
    if kind == "column":
        return float(state[key][row if state.index[key][0] == table else 0])
    out = np.empty(1)
    getattr(draws, kind)(out, seed, key, draw.place_key(f"{table} {row}"), quarter)
    return float(out[0])


def _outer_total(step: Step, state: State, rows: int) -> np.ndarray:
    """Sum or mean over the villages of a district, or of the nation."""
    marker = step.does
    assert isinstance(marker, Sum)

    def column(reading: Reading) -> np.ndarray:
        return state[reading.name if isinstance(reading, Last) else reading]

    where = state.layout.district_of if step.table == "district" else np.zeros(len(state.layout.codes), np.int64)
    weight = math.prod((column(factor) for factor in (marker.weight, marker.where) if factor is not None), start=1.0)
    whole = np.bincount(where, column(marker.of) * weight, rows)
    if not isinstance(marker, Mean):
        return whole
    mass = np.bincount(where, np.full(where.shape, weight), rows)
    return np.divide(whole, mass, out=np.zeros(rows), where=mass > 0.0)
