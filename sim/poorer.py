"""A place poorer than the calibrated country: where stagnation is studied."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.engine.lane import holding
from sim.engine.table import State
from sim.errors import InputError
from sim.policies.policy import Programme, set_levers
from sim.start import FROZEN, QUARTERS, SHARES, WATCH, WATCHED, Watch, World, balance, log_quantiles, measured

CLOSE = 0.002  # of the headcount that is asked for
STEEPEST = 0.8  # fall of log ability within which it is looked for
TURNS, FOLLOWED = 16, 4  # how often at most, and how often first by the secant: a small place may move in steps


def poorer(world: World, programmes: Sequence[Programme], poverty: float, seed: int, held: Sequence[str] = ()) -> World:
    """The same world with all abilities lowered by one constant, so that measured poverty at the start is `poverty`.

    Not a calibrated place. Outside demand is found anew; all else is as it was. Who stands at that share of the
    distribution should eat what the line is: looked for by the secant, and by halving where that does not come closer.

    Raises
    ------
    InputError
        When no fall of abilities gives such a poverty.
    """
    persons = world.state["size"] * world.state["weight"]
    low, high = 0.0, STEEPEST
    last, missed = 0.0, _log_at(poverty, [log_quantiles(measured(world.state, seed, 0), persons)])
    guess = missed  # what would do if people ate as much less as they earn
    for turn in range(TURNS):
        by = guess if low < guess < high and turn < FOLLOWED else 0.5 * (low + high)
        state, watch, found = _lowered(world, programmes, by, seed, held)
        if abs(found - poverty) < CLOSE:
            solved = {"ability lowered by, log": by, "measured headcount": found}
            return World(world.lane, world.population, state, world.parameters, {**world.solved, **solved})
        low, high = (by, high) if found < poverty else (low, by)
        before, missed = missed, _log_at(poverty, watch.quantiles)
        guess = by - missed * (by - last) / (missed - before) if missed != before else low
        last = by
    raise InputError(
        f"no world at rest has a measured headcount of {poverty:.0%}; one nearer to the calibrated 13.5 % may"
    )


def _log_at(share: float, quantiles: Sequence[np.ndarray]) -> float:
    """Log of what somebody at a share of the distribution eats, against the line."""
    return float(np.interp(share, SHARES, np.mean(quantiles, axis=0)))


def _lowered(
    world: World, programmes: Sequence[Programme], by: float, seed: int, held: Sequence[str]
) -> tuple[State, Watch, float]:
    """The state at rest after abilities fell, what was seen there, and its measured headcount (share of persons)."""
    plan, state = world.lane.plan, world.state.copy()
    quiet = holding(plan, [*FROZEN, "institution_quality", *held])
    state["ability"] -= by
    persons = state["size"] * state["weight"]
    for _ in range(2):
        watch, poor = Watch(state, seed), []
        for quarter in range(-QUARTERS, 0):
            set_levers(programmes, state, quarter)
            world.lane.step(state, quarter, seed, world.parameters, quiet)
            if quarter >= -WATCHED:
                watch.see(quarter, WATCH)
                poor.append(float(persons[measured(state, seed, quarter) < 1.0].sum() / persons.sum()))
        balance(state, world.parameters, plan, {n: watch.mean(n) for n in WATCH})
    state["income_base"] = watch.mean("micro_income")
    return state, watch, float(np.mean(poor))
