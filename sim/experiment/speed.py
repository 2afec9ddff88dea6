"""Where the time of a quarter goes, rule by rule, and how far each is from a loop written by hand."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.engine.lane import holding
from sim.engine.plan import Plan
from sim.engine.rule import Normal, Uniform
from sim.engine.table import State
from sim.engine.timed import COUNTS_CYCLES, Timed
from sim.experiment import handwritten
from sim.experiment.lanes import copied
from sim.start import World

YEARS, TRIES = 12, 15
LARGEST_SHARE = 12  # rules that are listed by name
SIZES, LARGE = (1_000, 10_000, 100_000, 1_000_000), 10_000_000


@dataclass(frozen=True)
class Yardstick:
    """One step beside loops written by hand: nanoseconds a row of the table that it runs over."""

    name: str
    way: str
    lane: float
    vectorised: float
    scalar: float
    same_bits: bool


@dataclass(frozen=True)
class Split:
    """What a quarter costs, ns per household, by kind of step and by step; the step's rows and its draws apart."""

    kinds: dict[str, float]
    steps: list[tuple[str, str, float]]

    @property
    def whole(self) -> float:
        """Of all steps together."""
        return sum(self.kinds.values())


def best(function: Callable[[], object], tries: int = TRIES) -> float:
    """Seconds of the fastest of some calls: what else runs on the machine only adds."""
    spent = []
    for _ in range(tries):
        began = time.perf_counter()
        function()
        spent.append(time.perf_counter() - began)
    return min(spent)


def split(world: World, timed: Timed) -> Split:
    """The quarter of a world, step by step."""
    state, hold = world.state.copy(), holding(world.lane.plan)
    spent = 1e9 * timed.split(state, YEARS, 1, world.parameters, hold) / len(state["size"])
    kinds: dict[str, float] = {}
    for piece, cost in zip(timed.pieces, spent.tolist(), strict=True):
        kinds[piece.kind] = kinds.get(piece.kind, 0.0) + cost
    order = np.argsort(-spent)[:LARGEST_SHARE]
    steps = [(timed.pieces[k].name, timed.pieces[k].kind, float(spent[k])) for k in order]
    return Split(dict(sorted(kinds.items(), key=lambda one: -one[1])), steps)


def yardsticks(world: World, timed: Timed) -> list[Yardstick]:
    """Some steps of the compiled lane beside the same loops in C, on the same columns and with the same draws."""
    value = dict(zip(world.lane.plan.parameters, world.parameters.tolist(), strict=True))
    names = [(piece.name, piece.kind == "draw") for piece in timed.pieces]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        builds = handwritten.built(Path(folder))
        for name, (_, way) in handwritten.LOOPS.items():
            pieces = [k for k, (one, _) in enumerate(names) if one == name]
            found.append(_against(world, timed, pieces, name, way, builds, value))
    return found


def _against(
    world: World, timed: Timed, pieces: Sequence[int], name: str, way: str, builds: dict, value: dict[str, float]
) -> Yardstick:
    """One step, in the lane and by hand; the step's own draw with it."""
    hold, quarter = holding(world.lane.plan), 0
    functions = [timed.alone(k) for k in pieces]
    state = world.state.copy()
    rows = len(state["size"]) if timed.pieces[pieces[-1]].table == "household" else state.layout.rows("tie")

    def lane() -> None:
        for function in functions:
            timed.run(function, state, quarter, 1, world.parameters, hold)

    seconds = {"lane": best(lane)}
    hand = {}
    for build, library in builds.items():
        hand[build] = world.state.copy()
        seconds[build] = best(handwritten.call(library, name, hand[build], value, 1, quarter))
    column = state[name].view(np.uint64)
    same = bool(np.array_equal(column, hand["vectorised"][name].view(np.uint64)))
    cost = {key: 1e9 * one / rows for key, one in seconds.items()}
    return Yardstick(name, way, cost["lane"], cost["vectorised"], cost["scalar"], same)


def draws(plan: Plan, state: State) -> float:
    """Draws that a household-quarter takes, those of its village, group and ties counted with it."""
    rows = {table: state.layout.rows(table) for table in ("village", "household", "group", "tie")}
    number = [
        rows[rule.table.name] / rule.every
        for rule in plan.rules.values() for _, marker in rule.arguments
        if isinstance(marker, Normal | Uniform) and rule.table.name in rows
    ]  # fmt: skip
    return sum(number) / rows["household"]


def grown(world: World, sizes: Sequence[int], quarters: int = 4) -> dict[int, tuple[int, float]]:
    """The kernel over worlds of about so many households: size -> (households, ns per household-quarter), one core.

    A larger world is the given one over and over, each village with luck of its own.
    """
    found, plan = {}, world.lane.plan
    hold, mean = holding(plan), len(world.state["size"]) / len(world.state.layout.codes)
    for size in sizes:
        count = max(1, round(size / mean))
        kinds = np.arange(count) % len(world.state.layout.codes)
        state = copied(world.state, kinds, [f"{k:08d}" for k in range(count)])

        def year(state: State = state) -> None:
            for quarter in range(quarters):
                world.lane.step(state, quarter, 1, world.parameters, hold)

        year()
        households = len(state["size"])
        found[size] = households, 1e9 * best(year, 7 if size < 1e6 else 2) / quarters / households
    return found


def slope(found: dict[int, tuple[int, float]]) -> float:
    """How time grows with size: 1 where a household costs the same in worlds of all sizes (log-log, ends)."""
    (first, one), *_, (last, other) = found.values()
    return float(1.0 + np.log(other / one) / np.log(last / first))


def timed_where_possible(plan: Plan) -> Timed | None:
    """The plan with a clock between its steps; None on a processor whose clock is not read."""
    return Timed(plan) if COUNTS_CYCLES else None
