"""Axes of the map of worlds: what is drawn, and what a world is found to have of it.

Three are measured, because several of the model's numbers make them together and only their product is identified:

- `works`: loss, unit cost, what works add and who knows where they add most, in one number, yearly output per z;
- `attendance`: what the drawn pull of an invitation comes to, with all that else keeps people from a meeting;
- `trap`: how many households have too little capital for the technique that needs a lump of it.

Any other axis is one number of the model, drawn over its whole range, and measured as it was drawn.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from sim.calibration.calibrate import ADVANTAGE, FACED, LUMP, LUMPY, SOLVED, below_threshold
from sim.engine.rule import Param
from sim.engine.table import State
from sim.errors import InputError
from sim.experiment.run import Run
from sim.population import normal_share, village_of
from sim.scenario.faults import did_you_mean, show
from sim.start import World

SHARE = "lump.share"  # share of households that the threshold is put above, in the world without it
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
KINDS = 4  # of works


@dataclass(frozen=True)
class Axis:
    """One direction of a map.

    Attributes
    ----------
    draws
        What is drawn, by "rule.argument" (or a name of the trap), with the ends of its range.
    measure
        From a world at quarter 0 and its runs to the value that is mapped, in `unit`.
    meaning
        What it is, in a sentence or two; of a number of the model its source.
    """

    name: str
    label: str
    unit: str
    draws: Mapping[str, tuple[float, float]]
    measure: Callable[[World, Sequence[Run]], float]
    meaning: str = ""


def chosen(value: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Probability that each kind of works looks best, [village, kind], when each is seen with its own normal error.

    Parameters
    ----------
    value
        What each kind is worth, as a log, [village, kind].
    error
        Standard deviation of the errors, one a village.
    """
    gaps = (value[:, :, None] - value[:, None, :]) / error[:, None, None]  # [village, kind, rival]
    below = normal_share(gaps[..., None] + NODES)
    below[:, range(KINDS), range(KINDS)] = 1.0  # no kind has to beat itself
    return below.prod(axis=2) @ WEIGHTS / math.sqrt(2.0 * math.pi)


def works_per_z(world: World, runs: Sequence[Run] = ()) -> float:
    """Yearly output that one more z of works money adds at quarter 0, % of the z.

    Money for every person alike, in all villages, at the price and the loss of the start; it goes to the kinds of works
    that the council in place would choose, over all errors that it could make, so that no strategy is favoured. What
    works take years to repay, and what they add to local demand, is not in it.
    """
    state, gain = world.state, world.value("output.works_gain")
    built = (1.0 - state["loss"]) / state["works_cost"][0]  # units a z, one number a village
    stock, potential = (state[name].reshape(-1, KINDS) for name in ("works", "potential"))
    tilt = state["capture"][:, None] * state["elite_interest"].reshape(-1, KINDS)
    choice = chosen(potential - 2.0 * np.log(1.0 + stock) + tilt, state["council_error"])
    more = choice * np.exp(potential) / (1.0 + stock) ** 2 * built[:, None]  # effect of each kind, [village, kind]
    benefit = (interests(state) * more[village_of(state.layout.start["household"])]).sum(axis=1)
    made = (state["output"] + state["time_cost"]) / (1.0 + gain * state["works_benefit"])  # without any works
    persons = state["size"] * state["weight"]
    return float(400.0 * gain * (persons * made * benefit).sum() / persons.sum())


def interests(state: State) -> np.ndarray:
    """Share of each household's activity in each kind of works, [household, kind]."""
    main = state["activity"][:, None] == np.arange(KINDS)
    return np.where(main, state["focus"][:, None], (1.0 - state["focus"][:, None]) / (KINDS - 1))


def attendance(world: World, runs: Sequence[Run]) -> float:
    """Households at the village meeting in the last two years of the programmes, %: in the arm that brings most."""
    households = np.diff(world.state.layout.start["household"])
    arms: dict[str, list[float]] = {}
    for run in runs:
        arms.setdefault(run.arm, []).append(100.0 * np.average(run.village["attendance_on"], weights=households))
    return float(max(np.mean(lucks) for lucks in arms.values()))


def trapped(world: World, runs: Sequence[Run] = ()) -> float:
    """Households below the threshold of the lumpy technique at quarter 0, %; none where there is no such technique."""
    if world.value("output.lumpy_scale") <= world.value("output.scale"):
        return 0.0
    return 100.0 * below_threshold(world)


def _drawn(name: str, world: World, runs: Sequence[Run]) -> float:
    return world.value(name)


def told(function: Callable) -> str:
    """What a function says of itself, on one line."""
    return " ".join((inspect.getdoc(function) or "").split())


def measured_axes(parameters: Mapping[str, Param]) -> dict[str, Axis]:
    """The three axes of the default map, less those whose numbers a rule of a user's own has done away with."""
    ranges = {name: (one.low, one.high) for name, one in parameters.items()} | LUMP | {SHARE: (0.0, FACED[1])}
    drawn = (
        ("works", "works per z of budget", "% a year", ("output.works_gain", "works_cost.value"), works_per_z),
        ("attendance", "attendance", "% of households", ("attends.invitation",), attendance),
        ("trap", "share in a trap", "% of households", (SHARE, ADVANTAGE), trapped),
    )
    return {
        name: Axis(name, label, unit, {one: ranges[one] for one in numbers}, measure, told(measure))
        for name, label, unit, numbers, measure in drawn
        if ranges.keys() >= set(numbers)
    }


def named(names: Sequence[str], parameters: Mapping[str, Param]) -> tuple[Axis, ...]:
    """Axes by name: measured ones, and any number of the model.

    Raises
    ------
    InputError
        For an unknown name, with the nearest known one; for a number that is solved or that another axis draws; and
        for fewer than two or more than three axes.
    """
    measured = measured_axes(parameters)
    free = {name: one for name, one in parameters.items() if one.low < one.high and math.isfinite(one.high - one.low)}
    allowed = f"{', '.join(measured)}, or a number of the model by rule.argument (`swadaya explain parameters`)"
    found: list[Axis] = []
    for name in names:
        if name in SOLVED:
            raise InputError(f"--axes: {show(name)} is solved with every world, not drawn; allowed: {allowed}")
        if name not in measured and name not in free:
            hint = did_you_mean(name, [*measured, *free]) or f"; allowed: {allowed}"
            raise InputError(f"--axes: there is no axis {show(name)}{hint}")
        axis = measured[name] if name in measured else _plain(name, free[name])
        for other in found:
            if set(_draws(axis)) & set(_draws(other)):
                raise InputError(f"--axes: {show(name)} draws what {show(other.name)} draws; name one of them")
        found.append(axis)
    if not 2 <= len(found) <= 3:
        raise InputError(f"--axes: names {len(found)}; allowed: two or three, with commas between them")
    return tuple(found)


def _plain(name: str, parameter: Param) -> Axis:
    return Axis(
        name, name, parameter.unit, {name: (parameter.low, parameter.high)}, partial(_drawn, name), parameter.source
    )


def _draws(axis: Axis) -> tuple[str, ...]:
    """What an axis draws, the numbers that the trap comes to among it."""
    return (*axis.draws, *(LUMPY if SHARE in axis.draws else ()))
