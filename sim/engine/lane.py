"""The compiled lane: one quarter of a world. Nation and districts act first, on last quarter's totals; then the villages."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor

import numpy as np

from . import draw
from .compile import kernel
from .plan import Plan, Step
from .rule import Aggregate, Last, Mean, Normal, Param, Rule, Sum, Uniform
from .table import State


class Lane:
    """Runs a plan on a state.

    Parameters
    ----------
    plan
        The wired rules. Compiling it takes some seconds once on a machine.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.kernel = kernel(plan)

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
        outer(self.plan, state, quarter, seed, parameters, hold)
        layout, arrays = state.layout, state.arrays
        rest = (
            *(quarter, seed, hold, parameters),
            *(arrays[t] for t in ("nation", "district", "village", "household", "group", "tie")),
            *(layout.district_of, layout.start["household"], layout.start["group"], layout.start["tie"]),
            *(layout.ends, layout.places),
        )
        villages = len(layout.codes)
        if executor is None:
            self.kernel(0, villages, *rest)
            return
        edges = [villages * k // parts for k in range(parts + 1)]
        for job in [executor.submit(self.kernel, a, b, *rest) for a, b in zip(edges, edges[1:], strict=False)]:
            job.result()


def settings(plan: Plan, overrides: Mapping[str, float] | None = None) -> np.ndarray:
    """The parameters of a plan as an array, some of them overridden by name."""
    return np.array([float((overrides or {}).get(name, value)) for name, value in plan.parameters.items()])


def holding(plan: Plan, names: object = ()) -> np.ndarray:
    """Flags of the rules that are held."""
    return np.array([name in set(names) for name in plan.rules], np.int8)  # type: ignore[call-overload]


def outer(plan: Plan, state: State, quarter: int, seed: int, parameters: np.ndarray, hold: np.ndarray) -> None:
    """The rules of nation and districts: few rows, in plain Python, the same for both lanes."""
    held = dict(zip(plan.rules, hold, strict=True))
    value = dict(zip(plan.parameters, parameters.tolist(), strict=True))
    for step in plan.steps:
        if step.table not in ("nation", "district"):
            break
        rows = state.arrays[step.table].shape[1]
        if isinstance(step.does, Rule):
            if not held[step.sets] and quarter % step.does.every == 0:
                state[step.sets] = [_outer_row(step.does, row, state, quarter, seed, value) for row in range(rows)]
        else:
            state[step.sets] = _outer_total(step, state, rows)


def _outer_row(rule: Rule, row: int, state: State, quarter: int, seed: int, value: Mapping[str, float]) -> float:
    arguments = []
    for name, marker in rule.arguments:
        if isinstance(marker, Param):
            arguments.append(value[f"{rule.name}.{name}"])
        elif isinstance(marker, Normal | Uniform):
            out = [0.0]
            make = draw.normal if isinstance(marker, Normal) else draw.uniform
            make(out, seed, draw.name_key(f"{rule.name}.{name}"), draw.place_key(f"{rule.table.name} {row}"), quarter)
            arguments.append(out[0])
        else:
            column = f"{rule.table.name}: {marker}" if isinstance(marker, Aggregate) else getattr(marker, "name", marker)
            arguments.append(float(state[column][row if state.index[column][0] == rule.table.name else 0]))
    return rule.function(*arguments)


def _outer_total(step: Step, state: State, rows: int) -> np.ndarray:
    """Sum or mean over the villages of a district, or of the nation."""
    marker = step.does
    assert isinstance(marker, Sum)

    def column(reading: object) -> np.ndarray:
        return state[reading.name] if isinstance(reading, Last) else np.ones(len(state.layout.codes))

    where = state.layout.district_of if step.table == "district" else np.zeros(len(state.layout.codes), np.int64)
    weight = column(marker.weight) * column(marker.where)
    whole = np.bincount(where, column(marker.of) * weight, rows)
    if not isinstance(marker, Mean):
        return whole
    mass = np.bincount(where, weight, rows)
    return np.divide(whole, mass, out=np.zeros(rows), where=mass > 0.0)
