"""A sweep: what of a plan is missing is run, kept at once, and told; what is stored is never run again."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sim.experiment import canonical
from sim.language import mark
from sim.progress import Tell, quiet
from sim.sweep.plan import BLOCK, Plan
from sim.sweep.runner import Runner
from sim.sweep.stopping import Rule
from sim.sweep.store import ASKED, FAILURES, RUNS, STUDIES, Store, durable, written
from sim.sweep.work import Model, Reply, Task

LIMIT = 600.0  # seconds that a run may last
TASK = 5.0  # seconds that a task is to last: what a stop can lose on each worker
SHARE = 20  # tasks at least for each worker: all end at about the same time, and a stop costs a small sweep little
SECTOR = 4_096  # bytes of which a file or a folder takes whole ones on most disks
WHOLE = 12  # runs of one world that are never divided to that end: each worker would solve the world anew


@dataclass(frozen=True)
class Estimate:
    """What is ahead.

    Attributes
    ----------
    runs, stored, failed
        Runs that are still to be done, that are there, and that failed before.
    worlds
        Worlds that are to be found at rest.
    seconds
        About how long it will take on so many workers; nan where nothing has been measured.
    size
        Bytes of disk that the runs and the study will take in the store.
    """

    runs: int
    stored: int
    failed: int
    worlds: int
    workers: int
    seconds: float
    size: float


@dataclass
class Sweep:
    """One study on its way.

    Parameters
    ----------
    measures
        Metrics that make up its result.
    width
        Tasks that are handed out at a time; `workers` is what the estimate of time counts with.
    rule
        When each point has been met often enough; without it every point has the number of lucks of the plan.
    """

    plan: Plan
    model: Model
    measures: Sequence[str]
    store: Store
    executor: Executor
    workers: int
    limit: float = LIMIT
    rule: Rule | None = None
    tell: Tell = quiet
    per_run: float = math.nan  # seconds, as measured
    per_world: float = 0.0
    blocks: dict[str, int] = field(default_factory=dict)  # key -> block of the plan
    left: Counter[int] = field(default_factory=Counter)  # block -> runs that it still misses
    done: int = 0

    # -- what is ahead ------------------------------------------------------------------------------------------------

    def stored(self) -> dict[str, str]:
        """Keys of which all that is measured here is stored."""
        return self.store.holding(RUNS, self.measures)

    def failed(self, limit: float) -> set[str]:
        """Keys that failed in so many seconds or more, where no more was asked of them than here.

        Older stores say neither how long nor what for: what failed there has failed.
        """
        asked = set(self.measures)
        return {
            row["key"]
            for row in self.store.rows(FAILURES, ASKED)
            if row.get("asked_limit", math.inf) >= limit and asked.issuperset(row.get("asked_metrics", "").split())
        }

    def missing(self) -> list[str]:
        """Keys that are neither stored nor failed, in the order of the plan."""
        stored, failed = self.stored(), self.failed(self.limit)
        keys = dict.fromkeys(self.plan.rows()["key"])
        return [key for key in keys if key not in stored and key not in failed]

    def first(self, keep: bool = True) -> Estimate:
        """Run a few, to know how long the others will take; without `keep` nothing of it is stored.

        Two runs of the first world and one of the second, on one worker: the first also pays for its start, the second
        for nothing but itself, the third for finding a world at rest.
        """
        missing, keys = self.missing(), set(self.plan.rows()["key"])
        failed = len(keys & self.failed(self.limit) - self.stored().keys())
        worlds = [runs for runs, _ in zip(self.plan.worlds_with(set(missing)), range(2), strict=False)]
        if worlds:
            some = (*worlds[0][:2], *(run for runs in worlds[1:] for run in runs[:1]))
            task = Task(some, max(self.limit, LIMIT))  # the first may have to compile, which no other has to
            found: list[Reply] = []
            Runner(self.model, self.executor, lambda _, some: found.extend(some), 1).run([task])
            if keep:
                self._keep(task, found)
            by_key = {one.key: one.seconds for one in found}
            taken = [by_key[run.key] for run in task.runs]
            self.per_run = taken[1] if len(worlds[0]) > 1 else taken[-1]
            self.per_world = max(0.0, taken[-1 if len(worlds) > 1 else 0] - self.per_run)
        many = sum(1 for _ in self.plan.worlds_with(set(missing)))
        seconds = (many * self.per_world + len(missing) * self.per_run) / self.workers
        stored = len(keys) - len(missing) - failed
        return Estimate(len(missing), stored, failed, many, self.workers, seconds, self._room(missing))

    def _room(self, missing: Sequence[str]) -> int:
        """Bytes of disk: parts with noise for metrics, which cannot be packed, and the files of the study."""
        noise, names = np.random.default_rng(1), ("seconds", *self.measures)

        def part(keys: Sequence[str]) -> int:
            table = pa.table({"key": keys, **{name: noise.random(len(keys)) for name in names}})
            return _on_disk(len(written(table)))

        whole, rest = divmod(len(missing), BLOCK)
        study = sum(_on_disk(len(content)) for content in self._tables(self.plan.name).values())
        study += 5 * SECTOR  # what it says of itself, and four folders
        return whole * part(missing[:BLOCK]) + (part(missing[-rest:]) if rest else 0) + study

    # -- running ------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Run what is missing; with a rule, until every point has been met often enough."""
        self._round()
        while self.rule and self.more():
            self._round()
        self.store.forget(FAILURES, self.failed(0.0) & self.stored().keys())  # with more time these have gone well

    def _round(self) -> None:
        """Run what of the plan is missing."""
        keys = list(dict.fromkeys(self.plan.rows()["key"]))
        self.blocks = {key: place // BLOCK for place, key in enumerate(keys)}
        missing = self.missing()
        self.left = Counter(self.blocks[key] for key in missing)
        self.done = len(keys) - len(missing)
        self.tell(mark("runs"), self.done, len(keys))
        size, width = self._size(missing), self.workers + 2
        Runner(self.model, self.executor, self._keep, width).run(self.plan.tasks(missing, size, self.limit))

    def _size(self, missing: Sequence[str]) -> int:
        """Runs of a task: so many that it lasts some seconds, and so few that every worker has some tasks."""
        if not missing or not self.per_run > 0.0:
            return 1
        worlds = sum(1 for _ in self.plan.worlds_with(set(missing)))
        each = self.per_run + self.per_world * worlds / len(missing)
        share, of_a_world = math.ceil(len(missing) / (SHARE * self.workers)), math.ceil(len(missing) / worlds)
        return max(1, min(int(TASK / each), max(share, min(WHOLE, of_a_world))))

    def _keep(self, task: Task, found: list[Reply]) -> None:
        """Store what came of a task, and join the parts of a block that is done."""
        for block in {self.blocks.get(one.key) for one in found}:
            some = [one for one in found if self.blocks.get(one.key) == block]
            self.store.put(RUNS, _rows(some))
            self.store.put(FAILURES, _failures(task, some, self.measures))
            if block is not None:
                self._tick(block, len(some))

    def _tick(self, block: int, count: int) -> None:
        """Count what is done; the parts of a block that is done become one."""
        self.done, self.left[block] = self.done + count, self.left[block] - count
        self.tell(mark("runs"), self.done, len(self.blocks))
        if self.left[block] == 0:
            keys = [key for key, place in self.blocks.items() if place == block]
            self.store.join(RUNS, keys)
            self.store.join(FAILURES, keys)

    def more(self) -> bool:
        """Give more lucks to the points whose differences are still told too widely; whether there is any."""
        assert self.rule
        plan, grown = self.plan, False
        values = cube(plan, self.result(), self.rule.metric)
        base = {way.combination: number for number, way in enumerate(plan.ways) if way.arm == plan.versus}
        apart = values - values[:, [base[way.combination] for way in plan.ways]]
        for point, differences in zip(plan.points, apart, strict=True):
            lucks = plan.seeds[point.number]
            plan.seeds[point.number] = self.rule.next(lucks, differences)
            grown |= plan.seeds[point.number] > lucks
        return grown

    # -- what was found -----------------------------------------------------------------------------------------------

    @property
    def levers(self) -> list[str]:
        """Names of the levers."""
        return list(self.plan.ways[0].levers)

    def result(self) -> pd.DataFrame:
        """One row a run of the plan: point, arm, levers, seed, metrics, and whether it failed."""
        rows = self.plan.rows()
        found = self.store.take(RUNS, list(dict.fromkeys(rows["key"])), self.measures)
        table = rows.join(found.reindex(columns=list(self.measures)), on="key")
        return table.assign(failed=(~rows["key"].isin(found.index)).astype(float))

    def digest(self) -> str:
        """SHA-256 of the result: of sorted values, whatever was run when and where, and how it is stored."""
        return canonical.digest(self.result().drop(columns="key"), ["point", "arm", *self.levers, "seed"])

    def record(self, about: Mapping[str, Any], digest: str) -> None:
        """Store the plan itself: which runs are the study's; without date and result while any of them is missing."""
        folder = self.store.folder / STUDIES / f"{self.plan.name}-{digest[:12]}"
        for name, content in self._tables(folder.name).items():
            durable(folder / name, content)
        said = {"name": self.plan.name, "digest": digest, "metrics": list(self.measures), "result": self.digest()}
        said |= about
        if self.missing():
            said |= {"result": "", "finished": ""}
        durable(folder / "study.json", (json.dumps(said, indent=2, ensure_ascii=False) + "\n").encode())

    def _tables(self, study: str) -> dict[str, bytes]:
        """Files that say which runs are the study's."""
        frames = {"plan.parquet": self.plan.rows(), "points.parquet": self.plan.table()}
        for frame in frames.values():
            frame.insert(0, "study", study)
        return {name: written(pa.Table.from_pandas(frame, preserve_index=False)) for name, frame in frames.items()}


def cube(plan: Plan, result: pd.DataFrame, metric: str) -> np.ndarray:
    """Values of a metric, [point, way, luck]; nan where a run failed or was not asked for."""
    place = {point.number: row for row, point in enumerate(plan.points)}
    way = np.tile(np.arange(len(plan.ways)), len(result) // len(plan.ways))  # as `Plan.rows` has them
    luck = result["seed"].to_numpy() - plan.first_seed
    values = np.full((len(plan.points), len(plan.ways), max(plan.seeds.values())), np.nan)
    values[result["point"].map(place).to_numpy(), way, luck] = result[metric].to_numpy(float)
    return values


def _on_disk(size: int) -> int:
    return math.ceil(size / SECTOR) * SECTOR


def _rows(found: Sequence[Reply]) -> list[dict[str, Any]]:
    """What is stored of runs that went well."""
    return [{"key": one.key, "seconds": one.seconds, **one.values} for one in found if not one.error]


def _failures(task: Task, found: Sequence[Reply], measures: Sequence[str]) -> list[dict[str, Any]]:
    """What is stored of runs that failed: with all that they were asked."""
    asked = {run.key: run for run in task.runs}
    return [
        {
            "key": one.key, "error": one.error, "traceback": one.trace, "seed": asked[one.key].seed,
            "asked_arm": json.dumps(asked[one.key].arm, sort_keys=True),
            "asked_world": json.dumps(asked[one.key].world, sort_keys=True),
            "asked_limit": task.limit, "asked_metrics": " ".join(sorted(measures)),
        }
        for one in found
        if one.error
    ]  # fmt: skip
