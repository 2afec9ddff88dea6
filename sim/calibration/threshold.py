"""Whether the lumpy technique holds people back: poor households below its threshold, lifted above it and not.

Two equilibria would keep the lifted ones up and the others down for ever. Here people save a share of what they expect,
whatever capital yields, so that a threshold may also be one that time wears away; this is looked at, not assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from functools import partial

import numpy as np
import pandas as pd

from sim.calibration import fitted
from sim.calibration.worlds import each
from sim.language import mark
from sim.metrics import mean
from sim.progress import Tell, quiet
from sim.start import World

LIFT = 1.2  # thresholds to which capital is raised
YEARS = (5, 10, 20)


def threshold_of(parameters: Mapping[str, float]) -> float:
    """Capital from which the lumpy technique is the better one at a skill of 1 (z per person)."""
    gained = parameters["output.lumpy_scale"] - parameters["output.scale"]
    return (parameters["output.lumpy_cost"] / gained) ** (1.0 / parameters["output.elasticity"])


def threshold_in(world: World) -> float:
    """The same of the numbers of a world."""
    return threshold_of({name: world.value(name) for name in world.lane.plan.parameters})


def lifted(world: World, luck: int) -> dict[str, float]:
    """Shares of households, %: below the threshold; of those that are also poor, above it after some years.

    Once by themselves (`alone_…`) and once with their capital raised at quarter 0 (`lifted_…`), under the same draws.
    """
    threshold = threshold_in(world)
    weight, below = world.state["weight"], world.state["effective_capital"] < threshold
    poor = world.state["consumption"] < 1.0
    found = {"below": 100.0 * mean(below, weight), "poor_below": 100.0 * mean(below[poor], weight[poor])}
    models = {name: fitted.quiet(world, luck) for name in ("alone", "lifted")}
    up = models["lifted"].state
    up["capital"] = np.where(below & poor, np.maximum(up["capital"], LIFT * threshold), up["capital"])
    who = weight * (below & poor)
    for name, model in models.items():
        for year in YEARS:
            model.run_model(4 * year)
            found[f"{name}_{year}"] = 100.0 * mean(model.state["effective_capital"] >= threshold, who)
        del model.state
    return found


def thresholds(
    sets: Sequence[Mapping[str, float]],
    *,
    seed: int = 1,
    executor: Executor | None = None,
    tell: Tell = quiet,
) -> pd.DataFrame:
    """What `lifted` finds, mean over the sets and 5th to 95th percentile; each set has its own population and luck."""
    table = pd.DataFrame(each(lifted, sets, 2_000_000 + 1000 * seed, executor, partial(tell, mark("threshold"))))
    summary = {"estimate": table.mean(), "low": table.quantile(0.05), "high": table.quantile(0.95)}
    return pd.DataFrame(summary).rename_axis("share").reset_index()
