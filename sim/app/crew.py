"""Worker processes for what takes longer than a moment: many lucks, many parameter sets, twins under shocks.

Processes, not threads: a thread that computes keeps every click waiting. Workers are spawned, are polite to the page
(niceness), keep the worlds that they met, and end when whoever started them is gone, however it went.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import numpy as np

from sim import ledger, metrics
from sim.app.choices import choices
from sim.app.kept import Kept
from sim.app.own import among_of
from sim.app.record import arm_id, headline_of
from sim.app.settings import ARMS, Settings
from sim.app.world import Start, Worlds, flows
from sim.experiment.compare import Comparison
from sim.experiment.run import run_arm
from sim.metrics import poverty
from sim.metrics.trajectories import CLASSES
from sim.model import CommunityModel
from sim.workers import begin

BANDED = ("headcount", "poverty_gap", "median_own_income", "participation", "empowerment")
NICE = 5
WORLDS = 3  # worlds at rest that a worker keeps
KNOWN = 4_000  # runs of arms that are remembered, about 4 kB each
Found = dict[str, dict[str, Any]]  # arm -> "series": metric -> values, "headline": name -> number


def _begin() -> None:
    """What a worker does first: see to it that it ends with the server, give way to it, and know what all need."""
    begin()
    if hasattr(os, "nice"):
        os.nice(NICE)
    _worlds()
    choices()


@cache
def _worlds() -> Worlds:
    return Worlds(WORLDS)


@dataclass(frozen=True)
class Job:
    """Something that workers are asked for, and what is made of it; without a `future` it was known already."""

    future: Future | None
    made: Callable[[Any], Any]

    def done(self) -> bool:
        """Whether it is there."""
        return self.future is None or self.future.done()

    def wait(self, seconds: float) -> bool:
        """Wait for it that long at most; whether it is there."""
        if self.future is not None:
            wait([self.future], timeout=seconds)
        return self.done()

    def cancel(self) -> None:
        """Drop it, if it has not begun."""
        if self.future is not None:
            self.future.cancel()

    def result(self) -> Any:
        """What came of it."""
        return self.made(None if self.future is None else self.future.result())


class Crew:
    """Some worker processes, and what they found of single arms: who changes one policy finds the other's runs."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or max(1, os.cpu_count() or 1)
        self._known = Kept[Any](KNOWN)
        self._lock, self._pool = Lock(), self._opened()

    def _opened(self) -> ProcessPoolExecutor:
        spawn = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.workers, mp_context=spawn, initializer=_begin)

    def _submit(self, function: Callable, *arguments: object) -> Future:
        """Ask the workers; where one has been killed, new ones."""
        try:
            return self._pool.submit(function, *arguments)
        except BrokenProcessPool:
            with self._lock:
                self._pool = self._opened()
            return self._pool.submit(function, *arguments)

    def warm(self) -> None:
        """Start the workers before anybody asks."""
        for _ in range(self.workers):
            self._submit(_first)

    def luck(self, settings: Settings, held: tuple[str, ...] = ()) -> Job:
        """Both policies and none under one luck and one parameter set: `Found`; `held` rules stay as at quarter 0."""
        return self._arms("luck", one_luck, settings, ARMS, held)

    def classes(self, settings: Settings, arm: str) -> Job:
        """The trajectory classes of one arm, by the arm's name."""
        return self._arms("classes", classes, settings, (arm,))

    def _arms(self, kind: str, work: Callable, settings: Settings, arms: Sequence[str], *more: object) -> Job:
        """Arm -> what `work` finds of it alone; what is known is not asked for again."""
        keys = {arm: (kind, settings.alone(arm), *more) for arm in arms}
        known = {key: found for key in keys.values() if (found := self._known.get(key)) is not None}
        missing = [key for key in dict.fromkeys(keys.values()) if key not in known]
        future = self._submit(work, tuple(key[1] for key in missing), *more) if missing else None

        def made(found: Sequence[Any] | None) -> dict[str, Any]:
            new = {key: self._known.put(key, one) for key, one in zip(missing, found or (), strict=True)}
            whole = known | new
            return {arm: whole[key] for arm, key in keys.items()}

        return Job(future, made)

    def ask(self, work: Callable, *arguments: object) -> Job:
        """What a function of a module finds; nothing of it is remembered."""
        return Job(self._submit(work, *arguments), lambda found: found)

    def close(self) -> None:
        """Stop; what has not begun is dropped, what has is waited for."""
        self._pool.shutdown(wait=True, cancel_futures=True)


