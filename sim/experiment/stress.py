"""Twins that meet a shock: who stands it, and how much of it reaches incomes and consumption, by which way."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from sim.engine.table import State
from sim.metrics import resilience, trajectories
from sim.model import CommunityModel
from sim.scenario import Scenario

YEAR = 4  # quarters that the local shock lasts: one failed year
Shock = dict[int, dict[str, float]]  # quarter -> column -> log shock


def national_shocks(scenario: Scenario) -> list[Shock]:
    """Falls of outside markets."""
    first = scenario.windows.stress[0]
    return [{first: {"macro_shock": math.log(1.0 - fall)}} for fall in scenario.twins.macro_shocks]


def local_shock(scenario: Scenario, fall: float) -> Shock:
    """A bad year of the village's own, in which all output falls by a share."""
    first = scenario.windows.stress[0]
    return {quarter: {"local_shock": math.log(1.0 - fall)} for quarter in range(first, first + YEAR)}


def middle_fall(scenario: Scenario) -> float:
    """The fall of outside markets whose ways are followed: the middle one, the lower where there are two."""
    falls = sorted(scenario.twins.macro_shocks)
    return falls[(len(falls) - 1) // 2]


def pair(scenario: Scenario) -> tuple[Shock, Shock]:
    """One shock down, which is among those of the stress test, and one up: the same step of the logarithm."""
    first, step = scenario.windows.stress[0], math.log(1.0 - middle_fall(scenario))
    return {first: {"macro_shock": step}}, {first: {"macro_shock": -step}}


class Path:
    """What is followed of one world from the quarter of the shock on, one row a quarter.

    Attributes
    ----------
    consumption, own_income
        Of each household, z per person and quarter.
    index
        The index of outside markets without its trend, 1 at rest.
    outside_sales, local_sales, spending
        Sums of each village over its persons, z per quarter; these and what follows only where `ways` are asked for.
    market, demand, price
        Of each village: what outside markets pay after transport, demand against what is offered, price of the basket.
    """

    SUMS = ("outside_sales", "local_sales", "spending")
    WAYS = (*SUMS, "market", "demand", "price")

    def __init__(self, persons: np.ndarray, home: np.ndarray, ways: bool = True) -> None:
        self.persons, self.home, self.ways = persons, home, ways
        names = ("consumption", "own_income", "index", *(self.WAYS if ways else ()))
        self.rows: dict[str, list[np.ndarray]] = {name: [] for name in names}

    def see(self, state: State) -> None:
        """Note the quarter that has just ended."""
        for name in ("consumption", "own_income"):
            self.rows[name].append(state[name].copy())
        self.rows["index"].append(np.exp(state["macro_cycle"]))
        if not self.ways:
            return
        for name in self.SUMS:
            self.rows[name].append(np.bincount(self.home, self.persons * state[name]))
        self.rows["market"].append(state["outside_market"] * (1.0 - state["transport_margin"]))
        self.rows["demand"].append(state["demand_ratio"].copy())
        self.rows["price"].append(state["price_level"].copy())

    def end(self) -> dict[str, np.ndarray]:
        """All that was noted, (quarters, ...) each."""
        return {name: np.array(rows) for name, rows in self.rows.items()}


def follow(model: CommunityModel, last: int, path: Path) -> dict[str, np.ndarray]:
    """Step a model up to a quarter, which uses it up, and note its path."""
    while model.quarter < last:
        model.step()
        path.see(model.state)
    del model.state  # Mesa ties a model to itself: what it holds would wait for the garbage collector
    return path.end()


class Found:
    """What the shocks did in one run.

    Attributes
    ----------
    household
        Name -> one value a household.
    withstood
        Who passes the stress test at the cut-offs of the grid, bool array of shape (lines, dips, shocks, households).
    measures
        Name -> one number of the run (see `development.MEASURES`).
    """

    def __init__(self, scenario: Scenario, at_start: CommunityModel, path: Path, grid: bool) -> None:
        last, twin = scenario.windows.stress[1], path.end()
        down, up = pair(scenario)

        def after(shock: Shock) -> dict[str, np.ndarray]:
            noted = Path(path.persons, path.home, ways=shock in (down, up))
            return follow(at_start.branch(shocks=shock), last, noted)

        national, elasticities = [], []
        for shock in national_shocks(scenario):
            hit = after(shock)
            national.append(_passes(hit, twin))
            reached = _elasticities(hit, twin)
            elasticities.append(resilience.median_elasticity(reached, path.persons))
            if shock == down:
                fallen, below = hit, resilience.pushed_below(hit["consumption"], twin["consumption"]).any(axis=0)
                self.household = {"elasticity": reached, "pushed_below": below.astype(float)}
        falls = trajectories.GRID_SHOCKS if grid else (resilience.LOCAL_SHOCK,)
        draws = {fall: np.array([*national, _passes(after(local_shock(scenario, fall)), twin)]) for fall in falls}
        line, dip, size, _ = trajectories.FROZEN
        frozen = draws[trajectories.GRID_SHOCKS[size]][:, line, dip]
        self.household |= {
            "draws_passed": frozen.sum(axis=0).astype(float),
            "stress_pass": resilience.passes_draws(frozen).astype(float),
        }
        withstood = [resilience.passes_draws(passes) for passes in draws.values()]
        self.withstood = np.stack(withstood, axis=2) if grid else np.empty(0, bool)
        self.measures = {"elasticity": float(np.mean(elasticities)), **measures(twin, fallen, after(up))}


def _passes(hit: Mapping[str, np.ndarray], twin: Mapping[str, np.ndarray]) -> np.ndarray:
    """Who passes the stress test in one draw, at the lines and dips of the grid: (lines, dips, households)."""
    shares = np.array(trajectories.GRID_DIPS)[:, None] / resilience.STRESS_QUARTERS
    eaten, earned = ((hit[name], twin[name]) for name in ("consumption", "own_income"))
    return np.array([resilience.stress_pass(*eaten, *earned, shares, line=line) for line in trajectories.GRID_LINES])


def _elasticities(hit: Mapping[str, np.ndarray], twin: Mapping[str, np.ndarray]) -> np.ndarray:
    """Total elasticity of each household's consumption to the macro index."""
    moved = hit["index"].mean(axis=0) / twin["index"].mean(axis=0)
    after, before = (found["consumption"].mean(axis=0) for found in (hit, twin))
    return resilience.elasticity(after, before, moved, np.array(1.0))


def measures(
    twin: Mapping[str, np.ndarray], down: Mapping[str, np.ndarray], up: Mapping[str, np.ndarray]
) -> dict[str, float]:
    """How a fall and a rise of the national index reach all incomes and all consumption of a world."""
    parts, first = responses(twin, down), responses(twin, down, quarters=1)
    found = {f"total_{name}": value for name, value in parts.items()}
    found |= {f"first_{name}": first[name] for name in ("own_income", "consumption")}
    rise = responses(twin, up)
    found |= {f"asymmetry_{name}": rise[name] - parts[name] for name in ("own_income", "consumption")}
    whole: dict[str, list[np.ndarray]] = {"own_income": [], "consumption": []}
    for path in (down, twin):
        whole["own_income"].append((path["outside_sales"] + path["local_sales"]).sum(axis=1, keepdims=True))
        whole["consumption"].append((path["spending"] / path["price"]).sum(axis=1, keepdims=True))
    for name, (hit, still) in whole.items():
        found[f"half_life_{name}"] = float(resilience.half_life(hit, still)[0])
        gap = still - hit
        found[f"left_{name}"] = 100.0 * float(gap[-1, 0] / gap.max()) if gap.max() > 0.0 else 0.0
    found["shortfall"] = 100.0 * float(resilience.shortfall(*whole["consumption"])[0])
    return found


def responses(
    twin: Mapping[str, np.ndarray], hit: Mapping[str, np.ndarray], quarters: int | None = None
) -> dict[str, float]:
    """Elasticities to the macro index over the first quarters, all of them by default, with their parts."""
    before, after = ({name: values[:quarters] for name, values in path.items()} for path in (twin, hit))
    moved = float(np.log(after["index"].mean() / before["index"].mean()))
    changes = resilience.response_parts(before, after)
    return {name: value / moved if moved else math.nan for name, value in changes.items()}
