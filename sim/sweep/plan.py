"""From points to runs: what each run is, and the key that it is known by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sim.sweep.design import Point
from sim.sweep.work import Request, Task

BLOCK = 2_000  # runs of a plan that end up in one part of the store


@dataclass(frozen=True)
class Way:
    """One arm under one combination of levers: what it is called, and what is sent to a worker."""

    arm: str
    label: str
    levers: Mapping[str, float]
    combination: int
    document: Mapping[str, Any]
    label_id: str = ""  # its Indonesian name; none: as in English


@dataclass
class Plan:
    """The runs of a study.

    Attributes
    ----------
    points
        Worlds, in the order of the design.
    ways
        What is done in each of them.
    worlds
        [combination][point] -> what a worker makes the world of; combinations that differ in no date share it.
    seeds
        Point -> how many lucks it meets.
    """

    name: str
    points: Sequence[Point]
    ways: Sequence[Way]
    worlds: Sequence[Sequence[Mapping[str, Any]]]
    seeds: dict[int, int]
    first_seed: int
    versus: str
    made_by: str = ""  # digest of the code: all else that the results depend on
    _marks: dict[tuple[int, int], str] = field(default_factory=dict)
    _keys: dict[tuple, str] = field(default_factory=dict)

    def key(self, point: int, way: Way, seed: int) -> str:
        """The digest of all that a run depends on; told once, asked often."""
        place, run = (way.combination, point), (way.combination, way.arm, point, seed)
        if run not in self._keys:
            if place not in self._marks:
                self._marks[place] = stamp(self.worlds[way.combination][point])
            self._keys[run] = stamp([self._marks[place], way.document, seed, self.made_by])
        return self._keys[run]

    def rows(self) -> pd.DataFrame:
        """One row a run: point, arm, levers, seed, key; an arm that a lever leaves alone has the same key twice."""
        found = [
            {
                "point": point.number,
                "arm": way.arm,
                **way.levers,
                "seed": seed,
                "key": self.key(point.number, way, seed),
            }
            for point in self.points
            for seed in range(self.first_seed, self.first_seed + self.seeds[point.number])
            for way in self.ways
        ]
        return pd.DataFrame(found)

    def table(self) -> pd.DataFrame:
        """One row a point: its parameter set and what was drawn."""
        return pd.DataFrame([{"point": p.number, "parameter_set": p.set_number, **p.values} for p in self.points])

    def tasks(self, missing: Collection[str], size: int, limit: float) -> Iterator[Task]:
        """What is missing, in tasks of at most `size` runs: a world is in one task, unless it has more than that."""
        task: list[Request] = []
        for runs in self.worlds_with(set(missing)):
            if task and len(task) + len(runs) > size:
                yield Task(tuple(task), limit)
                task = []
            task += runs
            while len(task) > size:
                yield Task(tuple(task[:size]), limit)
                task = task[size:]
        if task:
            yield Task(tuple(task), limit)

    def worlds_with(self, missing: set[str]) -> Iterator[list[Request]]:
        """The missing runs of each world; `missing` loses what is told."""
        for point in self.points:
            by_world: dict[str, list[Request]] = {}
            for seed in range(self.first_seed, self.first_seed + self.seeds[point.number]):
                for way in self.ways:
                    key = self.key(point.number, way, seed)
                    if key in missing:
                        missing.remove(key)
                        world = self.worlds[way.combination][point.number]
                        place = self._marks[way.combination, point.number]
                        by_world.setdefault(place, []).append(Request(key, world, way.document, seed))
            yield from by_world.values()


def stamp(what: Any) -> str:
    """128 bits over anything that JSON can say, floats to their last bit."""
    text = json.dumps(what, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
