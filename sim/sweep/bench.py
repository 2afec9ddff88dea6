"""What a sweep costs beside its bare runs: measured here and now, from one run of each."""

from __future__ import annotations

import os
import tempfile
import time
from concurrent.futures import Executor, Future
from pathlib import Path

from sim.experiment.bench import Line
from sim.experiment.speed import best
from sim.language import mark, say
from sim.progress import Tell, quiet
from sim.scenario import BASELINE, BENCHMARK, Scenario
from sim.sweep import play, query
from sim.sweep.asked import world_of
from sim.sweep.design import Point
from sim.sweep.plan import BLOCK, Plan, Way, stamp
from sim.sweep.store import RUNS, Store
from sim.sweep.sweep import Sweep
from sim.sweep.work import Request, Task, attempt
from sim.workers import Workers

WORLDS, LUCKS = 6, 4  # of the sweep that is measured
STORED = 100_000  # runs in the store that is listed and queried
MANY = 2_000  # runs after which memory is looked at again
PART = 60.0  # seconds that no part of the measurement is to exceed by much


def bench(scenario: Scenario, tell: Tell = quiet) -> list[Line]:
    """Overhead, efficiency, the time of a large store, and the memory of a worker.

    Times of the sweep and of the bare runs are of worker processes that are warm; the machine should be idle.
    """
    with tempfile.TemporaryDirectory(prefix="swadaya-bench-") as folder:
        made = [*_overhead(scenario, Path(folder), tell), *_memory(scenario, tell), *_large(Path(folder), tell)]
    return made


def plan_of(scenario: Scenario, worlds: int, lucks: int) -> tuple[Plan, play.Play]:
    """A plan over some worlds that differ in one number, with two arms."""
    doses: dict[str, dict[str, float]] = {BASELINE: {}, BENCHMARK: {"dose": scenario.budget.dose}}
    found = [Point(k, -1, {"attends.hope": 0.9 + 0.2 * k / worlds}) for k in range(worlds)]
    ways = [Way(name, name, {}, 0, {"policy": name, **dose}) for name, dose in doses.items()]
    code, seeds = play.code(), {point.number: lucks for point in found}
    plan = Plan("bench", found, ways, [[world_of(scenario, p, ()) for p in found]], seeds, 1, BASELINE, code)
    return plan, play.Play(("headcount",), None, (), code)


def _overhead(scenario: Scenario, folder: Path, tell: Tell) -> list[Line]:
    """A sweep on one worker and on two, against the same runs one after another without any sweep."""
    plan, model = plan_of(scenario, WORLDS, LUCKS)
    keys = list(plan.rows()["key"])
    (whole,) = plan.tasks(keys, len(keys), 3_600.0)
    taken = {}
    for workers in (1, 2):
        with Workers(workers) as pool:
            _warm(pool, workers, model, whole)
            if workers == 1:
                tell(mark("bare runs"), 0, 1)
                began = time.perf_counter()
                pool.submit(attempt, model, whole).result()
                taken[0] = time.perf_counter() - began
            tell(say("the same as a sweep, {workers} workers", workers=workers), 0, 1)
            store, began = Store(folder / str(workers)), time.perf_counter()
            with store.alone():
                going = Sweep(plan, model, ["headcount"], store, pool, workers)
                going.per_run, going.per_world = taken[0] / len(keys), 0.0
                going.run()
            taken[workers] = time.perf_counter() - began
    return [
        Line(
            say("bare runs, {runs} in {worlds} worlds", runs=len(keys), worlds=WORLDS),
            taken[0] / len(keys), say("s a run, on one core"),
        ),
        Line(say("overhead of a sweep on one worker"), 100.0 * (taken[1] / taken[0] - 1.0), say("% of the bare runs")),
        Line(
            say("efficiency of a sweep on two workers"),
            100.0 * taken[1] / (2.0 * taken[2]), say("% of twice one worker"),
        ),
    ]  # fmt: skip


def _warm(pool: Executor, workers: int, model: play.Play, task: Task) -> None:
    """Let every worker import and compile, on a run whose world no other meets."""
    run = task.runs[0]
    other = {**run.world, "drawn": {"attends.hope": 1.4}}
    other["document"] = {**other["document"], "parameters": {}}
    tasks = [Task((Request("warm", other, run.arm, seed),), 3_600.0) for seed in range(4 * workers)]
    jobs: list[Future] = [pool.submit(attempt, model, task) for task in tasks]
    for job in jobs:
        job.result()


def _memory(scenario: Scenario, tell: Tell) -> list[Line]:
    """Memory of one worker process after some runs and after many, each world a new one."""
    small = scenario.population.model_copy(update={"villages": 2, "households": 20})
    plan, model = plan_of(scenario.model_copy(update={"population": small}), 20, MANY // 40)
    tasks = list(plan.tasks(list(plan.rows()["key"]), 40, 600.0))
    began, sizes = time.perf_counter(), []
    with Workers(1, recycled=10 * MANY) as pool:
        for done, task in enumerate(tasks):
            pool.submit(attempt, model, task).result()
            sizes.append(pool.submit(resident).result())
            tell(mark("memory over many runs"), done + 1, len(tasks))
            if time.perf_counter() - began > PART:
                break
    tenth = max(1, len(sizes) // 10)
    return [
        Line(say("memory of a worker after {runs} runs", runs=40 * tenth), sizes[tenth - 1], "MB"),
        Line(say("the same after {runs} runs", runs=40 * len(sizes)), sizes[-1], "MB"),
    ]


def resident() -> float:
    """Memory of this process, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def filled(folder: Path, runs: int) -> None:
    """Write a store of so many made-up runs, in parts as a sweep leaves them."""
    found = [Point(k, -1, {"x": float(k)}) for k in range(runs // 40)]
    ways = [Way(f"arm_{k}", f"arm {k}", {}, 0, {"policy": k}) for k in range(4)]
    worlds = [[{"x": point.values["x"]} for point in found]]
    plan = Plan("filled", found, ways, worlds, {point.number: 10 for point in found}, 1, "arm_0", "made up")
    store, rows, names = Store(folder), plan.rows(), [f"metric_{k}" for k in range(8)]
    for first in range(0, len(rows), BLOCK):
        some = rows.iloc[first : first + BLOCK]
        values = {name: some["point"] * (k + 1.5) for k, name in enumerate(names)}
        store.put(RUNS, some[["key"]].assign(seconds=0.1, **values).to_dict("records"))
    going = Sweep(plan, lambda *_: {}, names, store, Executor(), 1)
    going.record({"title": "Made up"}, 2 * stamp("filled"))


def _large(folder: Path, tell: Tell) -> list[Line]:
    """How long a large store takes to list, and to answer."""
    tell(say("a store of {runs} runs", runs=STORED), 0, 1)
    filled(folder / "large", STORED)
    return [
        Line(say("listing {runs} stored runs", runs=STORED), best(lambda: query.ask(folder / "large"), 1), "s"),
        Line(
            say("a query over all of them"),
            best(lambda: query.ask(folder / "large", "SELECT arm, avg(metric_0) FROM runs GROUP BY arm"), 1), "s",
        ),
    ]  # fmt: skip
