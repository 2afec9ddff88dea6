"""The national run: from a scenario to districts, to shards, to totals that depend on neither shards nor workers."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from sim.calibration.fitted import programmes_2017
from sim.drafted import put
from sim.engine.plan import Plan
from sim.engine.rule import Last, Sum
from sim.errors import InputError
from sim.experiment.study import made_of, programmes
from sim.language import mark
from sim.nation import sketch
from sim.nation.district import COUNTS, SKETCHED, SUMS, District, Found, moments, play
from sim.nation.frame import REGIONS, Province
from sim.nation.start import Solved, drawn, effective, solve, weights
from sim.policies.policy import Programme
from sim.progress import Tell, quiet
from sim.scenario import Scenario

SOLVED = 400  # villages that are solved: the kinds of which the nation is made
FIRST_LOOK = 0.01  # share of the villages that a first look plays
FEEDBACK = "macro_trend.feedback"
#: What rules of the nation may add up over villages: without feedback nobody reads the first, and the second is alike.
ADDED_UP = ("nation: Sum(last micro_income)", "nation: Mean(last macro_growth)")


@dataclass(frozen=True)
class Nation:
    """What a national run came to.

    Attributes
    ----------
    sums
        [district, arm, quarter, SUMS], unweighted; `counts` [district, arm, COUNTS] likewise.
    sketches
        [province, arm, moment, SKETCHED, class]: persons.
    households, persons, measured_poor
        Of each district at the start, unweighted.
    kinds
        Of each province: how many equally frequent kinds of villages it amounts to.
    seconds, peak
        Of the solved villages and of the districts; most memory that this process held, GiB.
    """

    scenario: Scenario
    provinces: list[Province]
    districts: list[District]
    arms: tuple[str, ...]
    sums: np.ndarray
    counts: np.ndarray
    sketches: np.ndarray
    households: np.ndarray
    persons: np.ndarray
    measured_poor: np.ndarray
    kinds: np.ndarray
    solved: dict[str, float]
    worst_gap: float
    seconds: tuple[float, float]
    peak: float | None


def refuse(scenario: Scenario) -> None:
    """Refuse what cannot be played district by district.

    Raises
    ------
    InputError
        Saying why, and what to do instead.
    """
    about, slug = scenario.population, scenario.slug
    if scenario.parameters.get(FEEDBACK, 0.0):
        raise InputError(
            f"{slug}: with {FEEDBACK} = {scenario.parameters[FEEDBACK]:g} villages move the market that all of them "
            "meet; then no part of the nation can be played by itself, and shards cannot be used. Set it to 0, or run "
            "without --scale national"
        )
    if about.world != "rural_2017" or about.survey or about.village_list:
        raise InputError(
            f"{slug}: the nation is rural Indonesia of September 2017, synthesised by province; --scale national takes "
            'no survey, no village list and no other world than "rural_2017"'
        )
    for policy in (*(arm.policy for arm in scenario.arms), *(one.policy for one in scenario.programmes)):
        known = scenario.known.policies.get(policy)
        if known and known.reallocates:
            raise InputError(
                f"{slug}: {policy} moves money between all villages of the nation; then no part of it can be "
                "played by itself, and shards cannot be used. Run it without --scale national"
            )


def _refuse_rules(solved: Solved, scenario: Scenario) -> None:
    """Refuse rules that see more than a district, and a parameter set with feedback."""
    plan = solved.world.lane.plan
    if solved.world.value(FEEDBACK):
        raise InputError(f"{scenario.slug}: the parameter set has {FEEDBACK} above 0: shards cannot be used")
    for step, reads, _ in plan.outer_steps:
        if step.table == "nation" and isinstance(step.does, Sum) and step.sets not in ADDED_UP:
            raise InputError(f"{scenario.slug}: a rule of the nation reads {step.sets}; shards cannot be used")
        if step.table == "district" and any(kind in ("normal", "uniform") for kind, _ in reads):
            raise InputError(f"{scenario.slug}: the rule {step.sets} of the district draws; shards cannot be used")

    seen = _of_all_villages(plan)
    for rule in scenario.known.own_rules:
        for _, marker in rule.arguments:
            read = f"nation: {marker}" if isinstance(marker, Sum) and rule.table.name == "nation" else marker
            name = read.name if isinstance(read, Last) else read
            if name in seen:
                raise InputError(f"{scenario.slug}: the rule {rule.name} reads {name}; shards cannot be used")


def _of_all_villages(plan: Plan) -> set[str]:
    """What the nation adds up over villages, and what follows from it: a district by itself has only its own part."""
    found: set[str] = set()
    for step, reads, _ in plan.outer_steps:
        seen = {str(name).removeprefix("last ") for kind, name in reads if kind == "column"}
        if step.table == "nation" and (isinstance(step.does, Sum) or (seen & found and step.sets != "macro_trend")):
            found.add(step.sets)
    return found


def divided(solved: Solved, parts: Sequence[Province], seed: int) -> list[District]:
    """All districts in order, each with its villages and what they are."""
    found = []
    for place, province in enumerate(parts):
        kinds = drawn(solved, province, seed)
        for rows in province.districts_of():
            codes = tuple(f"{province.name}-{row + 1:05d}" for row in rows)
            found.append(District(place, codes, kinds[rows.start : rows.stop]))
    return found


def shard(
    scenario: Scenario, solved: Solved, before: Sequence[Programme], arms: Mapping[str, Sequence[Programme]],
    districts: Sequence[District],
) -> list[Found]:  # fmt: skip
    """Play some districts, one after the other: no more than one is in memory."""
    return [play(scenario, solved, before, arms, district) for district in districts]


def run(
    scenario: Scenario,
    parts: Sequence[Province],
    executor: Executor | None = None,
    shards: int | None = None,
    kept: Path | None = None,
    count: int = SOLVED,
    tell: Tell = quiet,
) -> Nation:
    """Play the nation.

    Parameters
    ----------
    parts
        The provinces, as `sim.nation.frame.provinces` gives them.
    executor
        Where the shards go; by default as many threads as there are processors. The result does not depend on it.
    shards
        Into how many sets of whole districts; by default each district is one. The result does not depend on it.
    kept
        Folder for finished shards: a run of the same inputs that finds them there goes on.
    count
        Villages that are solved.
    """
    refuse(scenario)
    began = time.perf_counter()
    arms = programmes(scenario)
    before = programmes_2017()
    solved = solve(scenario, before, count, tell)
    _refuse_rules(solved, scenario)
    districts = divided(solved, parts, scenario.population.seed)
    pieces = min(shards or len(districts), len(districts))
    edges = [len(districts) * k // pieces for k in range(pieces + 1)]
    at_rest = time.perf_counter()
    merged = _Merged(scenario, len(parts), districts, len(arms))
    with _somewhere(executor) as pool:
        jobs: dict[Future, tuple[int, int]] = {}
        for span in pairwise(edges):
            stored = _stored(kept, span)
            if stored is None:
                jobs[pool.submit(shard, scenario, solved, before, arms, districts[slice(*span)])] = span
            else:
                merged.take(span, stored)
        tell(mark("districts"), merged.done, len(districts))
        try:
            for job in as_completed(list(jobs)):
                span, found = jobs.pop(job), job.result()
                merged.take(span, found)
                _store(kept, span, found)
                tell(mark("districts"), merged.done, len(districts))
                del job, found
        finally:
            for job in jobs:
                job.cancel()
    return merged.nation(
        list(parts), tuple(arms), solved, (at_rest - began, time.perf_counter() - at_rest),
        np.array([effective(weights(solved, province)) for province in parts]),
    )  # fmt: skip


@contextmanager
def _somewhere(executor: Executor | None) -> Iterator[Executor]:
    """The executor that was given, or threads of our own."""
    if executor is not None:
        yield executor
        return
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield threads


class _Merged:
    """What has come back so far; nothing in it depends on the order in which it came."""

    def __init__(self, scenario: Scenario, parts: int, districts: list[District], arms: int) -> None:
        self.scenario, self.districts, self.done, self.worst = scenario, districts, 0, 0.0
        number = len(districts)
        self.sums = np.empty((number, arms, scenario.calendar.quarters, len(SUMS)))
        self.counts = np.empty((number, arms, len(COUNTS)))
        self.sketches = np.zeros((parts, arms, len(moments(scenario)), len(SKETCHED), sketch.CLASSES), np.uint32)
        self.people = np.empty((3, number))

    def take(self, span: tuple[int, int], found: Sequence[Found]) -> None:
        """Put a shard's districts in their places."""
        for place, one in zip(range(*span), found, strict=True):
            self.sums[place], self.counts[place] = one.sums, one.counts
            self.people[:, place] = one.households, one.persons, one.measured_poor
            self.sketches[self.districts[place].province] += one.sketches
            self.worst = max(self.worst, one.worst_gap)
            self.done += 1

    def nation(
        self, parts: list[Province], arms: tuple[str, ...], solved: Solved, seconds: tuple[float, float],
        kinds: np.ndarray,
    ) -> Nation:  # fmt: skip
        """All of it."""
        households, persons, poor = self.people
        return Nation(
            self.scenario, parts, self.districts, arms, self.sums, self.counts, self.sketches, households, persons,
            poor, kinds, solved.world.solved, self.worst, seconds, most_memory(),
        )  # fmt: skip


