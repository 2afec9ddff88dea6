"""The model as a worker plays it: a world at rest once, then one arm under one luck after another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sim import metrics
from sim.calibration import ensemble
from sim.engine.lane import Lane
from sim.errors import InputError
from sim.experiment import run, study
from sim.experiment.compare import Comparison
from sim.experiment.people import people_of
from sim.known import known
from sim.population import Population
from sim.scenario import BASELINE, Known, Scenario, check
from sim.shipped import code_of
from sim.start import World, wire
from sim.sweep import outcomes
from sim.sweep.outcomes import Outcome


def code() -> str:
    """SHA-256 of all code and figures that a run depends on; comments and docstrings do not count."""
    made = ensemble.rules_digest() + code_of(*study.CODE, "sweep/outcomes.py", "sweep/play.py")
    return hashlib.sha256(made.encode()).hexdigest()


@dataclass(frozen=True)
class Play:
    """Plays runs of scenarios.

    Attributes
    ----------
    metrics
        Names of what is measured.
    path
        File of the scenario: a survey that it names lies beside it, on every machine.
    policies
        Files with policies of the user's own.
    code
        Digest of the code of the machine that asks.
    """

    metrics: tuple[str, ...]
    path: Path | None
    policies: tuple[Path, ...]
    code: str

    def __call__(self, world: Mapping[str, Any], arm: Mapping[str, Any], seed: int) -> dict[str, float]:
        """Measure one arm in one world under one luck.

        Raises
        ------
        InputError
            When the world has no rest, or this machine has other code than the one that asks.
        """
        if own_code() != self.code:
            raise InputError("this worker has another version of the model than the machine that asks")
        chosen = outcomes.kept(self.metrics, "a run")
        ways = [arm] if arm["policy"] == BASELINE else [{"policy": BASELINE}, arm]
        scenario = shortened(_scenario(world["document"], ways, self.path, self.policies), chosen, seed)
        rest = _at_rest(json.dumps(world, sort_keys=True), self.path, self.policies)
        if isinstance(rest, InputError):
            raise InputError(str(rest))
        followed = {one.name: metrics.catalogue()[one.name] for one in chosen if one.series}
        name = scenario.resolved_arms[-1].id
        found = run.run_arm(scenario, rest, name, study.programmes(scenario)[name], seed, followed)
        comparison = Comparison(scenario, {seed: rest}, [found])
        return {one.name: float(one.measure(comparison, found)) for one in chosen}


def shortened(scenario: Scenario, chosen: Sequence[Outcome], seed: int) -> Scenario:
    """A scenario with one luck, and without what no metric looks at: later quarters, twins."""
    shocked = any(one.twins for one in chosen)
    change = {
        "calendar": scenario.calendar.model_copy(update={"quarters": scenario.windows.post[1]}),
        "replications": scenario.replications.model_copy(update={"seeds": 1, "first_seed": seed, "sets": 1}),
        "twins": scenario.twins.model_copy(update={"withdrawal": False, "stress": shocked}),
    }
    return scenario.model_copy(update=change)


# A worker meets the same files, people and worlds again and again; each is made once a process, the latest are kept.


@lru_cache(maxsize=1)
def own_code() -> str:
    """The digest of the code of this process."""
    return code()


@lru_cache(maxsize=2)
def _known(policies: tuple[Path, ...]) -> Known:
    return known(policies)


@lru_cache(maxsize=2)
def _lane(policies: tuple[Path, ...]) -> Lane:
    return Lane(wire(_known(policies).own_rules))


def _scenario(
    document: Mapping[str, Any], arms: Sequence[Mapping[str, Any]], path: Path | None, policies: tuple[Path, ...]
) -> Scenario:
    return check({**document, "title": "a run", "arms": arms}, _known(policies), path=path)


@lru_cache(maxsize=2)
def _people(population: str, path: Path | None, policies: tuple[Path, ...]) -> Population:
    return people_of(_scenario({"population": json.loads(population)}, [{"policy": BASELINE}], path, policies))


@lru_cache(maxsize=2)
def _at_rest(world: str, path: Path | None, policies: tuple[Path, ...]) -> World | InputError:
    """A world at rest, or why there is none: that is asked once too."""
    about = json.loads(world)
    people = _people(json.dumps(about["document"]["population"], sort_keys=True), path, policies)
    scenario = _scenario(about["document"], [{"policy": BASELINE}], path, policies)
    try:
        return study.build(scenario, about["drawn"], _lane(policies), people)
    except InputError as error:
        return error
