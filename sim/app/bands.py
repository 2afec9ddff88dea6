"""How far luck and assumptions move the result: bands over lucks, then over parameter sets, in small steps.

Schema of the document, beside the payload's (`sim.app.payload`)::

    generation   that of the run that it belongs to
    classes      {a, b, none: {shares: % of the permanently poor in each of `order`, codes: Z [H]}}, or null
    order        names of the classes
    lucks, sets  null, or {done, of, lower_b, lower_a, ties, series: {arm: {metric: {low, middle, high: [Q]}}},
                 headline: {arm: {name: [mean, low, high]}}, difference: {name: [mean, low, high]} (B - A)}

`lower_b` is in how many of the `done` poverty in the post-window ends lower under B than under A. Low and high are the
5th and 95th percentile. Lucks are under one set of assumptions; each parameter set has one luck of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from sim.app.choices import MOST_LUCKS, MOST_SETS
from sim.app.crew import BANDED, Crew, Found, Job
from sim.app.payload import numbers
from sim.app.record import packed
from sim.app.settings import ARMS, Settings
from sim.errors import InputError, NotFiniteError
from sim.experiment.compare import interval
from sim.metrics import trajectories

LUCKS, SETS = 20, 20
SHOWN = (1, 5, 10, 15, 20)  # after how many a band is published
Publish = Callable[[str, str, int, int], None]  # the document, the step, how many are done, of how many


def lucks_of(settings: Settings) -> list[Settings]:
    """The settings' own luck and the next ones, under the same assumptions."""
    return [replace(settings, luck=(settings.luck - 1 + k) % MOST_LUCKS + 1) for k in range(LUCKS)]


def sets_of(settings: Settings) -> list[Settings]:
    """The first calibrated parameter sets, each with a luck of its own; what is set by hand stays."""
    lucks = lucks_of(settings)
    return [replace(lucks[k % LUCKS], parameters=k % MOST_SETS + 1) for k in range(SETS)]


class Bands:
    """All that is known so far of one generation."""

    def __init__(self, settings: Settings, generation: int) -> None:
        self.settings, self.generation = settings, generation
        self.classes: dict[str, Any] = {}
        self.parts: dict[str, list[Found]] = {"lucks": [], "sets": []}

    def text(self) -> str:
        """The document."""
        whole = {"lucks": LUCKS, "sets": SETS}
        told: dict[str, Any] = {
            "generation": self.generation,
            "order": list(trajectories.CLASSES),
            "classes": self.classes or None,
        }
        for name, found in self.parts.items():
            told[name] = _band(found, whole[name]) if found else None
        return json.dumps(told, separators=(",", ":"), allow_nan=False)


def _band(found: Sequence[Found], whole: int) -> dict[str, Any]:
    """Bands and counts of some runs."""
    heads = {arm: [run[arm]["headline"] for run in found] for arm in ARMS}
    ends = {arm: np.array([head["headcount"] for head in heads[arm]]) for arm in ("a", "b")}
    names = heads["a"][0]
    spread = {arm: {name: np.array([head[name] for head in heads[arm]]) for name in names} for arm in ARMS}
    return {
        "done": len(found),
        "of": whole,
        "lower_b": int((ends["b"] < ends["a"]).sum()),
        "lower_a": int((ends["a"] < ends["b"]).sum()),
        "ties": int((ends["a"] == ends["b"]).sum()),
        "series": {arm: _series([run[arm]["series"] for run in found]) for arm in ARMS},
        "headline": {arm: {name: _interval(values) for name, values in spread[arm].items()} for arm in ARMS},
        "difference": {name: _interval(spread["b"][name] - spread["a"][name]) for name in names},
    }


def _series(runs: Sequence[Any]) -> dict[str, Any]:
    """The band of each metric."""
    return {name: _through([run[name] for run in runs]) for name in BANDED}


def _interval(values: np.ndarray) -> list[float | None]:
    return numbers(interval(values).values())


def _through(runs: Sequence[np.ndarray]) -> dict[str, list[float | None]]:
    """Low, middle and high of each quarter."""
    rows = np.array(runs)
    found = np.full((3, rows.shape[1]), np.nan)
    due = np.isfinite(rows).all(axis=0)
    found[:, due] = np.percentile(rows[:, due], [5.0, 50.0, 95.0], axis=0)
    return dict(zip(("low", "middle", "high"), (numbers(row) for row in found), strict=True))


def follow(settings: Settings, generation: int, crew: Crew, publish: Publish, asked: Callable[[], bool]) -> None:
    """Compute classes, lucks and sets of some settings and publish them as they come.

    Parameters
    ----------
    publish
        Called with a whole document each time; whoever reads keeps the last.
    asked
        Whether this generation is still the one that is asked for; if not, the rest is dropped.
    """
    bands = Bands(settings, generation)

    def many(part: str, each: Sequence[Settings]) -> None:
        jobs = [partial(crew.luck, one) for one in each]
        for done, found in enumerate(_in_turn(jobs, crew, asked), 1):
            if found is not None:
                bands.parts[part].append(found)
            if done in SHOWN and bands.parts[part] and asked():
                publish(bands.text(), part, done, len(jobs))

    many("lucks", lucks_of(settings))
    for found in _in_turn([partial(crew.classes, settings, arm) for arm in ARMS], crew, asked):
        for arm, one in (found or {}).items():
            if one:
                bands.classes[arm] = {"shares": numbers(one["shares"]), "codes": packed(one["codes"])}
    if bands.classes and asked():
        publish(bands.text(), "classes", len(ARMS), len(ARMS))
    many("sets", sets_of(settings))


def _in_turn(jobs: Sequence[Callable[[], Job]], crew: Crew, asked: Callable[[], bool]) -> Iterator[Any]:
    """Results in order; only a few jobs wait at the workers, so that sessions take turns. None where a world fails."""
    waiting, rest = list[Job](), iter(jobs)
    try:
        while asked():
            waiting += [job() for job in islice(rest, 2 * crew.workers - len(waiting))]
            if not waiting:
                return
            while not waiting[0].wait(0.2):
                if not asked():
                    return
            yield _result(waiting.pop(0))
    finally:
        for job in waiting:
            job.cancel()


def _result(job: Job) -> Any:
    """What a worker found; None where there is no world at rest with such numbers."""
    try:
        return job.result()
    except (InputError, NotFiniteError, CancelledError):
        return None
