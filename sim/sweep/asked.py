"""A study of this model, from its file to what was found."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from sim.errors import InputError
from sim.experiment.results import made_with
from sim.progress import Tell, quiet
from sim.scenario import BASELINE, Scenario
from sim.sweep import play, study
from sim.sweep.design import DRAWN, Point, points, together
from sim.sweep.found import Found
from sim.sweep.outcomes import kept
from sim.sweep.plan import Plan, Way
from sim.sweep.stopping import Rule
from sim.sweep.store import Store
from sim.sweep.study import LARGEST, Question
from sim.sweep.sweep import LIMIT, Sweep


@dataclass(frozen=True)
class Asked:
    """A study with its plan.

    From Python: `Asked.read("facilitation").sweep(Store(folder), executor, workers)` gives the sweep that `swadaya
    sweep` runs, on any `concurrent.futures.Executor`.
    """

    question: Question
    plan: Plan
    code: str

    @classmethod
    def read(cls, path_or_name: str | Path, policies: Sequence[Path] = ()) -> Asked:
        """Read and plan a study (see `study.read`)."""
        question, code = study.read(path_or_name, policies), play.code()
        return cls(question, planned(question, code), code)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all that its results depend on."""
        return self.question.digest(self.code)

    @property
    def rule(self) -> Rule | None:
        """When a point has been met often enough; none where every point is met equally often."""
        luck, names = self.question.study.replications, self.question.study.metrics
        if luck.half_width is None or luck.most is None:
            return None
        return Rule(luck.metric or names[0], luck.half_width, luck.seeds, luck.most, luck.level)

    def sweep(self, store: Store, executor: Executor, workers: int, limit: float = LIMIT, tell: Tell = quiet) -> Sweep:
        """The sweep that brings what the store has not."""
        names = self.question.followed
        model = play.Play(names, self.question.scenario._path, self.question.policies, self.code)
        measures = [one.name for one in kept(names, self.question.name)]
        plan = replace(self.plan, seeds=dict(self.plan.seeds))  # a rule adds to them
        return Sweep(plan, model, measures, store, executor, workers, limit, self.rule, tell)

    def about(self) -> dict[str, Any]:
        """What is stored beside the plan."""
        return {
            "title": self.question.study.title,
            "text": self.question.text,
            "scenario": self.question.scenario.slug,
            "code": self.code,
            "machine": platform.machine(),
            **made_with(),
        }

    def found(self, sweep: Sweep) -> Found:
        """What a finished sweep found."""
        question = self.question
        return Found(
            question.name, question.study.title, sweep.plan, sweep.result(), question.metrics, question.spans,
            self.rule, question.scenario.unranked, together(question.study.design, len(question.spans)),
            question.units, question.study.design.kind in DRAWN,
        )  # fmt: skip

    def finish(self, sweep: Sweep) -> Found:
        """Run what is missing; the store knows the study from the first run on, so that it can be asked meanwhile."""
        sweep.record(self.about(), self.digest)
        sweep.run()
        sweep.record(self.about(), self.digest)
        return self.found(sweep)

    def stored(self, store: Store) -> Found:
        """What the store holds of the study.

        Raises
        ------
        InputError
            When runs of it are missing.
        """
        sweep = self.sweep(store, Executor(), 1, limit=0.0)  # nothing is run: what failed has, however long it had
        missing = sweep.missing()
        while not missing and self.rule and sweep.more():
            missing = sweep.missing()
        if missing:
            said = f"{len(missing)} runs of it are not in {store.folder}: `swadaya sweep` brings them"
            raise InputError(f"{self.question.name}: {said}")
        return self.found(sweep)


# -- what its runs depend on ------------------------------------------------------------------------------------------


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
        Way(arm.id, arm.label, one.levers, number, _arm(arm), arm.label_id)
        for number, one in enumerate(question.combinations)
        for arm in one.scenario.resolved_arms
        if arm.id in question.arms
    ]
    ways.sort(key=lambda way: question.arms.index(way.arm))
    whole = len(found) * len(ways) * (luck.most or luck.seeds)
    if whole > LARGEST:
        raise InputError(f"{question.name}: has {whole} runs; allowed: at most {LARGEST}")
    worlds = [[world_of(one.scenario, point, question.sets) for point in found] for one in question.combinations]
    seeds = {point.number: luck.seeds for point in found}
    return Plan(question.name, found, ways, worlds, seeds, luck.first_seed, question.versus, code)


def _arm(arm: Any) -> dict[str, Any]:
    """What a run depends on of an arm: not what it is called."""
    if arm.policy == BASELINE:
        return {"policy": BASELINE}
    return arm.model_dump(mode="json", include={"policy", "dose", "start", "funds_end", "facilitation_end", "settings"})


def world_of(scenario: Scenario, point: Point, sets: Sequence[Mapping[str, float]]) -> dict[str, Any]:
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
    return {"document": document, "drawn": drawn, "files": [scenario._fingerprints, scenario.own_code]}