@cache
def crew() -> Crew:
    """The workers of this process, shared by all sessions."""
    return Crew()


def _first() -> None:
    """What a worker does first: load the compiled model."""
    _worlds().start(Settings(), choices())


def one_luck(alone: Sequence[Settings], held: tuple[str, ...] = ()) -> list[dict[str, object]]:
    """Series with a band, and what it comes to, of policy A of each of some settings.

    Parameters
    ----------
    held
        Rules that are not computed from quarter 0 on: their columns stay as they were.
    """
    return [_followed(_worlds().start(one, among_of(one)), arm_id(one, "a"), one.luck, held) for one in alone]


def _followed(start: Start, arm: str, luck: int, held: tuple[str, ...] = ()) -> dict[str, object]:
    """One arm: metrics of `BANDED` quarter by quarter, and its headline."""
    scenario, catalogue = start.scenario, metrics.catalogue()
    calendar, (first, last) = scenario.calendar, start.judged
    model = CommunityModel(
        start.world, start.programmes[arm], seed=luck, held=(*scenario.hold.ablate, *held), shocks=start.shocks
    )
    state, measures = model.state, [catalogue[name] for name in BANDED]
    series = {name: np.full(calendar.quarters, np.nan) for name in BANDED}
    paid, poor = np.zeros(calendar.quarters), np.zeros(len(state["size"]), bool)
    own = np.zeros(len(state["size"]))
    for quarter in range(calendar.quarters):
        if quarter == calendar.start:
            poor = poverty.baseline_poor(state["permanent_income"])
        model.step()
        for name, value in metrics.measure(measures, lambda table, name: state[name], quarter).items():
            series[name][quarter] = value
        paid[quarter] = sum(flows(state, ledger.STATE_PAYS))
        if first <= quarter < last:
            own += state["own_income"] / (last - first)
    persons = state["size"] * state["weight"]
    del model.state
    return {"series": series, "headline": headline_of(start, series, paid, own, persons, poor)}


def classes(alone: Sequence[Settings]) -> list[dict[str, object]]:
    """Class of every household under policy A of each of some settings, and % of the permanently poor in each class.

    Codes are places in `sim.metrics.trajectories.CLASSES`. The twins under shocks that a class needs are run for it;
    nothing where the view's own shock falls into their window.
    """
    return [_classes(_worlds().start(one, among_of(one)), arm_id(one, "a"), one.luck) for one in alone]


def _classes(start: Start, arm: str, luck: int) -> dict[str, object]:
    scenario = start.scenario
    first, last = scenario.windows.stress
    if any(first <= quarter < last for quarter in start.shocks):
        return {}
    twins = scenario.twins.model_copy(update={"withdrawal": False, "stress": True})
    scenario = scenario.model_copy(update={"twins": twins})
    run = run_arm(scenario, start.world, arm, start.programmes[arm], luck, {}, shocks=start.shocks)
    compared = Comparison(scenario, {luck: start.world}, [run])
    codes = compared.classes[arm, luck]
    among = compared.poor(run) * compared.persons
    shares = (
        np.bincount(codes, among, minlength=len(CLASSES)) / among.sum()
        if among.sum()
        else np.full(len(CLASSES), np.nan)
    )
    return {"codes": codes, "shares": 100.0 * shares}
