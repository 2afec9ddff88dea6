"""From points to runs: what each run is, and the key that it is known by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sim.errors import InputError
from sim.scenario import BASELINE, Scenario
from sim.sweep.design import Point, points
from sim.sweep.outcomes import kept
from sim.sweep.study import LARGEST, Question
from sim.sweep.work import Asked, Task

BLOCK = 2_000  # runs of a plan that end up in one part of the store


@dataclass(frozen=True)
class Way:
    """One arm under one combination of levers: what it is called, and what is sent to a worker."""

    arm: str
    label: str
    levers: Mapping[str, float]
    combination: int
    document: Mapping[str, Any]


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
    made_by: Any = None  # whatever else the results depend on: code and what is measured
    _marks: dict[tuple[int, int], str] = field(default_factory=dict)
    _keys: dict[tuple, str] = field(default_factory=dict)

    def key(self, point: int, way: Way, seed: int) -> str:
        """The digest of all that a run depends on; told once, asked often."""
        place, run = (way.combination, point), (way.combination, way.arm, point, seed)
        if run not in self._keys:
            if place not in self._marks:
                self._marks[place] = mark(self.worlds[way.combination][point])
            self._keys[run] = mark([self._marks[place], way.document, seed, self.made_by])
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

    def tasks(self, missing: set[str], size: int, limit: float) -> Iterator[Task]:
        """What is missing, world by world; a task has at most `size` runs."""
        done: set[str] = set()
        for point in self.points:
            by_world: dict[str, tuple[Mapping[str, Any], list[Asked]]] = {}
            for seed in range(self.first_seed, self.first_seed + self.seeds[point.number]):
                for way in self.ways:
                    key = self.key(point.number, way, seed)
                    if key in missing and key not in done:
                        done.add(key)
                        world = self.worlds[way.combination][point.number]
                        place = self._marks[way.combination, point.number]
                        by_world.setdefault(place, (world, []))[1].append(Asked(key, way.document, seed))
            for world, runs in by_world.values():
                for first in range(0, len(runs), size):
                    yield Task(world, tuple(runs[first : first + size]), limit)


def mark(what: Any) -> str:
    """128 bits over anything that JSON can say, floats to their last bit."""
    text = json.dumps(what, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def planned(question: Question, code: str) -> Plan:
    """The plan of a study with its first number of lucks.

    Raises
    ------
    InputError
        When it would have more runs than any sweep may.
    """
    study, luck = question.study, question.study.replications
    found = points(study.design, question.spans, question.drawn, len(question.sets))
    if not found:
        raise InputError(f"{question.name}: the design has no point")
    ways = [
        Way(arm.id, arm.label, one.levers, number, _arm(arm))
        for number, one in enumerate(question.combinations)
        for arm in one.scenario.resolved_arms
        if arm.id in question.arms
    ]
    ways.sort(key=lambda way: question.arms.index(way.arm))
    whole = len(found) * len(ways) * (luck.most or luck.seeds)
    if whole > LARGEST:
        raise InputError(f"{question.name}: has {whole} runs; allowed: at most {LARGEST}")
    measured = kept(question.followed, question.name)
    made_by = [code, any(one.twins for one in measured), sorted(one.name for one in measured if one.series)]
    worlds = [[_world(one.scenario, point, question.sets) for point in found] for one in question.combinations]
    seeds = {point.number: luck.seeds for point in found}
    return Plan(question.name, found, ways, worlds, seeds, luck.first_seed, question.versus, made_by)


def _arm(arm: Any) -> dict[str, Any]:
    """What a run depends on of an arm: not what it is called."""
    if arm.policy == BASELINE:
        return {"policy": BASELINE}
    return arm.model_dump(mode="json", include={"policy", "dose", "start", "funds_end", "facilitation_end", "settings"})


def _world(scenario: Scenario, point: Point, sets: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """What a world depends on: nothing of the arms, their money and their dates but what all share."""
    document = scenario.model_dump(
        mode="json", include={"population", "calendar", "budget", "programmes", "hold", "twins"}, exclude_none=True
    )
    calendar = document["calendar"]
    document["calendar"] = {"start": calendar["start"], "end": calendar["end"], "quarters": calendar["end"] + 52}
    document["budget"] = {"replace": document["budget"]["replace"]}
    document["twins"] = {"macro_shocks": document["twins"]["macro_shocks"]}
    document["hold"]["ablate"] = sorted(set(document["hold"]["ablate"]))
    document["parameters"] = {**scenario.parameters, **point.values}
    drawn = dict(sets[point.set_number]) if point.set_number >= 0 else {}
    return {"document": document, "drawn": drawn, "files": [scenario._fingerprints, dict(scenario.known.files)]}
