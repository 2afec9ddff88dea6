"""Speed as ratios, both lanes in one run, and only while they agree bit for bit; then where the time goes, and why."""

from __future__ import annotations

import gc
import platform
import subprocess
import sys
import time
from dataclasses import dataclass

from sim.engine.lane import Lane, holding
from sim.experiment import handwritten, speed
from sim.experiment.lanes import agree
from sim.experiment.study import programmes
from sim.language import mark, say, written
from sim.model import CommunityModel
from sim.policies.policy import set_levers
from sim.progress import Tell, quiet
from sim.reference import MesaLane
from sim.scenario import Scenario
from sim.start import World

QUARTERS = 20
SECOND_PROCESS = """
import time; began = time.perf_counter()
import sys
from sim.engine.lane import Lane, holding, settings
from sim.start import first_state, wire
from sim.population import synthesise
from sim.survey import read_aggregates
lane = Lane(wire())
state = first_state(lane.plan, synthesise(read_aggregates(), 2, 20, 1))
lane.step(state, 0, 1, settings(lane.plan), holding(lane.plan))
print(time.perf_counter() - began)
"""


@dataclass(frozen=True)
class Line:
    """One line of the benchmark: what, how much, in which unit."""

    what: str
    value: float
    unit: str


def bench(scenario: Scenario, world: World, large: bool = False, tell: Tell = quiet) -> dict[str, list[Line]]:
    """Measure both lanes on the world of a scenario, on one core; then the steps of the quarter, and larger worlds.

    Parameters
    ----------
    large
        Also a world of ten million households, which needs 12 GB.

    Returns
    -------
    dict
        Title -> lines.
    """
    found = {say("Both lanes"): lanes(scenario, world, tell)}
    tell(mark("larger worlds"), 0, 1)
    grown = speed.grown(world, [*speed.SIZES, *([speed.LARGE] if large else [])])
    each, size = say("ns per household-quarter"), mark("{number} households")
    found[say("Larger worlds, the kernel on one core")] = [
        *(Line(say(size, number=written(f"{households:,}")), cost, each) for households, cost in grown.values()),
        Line(say("time grows with size to the power of"), speed.slope(grown), say("(1: a household costs the same)")),
    ]
    tell(mark("the clock between steps (compiled once: minutes)"), 0, 1)
    timed = speed.timed_where_possible(world.lane.plan)
    if timed is None:
        unread = mark("Steps of the quarter: not measured, the clock of {machine} is not read")
        found[say(unread, machine=platform.machine())] = []
        return found
    tell(mark("steps"), 0, 1)
    split = speed.split(world, timed)
    found[say("Steps of the quarter, by kind")] = [
        *(Line(say(kind), cost, each) for kind, cost in split.kinds.items()),
        Line(say("all steps, each at its best"), split.whole, each),
    ]
    found[say("The dearest steps")] = [Line(f"{name} ({say(kind)})", cost, each) for name, kind, cost in split.steps]
    drawn, number = split.kinds["draw"], speed.draws(world.lane.plan, world.state)
    found[say("Common random numbers")] = [
        Line(say("draws of a household-quarter"), number, say("draws")),
        Line(say("on, against off: the quarter is dearer by"), 100.0 * drawn / (split.whole - drawn), "%"),
        Line(say("a draw"), drawn / number, "ns"),
    ]
    found |= _by_hand(world, timed)
    return found


def _by_hand(world: World, timed: speed.Timed) -> dict[str, list[Line]]:
    """The lane beside loops in C, rule by rule."""
    if handwritten.compiler() is None:
        missing = mark("Loops by hand: not measured, no C compiler ({compilers})")
        return {say(missing, compilers=", ".join(handwritten.COMPILERS)): []}
    lines = []
    for one in speed.yardsticks(world, timed):
        bits, against = say("same bits") if one.same_bits else say("OTHER BITS"), mark("ns; lane is {times} x")
        vectorised, scalar = (written(f"{one.lane / other:.2f}") for other in (one.vectorised, one.scalar))
        lines += [
            Line(f"{one.name} ({say(one.way)})", one.lane, say("ns per row, compiled lane")),
            Line(say("by hand in C, vectorised ({bits})", bits=bits), one.vectorised, say(against, times=vectorised)),
            Line(say("by hand in C, scalar, C library"), one.scalar, say(against, times=scalar)),
        ]
    title = mark(
        "Loops by hand, on the same columns (the lane's figures hold a call a village, which its quarter makes once in "
        "a dozen steps)"
    )
    return {say(title): lines}


def lanes(scenario: Scenario, world: World, tell: Tell = quiet) -> list[Line]:
    """Times of both lanes per household and quarter, their ratio, start-up, memory per household."""
    plan = world.lane.plan
    arm = list(programmes(scenario).values())[-1]
    model = CommunityModel(world, arm, seed=1)
    households = len(world.state["size"])
    tell(mark("compiled lane"), 0, 1)
    model.step()
    whole, kernel = [], []
    for _ in range(3):
        began = time.perf_counter()
        for _quarter in range(QUARTERS):
            model.step()
        whole.append((time.perf_counter() - began) / QUARTERS / households)
        began = time.perf_counter()
        for _quarter in range(QUARTERS):
            world.lane.step(model.state, model.quarter, 1, world.parameters, model.held)
        kernel.append((time.perf_counter() - began) / QUARTERS / households)
    tell(mark("Mesa lane"), 0, 1)
    slow = _mesa(world, arm)
    tell(mark("start of a second process"), 0, 1)
    start = min(
        float(subprocess.run([sys.executable, "-c", SECOND_PROCESS], capture_output=True, text=True, check=True).stdout)
        for _ in range(2)
    )
    size = sum(array.nbytes for array in world.state.arrays.values())
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return [
        Line(say("compiled lane, one core"), 1e9 * min(whole), say("ns per household-quarter")),
        Line(say("of which the kernel"), 1e9 * min(kernel), say("ns per household-quarter")),
        Line(say("compiled lane, one core"), 1e-6 / min(whole), say("million household-quarters per second")),
        Line(say("Mesa lane, {python}", python=python), 1e6 * slow, say("µs per household-quarter")),
        Line(say("Mesa lane / compiled lane"), slow / min(whole), say("times")),
        Line(say("start of a second process to its first step"), start, "s"),
        Line(say("memory of the state"), size / households, say("bytes per household")),
        Line(say("rules of the quarter"), float(len(plan.rules)), say("rules")),
    ]


def _mesa(world: World, arm: list) -> float:
    """Seconds per household and quarter in the Mesa lane, after showing that it equals the compiled one."""
    plan, state, hold = world.lane.plan, world.state.copy(), holding(world.lane.plan)
    set_levers(arm, state, 8)
    mesa = MesaLane(plan, state)
    lane: Lane = world.lane
    spent = []
    gc.collect()
    for quarter in (8, 9):
        mesa.prepare(quarter, 1)
        began = time.perf_counter()
        mesa.step_quarter(quarter, 1, world.parameters, hold)
        spent.append((time.perf_counter() - began) / len(state["size"]))
        lane.step(state, quarter, 1, world.parameters, hold)
        agree(mesa, state, f"in quarter {quarter}")
    return min(spent)
