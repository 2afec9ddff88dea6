"""The map of worlds: which arm wins where, over two or three uncertainties.

Points are drawn by a Latin hypercube over the axes; all else comes from the calibrated parameter sets in turn, where an
ensemble is stored, and is the model's own otherwise. Each point is one world, with people and lucks of its own, in
which all arms of a scenario are run under the same lucks. An arm wins a point where it is better than every other by
more than luck makes; else the point has no clear winner. Nothing but its outcome tells one arm from another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd

from sim.calibration.calibrate import ADVANTAGE, LUMPY, THRESHOLD, complete
from sim.engine.lane import Lane
from sim.errors import InputError, NotFiniteError
from sim.experiment import study
from sim.experiment.people import people_of
from sim.intervals import student, wilson
from sim.language import mark
from sim.metrics import inequality
from sim.progress import Tell, quiet
from sim.regime.axes import SHARE, Axis
from sim.regime.questions import LEAST, Question, ranked
from sim.regime.winning import LEVEL, crowd, errors, judged, neighbours, vote
from sim.scenario import Scenario
from sim.start import World, wire
from sim.workers import answers

NONE = ""  # in place of a winner


def reached(places: np.ndarray) -> np.ndarray:
    """How far places reach along each axis, in its unit; distances count in these."""
    return np.maximum(np.ptp(places, axis=0), 1e-9)


def tally(found: Mapped) -> pd.DataFrame:
    """One row an arm, and one for no clear winner: worlds won, and the share of the map with its interval."""
    whole, rows = len(found.winners), []
    for arm in [*ranked(found.scenario), NONE]:
        won = sum(one == arm for one in found.winners)
        low, high = wilson(won, whole, LEVEL)
        rows.append({"arm": arm, "won": won, "share": won / whole, "low": low, "high": high})
    return pd.DataFrame(rows)


# -- points -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """One world.

    Attributes
    ----------
    number
        From 1; 0 is the world of the model's own numbers.
    set_number
        Calibrated parameter set that all but the axes comes from; -1 for the model's own numbers.
    drawn
        What was drawn, by name.
    measured
        Axis -> value, in its unit.
    levels
        The outcome in its unit, [arm, luck].
    """

    number: int
    set_number: int
    drawn: Mapping[str, float]
    measured: Mapping[str, float]
    levels: np.ndarray


def world_at(scenario: Scenario, base: Mapping[str, float], drawn: Mapping[str, float], lane: Lane) -> World:
    """The world of a point.

    The trap is drawn as the share of households below its threshold; the threshold is what has that share of
    households below it in the same world without the trap.
    """
    plain = {name: value for name, value in drawn.items() if name not in (SHARE, ADVANTAGE)}
    scenario = scenario.model_copy(update={"parameters": {**base, **scenario.parameters, **plain}})
    if SHARE not in drawn:
        return study.build(scenario, lane=lane)
    without = scenario.model_copy(update={"parameters": {**scenario.parameters, **dict.fromkeys(LUMPY, 0.0)}})
    free = study.build(without, lane=lane)
    capital = inequality.quantile(free.state["effective_capital"], free.state["weight"], drawn[SHARE])
    own = {name: free.value(name) for name in ("output.scale", "output.elasticity")}
    lump = complete({**own, ADVANTAGE: drawn[ADVANTAGE], THRESHOLD: float(capital)}, "trap_on")
    for name in LUMPY:
        if lump[name] > lane.plan.parameters[name].high:
            raise InputError(f"{name} would be {lump[name]:.3g}, beyond its own range")
    return study.build(scenario.model_copy(update={"parameters": {**scenario.parameters, **lump}}), lane=lane)


def meet(question: Question, lane: Lane, number: int, drawn: Mapping[str, float], set_number: int) -> Point | None:
    """Run all arms in the world of a point; none where it has no world at rest or the outcome is not defined."""
    scenario = question.scenario
    people, luck = scenario.population, scenario.replications
    scenario = scenario.model_copy(
        update={
            "population": people.model_copy(update={"seed": people.seed + number}),
            "replications": luck.model_copy(update={"first_seed": luck.first_seed + number * luck.seeds}),
        }
    )
    base = question.sets[set_number] if set_number >= 0 else {}
    try:
        world = world_at(scenario, base, drawn, lane)
    except (InputError, NotFiniteError):
        return None
    try:
        comparison = study.compared(scenario, world)
    except NotFiniteError:
        return None
    levels = np.array(
        [
            [question.outcome.measure(comparison, comparison.runs[arm, seed]) for seed in comparison.seeds]
            for arm in comparison.arms
        ]
    )
    measured = {axis.name: axis.measure(world, [*comparison.runs.values()]) for axis in question.axes}
    return Point(number, set_number, drawn, measured, levels) if np.isfinite(levels).all() else None


# -- the map ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RegimeMap:
    """All points of a map, and what is told of them.

    Attributes
    ----------
    points
        Worlds at rest, in the order of their numbers.
    default
        The world of the model's own numbers; none where it has no rest.
    without_rest
        How many draws have no world at rest.
    """

    question: Question
    points: Sequence[Point]
    default: Point | None = None
    without_rest: int = 0

    @property
    def scenario(self) -> Scenario:
        """The scenario, at the size of the map."""
        return self.question.scenario

    @property
    def arms(self) -> list[str]:
        """All arms, in the order of the scenario."""
        return [arm.id for arm in self.scenario.resolved_arms]

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes, in the order of the question."""
        return self.question.axes

    @property
    def marked(self) -> np.ndarray | None:
        """Where the world of the model's own numbers is; none where it has no rest."""
        return None if self.default is None else np.array([self.default.measured[axis.name] for axis in self.axes])

    @cached_property
    def places(self) -> np.ndarray:
        """Where the points are, as measured: [point, axis]."""
        return np.array([[point.measured[axis.name] for axis in self.question.axes] for point in self.points])

    @cached_property
    def reach(self) -> np.ndarray:
        """How far the points reach along each axis, in its unit; distances count in these."""
        return reached(self.places)

    @cached_property
    def near(self) -> np.ndarray:
        """The neighbours of each point over all axes, itself the first."""
        scaled = self.places / self.reach
        return neighbours(scaled, scaled, crowd(len(scaled)))[0]

    @cached_property
    def winners(self) -> list[str]:
        """The arm that wins each point; empty where there is no clear winner."""
        may = [self.arms.index(arm) for arm in ranked(self.scenario)]
        levels = self.question.outcome.better * np.array([point.levels[may] for point in self.points])
        return [self.arms[may[one]] if one >= 0 else NONE for one in judged(levels, self.near)]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a point: drawn, measured, outcome of each arm, its difference from cash with interval, winner."""
        levels = np.array([point.levels for point in self.points])
        cash = self.arms.index(self.scenario.benchmark)
        reach = student(self.near.shape[1] * (levels.shape[2] - 1), LEVEL) * errors(levels, self.near)[:, :, cash]
        frame: dict[str, object] = {
            "point": [point.number for point in self.points],
            "parameter_set": [point.set_number for point in self.points],
        }
        frame |= {f"drawn_{name}": [p.drawn[name] for p in self.points] for name in self.points[0].drawn}
        frame |= {axis.name: self.places[:, k] for k, axis in enumerate(self.question.axes)}
        for k, arm in enumerate(self.arms):
            frame[f"{arm}_level"] = levels[:, k].mean(axis=1)
            if k != cash:
                difference = (levels[:, k] - levels[:, cash]).mean(axis=1)
                frame[f"{arm}_difference"] = difference
                frame[f"{arm}_low"], frame[f"{arm}_high"] = difference - reach[:, k], difference + reach[:, k]
        return pd.DataFrame({**frame, "winner": self.winners})

    @cached_property
    def shares(self) -> pd.DataFrame:
        """One row an arm, and one for no clear winner: share of the map with its interval, and where that is.

        Beside it how often the arm is better, and worse, than plain cash by more than luck makes (shares); and median,
        10th and 90th percentile of each axis over the points that it wins.
        """
        table, rows = self.table, []
        for row in tally(self).to_dict("records"):
            won = (table["winner"] == row["arm"]).to_numpy()
            row |= self._against(table, row["arm"])
            for k, axis in enumerate(self.question.axes):
                ends = np.quantile(self.places[won, k], [0.1, 0.5, 0.9]) if won.any() else [math.nan] * 3
                row |= {f"{axis.name}_{q}": float(end) for q, end in zip((10, 50, 90), ends, strict=True)}
            rows.append(row)
        return pd.DataFrame(rows)

    def _against(self, table: pd.DataFrame, arm: str) -> dict[str, float]:
        """How often an arm is better and worse than plain cash beyond luck."""
        if arm in (NONE, self.scenario.benchmark):
            return {"better_than_cash": math.nan, "worse_than_cash": math.nan}
        more, less = float((table[f"{arm}_low"] > 0.0).mean()), float((table[f"{arm}_high"] < 0.0).mean())
        better, worse = (more, less) if self.question.outcome.better > 0.0 else (less, more)
        return {"better_than_cash": better, "worse_than_cash": worse}

    @cached_property
    def foretold(self) -> tuple[float, float]:
        """How well the axes tell who wins, two shares of the points.

        Whose winner is what most of its neighbours have, itself left out; and what one would be right in by naming the
        most frequent everywhere.
        """
        scaled, count = self.places / self.reach, crowd(len(self.points))
        near = neighbours(scaled, scaled, count + 1)[0]
        others = np.array([[one for one in row if one != k][:count] for k, row in enumerate(near)])
        said, _ = vote(self.winners, others)
        right = float(np.mean([a == b for a, b in zip(said, self.winners, strict=True)]))
        return right, float(pd.Series(self.winners).value_counts().iloc[0]) / len(self.winners)


@dataclass(frozen=True)
class Outline:
    """Who wins where, and no more: what is stored of a map, and all that its picture needs.

    Attributes
    ----------
    places
        Where the worlds are, as measured, [world, axis].
    winners
        The arm that wins each world, or `NONE`.
    marked
        Where the world of the model's own numbers is; none where it has no rest.
    """

    scenario: Scenario
    axes: tuple[Axis, ...]
    places: np.ndarray
    winners: Sequence[str]
    marked: np.ndarray | None

    @property
    def reach(self) -> np.ndarray:
        """How far the worlds reach along each axis, in its unit."""
        return reached(self.places)


Mapped = RegimeMap | Outline


def mapped(question: Question, executor: Executor | None = None, tell: Tell = quiet) -> RegimeMap:
    """Run all points of a question, the world of the model's own numbers first.

    Raises
    ------
    InputError
        When a file cannot be read, or hardly any point has a world at rest.
    """
    people_of(question.scenario)  # a file that cannot be read is told at once, not taken for worlds without rest
    lane, draws = Lane(wire(question.scenario.known.own_rules)), question.draws()
    sets = max(1, len(question.sets))
    numbers = range(question.points + 1)
    chosen = [-1, *(k % sets if question.sets else -1 for k in range(question.points))]
    calls = [*zip(numbers, [{}, *draws], chosen, strict=True)]
    found = answers(partial(meet, question, lane), calls, executor, partial(tell, mark("worlds")))
    points = [point for point in found[1:] if point is not None]
    if len(points) < LEAST / 2:
        raise InputError(
            f"{question.scenario.slug}: only {len(points)} of {question.points} draws have a world at rest"
        )
    return RegimeMap(question, points, found[0], question.points - len(points))