def most_memory() -> float | None:
    """GiB that this process has held at most; nothing where the system does not say (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    unit = 2.0**30 if sys.platform == "darwin" else 2.0**20  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


# -- finished shards --------------------------------------------------------------------------------------------------


def digest(scenario: Scenario, part: float, count: int = SOLVED) -> str:
    """SHA-256 of all that a national run depends on: scenario, share and kinds of the villages, code and figures."""
    regions = hashlib.sha256(REGIONS.read_bytes()).hexdigest()
    parts = ["national", scenario.digest(), repr(part), count, made_of(scenario), regions]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _file(kept: Path, span: tuple[int, int]) -> Path:
    return kept / f"districts_{span[0]:04d}_{span[1]:04d}.npz"


def _store(kept: Path | None, span: tuple[int, int], found: Sequence[Found]) -> None:
    """Write a finished shard whole or not at all."""
    if kept is None:
        return
    kept.mkdir(parents=True, exist_ok=True)
    columns = {field.name: np.array([getattr(one, field.name) for one in found]) for field in fields(Found)}
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **columns)
    put(_file(kept, span), out.getvalue())


def _stored(kept: Path | None, span: tuple[int, int]) -> list[Found] | None:
    """A finished shard; None where it is not there or cannot be read, so that it is played again."""
    if kept is None or not _file(kept, span).exists():
        return None
    try:
        with np.load(_file(kept, span), allow_pickle=False) as file:
            columns = {field.name: file[field.name] for field in fields(Found)}
    except (OSError, ValueError, LookupError, EOFError, BadZipFile, zlib.error, NotImplementedError):
        return None  # whatever zipfile and numpy raise of a file that is damaged
    return [
        Found(**{name: values[k] if values.ndim > 1 else values[k].item() for name, values in columns.items()})
        for k in range(span[1] - span[0])
    ]
