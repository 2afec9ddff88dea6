"""What keeps people poor in the quiet baseline: its headcount, divided among what may be taken away.

Each factor is taken away at quarter 0, alone and together with every group of the others, from the same state and under
the same draws. A factor's part is the mean fall of the headcount when it goes, over all orders in which the factors may
go (Shapley 1953). The parts and what is left when all are gone sum to the headcount exactly, rounding apart; each run
behind them can be repeated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd

from sim.calibration import fitted
from sim.calibration.worlds import each
from sim.language import mark
from sim.metrics import poverty
from sim.progress import Tell, quiet
from sim.start import World

#: What is taken away, and what takes its place.
FACTORS = {
    "luck": "no household's luck and no village's weather differs from the usual",
    "ability": "every person has the mean ability",
    "pass_through": "every village gets the whole of national growth",
    "threshold": "the lumpy technique has no fixed cost",
}
LEFT, WHOLE = "left", "headcount"
WINDOWS = {"after two years": (4, 8), "after ten years": (36, 40)}  # quarters from, to


def without(world: World, removed: Collection[str]) -> tuple[World, tuple[str, ...]]:
    """The world without some factors, and the rules that must be held for it."""
    state, parameters = world.state.copy(), world.parameters.copy()
    held: tuple[str, ...] = ()
    if "luck" in removed:
        held = ("luck", "weather")
        for name in held:
            state[name] = 0.0
    if "ability" in removed:
        persons = state["size"] * state["weight"]
        state["ability"] = math.log(np.average(np.exp(state["ability"]), weights=persons))
    if "pass_through" in removed:
        state["pass_through"] = 1.0 / world.value("passed_trend.level")
    if "threshold" in removed:
        parameters[list(world.lane.plan.parameters).index("output.lumpy_cost")] = 0.0
    return replace(world, state=state, parameters=parameters), held


def headcounts(world: World, luck: int, removed: Collection[str] = ()) -> np.ndarray:
    """Share of persons below the line, %, consumption without survey noise; mean over each window's quarters."""
    other, held = without(world, removed)
    model, persons, found = fitted.quiet(other, luck, held=held), world.state["size"] * world.state["weight"], []
    while model.quarter < max(last for _, last in WINDOWS.values()):
        model.step()
        found.append(100.0 * poverty.fgt(model.state["consumption"], persons))
    del model.state
    return np.array([np.mean(found[first:last]) for first, last in WINDOWS.values()])


def shapley(value: Callable[[frozenset[str]], np.ndarray], factors: Sequence[str]) -> dict[str, np.ndarray]:
    """How much each factor adds to `value` of the factors that are there, mean over all orders."""
    known = {frozenset(s): value(frozenset(s)) for n in range(len(factors) + 1) for s in combinations(factors, n)}
    parts = {}
    for factor in factors:
        others = [one for one in factors if one != factor]
        total = np.zeros_like(known[frozenset()])
        for number in range(len(others) + 1):
            weight = 1.0 / (len(factors) * math.comb(len(others), number))
            for group in combinations(others, number):
                total = total + weight * (known[frozenset((*group, factor))] - known[frozenset(group)])
        parts[factor] = total
    return parts


def decompose(world: World, luck: int) -> dict[str, np.ndarray]:
    """Parts of one world's headcount in each window, what is left without any factor, and the whole."""
    factors = factors_of(world.value("output.lumpy_scale"))
    parts = shapley(lambda there: headcounts(world, luck, set(factors) - there), factors)
    return {**parts, LEFT: headcounts(world, luck, factors), WHOLE: headcounts(world, luck)}


def factors_of(lumpy_scale: float) -> list[str]:
    """Factors that a set has: without a lumpy technique there is no threshold."""
    return [name for name in FACTORS if name != "threshold" or lumpy_scale > 0.0]


def decomposition(
    sets: Sequence[Mapping[str, float]],
    *,
    seed: int = 1,
    executor: Executor | None = None,
    tell: Tell = quiet,
) -> pd.DataFrame:
    """Window, factor, and its part in percentage points: mean over the sets and their 5th to 95th percentile.

    Every set has a population and a luck of its own, so the interval is of parameters, population and luck together.
    """
    found = each(decompose, sets, 1000 * seed, executor, partial(tell, mark("decomposition")))
    rows = []
    for place, window in enumerate(WINDOWS):
        for factor in (*factors_of(sets[0]["output.lumpy_scale"]), LEFT, WHOLE):
            values = [row[factor][place] for row in found]
            rows.append((window, factor, np.mean(values), *np.quantile(values, [0.05, 0.95])))
    return pd.DataFrame(rows, columns=["window", "factor", "estimate", "low", "high"])
