"""Worker processes for what takes longer than a moment: many lucks, many parameter sets, twins under shocks.

Processes, not threads: a thread that computes keeps every click waiting. Workers are spawned, are polite to the page
(niceness), keep the worlds that they met, and end when whoever started them is gone, however it went.
"""

from __future__ import annotations

import math
import multiprocessing
import os
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from threading import Thread

import numpy as np

from sim import metrics
from sim.app.choices import choices
from sim.app.own import among_of
from sim.app.record import arm_id, headline_of
from sim.app.settings import ARMS, Settings
from sim.app.world import Start, Worlds
from sim.experiment import canonical, quiet
from sim.experiment.compare import Comparison
from sim.experiment.run import run_arm
from sim.metrics import poverty
from sim.model import CommunityModel
from sim.reproduce import published

BANDED = ("headcount", "poverty_gap", "median_own_income", "participation", "empowerment")
NICE = 5
WORLDS = 3  # worlds at rest that a worker keeps
Found = dict[str, dict[str, object]]  # arm -> "series": metric -> values, "headline": name -> number


def _with_parent() -> None:
    """End with the parent: a server that is stopped leaves no orphans."""

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
        os._exit(0)

    Thread(target=wait, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(NICE)
    _worlds()
    choices()


@cache
def _worlds() -> Worlds:
    return Worlds(WORLDS)


class Crew:
    """Some worker processes."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or max(1, os.cpu_count() or 1)
        self._pool = ProcessPoolExecutor(
            self.workers, mp_context=multiprocessing.get_context("spawn"), initializer=_with_parent
        )

    def warm(self) -> None:
        """Start the workers before anybody asks."""
        for _ in range(self.workers):
            self._pool.submit(_first)

    def luck(self, settings: Settings) -> Future[Found]:
        """Both policies and none under one luck and one parameter set."""
        return self._pool.submit(one_luck, settings)

    def classes(self, settings: Settings, arm: str) -> Future[dict[str, object]]:
        """The trajectory classes of one arm."""
        return self._pool.submit(classes, settings, arm)

    def headlines(self, settings: Settings, held: tuple[str, ...]) -> Future[dict[str, dict[str, float]]]:
        """What the arms come to with some rules not computed after the start."""
        return self._pool.submit(without, settings, held)

    def published(self, name: str) -> Future[tuple[dict[tuple, float | None], str, str]]:
        """A published comparison, made again."""
        return self._pool.submit(made_again, name)

    def close(self) -> None:
        """Stop; what has not begun is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)


@cache
def crew() -> Crew:
    """The workers of this process, shared by all sessions."""
    return Crew()


def _first() -> None:
    """What a worker does first: load the compiled model."""
    _worlds().start(Settings(), choices())


def one_luck(settings: Settings) -> Found:
    """Series with a band, and what it comes to, of each arm under the luck and the parameter set of some settings."""
    start = _worlds().start(settings, among_of(settings))
    ids = {arm: arm_id(settings, arm) for arm in ARMS}
    found = {one: _followed(start, one, settings.luck) for one in dict.fromkeys(ids.values())}
    return {arm: found[one] for arm, one in ids.items()}


def _followed(start: Start, arm: str, luck: int, held: tuple[str, ...] = ()) -> dict[str, object]:
    """One arm: metrics of `BANDED` quarter by quarter, and its headline."""
    scenario, catalogue = start.scenario, metrics.catalogue()
    calendar, (first, last) = scenario.calendar, scenario.windows.post
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
        paid[quarter] = start.paid(state)
        if first <= quarter < last:
            own += state["own_income"] / (last - first)
    persons = state["size"] * state["weight"]
    del model.state
    return {"series": series, "headline": headline_of(scenario, series, paid, own, persons, poor)}


def without(settings: Settings, held: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Headlines of the arms when some rules are not computed from quarter 0 on: their columns stay as they were."""
    start = _worlds().start(settings, among_of(settings))
    ids = {arm: arm_id(settings, arm) for arm in ARMS}
    found = {one: _followed(start, one, settings.luck, held)["headline"] for one in dict.fromkeys(ids.values())}
    return {arm: found[one] for arm, one in ids.items()}  # type: ignore[misc]


def classes(settings: Settings, arm: str) -> dict[str, object]:
    """Class of every household of an arm (codes of `sim.metrics.trajectories.CLASSES`), and the poor who are in each.

    The twins under shocks that a class needs are run for it; none where the view's own shock falls into their window.
    """
    start = _worlds().start(settings, among_of(settings))
    scenario = start.scenario
    first, last = scenario.windows.stress
    if any(first <= quarter < last for quarter in start.shocks):
        return {}
    twins = scenario.twins.model_copy(update={"withdrawal": False, "stress": True})
    scenario = scenario.model_copy(update={"twins": twins})
    one = arm_id(settings, arm)
    run = run_arm(scenario, start.world, one, start.programmes[one], settings.luck, {}, shocks=start.shocks)
    compared = Comparison(scenario, {settings.luck: start.world}, [run])
    codes = compared.classes[one, settings.luck]
    among = compared.poor(run) * compared.persons
    shares = np.bincount(codes, among, minlength=6) / among.sum() if among.sum() else np.full(6, np.nan)
    return {"codes": codes, "shares": 100.0 * shares}


def made_again(name: str) -> tuple[dict[tuple, float | None], str, str]:
    """Make a published result again: what each number came to, the verdict, and the verdict in a sentence."""
    found = published.find(name)
    made = found.make(choices().known, quiet)
    verdict = made.against(found.was())
    rows = made.table[[*canonical.KEYS, "estimate"]].itertuples(index=False, name=None)
    obtained = {(*row[:4], int(row[4])): float(row[5]) if math.isfinite(row[5]) else None for row in rows}
    return obtained, verdict.word, verdict.told()
