"""Sweeps of models that cost nothing.

Run as a program it sweeps a folder to its end and prints the digest, so that tests can kill it at any moment.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from toy import Toy

from sim.errors import InputError
from sim.sweep import sweep as sweeping
from sim.sweep.design import Point, points
from sim.sweep.plan import Plan, Way
from sim.sweep.store import Store
from sim.sweep.sweep import Sweep
from sim.workers import Workers

ARMS = ("status_quo", "works", "cash")


def toy_plan(count=40, seeds=4, first=0):
    """Points x = first, first + 1 …; three arms, four lucks."""
    found = [Point(number, -1, {"x": float(number)}) for number in range(first, first + count)]
    ways = [Way(arm, arm, {}, 0, {"policy": arm, "times": times}) for times, arm in enumerate(ARMS)]
    worlds = [{point.number: {"x": point.values["x"]} for point in found}]
    return Plan("toy", found, ways, worlds, {point.number: seeds for point in found}, 1, "status_quo", "toy 1")


def drawn_plan(kind, spans, count, **more):
    """One way over the points of a design."""
    from sim.sweep.study import Design  # with which comes the whole model

    found = points(Design(kind=kind, points=count, **more), spans)
    worlds = [[dict(point.values) for point in found]]
    ways = [Way("status_quo", "status quo", {}, 0, {"policy": "status_quo"})]
    return Plan(kind, found, ways, worlds, {point.number: 1 for point in found}, 1, "status_quo", kind)


def swept(folder, executor, model=None, plan=None, measures=("y", "z"), workers=2, **more):
    """A sweep that has run to its end."""
    store = Store(Path(folder))
    with store.alone():
        going = Sweep(plan or toy_plan(), model or Toy(), measures, store, executor, workers, **more)
        going.first()
        going.run()
    return going


if __name__ == "__main__":
    folder, kind, log, pause = sys.argv[1:5]
    sweeping.BLOCK = 25  # so that parts are joined often
    print("begun", flush=True)
    try:
        with ThreadPoolExecutor(2) if kind == "threads" else Workers(2) as pool:
            print(swept(folder, pool, Toy(log, float(pause))).digest())
    except InputError as error:
        sys.exit(str(error))
